package inventory_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A change makes another fact of the object.
type change[T any] struct {
	field string // as the error calls it; "": not part of the content
	make  func(*T)
}

func conflicts[T any](t *testing.T, object string, base func() T, add func(*inventory.Builder, T) error, changes []change[T]) {
	t.Helper()
	for _, c := range changes {
		b := inventory.Builder{Origins: func(o int64) string { return fmt.Sprintf("line %d", o) }}
		first, second := base(), base()
		require.NoError(t, add(&b, first))
		require.NoError(t, add(&b, first), "the same object twice is one")
		before := b.Build().Fingerprint()

		c.make(&second)
		err := add(&b, second)
		if c.field == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, inventory.ErrConflict, c.field)
		var e *inventory.Error
		require.True(t, errors.As(err, &e))
		require.Equal(t, object, e.Object)
		require.Equal(t, object+": the same object with different content: "+c.field+" (first at line 1, again at line 2)", err.Error())
		require.Equal(t, before, b.Build().Fingerprint(), "%s: what was refused is not known", c.field)
	}
}

func TestConflictsOfImages(t *testing.T) {
	base := func() inventory.Manifest {
		m := manifest("a", 2)
		m.Origin = 1
		return m
	}
	type M = inventory.Manifest
	conflicts(t, "Image "+digest("a"), base,
		func(b *inventory.Builder, m M) error { return b.AddManifest(m) },
		[]change[M]{
			{"uid or resourceVersion", func(m *M) { m.Origin, m.UID = 2, "other" }},
			{"uid or resourceVersion", func(m *M) { m.Origin, m.ResourceVersion = 2, "18" }},
			{"uid or resourceVersion", func(m *M) { m.Origin, m.UID, m.ResourceVersion = 2, m.UID+"1", "7" }},
			{"media type", func(m *M) { m.Origin, m.MediaType = 2, mediaTypeIndex }},
			{"config", func(m *M) { m.Origin, m.Config = 2, digest("x") }},
			{"layers or child manifests", func(m *M) { m.Origin, m.Layers = 2, m.Layers[:2] }},
			{"layers or child manifests", func(m *M) { m.Origin = 2; m.Layers[1], m.Layers[0] = m.Layers[0], m.Layers[1] }},
			{"layers or child manifests", func(m *M) { m.Origin = 2; m.Children, m.Layers = m.Layers[2:], m.Layers[:2] }},
			{"layers or child manifests", func(m *M) {
				m.Origin = 2
				m.Layers = append(m.Layers, inventory.Blob{Digest: digest("base"), Size: 99})
			}},
			{"subject", func(m *M) { m.Origin, m.Subject = 2, digest("x") }},
			{"creation time", func(m *M) { m.Origin, m.Created = 2, day(8) }},
			{"last pull", func(m *M) { m.Origin, m.LastPulled = 2, day(8) }},
			{"size", func(m *M) { m.Origin, m.ImageSize = 2, 1 }},
			{"managed annotation", func(m *M) { m.Origin, m.Managed = 2, true }},
			{"completeness", func(m *M) { m.Origin, m.Partial = 2, true }},
			{"labels", func(m *M) { m.Origin, m.Labels = 2, map[string]string{} }},
			{"media type, config, size", func(m *M) { m.Origin, m.MediaType, m.Config, m.ImageSize = 2, "", "", 9 }},
			{"", func(m *M) { m.Origin = 2 }},
			{"", func(m *M) { m.MediaType = "application/vnd.docker.distribution.manifest.v2+json" }},
			{"", func(m *M) { m.Created = m.Created.Local() }},
		})
}

func TestConflictsOfStreams(t *testing.T) {
	type S = inventory.Stream
	base := func() S {
		s := stream("shop", "web", history("shop/web", "b", "1", "2"), history("shop/web", "a", "3"))
		s.Origin = 1
		return s
	}
	conflicts(t, "ImageStream shop/web", base,
		func(b *inventory.Builder, s S) error { return b.AddStream(s) },
		[]change[S]{
			{"uid or resourceVersion", func(s *S) { s.Origin, s.UID = 2, "" }},
			{"uid or resourceVersion", func(s *S) { s.Origin, s.ResourceVersion = 2, "" }},
			{"creation time", func(s *S) { s.Origin, s.Created = 2, day(1) }},
			{"tags", func(s *S) { s.Origin, s.Tags = 2, s.Tags[:1] }},
			{"tags", func(s *S) { s.Origin, s.Tags[0].Name = 2, "c" }},
			{"tags", func(s *S) {
				s.Origin = 2
				s.Tags[0].Items[0], s.Tags[0].Items[1] = s.Tags[0].Items[1], s.Tags[0].Items[0]
			}},
			{"tags", func(s *S) { s.Origin, s.Tags[0].Items[1].Created = 2, day(1) }},
			{"tags", func(s *S) { s.Origin, s.Tags[0].Items[1].Image = 2, "" }},
			{"tags", func(s *S) { s.Origin, s.Tags[0].Items[1].DockerImageReference = 2, "x" }},
			{"creation time, tags", func(s *S) { s.Origin, s.Created, s.Tags = 2, day(1), nil }},
			{"", func(s *S) { s.Tags[0], s.Tags[1] = s.Tags[1], s.Tags[0] }},
		})
}

