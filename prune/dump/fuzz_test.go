package dump_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// sane reads a text twice, in whole and byte by byte: both are the same error or
// the same inventory, on which one can plan.
func sane(t *testing.T, text []byte, opts dump.Options) *inventory.Inventory {
	t.Helper()
	opts.MaxObjectBytes = 1 << 20
	v, err := dump.Read(bytes.NewReader(text), &opts)
	again, errAgain := dump.Read(iotest.OneByteReader(bytes.NewReader(text)), &opts)
	if err != nil {
		var e *dump.Error
		require.True(t, errors.As(err, &e), "%v", err)
		require.GreaterOrEqual(t, e.Offset, int64(0))
		require.LessOrEqual(t, e.Offset, int64(len(text)))
		require.Nil(t, v)
		require.Nil(t, again)
		require.Error(t, errAgain)
		return nil
	}
	require.NoError(t, errAgain)
	require.Equal(t, v.Fingerprint(), again.Fingerprint())
	requireSound(t, v)
	return v
}

// Whatever the bytes are, they are an error or an inventory, and always the same.
func FuzzRead(f *testing.F) {
	c := cluster()
	f.Add([]byte(list(whole(c, true)...)))
	f.Add([]byte(list(whole(c, false)...)))
	for _, order := range []string{"kami", "aikm", "imka"} {
		for _, text := range typed(c, order) {
			f.Add([]byte(text))
		}
	}
	for _, object := range whole(c, true) {
		f.Add([]byte(object))
		f.Add([]byte("\ufeff " + list(list(object))))
	}
	for _, nonsense := range []string{
		`"dockerImageMetadata":"x"`, `"dockerImageMetadata":[]`, `"dockerImageMetadata":{"Id":5}`, `"dockerImageMetadata":{"Size":"x"},"dockerImageLayers":7`,
		`"dockerImageManifests":{"digest":1},"dockerImageManifest":[],"dockerImageManifestMediaType":{}`, `"dockerImageReference":0,"dockerImageLayers":[[]]`,
	} {
		f.Add([]byte(`{"kind":"Image","metadata":{"name":"sha256:1"},` + nonsense + `}`))
	}
	f.Add([]byte(`{"kind":"PodList","items":null}{"items":[{}],"metadata":{"continue":"x","remainingItemCount":1},"kind":"ImageList"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v := sane(t, text, dump.Options{})
		opts := dump.Options{Listed: inventory.Kinds(), ImagesAfterStreams: true, Labels: []string{"team"}}
		if all := sane(t, text, opts); v != nil {
			require.NotNil(t, all)
			require.Equal(t, v.Images(), all.Images())
		}
	})
}

// The same of what is not JSON, and so may be YAML.
func FuzzYAML(f *testing.F) {
	f.Add(yamlCluster(f))
	for _, text := range typed(cluster(), "kami") {
		f.Add(asYAML(f, text))
	}
	f.Add("kind: List\nitems: &a [*a]\n---\n? [x]\n: y\n--- !!binary aGk=\n")
	f.Add("kind: Image\nmetadata: {name: 0x1F, <<: *b}\ndockerImageMetadata: {Size: .inf}")
	f.Add("%YAML 1.1\n---\n# c\n...\n---\n'a': |\n  b\n")
	f.Fuzz(func(t *testing.T, text string) {
		if start := strings.TrimLeft(text, " \t\r\n\ufeff"); strings.HasPrefix(start, "{") || strings.HasPrefix(start, "[") || strings.HasPrefix(start, `"`) {
			return // is read as JSON
		}
		sane(t, []byte(text), dump.Options{})
	})
}
