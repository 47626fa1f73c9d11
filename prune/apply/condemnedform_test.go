package apply_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/apply"
)

// condemnedJSON is the form, as encoding/json writes it.
type condemnedJSON struct {
	Schema string                        `json:"schema"`
	Blobs  map[string]apply.Condemnation `json:"blobs"`
}

func encoded(t testing.TB, blobs *apply.Condemnations) string {
	var text bytes.Buffer
	require.NoError(t, apply.EncodeCondemned(&text, blobs))
	return text.String()
}

// TestFormOfCondemnedBlobs: it is plain JSON, sorted.
func TestFormOfCondemnedBlobs(t *testing.T) {
	blobs := map[string]apply.Condemnation{}
	for _, n := range []int{0, 1, 1200} {
		for i := range n {
			mark := apply.Condemnation{Since: time.Date(2026, 11, 1, i%24, 0, 0, i%3, time.FixedZone("", 3600*(i%2))), Bytes: int64(i % 5), NoConfig: i%7 == 0}
			blobs[sha(i)] = mark
			if i%10 == 0 {
				blobs[foreign(i/10)] = mark
			}
		}
		want, err := json.Marshal(condemnedJSON{"registrykit/condemned/v1", blobs})
		require.NoError(t, err)
		text := encoded(t, condemnations(blobs))
		require.Equal(t, string(want)+"\n", text)
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			read, err := apply.DecodeCondemned(r)
			require.NoError(t, err)
			same(t, blobs, read)
		}
	}
	require.Equal(t, encoded(t, new(apply.Condemnations)), encoded(t, nil))
	require.Error(t, apply.EncodeCondemned(io.Discard, condemnations(map[string]apply.Condemnation{"x": {Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}})))
}

// TestCondemnedBlobsThatSayTwoThings are refused: which of the two holds is not known.
func TestCondemnedBlobsThatSayTwoThings(t *testing.T) {
	long := sha(1)
	for _, digest := range []string{"sha256:a", long, "sha512:" + long[7:]} {
		mark := `"` + digest + `":{"since":"2026-11-01T00:00:00Z"}`
		const head = `{"schema":"registrykit/condemned/v1","blobs":{`
		blobs, err := apply.DecodeCondemned(strings.NewReader(head + mark + "}}\n"))
		require.NoError(t, err)
		require.Equal(t, 1, blobs.Len())
		for text, want := range map[string]string{
			head + mark + "," + mark + "}}":                      "blob " + digest + " is there twice",
			head + mark + `},"blobs":{` + mark + "}}":            "blob " + digest + " is there twice",
			head + mark + "}}" + head + "}}":                     "more behind the object",
			head + mark + "}} x":                                 "more behind the object",
			head + mark + "}}}":                                  "more behind the object",
			head + strings.TrimSuffix(mark, "}"):                 "EOF",
			head + mark + "}":                                    "EOF",
			strings.Replace(head+mark+"}}", "v1", "v2", 1) + " ": "schema",
		} {
			_, err := apply.DecodeCondemned(strings.NewReader(text))
			require.ErrorContains(t, err, want, text)
		}
	}
}

// TestCondemnedBlobsThatCannotBeRead say why, wherever reading ends, so that it may be
// tried again.
func TestCondemnedBlobsThatCannotBeRead(t *testing.T) {
	text := encoded(t, condemnations(map[string]apply.Condemnation{sha(1): {Bytes: 1}, "x": {Bytes: 2}}))
	for n := range len(text) + 1 {
		_, err := apply.DecodeCondemned(io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(apply.ErrUnavailable)))
		require.ErrorIs(t, err, apply.ErrUnavailable, n)
	}
}

// fullWriter has room for so many bytes.
type fullWriter struct{ left int }

var errFull = errors.New("no space left")

func (w *fullWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestCondemnedBlobsThatCannotBeWritten(t *testing.T) {
	blobs := map[string]apply.Condemnation{}
	for n := range 2000 {
		blobs[sha(n)] = apply.Condemnation{}
	}
	for _, room := range []int{0, 1 << 16, 1 << 17} {
		require.ErrorIs(t, apply.EncodeCondemned(&fullWriter{room}, condemnations(blobs)), errFull)
	}
}

// FuzzCondemned: what is read is what encoding/json reads there, no digest is there
// twice, and it is written as the same.
func FuzzCondemned(f *testing.F) {
	const head = `{"schema":"registrykit/condemned/v1","blobs":{`
	f.Add(head + `"` + sha(1) + `":{"since":"2026-11-01T00:00:00Z","bytes":7,"noConfig":true},"` + foreign(2) + `":{"since":"2026-11-01T00:00:00.5+01:00"}}}`)
	f.Add(head + `"sha256:a":{},"sha256:a":{}}}`)
	f.Add(head + `"":null,"\ud800":{"since":"0000-01-01T00:00:00+23:59","bytes":-1}}} `)
	f.Add(`{"blobs":null,"schema":"registrykit/condemned/v1"}{}`)
	f.Fuzz(func(t *testing.T, text string) {
		blobs, err := apply.DecodeCondemned(strings.NewReader(text))
		if err != nil {
			return
		}
		var want condemnedJSON
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		same(t, want.Blobs, blobs)
		written := encoded(t, blobs)
		again, err := apply.DecodeCondemned(strings.NewReader(written))
		require.NoError(t, err)
		require.Equal(t, maps.Collect(blobs.All()), maps.Collect(again.All()))
		require.Equal(t, written, encoded(t, again))
	})
}
