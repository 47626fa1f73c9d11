package imagestream

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/manifest"
)

// anImage has the layers given, the base first, as a registry writes it today.
func anImage(t testing.TB, n int, layers ...int) *Image {
	t.Helper()
	i := &Image{
		ObjectMeta:           ObjectMeta{Name: digest(n), CreationTimestamp: NewTime(at(0)), Annotations: map[string]string{DockerImageLayersOrderAnnotation: DockerImageLayersOrderAscending}},
		DockerImageReference: "elsewhere.example.com/x@" + digest(n), DockerImageManifest: "{}", DockerImageConfig: "{}",
		DockerImageManifestMediaType: manifest.MediaTypeOCIImage,
	}
	require.NoError(t, i.SetMetadata(&DockerImage{ID: digest(n + 0xc0000), Size: 10}))
	for _, l := range layers {
		i.DockerImageLayers = append(i.DockerImageLayers, ImageLayer{Name: digest(l), LayerSize: int64(l), MediaType: "application/vnd.oci.image.layer.v1.tar+gzip"})
	}
	return i
}

func anIndex(n int, children ...int) *Image {
	i := &Image{ObjectMeta: ObjectMeta{Name: digest(n)}, DockerImageManifestMediaType: manifest.MediaTypeOCIIndex}
	for _, c := range children {
		i.DockerImageManifests = append(i.DockerImageManifests, ImageManifest{Digest: digest(c), MediaType: manifest.MediaTypeOCIImage})
	}
	return i
}

func TestTheViewOfATag(t *testing.T) {
	o := fromDocker("a", "quay.io/shop/web:1")
	o.Tag.Annotations = map[string]string{"version": "1", DockerImageLayersOrderAnnotation: "descending"}
	o.Tag.ReferencePolicy.Type = LocalTagReferencePolicy
	s := apply(t, shop(), o, imported("a", 1), imported("a", 2))
	s.Labels = map[string]string{"app": "web"}
	s.Spec.LookupPolicy.Local = true
	image := anImage(t, 2, 0x10)

	view, err := ImageStreamTagOf(s, "a", LookupImagesIn(image))
	require.NoError(t, err)
	require.Equal(t, ObjectMeta{
		Name: "web:a", Namespace: "shop", UID: "u1", ResourceVersion: "7", CreationTimestamp: NewTime(at(3)),
		Labels: s.Labels, Annotations: o.Tag.Annotations,
	}, view.ObjectMeta)
	require.Equal(t, s.SpecTag("a"), view.Tag)
	require.NotSame(t, s.SpecTag("a"), view.Tag)
	require.Equal(t, int64(2), view.Generation)
	require.True(t, view.LookupPolicy.Local)
	require.Equal(t, local(2), view.Image.DockerImageReference)
	require.Empty(t, view.Image.DockerImageManifest+view.Image.DockerImageConfig)
	require.Equal(t, "1", view.Image.Annotations["version"])
	require.Equal(t, "{}", image.DockerImageManifest, "the Image was modified")
	require.NotContains(t, image.Annotations, "version")

	missing, err := ImageStreamTagOf(s, "a", LookupImagesIn())
	require.NoError(t, err)
	require.Equal(t, digest(2), missing.Image.Name)
	require.Equal(t, local(2), missing.Image.DockerImageReference)

	bare := fromDocker("bare", "quay.io/shop/web:3")
	bare.Tag.Reference = true
	s = apply(t, s, fromDocker("new", "quay.io/shop/web:2"), bare)
	_, err = ImageStreamTagOf(s, "bare", LookupImagesIn())
	requireClass(t, err, ErrNoImage, "tag bare")
	require.ErrorContains(t, err, "quay.io/shop/web:3")
	passing, err := ImageTagOf(s, "bare", LookupImagesIn())
	require.NoError(t, err)
	require.Equal(t, s.StatusTag("bare"), passing.Status)
	require.Nil(t, passing.Image)
	_, err = ImageStreamTagOf(s, "new", LookupImagesIn())
	requireClass(t, err, ErrNoImage, "tag new")
	_, err = ImageStreamTagOf(s, "none", LookupImagesIn())
	requireClass(t, err, ErrTagNotFound, "tag none")

	itag, err := ImageTagOf(s, "new", LookupImagesIn())
	require.NoError(t, err)
	require.NotNil(t, itag.Spec)
	require.Nil(t, itag.Status)
	require.Nil(t, itag.Image)
	itag, err = ImageTagOf(s, "a", LookupImagesIn(image))
	require.NoError(t, err)
	require.Equal(t, s.StatusTag("a"), itag.Status)
	require.Equal(t, "1", itag.Image.Annotations["version"])
	_, err = ImageTagOf(s, "none", nil)
	requireClass(t, err, ErrTagNotFound, "tag none")
}

