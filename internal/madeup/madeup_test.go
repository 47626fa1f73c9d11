package madeup

import (
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/manifest"
)

func TestTheSameNumbersMakeTheSame(t *testing.T) {
	make := func(seed uint64) []any {
		r := rand.New(rand.NewPCG(seed, 0))
		return []any{Digest(r), UID(r), Layers(r, 3, 1000), Revision(r)}
	}
	require.Equal(t, make(1), make(1))
	for i, made := range make(1) {
		require.NotEqual(t, make(2)[i], made)
	}
	r := rand.New(rand.NewPCG(1, 0))
	require.Regexp(t, regexp.MustCompile(`^sha256:[0-9a-f]{64}$`), Digest(r))
	require.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`), UID(r))
}

func TestManifestsReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	layers := Layers(r, 2, 1000)
	config := Descriptor{MediaType: OCIConfig, Digest: DigestOf([]byte("{}")), Size: 2}
	text := JSON(Manifest{SchemaVersion: 2, MediaType: manifest.MediaTypeOCIImage, Config: &config, Layers: layers, Annotations: Revision(r)})
	read, err := manifest.Parse(text)
	require.NoError(t, err)
	require.Equal(t, config.Digest, read.Config.Digest)
	require.Equal(t, "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", config.Digest)
	require.Len(t, read.Layers, 2)
	require.Equal(t, layers[1].Size, read.Layers[1].Size)
	require.Equal(t, 2+layers[0].Size+layers[1].Size, ImageSize(2, append(layers, layers[0])))
}