func TestConflictsOfWorkloads(t *testing.T) {
	type W = inventory.Workload
	base := func() W {
		w := pod("shop", "web", inventory.Reference{Field: "b", Value: "v"}, inventory.Reference{Field: "a", Digest: digest("x")})
		w.Origin = 1
		return w
	}
	conflicts(t, "Pod shop/web", base,
		func(b *inventory.Builder, w W) error { return b.AddWorkload(w) },
		[]change[W]{
			{"creation time", func(w *W) { w.Origin, w.Created = 2, day(1) }},
			{"phase", func(w *W) { w.Origin, w.Finished = 2, true }},
			{"images", func(w *W) { w.Origin, w.References = 2, w.References[:1] }},
			{"images", func(w *W) { w.Origin, w.References[0].Value = 2, "w" }},
			{"phase, images", func(w *W) { w.Origin, w.Finished, w.References = 2, true, nil }},
			{"", func(w *W) { w.References[0], w.References[1] = w.References[1], w.References[0] }},
			{"", func(w *W) { w.Group = "another" }},
			{"", func(w *W) { w.Namespace = "another" }},
		})
}

func TestConflictsOfLimits(t *testing.T) {
	type L = inventory.Limit
	conflicts(t, "LimitRange shop/sizes",
		func() L { return L{Namespace: "shop", Name: "sizes", MaxImageSize: 5, Origin: 1} },
		func(b *inventory.Builder, l L) error { return b.AddLimit(l) },
		[]change[L]{
			{"max.storage", func(l *L) { l.Origin, l.MaxImageSize = 2, 6 }},
			{"max.storage", func(l *L) { l.Origin, l.MaxImageSize = 2, -1 }},
			{"", func(l *L) { l.Name = "other" }},
		})
}

// A repository may be named in two ways that come to the same path.
func TestTwoStreamsOfOneRepository(t *testing.T) {
	for _, c := range [][4]string{{"a", "b/c", "a/b", "c"}, {"", "a/b", "a", "b"}} {
		var b inventory.Builder
		require.NoError(t, b.AddStream(inventory.Stream{Namespace: c[0], Name: c[1]}))
		require.ErrorIs(t, b.AddStream(inventory.Stream{Namespace: c[2], Name: c[3]}), inventory.ErrConflict)
	}
}

func TestAConflictWithoutOrigins(t *testing.T) {
	var b inventory.Builder
	require.NoError(t, b.AddLimit(inventory.Limit{Name: "x", MaxImageSize: 1}))
	require.EqualError(t, b.AddLimit(inventory.Limit{Name: "x", MaxImageSize: 2}),
		"LimitRange x: the same object with different content: max.storage")
}

func TestAnObjectIsReplacedByForgettingItFirst(t *testing.T) {
	var b inventory.Builder
	require.NoError(t, b.AddManifest(manifest("a", 1)))
	changed := manifest("a", 1)
	changed.ResourceVersion = "18"
	require.ErrorIs(t, b.AddManifest(changed), inventory.ErrConflict)
	b.ForgetManifest(digest("a"))
	require.NoError(t, b.AddManifest(changed))
	require.Equal(t, build(t, image(changed)).Fingerprint(), b.Build().Fingerprint())
}

func TestInvalidFacts(t *testing.T) {
	type M = inventory.Manifest
	blobs := func(b inventory.Blob) []inventory.Blob { return []inventory.Blob{{Digest: digest("ok")}, b} }
	for _, c := range []struct {
		object, text string
		fact         fact
	}{
		{"Image", "no name", image(M{})},
		{"Image x", "negative size", image(M{Digest: "x", Size: -1})},
		{"Image x", "negative size", image(M{Digest: "x", ConfigSize: -1})},
		{"Image x", "negative size", image(M{Digest: "x", ImageSize: -1})},
		{"Image x", "layer", image(M{Digest: "x", Layers: blobs(inventory.Blob{})})},
		{"Image x", "layer", image(M{Digest: "x", Layers: blobs(inventory.Blob{Digest: "l", Size: -1})})},
		{"Image x", "child", image(M{Digest: "x", Children: blobs(inventory.Blob{Size: 3})})},
		{"Image x", "child", image(M{Digest: "x", Children: blobs(inventory.Blob{Digest: "c", Size: -1})})},
		{"ImageStream shop/", "no name", imageStream(inventory.Stream{Namespace: "shop"})},
		{"ImageStream shop/web", "without a name", imageStream(stream("shop", "web", inventory.Tag{}))},
		{"ImageStream shop/web", `tag "v" is listed twice`, imageStream(stream("shop", "web", inventory.Tag{Name: "v"}, inventory.Tag{Name: "u"}, inventory.Tag{Name: "v"}))},
		{" shop/web", "no kind", workload(inventory.Workload{Namespace: "shop", Name: "web"})},
		{"Pod shop/", "no name", workload(inventory.Workload{Kind: "Pod", Namespace: "shop"})},
		{"LimitRange shop/", "no name", limit("shop", "", 4)},
		{"LimitRange shop/x", "negative", limit("shop", "x", -2)},
		{"Link of shop/", "no repository", link("shop", "", digest("x"), false)},
		{"Link of shop/web", "no digest", link("shop", "web", "", false)},
	} {
		var b inventory.Builder
		err := c.fact(&b)
		require.ErrorIs(t, err, inventory.ErrInvalid, "%s, %s", c.object, c.text)
		var e *inventory.Error
		require.True(t, errors.As(err, &e))
		require.Equal(t, c.object, e.Object)
		require.ErrorContains(t, err, c.text)
		v := b.Build()
		require.Zero(t, v.Images()+v.Streams()+v.Workloads(), "nothing of it is known")
	}
}
