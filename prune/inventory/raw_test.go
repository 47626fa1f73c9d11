package inventory_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

const (
	rawImage = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"digest":"sha256:cfg","size":1234},"layers":[{"digest":"sha256:l1","size":10},{"digest":"sha256:l2","size":-5}],` +
		`"subject":{"digest":"sha256:subject","size":77}}`
	rawIndex   = `{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"digest":"sha256:m1","size":500},{"digest":"","size":5}]}`
	rawSchema1 = `{"schemaVersion":1,"name":"a/b","fsLayers":[{"blobSum":"sha256:top"},{"blobSum":"sha256:base"}],"history":[{"v1Compatibility":"{}"}]}`
)

// rawTooMany has more layers than fit into a manifest with digests.
var rawTooMany = `{"layers":[{}` + strings.Repeat(",{}", 50_000) + `]}`

func digestOf(raw string) string {
	sum := sha256.Sum256([]byte(raw))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestRawManifestsCompleteWhatIsMissing(t *testing.T) {
	type M = inventory.Manifest
	blob := func(digest string, size int64) inventory.Blob { return inventory.Blob{Digest: digest, Size: size} }
	for _, c := range []struct {
		name     string
		m        M
		raw      string
		complete M // without what m has already
	}{
		{
			"all of it, where the text is the manifest", M{Digest: digestOf(rawImage)}, rawImage,
			M{
				Digest: digestOf(rawImage), MediaType: mediaTypeImage, Config: "sha256:cfg", ConfigSize: 1234, Size: int64(len(rawImage)),
				Layers: []inventory.Blob{blob("sha256:l1", 10), blob("sha256:l2", 0)}, Subject: "sha256:subject",
			},
		},
		{
			"no config and no size, where the text may be another's", M{Digest: "sha256:other"}, rawImage,
			M{
				Digest: "sha256:other", MediaType: mediaTypeImage,
				Layers: []inventory.Blob{blob("sha256:l1", 10), blob("sha256:l2", 0)}, Subject: "sha256:subject",
			},
		},
		{
			"what is there already wins",
			M{Digest: digestOf(rawImage), MediaType: "x", Config: "sha256:mine", Layers: []inventory.Blob{blob("sha256:mine", 1)}, Subject: "sha256:mine"}, rawImage,
			M{Digest: digestOf(rawImage), MediaType: "x", Config: "sha256:mine", Layers: []inventory.Blob{blob("sha256:mine", 1)}, Subject: "sha256:mine", Size: int64(len(rawImage)), Partial: true},
		},
		{
			"there is more in the fields", M{Digest: digestOf(rawImage), MediaType: "x", Config: "sha256:cfg", Layers: []inventory.Blob{blob("sha256:l2", 1), blob("sha256:l1", 1), blob("more", 1)}}, rawImage,
			M{
				Digest: digestOf(rawImage), MediaType: "x", Config: "sha256:cfg", ConfigSize: 1234, Size: int64(len(rawImage)),
				Layers: []inventory.Blob{blob("sha256:l2", 1), blob("sha256:l1", 1), blob("more", 1)}, Subject: "sha256:subject",
			},
		},
		{
			"the fields lack a layer", M{Digest: digestOf(rawImage), MediaType: "x", Config: "sha256:cfg", Layers: []inventory.Blob{blob("sha256:l1", 1)}}, rawImage,
			M{
				Digest: digestOf(rawImage), MediaType: "x", Config: "sha256:cfg", ConfigSize: 1234, Size: int64(len(rawImage)),
				Layers: []inventory.Blob{blob("sha256:l1", 1)}, Subject: "sha256:subject", Partial: true,
			},
		},
		{
			"the fields lack a layer of what may be another's text", M{Digest: "d", MediaType: "x", Config: "c", Layers: []inventory.Blob{blob("sha256:l1", 1)}}, rawImage,
			M{Digest: "d", MediaType: "x", Config: "c", Layers: []inventory.Blob{blob("sha256:l1", 1)}, Subject: "sha256:subject"},
		},
		{
			"the fields lack all children", M{Digest: digestOf(rawIndex), Config: "c", Layers: []inventory.Blob{blob("l", 1)}}, rawIndex,
			M{Digest: digestOf(rawIndex), MediaType: mediaTypeIndex, Config: "c", Layers: []inventory.Blob{blob("l", 1)}, Size: int64(len(rawIndex)), Partial: true},
		},
		{
			"the size of the config that is there", M{Digest: digestOf(rawImage), Config: "sha256:cfg"}, rawImage,
			M{
				Digest: digestOf(rawImage), MediaType: mediaTypeImage, Config: "sha256:cfg", ConfigSize: 1234, Size: int64(len(rawImage)),
				Layers: []inventory.Blob{blob("sha256:l1", 10), blob("sha256:l2", 0)}, Subject: "sha256:subject",
			},
		},
		{
			"an index, with a child that has no digest", M{Digest: "d"}, rawIndex,
			M{Digest: "d", MediaType: mediaTypeIndex, Children: []inventory.Blob{blob("sha256:m1", 500)}, Partial: true},
		},
		{
			"schema 1", M{Digest: "d"}, rawSchema1,
			M{Digest: "d", Layers: []inventory.Blob{blob("sha256:top", 0), blob("sha256:base", 0)}},
		},
		{"no text, and nothing is known", M{Digest: "d", MediaType: mediaTypeImage}, "", M{Digest: "d", MediaType: mediaTypeImage, Partial: true}},
		{"no text, but a config: an image without layers", M{Digest: "d", Config: "c"}, "", M{Digest: "d", Config: "c"}},
		{"an index without children", M{Digest: "d", MediaType: mediaTypeIndex, Config: "c"}, "", M{Digest: "d", MediaType: mediaTypeIndex, Config: "c", Partial: true}},
		{
			"an index of which only layers are known", M{Digest: "d", MediaType: mediaTypeIndex, Layers: []inventory.Blob{blob("l", 1)}}, "",
			M{Digest: "d", MediaType: mediaTypeIndex, Layers: []inventory.Blob{blob("l", 1)}, Partial: true},
		},
		{"not JSON", M{Digest: "d", Config: "c"}, "{", M{Digest: "d", Config: "c"}},
		{"not an object", M{Digest: "d", Config: "c"}, "[1]", M{Digest: "d", Config: "c"}},
		{"of a wrong type", M{Digest: "d", Config: "c"}, `{"layers":"x","subject":{"digest":"s"}}`, M{Digest: "d", Config: "c"}},
		{"an absurd size", M{Digest: "d", Config: "c"}, `{"layers":[{"digest":"l","size":1e300}]}`, M{Digest: "d", Config: "c"}},
		{"too large", M{Digest: "d", Config: "c"}, `{"layers":[{"digest":"l"}]` + strings.Repeat(" ", 5<<20) + "}", M{Digest: "d", Config: "c"}},
		{"more layers than are read", M{Digest: "d", Config: "c", Layers: []inventory.Blob{blob("a", 1)}}, rawTooMany, M{Digest: "d", Config: "c", Layers: []inventory.Blob{blob("a", 1)}, Partial: true}},
		{"deeply nested", M{Digest: "d", Config: "c"}, strings.Repeat("[", 1<<20), M{Digest: "d", Config: "c"}},
		{
			"blobs without a digest", M{Digest: "d", Config: "c", Layers: []inventory.Blob{blob("a", 1), blob("", 2)}}, "",
			M{Digest: "d", Config: "c", Layers: []inventory.Blob{blob("a", 1)}, Partial: true},
		},
		{"it stays partial", M{Digest: digestOf(rawImage), Partial: true}, rawImage, M{
			Digest: digestOf(rawImage), MediaType: mediaTypeImage, Config: "sha256:cfg", ConfigSize: 1234, Size: int64(len(rawImage)),
			Layers: []inventory.Blob{blob("sha256:l1", 10), blob("sha256:l2", 0)}, Subject: "sha256:subject", Partial: true,
		}},
	} {
		c.m.ReadRaw(c.raw)
		if len(c.m.Children) == 0 {
			c.m.Children = nil
		}
		if len(c.m.Layers) == 0 {
			c.m.Layers = nil
		}
		require.Equal(t, c.complete, c.m, c.name)
		var b inventory.Builder
		require.NoError(t, b.AddManifest(c.m), "what ReadRaw leaves can be added")
	}
}

func FuzzReadRaw(f *testing.F) {
	f.Add(rawImage)
	f.Add(rawIndex)
	f.Add(rawSchema1)
	f.Add(`{"layers":[null,{}],"manifests":[{"digest":"a"}],"config":null}`)
	f.Fuzz(func(t *testing.T, raw string) {
		for _, m := range []inventory.Manifest{{Digest: "d"}, {Digest: digestOf(raw), MediaType: mediaTypeImage}, {Digest: "d", Config: "c", Layers: []inventory.Blob{{Digest: "l"}}}} {
			m.ReadRaw(raw)
			var b inventory.Builder
			require.NoError(t, b.AddManifest(m))
			require.NotEmpty(t, b.Build().Fingerprint())
			again := m
			again.ReadRaw(raw)
			require.Equal(t, fmt.Sprint(m), fmt.Sprint(again), "it has nothing to add to its own result")
		}
	})
}
