package inventory_test

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A reused is memory behind strings that somebody else writes over afterwards,
// as a reader's buffer is.
type reused struct{ all [][]byte }

func (r *reused) string(s string) string {
	if s == "" {
		return ""
	}
	b := []byte(s)
	r.all = append(r.all, b)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (r *reused) writeOver() {
	for _, b := range r.all {
		copy(b, strings.Repeat("#", len(b)))
	}
}

func (r *reused) blobs(blobs []inventory.Blob) []inventory.Blob {
	var c []inventory.Blob
	for _, b := range blobs {
		c = append(c, inventory.Blob{Digest: r.string(b.Digest), Size: b.Size})
	}
	return c
}

func (r *reused) manifest(m inventory.Manifest) inventory.Manifest {
	m.Digest, m.MediaType, m.Config, m.Subject = r.string(m.Digest), r.string(m.MediaType), r.string(m.Config), r.string(m.Subject)
	m.UID, m.ResourceVersion = r.string(m.UID), r.string(m.ResourceVersion)
	m.Layers, m.Children = r.blobs(m.Layers), r.blobs(m.Children)
	if m.Labels != nil {
		labels := map[string]string{}
		for k, v := range m.Labels {
			labels[r.string(k)] = r.string(v)
		}
		m.Labels = labels
	}
	return m
}

func (r *reused) stream(s inventory.Stream) inventory.Stream {
	s.Namespace, s.Name = r.string(s.Namespace), r.string(s.Name)
	s.UID, s.ResourceVersion = r.string(s.UID), r.string(s.ResourceVersion)
	var tags []inventory.Tag
	for _, tag := range s.Tags {
		tag.Name = r.string(tag.Name)
		var items []inventory.TagItem
		for _, i := range tag.Items {
			i.Image, i.DockerImageReference = r.string(i.Image), r.string(i.DockerImageReference)
			items = append(items, i)
		}
		tag.Items = items
		tags = append(tags, tag)
	}
	s.Tags = tags
	return s
}

func (r *reused) workload(w inventory.Workload) inventory.Workload {
	w.Group, w.Kind = r.string(w.Group), inventory.Kind(r.string(string(w.Kind)))
	w.Namespace, w.Name = r.string(w.Namespace), r.string(w.Name)
	var references []inventory.Reference
	for _, x := range w.References {
		references = append(references, inventory.Reference{
			Field: r.string(x.Field), Source: r.string(x.Source), Value: r.string(x.Value), Err: r.string(x.Err),
			Namespace: r.string(x.Namespace), Stream: r.string(x.Stream), Tag: r.string(x.Tag), Digest: r.string(x.Digest),
		})
	}
	w.References = references
	return w
}

func TestABuilderKeepsNothingOfItsArguments(t *testing.T) {
	m := manifest("web", 4)
	m.Subject = "sha512:subject"
	m.Labels = map[string]string{"team": "shop", "empty": ""}
	m.Layers = append(m.Layers, inventory.Blob{Digest: "tarsum.dev+sha256:odd", Size: 3})
	onlyUID := manifest("uid", 0)
	onlyUID.ResourceVersion = ""
	onlyVersion := manifest("version", 0)
	onlyVersion.UID = ""
	s := stream("shop", "web", history("shop/web", "v1", "web", "uid"), inventory.Tag{Name: "odd", Items: []inventory.TagItem{
		{Image: "sha512:odd", DockerImageReference: "registry/shop/db:tag"}, {DockerImageReference: "registry/shop/db@sha512:0123456789abcdef0123456789abcdef"},
	}})
	w := pod("shop", "web-1", inventory.Reference{
		Field: "spec.x", Source: "shape", Value: "v", Err: "why", Namespace: "shop", Stream: "web", Tag: "v1", Digest: "sha512:used",
	})
	w.Group = "group"

	addAll := func(b *inventory.Builder, r *reused) {
		for _, m := range []inventory.Manifest{m, onlyUID, onlyVersion} {
			require.NoError(t, b.AddManifest(r.manifest(m)))
		}
		require.NoError(t, b.AddStream(r.stream(s)))
		require.NoError(t, b.AddWorkload(r.workload(w)))
		require.NoError(t, b.AddLimit(inventory.Limit{Namespace: r.string("shop"), Name: r.string("sizes"), MaxImageSize: 5}))
		require.NoError(t, b.AddLink(inventory.Link{Namespace: r.string("shop"), Name: r.string("web"), Digest: r.string("sha512:linked")}))
		b.LinksListed(r.string("shop"), r.string("web"))
		b.AddOther(r.string("ConfigMap"))
		b.AddOther(r.string("ConfigMap"))
		b.Listed(inventory.Kind(r.string("Secret")))
		b.Listed(inventory.Kind(r.string("Secret")))
		b.Incomplete(inventory.Kind(r.string("Zone")))
		b.Incomplete(inventory.Kind(r.string("Zone")))
	}
	var plain, b inventory.Builder
	addAll(&plain, &reused{})
	var r reused
	addAll(&b, &r)
	before := b.Build()
	r.writeOver()
	want := plain.Build().Fingerprint()
	require.Equal(t, want, before.Fingerprint())
	require.Equal(t, want, b.Build().Fingerprint())

	// What is there is found again, also where the memory of the question goes.
	addAll(&b, &r)
	r.writeOver()
	b.ForgetOther(r.string("ConfigMap"))
	b.ForgetOther(r.string("ConfigMap"))
	r.writeOver()
	require.Equal(t, want, b.Build().Fingerprint())
}

// The labels of an Inventory are its own, too.
func TestLabelsAreCopied(t *testing.T) {
	m := manifest("web", 0)
	m.Labels = map[string]string{"a": "1"}
	var b inventory.Builder
	require.NoError(t, b.AddManifest(m))
	m.Labels["a"], m.Labels["b"] = "2", "3"
	m.Layers[0].Digest = "changed"
	v := b.Build()
	require.Equal(t, map[string]string{"a": "1"}, v.Image(0).Labels)
	require.Equal(t, digest("base"), v.DigestText(v.Image(0).Layers[0]))
}
