package dump_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/dump"
)

// endless repeats a text behind another for ever, and counts what is taken.
type endless struct {
	start, again string
	rest         string
	taken        int64
}

func (e *endless) Read(b []byte) (int, error) {
	if e.taken == 0 {
		e.rest = e.start
	}
	if e.rest == "" {
		e.rest = strings.Repeat(e.again, 1+4096/len(e.again))
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	e.taken += int64(n)
	return n, nil
}

// Whatever does not end is given up soon behind the limit, in memory of about
// its size.
func TestEndlessInputs(t *testing.T) {
	const limit, readAhead = 1 << 20, 3 << 20
	for _, c := range []struct {
		start, again, want string
		limits             int64 // that it may take
	}{
		{`{"kind":"List","items":[{"kind":"Image","metadata":{"name":"sha256:big","annotations":{"a":"`, "x", "Image sha256:big", 1},
		{`{"kind":"Image","metadata":{"name":"sha256:big","annotations":{"a":"`, "x", "Image sha256:big", 1},
		{`{"kind":"ConfigMap","metadata":{"name":"big"},"data":{"a":[`, "1,", "ConfigMap big", 1},
		{`{"kind":"ImageList","items":[{"metadata":{"name":"sha256:big"},"dockerImageLayers":[{}`, ",{}", "object sha256:big", 1},
		{`{"kind":"PodList","items":[{"metadata":{"name":"p`, "p", "", 1},
		{`{"kind":"PodList","items":[{"`, "key", "", 1},
		{`{"kind":"PodList","`, "key", "PodList", 1},
		{`{"kind":"PodList","x":`, "1", "PodList", 1},
		{`{"kind":"`, "Pod", "", 1},
		{`{"kind":"PodList","items":[`, " ", "", 1},
		{`{"kind":"PodList","items":[]} `, "\n", "", 1},
		{`{"kind":"PodList","items":[{}`, " ", "", 1},
		{`{`, " ", "", 1},
		{" ", " ", "", 1},

		{`{"items":[{"metadata":{"name":"a"}}`, `,{"metadata":{"name":"b"}}`, "", 5}, // put aside
		{`{"kind":"PodList","items":[{"metadata":{"name":"a"}}`, `,{"metadata":{"name":"b"}}`, "", 5},
		{"a: ", "b", "", 1},
		{"a: [", "1, ", "", 1},
		{"---\n", "# nothing\n", "", 1},
		{"'", "x", "", 1},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := &endless{start: c.start, again: c.again}
		_, err := dump.Read(r, &dump.Options{MaxObjectBytes: limit})
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, dump.ErrTooLarge, "%.60s", c.start)
		require.ErrorContains(t, err, c.want)
		require.Less(t, len(err.Error()), 1000, "the error does not hold the object")
		require.Less(t, r.taken, c.limits*limit+readAhead, "%.60s", c.start)
		if strings.HasPrefix(c.start, "{") {
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(c.limits*40<<20), "%.60s", c.start)
		}
	}
}

// Garbage is refused where it starts, or at the limit.
func TestEndlessGarbage(t *testing.T) {
	for _, again := range []string{"- ", "\x00", "\xff", "[", "{", "]", "[{", `{"a":`, "%", "\x1f\x8b", "\ufeff", "0", "-", "&a [*a,", "&a {b: *a,", "? ", "!!", "@"} {
		r := &endless{start: again, again: again}
		_, err := dump.Read(r, &dump.Options{MaxObjectBytes: 1 << 20})
		var e *dump.Error
		require.ErrorAs(t, err, &e, "%q", again)
		require.Less(t, r.taken, int64(4<<20), "%q", again)
		require.Less(t, len(err.Error()), 1000)
	}
}

