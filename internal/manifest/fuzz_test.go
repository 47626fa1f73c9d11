package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse: what is read is what encoding/json reads, and never more descriptors than
// are allowed.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{
		`{"mediaType":"m","config":{"digest":"c","size":1},"layers":[{"digest":"l"},null,{}],"subject":{"digest":"s"}}`,
		`{"manifests":[{"mediaType":"m","digest":"d","size":3}],"blobs":[{"digest":"b"}]}`,
		`{"schemaVersion":1,"fsLayers":[{"blobSum":"a"},{"blobSum":"b"}]}`,
		`{"layers":[{},{},{},{},{},{},{},{},{}]}`,
		`{"layers":[{"digest":"a"},{}],"layers":[{}],"LAYERS":null,"blobs":[{},{},{}]}`,
		`{"layers":[{"digest":"a,\"]\\"},{"x":[1,2,{"y":[]}]}],"config":null}`,
		`{"layers":"x"}`, `{"layers":[1]}`, `[]`, `null`, `{`,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var plain struct {
			MediaType                string
			Config, Subject          Descriptor
			Layers, Blobs, Manifests []Descriptor
			FSLayers                 []struct{ BlobSum string }
		}
		wrong := json.Unmarshal(raw, &plain)
		m, err := Parse(raw)
		var tooMany *TooManyError
		if !errors.As(err, &tooMany) && !errors.Is(err, ErrTooLarge) {
			require.Equal(t, wrong == nil, err == nil, "%v, %v", wrong, err)
		}
		if err == nil {
			all := append(plain.Layers, plain.Blobs...)
			for _, l := range plain.FSLayers {
				all = append(all, Descriptor{Digest: l.BlobSum})
			}
			require.Equal(t, fmt.Sprint(all), fmt.Sprint(m.Layers)) // nil or empty
			require.Equal(t, fmt.Sprint(plain.Manifests), fmt.Sprint(m.Manifests))
			require.Equal(t, plain.MediaType, m.MediaType)
		}

		const few = 4
		m, err = parse(raw, few)
		switch {
		case err == nil:
			require.LessOrEqual(t, len(m.Layers)+len(m.Manifests), few)
		case errors.As(err, &tooMany):
			require.Greater(t, bytes.Count(raw, []byte(","))+bytes.Count(raw, []byte("[")), few)
		}
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			require.Equal(t, len(list), elements(bytes.TrimSpace(raw)))
		}
	})
}
