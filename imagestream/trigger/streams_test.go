package trigger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/imagestreamtest"
	"github.com/registrykit/registrykit/imagestream/trigger"
)

func TestStreams(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{Registry: "registry.example.com"})
	a, b := f.Image(), f.Image()
	local := func(t *imagestream.TagReference) {
		t.ReferencePolicy.Type = imagestream.LocalTagReferencePolicy
	}
	f.Stream("shop/web").Push("dev", a, 2*time.Hour).Push("dev", b, time.Hour).
		Import("1", "quay.io/acme/web:1", a, time.Hour).
		Import("local", "quay.io/acme/web:1", a, time.Hour).Set("local", local).
		Import("next", "quay.io/acme/web:1", a, time.Hour).Pending("next", "quay.io/acme/web:2").
		Import("bad", "quay.io/acme/web:1", a, time.Hour).Fail("bad", "quay.io/acme/web:2", "NotFound", "gone", 0).
		Alias("stable", "1").Refer("ref", "quay.io/acme/x:1", time.Hour).Refer("local-ref", "quay.io/acme/x:1", time.Hour).Set("local-ref", local).
		Pending("first", "quay.io/acme/web:2").Fail("never", "quay.io/acme/web:2", "NotFound", "gone", 0).
		Set("empty", func(*imagestream.TagReference) {}).
		Set("new-ref", func(t *imagestream.TagReference) {
			t.From = &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: "quay.io/acme/x:1"}
			t.Reference = true
		}).
		Push("blank", a, time.Hour).Edit(func(s *imagestream.ImageStream) { s.StatusTag("blank").Items[0].DockerImageReference = "" })
	resolver := trigger.Streams(f.Lookup())

	for tag, want := range map[string]trigger.Resolution{
		"dev":       {Image: "registry.example.com/shop/web@" + b.Digest()},
		"1":         {Image: "quay.io/acme/web@" + a.Digest()},
		"local":     {Image: "registry.example.com/shop/web@" + a.Digest()},
		"next":      {Image: "quay.io/acme/web@" + a.Digest(), Pending: true},
		"bad":       {Image: "quay.io/acme/web@" + a.Digest(), Pending: true},
		"stable":    {Image: "quay.io/acme/web@" + a.Digest()},
		"ref":       {Image: "quay.io/acme/x:1"},
		"local-ref": {Image: "quay.io/acme/x:1"},
	} {
		got, err := resolver.ResolveTag("shop", "web", tag)
		require.NoError(t, err, tag)
		require.Equal(t, want, got, tag)
	}
	for tag, class := range map[string]error{
		"first": trigger.ErrNotImported, "never": trigger.ErrNotImported, "empty": trigger.ErrNotImported,
		"new-ref": trigger.ErrNotImported, "blank": trigger.ErrNotImported,
		"none": trigger.ErrTagMissing, "": trigger.ErrTagMissing,
	} {
		got, err := resolver.ResolveTag("shop", "web", tag)
		require.ErrorIs(t, err, class, tag)
		require.Zero(t, got)
	}
	_, err := resolver.ResolveTag("shop", "none", "1")
	require.ErrorIs(t, err, trigger.ErrStreamMissing)
	require.ErrorIs(t, err, imagestream.ErrStreamNotFound, "the cause is kept")
}

func TestStreamsKeepTheErrorOfTheLookup(t *testing.T) {
	refused := errors.New("connection refused")
	lookups := map[string]struct {
		lookup imagestream.Lookup
		class  error
	}{
		"fails":  {func(string, string) (*imagestream.ImageStream, error) { return nil, refused }, refused},
		"is nil": {nil, imagestream.ErrNoLookup},
	}
	for name, c := range lookups {
		_, err := trigger.Streams(c.lookup).ResolveTag("shop", "web", "1")
		require.ErrorIs(t, err, c.class, name)
		for _, sentinel := range []error{trigger.ErrStreamMissing, trigger.ErrTagMissing, trigger.ErrNotImported} {
			require.NotErrorIs(t, err, sentinel, name)
		}
	}
	none := func(string, string) (*imagestream.ImageStream, error) { return nil, nil }
	_, err := trigger.Streams(none).ResolveTag("shop", "web", "1")
	require.ErrorIs(t, err, trigger.ErrStreamMissing)
}

// A repository that is none cannot be pulled from, whatever the policy says.
func TestStreamsWithABrokenRepository(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	image := f.Image()
	home := ""
	f.Stream("shop/web").Import("1", "quay.io/acme/web:1", image, time.Hour).
		Set("1", func(t *imagestream.TagReference) { t.ReferencePolicy.Type = imagestream.LocalTagReferencePolicy }).
		Edit(func(s *imagestream.ImageStream) { s.Status.DockerImageRepository = home })
	for _, home = range []string{"", "No/Repository", "registry.example.com"} {
		got, err := trigger.Streams(f.Lookup()).ResolveTag("shop", "web", "1")
		require.NoError(t, err)
		require.Equal(t, "quay.io/acme/web@"+image.Digest(), got.Image, home)
	}
	home = "registry.example.com/shop/web:tag"
	got, err := trigger.Streams(f.Lookup()).ResolveTag("shop", "web", "1")
	require.NoError(t, err)
	require.Equal(t, "registry.example.com/shop/web@"+image.Digest(), got.Image)
}

// Every sentinel reaches the outcome of a trigger.
func TestEvaluateOnStreams(t *testing.T) {
	f := imagestreamtest.New(imagestreamtest.Options{})
	image := f.Image()
	web := f.Stream("shop/web").Push("dev", image, time.Hour).Pending("later", "quay.io/acme/web:2")
	lookup := func(namespace, name string) (*imagestream.ImageStream, error) {
		if name == "broken" {
			return nil, errors.New("connection refused")
		}
		return f.Lookup()(namespace, name)
	}
	for tag, want := range map[string]trigger.Reason{
		"web:dev": trigger.Fires, "web:later": trigger.NotImported, "web:none": trigger.TagMissing,
		"none:dev": trigger.StreamMissing, "broken:dev": trigger.ResolverFailed,
	} {
		o, err := trigger.ReadObject([]byte(`{"kind":"Deployment","metadata":{"name":"app","namespace":"shop","annotations":{
			"image.openshift.io/triggers":"[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"` + tag + `\"},\"fieldPath\":\"spec.template.spec.containers[0].image\"}]"}},
			"spec":{"template":{"spec":{"containers":[{"name":"app","image":"old"}]}}}}`))
		require.NoError(t, err)
		result, err := trigger.Evaluate(o, trigger.Streams(lookup))
		require.NoError(t, err)
		require.Len(t, result.Outcomes, 1)
		require.Equal(t, want, result.Outcomes[0].Reason, tag)
		if want == trigger.Fires {
			require.Equal(t, web.Repository()+"@"+image.Digest(), result.Outcomes[0].Changes[0].To)
		}
	}
}

// Triggers on the streams of a cluster.
func ExampleStreams() {
	f := imagestreamtest.New(imagestreamtest.Options{})
	f.Stream("shop/web").Refer("1", "quay.io/acme/web:1", time.Hour)
	resolver := trigger.Streams(f.Lookup())

	resolution, err := resolver.ResolveTag("shop", "web", "1")
	fmt.Println(resolution.Image, err)
	_, err = resolver.ResolveTag("shop", "web", "2")
	fmt.Println(errors.Is(err, trigger.ErrTagMissing), err)
	// Output:
	// quay.io/acme/web:1 <nil>
	// true shop/web:2: tag not found
}