func TestTheLimitOnOneObject(t *testing.T) {
	object := func(size int) string {
		text := `{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":""}}`
		return text[:len(text)-3] + strings.Repeat("x", size-len(text)) + text[len(text)-3:]
	}
	opts := &dump.Options{MaxObjectBytes: 1000}
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{list(object(999), object(1000)), true},
		{list(object(999), object(1001)), false},
		{list(object(500), object(500), object(500)), true}, // each counts by itself
		{object(1000), true},
		{object(1100), false},
		{list(list(object(400), object(400))), true},
		{list(list(object(400), object(700))), false}, // the inner List is one item
		{`{"kind":"List","metadata":{"x":"` + strings.Repeat("x", 1000) + `"},"items":[]}`, false},
		{`{"kind":"List","items":[` + strings.Repeat(" ", 5000) + object(900) + strings.Repeat("\n", 5000) + `]}`, true},
		{indented(t, object(900)), true},
	} {
		_, err := read(opts, c.text)
		if c.ok {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, dump.ErrTooLarge)
		var e *dump.Error
		require.True(t, errors.As(err, &e))
		require.ErrorContains(t, err, "object is too large: more than 1000 bytes")
	}
	_, err := read(&dump.Options{MaxObjectBytes: -1}, object(1_000_000))
	require.NoError(t, err, "the default")
}

func TestDeepNesting(t *testing.T) {
	nest := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"in an unread field", `{"kind":"ConfigMap","metadata":{"name":"a"},"data":` + nest("[", "]", 9000) + `}`, true},
		{"too deep", `{"kind":"ConfigMap","metadata":{"name":"a"},"data":` + nest("[", "]", 11_000) + `}`, false},
		{"objects, too deep", list(`{"kind":"Image","metadata":{"name":"a"},"x":` + nest(`{"a":`, "}", 11_000) + `}`), false},
		{"in a custom resource", `{"kind":"Rollout","metadata":{"name":"a"},"spec":` + strings.Repeat(`{"spec":[`, 4000) + `{"containers":[{"image":"x"}]}` + strings.Repeat("]}", 4000) + `}`, true},
		{"Lists in Lists", nest(`{"kind":"List","items":[`, "]}", 16), true},
		{"too many Lists in Lists", nest(`{"kind":"List","items":[`, "]}", 18), false},
		{"far too many Lists in Lists", nest(`{"kind":"List","items":[`, "]}", 4900), false},
		{"typed lists in typed lists", nest(`{"kind":"PodList","items":[`, "]}", 4900), false},
	} {
		v, err := read(nil, c.text)
		if c.ok {
			require.NoError(t, err, c.name)
			requireSound(t, v)
			continue
		}
		var e *dump.Error
		require.ErrorAs(t, err, &e, c.name)
	}
}

// An index that contains itself, and two that contain each other, are read as
// they are; a plan must get to its end.
func TestIndexesThatContainThemselves(t *testing.T) {
	index := func(name string, children ...string) string {
		for i, c := range children {
			children[i] = `{"digest":"` + digest(c) + `","manifestSize":5}`
		}
		return `{"kind":"Image","metadata":{"name":"` + digest(name) + `","creationTimestamp":"2026-01-01T00:00:00Z"},
			"dockerImageManifestMediaType":"application/vnd.oci.image.index.v1+json","dockerImageManifests":[` + strings.Join(children, ",") + `]}`
	}
	v := mustRead(t, list(index("self", "self"), index("a", "b", "b"), index("b", "a", "self"), index("c", "unknown")))
	require.Equal(t, 4, v.Images())
	self := v.Image(v.ImageOf(v.Digest(digest("self"))))
	require.Equal(t, self.Digest, self.Children[0])
	requireSound(t, v)
}

// longHistory is a List of a stream with a tag of so many items.
func longHistory(items int) io.Reader {
	const start, end = `{"kind":"List","items":[{"kind":"ImageStream","metadata":{"namespace":"a","name":"b"},"status":{"tags":[{"tag":"t","items":[`, `]}]}}]}`
	var b bytes.Buffer
	b.WriteString(start)
	for i := range items {
		fmt.Fprintf(&b, `%s{"image":"sha256:%064x"}`, []string{"", ","}[min(i, 1)], i)
	}
	b.WriteString(end)
	return &b
}

func TestALongHistory(t *testing.T) {
	const items = 100_000
	v, err := dump.Read(longHistory(items), nil)
	require.NoError(t, err)
	require.Equal(t, items, v.Items())
	require.Equal(t, items, v.Digests())
	require.Equal(t, fmt.Sprintf("sha256:%064x", items-1), v.DigestText(v.Item(items-1).Image))
	requireSound(t, v)
}
