package registrylayout_test

import (
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// ociLayout writes an image or an index as the only one of an OCI layout, named "only".
func (h *e2eHost) ociLayout(pushed any) (dir string) {
	h.t.Helper()
	dir = filepath.Join(h.t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	require.NoError(h.t, err)
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "only"})
	switch pushed := pushed.(type) {
	case v1.Image:
		require.NoError(h.t, path.AppendImage(pushed, named))
	case v1.ImageIndex:
		require.NoError(h.t, path.AppendIndex(pushed, named))
	}
	return dir
}

// cranePush has the command crane push an image or an index from an OCI layout.
func (h *e2eHost) cranePush(pushed any, to name.Reference) {
	h.t.Helper()
	h.run("crane", "push", "--insecure", h.ociLayout(pushed), to.Name())
}

// referrerOf makes a manifest that has another as its subject.
func (h *e2eHost) referrerOf(subject partial.Describable) v1.Image {
	h.t.Helper()
	described, err := partial.Descriptor(subject)
	require.NoError(h.t, err)
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	layer, err := random.Layer(256, types.OCILayer)
	require.NoError(h.t, err)
	image, err := mutate.AppendLayers(base, layer)
	require.NoError(h.t, err)
	return mutate.Subject(image, *described).(v1.Image)
}

// TestEndToEndCrane: what the command crane pushes, copies and tags is on the volume
// byte for byte, and what refers to it is known as a referrer, be it tagged or not.
func TestEndToEndCrane(t *testing.T) {
	h := newE2EHost(t)
	h.Start()
	image, _, index, untagged := h.pushAll()
	h.run("crane", "copy", "--insecure", h.reference("shop/web", "v1").Name(), h.reference("copy/of/web", "v2").Name())
	h.run("crane", "copy", "--insecure", h.reference("shop/deep/er", "multi").Name(), h.reference("alone", "multi").Name())
	h.run("crane", "tag", "--insecure", h.reference("alone", "multi").Name(), "moved")

	h.hasImage("shop/web", image)
	h.hasImage("copy/of/web", image)
	h.hasImage("shop/web", untagged)
	for _, repository := range []string{"shop/deep/er", "alone"} {
		h.hasManifest(repository, index)
		listed, err := index.IndexManifest()
		require.NoError(t, err)
		for _, child := range listed.Manifests {
			image, err := index.Image(child.Digest)
			require.NoError(t, err)
			h.hasImage(repository, image)
		}
	}
	moved, err := h.ResolveTag(t.Context(), "alone", "moved")
	require.NoError(t, err)
	require.Equal(t, h.digestOf(index), moved)

	tagged := h.referrerOf(index)
	h.run("skopeo", "copy", "--insecure-policy", "--preserve-digests", "--dest-tls-verify=false", "oci:"+h.ociLayout(tagged)+":only", "docker://"+h.Host+"/shop/deep/er:sbom")
	h.hasImage("shop/deep/er", tagged)
	d, err := h.ResolveTag(t.Context(), "shop/deep/er", "sbom")
	require.NoError(t, err)
	require.Equal(t, h.digestOf(tagged), d)
	for tag, err := range h.Tags(t.Context(), "shop/web") {
		require.NoError(t, err)
		d, err := h.ResolveTag(t.Context(), "shop/web", tag)
		require.NoError(t, err)
		require.NotEqual(t, h.digestOf(untagged), d)
	}
	var b inventory.Builder
	volume, err := fromlayout.Read(t.Context(), h.Layout, &b, fromlayout.Options{})
	require.NoError(t, err)
	require.Empty(t, volume.Unread)
	inv := b.Build()
	for _, pair := range [][2]digest.Digest{{h.digestOf(untagged), h.digestOf(image)}, {h.digestOf(tagged), h.digestOf(index)}} {
		referrer := inv.ImageOf(inv.Digest(string(pair[0])))
		require.GreaterOrEqual(t, referrer, 0)
		require.Equal(t, string(pair[1]), inv.DigestText(inv.Image(referrer).Subject))
	}
	findings, _ := h.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)
}

// hasManifest reads a manifest from the volume.
func (h *e2eHost) hasManifest(repository string, pushed interface {
	Digest() (v1.Hash, error)
	RawManifest() ([]byte, error)
}) {
	h.t.Helper()
	sent, err := pushed.RawManifest()
	require.NoError(h.t, err)
	raw, err := h.ReadManifest(h.t.Context(), repository, h.digestOf(pushed))
	require.NoError(h.t, err)
	require.Equal(h.t, string(sent), string(raw))
}

// hasImage reads an image's manifest, config and layers from the volume.
func (h *e2eHost) hasImage(repository string, image v1.Image) {
	h.t.Helper()
	h.hasManifest(repository, image)
	layers, err := image.Layers()
	require.NoError(h.t, err)
	config, err := partial.ConfigLayer(image)
	require.NoError(h.t, err)
	for _, l := range slices.Concat(layers, []v1.Layer{config}) {
		sent, err := l.Compressed()
		require.NoError(h.t, err)
		want, err := io.ReadAll(sent)
		require.NoError(h.t, err)
		require.NoError(h.t, sent.Close())
		d := h.digestOf(l)
		require.NoError(h.t, h.HasLayer(h.t.Context(), repository, d))
		stored, _, err := h.OpenBlob(h.t.Context(), d)
		require.NoError(h.t, err)
		got, err := io.ReadAll(stored)
		require.NoError(h.t, err)
		require.NoError(h.t, stored.Close())
		require.Equal(h.t, want, got)
	}
}