func TestTheLayersOfAStream(t *testing.T) {
	s := apply(t, shop(), push("a", 1), push("a", 2), push("b", 3), push("b", 4), push("b", 5))
	old := anImage(t, 2, 0x22, 0x21) // without the annotation the base is last
	old.Annotations = nil
	old.DockerImageManifestMediaType = manifest.MediaTypeDocker2
	schema1 := anImage(t, 4, 0x41, 0x42)
	schema1.Annotations, schema1.DockerImageManifestMediaType = nil, "application/vnd.docker.distribution.manifest.v1+prettyjws"
	images := LookupImagesIn(anImage(t, 1, 0x10, 0x11), old, anIndex(3, 6, 7), schema1, anImage(t, 6, 0x10, 0x61), anIndex(7, 3, 8))

	v, err := ImageStreamLayersOf(s, images)
	require.NoError(t, err)
	config := func(n int) *string { return pointerTo(digest(n + 0xc0000)) }
	require.Equal(t, map[string]ImageBlobReferences{
		digest(1): {Layers: []string{digest(0x10), digest(0x11)}, Config: config(1)},
		digest(2): {Layers: []string{digest(0x21), digest(0x22)}, Config: config(2)},
		digest(3): {Layers: []string{}, Manifests: []string{digest(6), digest(7)}},
		digest(4): {Layers: []string{digest(0x41), digest(0x42)}},
		digest(5): {Layers: []string{}, ImageMissing: true},
		digest(6): {Layers: []string{digest(0x10), digest(0x61)}, Config: config(6)},
		digest(7): {Layers: []string{}, Manifests: []string{digest(3), digest(8)}}, // in a circle
		digest(8): {Layers: []string{}, ImageMissing: true},
	}, v.Images)
	require.Equal(t, s.ObjectMeta, v.ObjectMeta)
	require.Equal(t, int64(0x10), *v.Blobs[digest(0x10)].LayerSize)
	require.Contains(t, v.Blobs, digest(1), "a manifest is a blob")
	require.Equal(t, "application/vnd.docker.container.image.v1+json", v.Blobs[digest(2+0xc0000)].MediaType)
	require.NotContains(t, v.Blobs, digest(5))

	broken := errors.New("no answer")
	_, err = ImageStreamLayersOf(s, func(string) (*Image, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
}

func TestTheViewOfAnImage(t *testing.T) {
	s := apply(t, shop(), push("a", 0x30), push("b", 0x31))
	s.Annotations = map[string]string{"description": "the shop"}
	images := LookupImagesIn(anIndex(0x30, 0x40), anImage(t, 0x31), anImage(t, 0x40))
	view, err := ImageStreamImageOf(s, digest(0x31), images)
	require.NoError(t, err)
	require.Equal(t, ObjectMeta{
		Name: "web@" + digest(0x31), Namespace: "shop", CreationTimestamp: NewTime(at(0)), Annotations: s.Annotations,
	}, view.ObjectMeta)
	require.Equal(t, local(0x31), view.Image.DockerImageReference)
	require.Empty(t, view.Image.DockerImageManifest)

	child, err := ImageStreamImageOf(s, digest(0x40), images)
	require.NoError(t, err)
	require.Equal(t, digest(0x40), child.Image.Name)

	_, err = ImageStreamImageOf(s, "sha256:0", images)
	require.ErrorIs(t, err, ErrAmbiguousImage)
	_, err = ImageStreamImageOf(s, digest(0x99), images)
	require.ErrorIs(t, err, ErrImageNotFound)
	_, err = ImageStreamImageOf(s, digest(0x31), LookupImagesIn())
	require.ErrorIs(t, err, ErrImageNotFound, "listed, but there is no Image")
}

func TestLookups(t *testing.T) {
	a, b := shop(), shop()
	found, err := LookupIn(a, b)("shop", "web")
	require.NoError(t, err)
	require.Same(t, b, found)
	_, err = LookupIn(a)("shop", "other")
	require.ErrorIs(t, err, ErrStreamNotFound)
	_, err = LookupImagesIn()(digest(1))
	require.ErrorIs(t, err, ErrImageNotFound)
	require.Equal(t, "shop/web:a", fmt.Sprint(a.tagName("a")))
	require.Equal(t, "web:a", TagName{"", "web", "a"}.String())
}
