package manifest

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// times repeats an element of a list.
func times(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

func TestTooManyDescriptors(t *testing.T) {
	half, more := times(MaxDescriptors/2, "{}"), times(MaxDescriptors/2+1, "{}")
	for _, c := range []struct{ raw, field string }{
		{`{"layers":` + times(MaxDescriptors, "{}") + `}`, ""},
		{`{"layers":` + half + `,"blobs":` + half + `,"manifests":[],"fsLayers":null}`, ""},
		{`{"layers":` + times(MaxDescriptors+1, "{}") + `}`, "layers"},
		{`{"layers":` + half + `,"blobs":` + more + `}`, "blobs"},
		{`{"blobs":` + half + `,"manifests":` + more + `}`, "manifests"},
		{`{"manifests":` + half + `,"fsLayers":` + more + `,"layers":[]}`, "fsLayers"},
		{`{"layers":` + half + `,"layers":` + more + `}`, "layers"},
		{`{"layers":` + times(MaxDescriptors+1, "null") + `}`, "layers"},
		{`{"layers":` + times(MaxDescriptors+1, "[],{}") + `}`, "layers"},
	} {
		_, err := Parse([]byte(c.raw))
		if c.field == "" {
			require.NoError(t, err)
			continue
		}
		var tooMany *TooManyError
		require.ErrorAs(t, err, &tooMany, c.field)
		require.Equal(t, c.field, tooMany.Field)
		require.ErrorContains(t, err, c.field+": the manifest has more than 50000 descriptors")
	}
	_, err := Children([]byte(`{"manifests":` + times(MaxDescriptors+1, "{}") + `}`))
	var tooMany *TooManyError
	require.ErrorAs(t, err, &tooMany)
}

// TestMaxDescriptorsTakesEverySoundManifest: descriptors that have a digest fill a
// manifest before they are too many.
func TestMaxDescriptorsTakesEverySoundManifest(t *testing.T) {
	shortest := `{"digest":"sha256:` + strings.Repeat("0", 64) + `"},`
	require.Less(t, MaxBytes, MaxDescriptors*len(shortest))
}

// TestAMillionDescriptors: the cap is on memory too, not only on the result.
func TestAMillionDescriptors(t *testing.T) {
	raw := []byte(`{"layers":` + times(1_000_000, "{}") + `,"manifests":` + times(100_000, "{}") + `}`)
	require.LessOrEqual(t, len(raw), MaxBytes)
	for name, read := range map[string]func() error{
		"Parse":    func() error { _, err := Parse(raw); return err },
		"Children": func() error { _, err := Children(raw); return err },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := read()
		runtime.ReadMemStats(&after)
		var tooMany *TooManyError
		require.ErrorAs(t, err, &tooMany, name)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<10), name)
	}
}

func TestElements(t *testing.T) {
	for text, want := range map[string]int{
		`[]`: 0, "[ \t\r\n]": 0, `[1]`: 1, `[[]]`: 1, `[{}]`: 1, `[""]`: 1, `[null,true]`: 2, `[[1,2],{"a":3,"b":[4,5]} , 6]`: 3,
		`["a,b"]`: 1, `["\",[","\\",","]`: 3, `{"a":1,"b":2}`: 0, `"[,"`: 0, `null`: 0, ``: 0,
	} {
		require.Equal(t, want, elements([]byte(text)), text)
	}
}
