package importer_test

import (
	"testing"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/stretchr/testify/require"
)

// FuzzContent imports whatever a registry may have under a tag: a manifest or list, with
// a config. It fails or makes an Image of the digest that was asked for.
func FuzzContent(f *testing.F) {
	seed := newFake()
	image := seed.image("linux", "amd64", "one")
	list := seed.index(entry{digest: image, os: "linux", architecture: "amd64"}, entry{digest: image})
	config := seed.blobs[seed.configOf(image)]
	f.Add(manifest.MediaTypeOCIImage, seed.manifests[image].Raw, config)
	f.Add(manifest.MediaTypeOCIIndex, seed.manifests[list].Raw, config)
	f.Add(manifest.MediaTypeDockerList, []byte(`{"manifests":[{"digest":"sha256:0","platform":null,"size":-1}]}`), []byte(`{"created":5}`))
	f.Fuzz(func(t *testing.T, mediaType string, raw, config []byte) {
		registry := newFake()
		child := registry.image("linux", "amd64", "one")
		registry.blobs[digestOf(config)] = config
		digest := registry.put(mediaType, raw)
		registry.tag(repo, "v1", digest)
		for _, mode := range []imagestream.ImportModeType{legacy, preserve} {
			result := do(t, importer.Importer{Registry: registry}, stream(mode, "one="+repo+":v1"), importer.Request{})
			switch tag := result.Tags[0]; tag.Status {
			case importer.Imported:
				require.Contains(t, []string{digest, child}, tag.Image)
				require.NotEmpty(t, result.Images)
			default:
				require.Equal(t, importer.Failed, tag.Status)
				require.Empty(t, result.Images)
				require.NotEqual(t, importer.Unknown, tag.Err.Class)
			}
		}
	})
}

func (f *fake) configOf(image string) string {
	m, err := manifest.Parse(f.manifests[image].Raw)
	if err != nil {
		panic(err)
	}
	return m.Config.Digest
}
