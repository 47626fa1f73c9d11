package imagestreamtest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/imagestreamtest"
	"github.com/registrykit/registrykit/internal/manifest"
)

const hour = time.Hour

// everything makes a fixture with one of everything.
func everything(o imagestreamtest.Options) *imagestreamtest.Fixture {
	f := imagestreamtest.New(o)
	base := f.Image()
	a, list := f.ImageOn(base), f.Index()
	f.Stream("other/base").Push("1", base, 100*24*hour)
	f.Stream("shop/web").Push("dev", a, hour).Push("dev", f.ImageFor("s390x"), 2*hour).
		Import("1", "quay.io/acme/web:1", list, hour).Import("1", "quay.io/acme/web:1", f.Index(a, list), 3*hour).
		Fail("2", "quay.io/acme/web:2", "NotFound", "gone", hour).
		Import("3", "quay.io/acme/web:3", a, hour).Pending("3", "quay.io/acme/web:3.1").
		Alias("stable", "1").Alias("also", "web:stable").Alias("base", "other/base:1").Alias("gone", "nothing").
		Alias("x", "y").Alias("y", "x").Pin("pinned", a, hour).Refer("ref", "quay.io/acme/x:1", hour).
		Set("ref", func(t *imagestream.TagReference) { t.ReferencePolicy.Type = imagestream.LocalTagReferencePolicy })
	return f
}

func TestTheSameCallsGiveTheSameObjects(t *testing.T) {
	text := func(o imagestreamtest.Options) string {
		f := everything(o)
		data, err := json.Marshal(f.ImageStreams())
		require.NoError(t, err)
		return string(data)
	}
	want := text(imagestreamtest.Options{})
	for range 10 {
		require.Equal(t, want, text(imagestreamtest.Options{}))
	}
	require.NotEqual(t, want, text(imagestreamtest.Options{Seed: 1}))
	require.NotContains(t, text(imagestreamtest.Options{Registry: "registry.example.com"}), imagestreamtest.DefaultRegistry)
}

// What was stored does not change when it is brought up to date, but for what
// was asked to be wrong.
func TestStreamsAreAsAServerLeavesThem(t *testing.T) {
	f := everything(imagestreamtest.Options{})
	s := f.Stream("shop/web").Edit(func(s *imagestream.ImageStream) {
		s.Spec.Tags = append(s.Spec.Tags[:0:0], s.Spec.Tags...)
		for i := 0; i < len(s.Spec.Tags); i++ {
			switch s.Spec.Tags[i].Name {
			case "x", "y", "gone":
				s.Spec.Tags = append(s.Spec.Tags[:i], s.Spec.Tags[i+1:]...)
				i--
			}
		}
	}).Object()
	_, changes, err := imagestream.Applier{Lookup: f.Lookup()}.Apply(s, imagestream.FollowAliases{}, f.Now())
	require.NoError(t, err)
	require.Empty(t, changes)

	spec, newer, err := s.RecentPullSpec("3", imagestream.ResolveOptions{})
	require.NoError(t, err)
	require.ErrorIs(t, newer, imagestream.ErrImportPending)
	require.Contains(t, spec, "quay.io/acme/web@sha256:")
	_, err = s.NewestPullSpec("2", imagestream.ResolveOptions{})
	require.ErrorIs(t, err, imagestream.ErrImportFailed)
	require.Equal(t, s.LatestEvent("1").Image, s.LatestEvent("also").Image)
	require.Equal(t, 2, len(s.StatusTag("dev").Items))
	require.True(t, s.StatusTag("dev").Items[0].Created.After(s.StatusTag("dev").Items[1].Created.Time))
	base, err := f.Lookup()("other", "base")
	require.NoError(t, err)
	require.Equal(t, f.Now().Add(-100*24*hour), base.CreationTimestamp.Time)
}

func TestImagesHaveTheDigestsOfTheirManifests(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	base := f.Image()
	a := f.ImageOn(base)
	list := f.Index(a, f.ImageFor("arm64"))
	f.Stream("shop/web").Import("1", "quay.io/acme/web:1", list, hour).Push("dev", a, 2*hour)
	require.Equal(t, base.Layers(), a.Layers()[:len(base.Layers())])
	require.Greater(t, len(a.Layers()), len(base.Layers()))
	require.NotEqual(t, f.Index(a).Digest(), f.Index(a).Digest())

	images := f.Images()
	o, err := images(a.Digest())
	require.NoError(t, err)
	parsed, err := manifest.Parse(a.Manifest())
	require.NoError(t, err)
	require.Equal(t, a.ConfigDigest(), parsed.Config.Digest)
	require.EqualValues(t, len(a.Config()), parsed.Config.Size)
	require.Len(t, parsed.Layers, len(o.DockerImageLayers))
	size := parsed.Config.Size
	for i, l := range parsed.Layers {
		require.Equal(t, l.Digest, o.DockerImageLayers[i].Name)
		require.Equal(t, a.Layers()[i], l.Digest)
		size += l.Size
	}
	m, err := o.Metadata()
	require.NoError(t, err)
	require.Equal(t, size, m.Size)
	require.Equal(t, a.ConfigDigest(), m.ID)
	require.Equal(t, "true", o.Annotations[imagestream.ManagedByOpenShiftAnnotation], "it was pushed before it was imported")

	o, err = images(list.Digest())
	require.NoError(t, err)
	require.Equal(t, "quay.io/acme/web@"+list.Digest(), o.DockerImageReference)
	require.NotContains(t, o.Annotations, imagestream.ManagedByOpenShiftAnnotation)
	require.Len(t, o.DockerImageManifests, 2)
	require.Equal(t, "arm64", o.DockerImageManifests[1].Architecture)
	for i, child := range list.Children() {
		require.Equal(t, child.Digest(), o.DockerImageManifests[i].Digest)
		require.EqualValues(t, len(child.Manifest()), o.DockerImageManifests[i].ManifestSize)
	}
	layers, err := imagestream.ImageStreamLayersOf(f.Stream("shop/web").Object(), images)
	require.NoError(t, err)
	for name, refs := range layers.Images {
		require.False(t, refs.ImageMissing, name)
	}

	list.Missing = true
	_, err = images(list.Digest())
	require.ErrorIs(t, err, imagestream.ErrImageNotFound)
	_, err = f.Lookup()("shop", "none")
	require.ErrorIs(t, err, imagestream.ErrStreamNotFound)
}

func TestWithoutARegistry(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{Registry: "none", Now: time.Date(2020, 1, 1, 0, 0, 0, 5, time.UTC)})
	web := f.Stream("shop/web").Import("1", "quay.io/acme/web:1", f.Image(), 0)
	require.Equal(t, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), web.Object().LatestEvent("1").Created.Time)
	require.Empty(t, web.Object().Status.DockerImageRepository)
	require.Same(t, web, f.Stream("shop/web"))
}

func TestMistakesPanic(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	none := imagestreamtest.New(imagestreamtest.Options{Registry: "none"})
	for name, mistake := range map[string]func(){
		"a stream without a namespace": func() { f.Stream("web") },
		"a stream with a tag":          func() { f.Stream("shop/web:1") },
		"a tag without a name":         func() { f.Stream("shop/web").Push("", f.Image(), 0) },
		"an image of another fixture":  func() { f.Stream("shop/web").Push("a", none.Image(), 0) },
		"a push to nowhere":            func() { none.Stream("shop/web").Push("a", none.Image(), 0) },
		"an import from nowhere":       func() { f.Stream("shop/web").Import("a", "not a pull spec", f.Image(), 0) },
	} {
		require.Panics(t, mistake, name)
	}
}
