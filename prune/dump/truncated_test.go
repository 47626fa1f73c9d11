package dump_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/dump"
)

// complete reports whether a text is one JSON value behind another.
func complete(text string) bool {
	d := json.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	for {
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return err == io.EOF
		}
	}
}

// A dump that ends anywhere is an error, never an inventory of what stood before
// the end: a plan would take what is missing for unused.
func TestTruncationAtEveryByte(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 5
	}
	c := cluster()
	for name, text := range map[string]string{
		"a List":       list(whole(c, true)...),
		"typed lists":  strings.Join(typed(c[6:], "aikm"), "\n"),
		"objects":      strings.Join(whole(c[4:8], false), " "),
		"with a mark":  "\ufeff " + list(whole(c[:1], true)...),
		"after spaces": "\n\n" + typed(c[:1], "kami")[0],
	} {
		for end := 0; end < len(text); end += step {
			d, err := dump.NewReader(nil)
			require.NoError(t, err)
			err = d.Read("cut", strings.NewReader(text[:end]))
			v, none := d.Inventory()
			if strings.TrimSpace(strings.TrimPrefix(text[:end], "\ufeff")) == "" {
				require.ErrorIs(t, err, dump.ErrEmpty)
				continue
			}
			if complete(text[:end]) {
				require.NoError(t, err, "%s, %d bytes", name, end)
				continue
			}
			if end < len("\ufeff") && text[0] == '\xef' {
				continue // half of a mark may be anything
			}
			require.Error(t, err, "%s, %d bytes", name, end)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%s, %d bytes", name, end)
			require.Nil(t, v)
			require.ErrorIs(t, none, dump.ErrFailed)
			var e *dump.Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, "cut", e.Input)
			require.LessOrEqual(t, e.Offset, int64(end))
			require.GreaterOrEqual(t, e.Offset, int64(end)-80, "it is where the text ends: %v", err)
		}
	}
}

func TestATruncatedObjectIsNamed(t *testing.T) {
	for _, c := range []struct{ text, end, want string }{
		{list(whole(cluster(), true)...), `:2000`, "Image " + digest("web1") + ": dockerImageLayers[0].size: malformed JSON"},
		{typed(cluster(), "kami")[7], `:2000`, "Image " + digest("web1") + ": dockerImageLayers[0].size: malformed JSON"},
		{typed(cluster(), "aikm")[7], `:2000`, "object " + digest("web1") + ": dockerImageLayers[0].size: malformed JSON"},
		{whole(cluster(), true)[9], `:2000`, "Image " + digest("web1") + ": dockerImageLayers[0].size: malformed JSON"},
		{whole(cluster(), false)[9], `:2000`, "object " + digest("web1") + ": dockerImageLayers[0].size: malformed JSON"},
		{whole(cluster(), true)[0], `"spec`, "Pod shop/web-1: malformed JSON"},
		{whole(cluster(), true)[0], `"name":"we`, "Pod: metadata.name: malformed JSON"},
		{typed(cluster(), "kami")[0], `"kind":"PodList"`, "PodList: kind: malformed JSON"},
		{typed(cluster(), "kami")[0], `"items":[`, "Pod: malformed JSON"},
	} {
		end := strings.Index(c.text, c.end) + len(c.end)
		_, err := read(nil, c.text[:end])
		require.ErrorContains(t, err, ": "+c.want+": the text ends in the middle of a value: unexpected EOF", c.end)
	}
}
