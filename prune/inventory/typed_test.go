package inventory_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

var typedObjects = []string{
	`{"kind":"Image","apiVersion":"image.openshift.io/v1","metadata":{"name":"` + digest("full") + `","uid":"u1","resourceVersion":"7",
	"creationTimestamp":"2026-05-01T12:00:00Z","annotations":{"openshift.io/image.managed":"true"}},
	"dockerImageReference":"r/a/b@` + digest("full") + `",
	"dockerImageMetadata":{"kind":"DockerImage","apiVersion":"image.openshift.io/1.0","Id":"` + digest("config") + `","Size":4321,
	"Config":{"Labels":{"team":"shop","empty":""}}},"dockerImageMetadataVersion":"1.0",
	"dockerImageLayers":[{"name":"` + digest("l1") + `","size":100,"mediaType":"x"},{"name":"","size":1,"mediaType":""},{"name":"` + digest("l2") + `","size":-7,"mediaType":"x"}],
	"dockerImageManifestMediaType":"application/vnd.docker.distribution.manifest.v2+json"}`,

	`{"kind":"Image","apiVersion":"image.openshift.io/v1","metadata":{"name":"` + digest("index") + `","creationTimestamp":"2026-05-02T12:00:00.123456789+02:00",
	"annotations":{"openshift.io/image.managed":"True"}},"dockerImageMetadata":{"Id":"","Config":{}},
	"dockerImageManifests":[{"digest":"` + digest("full") + `","mediaType":"m","manifestSize":900,"architecture":"amd64","os":"linux"}],
	"dockerImageManifestMediaType":"application/vnd.oci.image.index.v1+json"}`,

	`{"kind":"Image","apiVersion":"v1","metadata":{"name":"` + digestOf(rawImage) + `","creationTimestamp":null},"dockerImageMetadata":null,
	"dockerImageManifest":` + quote(rawImage) + `}`,

	`{"kind":"Image","apiVersion":"image.openshift.io/v1","metadata":{"name":"tarsum.dev+sha256:odd"},"dockerImageMetadata":{"Id":"sha512:x","Size":-4,"Config":null},
	"dockerImageLayers":null,"dockerImageManifestMediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws","signatures":[{"type":"atomic"}]}`,

	`{"kind":"ImageStream","apiVersion":"image.openshift.io/v1","metadata":{"namespace":"shop","name":"web","uid":"u2","resourceVersion":"8",
	"creationTimestamp":"2026-05-03T12:00:00Z","annotations":{"x":"y"}},"spec":{"lookupPolicy":{"local":false},"tags":[
	{"name":"v1","from":{"kind":"ImageStreamTag","name":"base:v9","namespace":"base"}},{"name":"a","from":{"kind":"DockerImage","name":"{{no}}"}},{"name":"self","from":{"kind":"ImageStreamTag","name":"v1"}}]},
	"status":{"dockerImageRepository":"r/shop/web","tags":[
	{"tag":"v1","items":[{"created":"2026-05-05T12:00:00Z","dockerImageReference":"r/shop/web@` + digest("full") + `","image":"` + digest("full") + `","generation":3},
	{"created":null,"dockerImageReference":"docker.io/library/postgres:9","image":"","generation":1}]},
	{"tag":"a","items":null,"conditions":[{"type":"ImportSuccess","status":"False"}]}]}}`,

	`{"kind":"ImageStream","apiVersion":"image.openshift.io/v1","metadata":{"namespace":"shop","name":"bare"},"spec":{},"status":{}}`,
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// Typed objects and their JSON come to the same inventory.
func TestTypedObjectsAreWhatTheirJSONIs(t *testing.T) {
	var b inventory.Builder
	for _, text := range typedObjects {
		if strings.Contains(text, `"kind":"ImageStream"`) {
			var stream imagestream.ImageStream
			require.NoError(t, json.Unmarshal([]byte(text), &stream))
			require.NoError(t, b.AddImageStream(&stream))
		} else {
			var image imagestream.Image
			require.NoError(t, json.Unmarshal([]byte(text), &image))
			require.NoError(t, b.AddImage(&image))
		}
	}
	v, err := dump.Read(strings.NewReader(strings.Join(typedObjects, "\n")), &dump.Options{Labels: []string{"team", "empty"}})
	require.NoError(t, err)
	b.OnlyLabels("team", "empty")
	requireSame(t, v, b.Build())
	full := v.Image(v.ImageOf(v.Digest(digest("full"))))
	require.Equal(t, map[string]string{"team": "shop", "empty": ""}, full.Labels)
	require.True(t, full.Managed)
	require.True(t, full.Partial, "a layer without a name")
	require.Equal(t, 3, v.Uses(), "what the spec's tags name")
}

func TestAnImageWhoseMetadataCannotBeRead(t *testing.T) {
	var image imagestream.Image
	image.Name = digest("x")
	image.DockerImageMetadata.Raw = []byte(`{"Size":"large"}`)
	image.DockerImageLayers = []imagestream.ImageLayer{{Name: digest("layer"), LayerSize: 7}}
	for _, add := range []func(*inventory.Builder) error{
		func(b *inventory.Builder) error { return b.AddImage(&image) },
		func(b *inventory.Builder) error { return b.ReplaceImage(&image) },
	} {
		var b inventory.Builder
		require.NoError(t, add(&b))
		b.Listed(inventory.KindImage)
		v := b.Build()
		require.True(t, v.Complete(inventory.KindImage))
		view := v.Image(0)
		require.False(t, view.Partial, "its layers are known")
		require.Zero(t, view.Size)
		require.Nil(t, view.Labels)
		require.Equal(t, inventory.NoDigest, view.Config)
		require.Len(t, view.Layers, 1)
	}
}

// The objects are only read.
func TestTypedObjectsAreNotChanged(t *testing.T) {
	var image imagestream.Image
	require.NoError(t, json.Unmarshal([]byte(typedObjects[0]), &image))
	before, err := json.Marshal(image)
	require.NoError(t, err)
	var b inventory.Builder
	require.NoError(t, b.AddImage(&image))
	after, err := json.Marshal(image)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}
