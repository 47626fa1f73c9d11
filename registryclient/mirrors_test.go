package registryclient_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

const someDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func mirrorSet(kind, field, sets string) string {
	return fmt.Sprintf(`{"apiVersion":"config.openshift.io/v1","kind":%q,"metadata":{"name":"m"},"spec":{%q:[%s]}}`, kind, field, sets)
}

func idms(sets string) string {
	return mirrorSet("ImageDigestMirrorSet", "imageDigestMirrors", sets)
}
func itms(sets string) string { return mirrorSet("ImageTagMirrorSet", "imageTagMirrors", sets) }
func icsp(sets string) string {
	return mirrorSet("ImageContentSourcePolicy", "repositoryDigestMirrors", sets)
}

func list(objects ...string) string {
	return `{"kind":"List","apiVersion":"v1","items":[` + strings.Join(objects, ",") + `]}`
}

func TestSources(t *testing.T) {
	atDigest := "@" + someDigest
	for what, c := range map[string]struct {
		objects  string
		image    string
		expected string // without the digest; "!" for blocked
	}{
		"no rule":            {idms(`{"source":"quay.io/other","mirrors":["m.example/x"]}`), "quay.io/org/app:1", "quay.io/org/app:1"},
		"digest by IDMS":     {idms(`{"source":"quay.io/org","mirrors":["m.example/x","n.example"]}`), "quay.io/org/app" + atDigest, "m.example/x/app n.example/app quay.io/org/app"},
		"tag not by IDMS":    {idms(`{"source":"quay.io/org","mirrors":["m.example/x"]}`), "quay.io/org/app:1", "quay.io/org/app:1"},
		"tag by ITMS":        {itms(`{"source":"quay.io/org/app","mirrors":["m.example:5000/x/y"]}`), "quay.io/org/app:1", "m.example:5000/x/y:1 quay.io/org/app:1"},
		"digest not by ITMS": {itms(`{"source":"quay.io/org/app","mirrors":["m.example/x"]}`), "quay.io/org/app" + atDigest, "quay.io/org/app"},
		"tag and digest":     {itms(`{"source":"quay.io","mirrors":["m.example"]}`), "quay.io/org/app:1" + atDigest, "quay.io/org/app"},
		"digest by ICSP":     {icsp(`{"source":"quay.io","mirrors":["m.example/q"]}`), "quay.io/org/app" + atDigest, "m.example/q/org/app quay.io/org/app"},
		"not a longer name":  {icsp(`{"source":"quay.io/org","mirrors":["m.example/q"]}`), "quay.io/organization/app" + atDigest, "quay.io/organization/app"},
		"not another port":   {icsp(`{"source":"quay.io","mirrors":["m.example/q"]}`), "quay.io:8443/org/app" + atDigest, "quay.io:8443/org/app"},
		"longest source":     {idms(`{"source":"quay.io","mirrors":["m.example"]},{"source":"quay.io/org","mirrors":["n.example/o"]}`), "quay.io/org/app" + atDigest, "n.example/o/app quay.io/org/app"},
		"longest hides shorter": {list(idms(`{"source":"quay.io/org","mirrors":["n.example/o"]}`), itms(`{"source":"quay.io","mirrors":["m.example"]}`)),
			"quay.io/org/app:1", "quay.io/org/app:1"},
		"wildcard":             {idms(`{"source":"*.redhat.io","mirrors":["m.example/rh"]}`), "registry.redhat.io/ubi9/ubi" + atDigest, "m.example/rh/ubi9/ubi registry.redhat.io/ubi9/ubi"},
		"wildcard, not itself": {idms(`{"source":"*.redhat.io","mirrors":["m.example/rh"]}`), "redhat.io/ubi9/ubi" + atDigest, "redhat.io/ubi9/ubi"},
		"host before wildcard": {idms(`{"source":"*.access.redhat.io","mirrors":["w.example"]},{"source":"a.access.redhat.io","mirrors":["h.example"]}`),
			"a.access.redhat.io/x/y" + atDigest, "h.example/x/y a.access.redhat.io/x/y"},
		"Docker Hub":              {idms(`{"source":"docker.io/library","mirrors":["m.example/hub"]}`), "busybox" + atDigest, "m.example/hub/busybox index.docker.io/library/busybox"},
		"mirror without a dot":    {idms(`{"source":"quay.io","mirrors":["mirror/x"]}`), "quay.io/a/b" + atDigest, "mirror/x/a/b quay.io/a/b"},
		"never":                   {idms(`{"source":"quay.io/org","mirrors":["m.example/x"],"mirrorSourcePolicy":"NeverContactSource"}`), "quay.io/org/app" + atDigest, "m.example/x/app"},
		"never, for tags too":     {idms(`{"source":"quay.io/org","mirrors":["m.example/x"],"mirrorSourcePolicy":"NeverContactSource"}`), "quay.io/org/app:1", "!"},
		"never, itself as mirror": {idms(`{"source":"quay.io/org","mirrors":["quay.io/org"],"mirrorSourcePolicy":"NeverContactSource"}`), "quay.io/org/app" + atDigest, "!"},
		"never by one of two": {list(idms(`{"source":"quay.io","mirrors":["m.example"]}`), itms(`{"source":"quay.io","mirrors":["t.example"],"mirrorSourcePolicy":"NeverContactSource"}`)),
			"quay.io/a/b" + atDigest, "m.example/a/b"},
		"another source's mirror": {idms(`{"source":"a.example/one","mirrors":["ma.example"]},{"source":"b.example/two","mirrors":["mb.example"]}`),
			"b.example/two/app" + atDigest, "mb.example/app b.example/two/app"},
		"merged orders": {list(idms(`{"source":"quay.io","mirrors":["b.example","c.example"]}`), idms(`{"source":"quay.io","mirrors":["a.example","b.example"]}`)),
			"quay.io/x/y" + atDigest, "a.example/x/y b.example/x/y c.example/x/y quay.io/x/y"},
		"orders that contradict": {list(idms(`{"source":"quay.io","mirrors":["a.example","b.example"]}`), idms(`{"source":"quay.io","mirrors":["b.example","a.example"]}`)),
			"quay.io/x/y" + atDigest, "a.example/x/y b.example/x/y quay.io/x/y"},
		"capital letters": {idms(`{"source":"Quay.IO/org","mirrors":["M.example/x"]}`), "quay.io/org/app" + atDigest, "m.example/x/app quay.io/org/app"},
	} {
		t.Run(what, func(t *testing.T) {
			mirrors, err := registryclient.ParseMirrors([]byte(c.objects))
			require.NoError(t, err)
			ref, err := name.ParseReference(c.image)
			require.NoError(t, err)
			sources, err := mirrors.Sources(ref)
			if c.expected == "!" {
				require.ErrorIs(t, err, registryclient.Blocked)
				return
			}
			require.NoError(t, err)
			var got []string
			for i, s := range sources {
				got = append(got, strings.TrimSuffix(s.Ref.Name(), atDigest))
				require.Equal(t, s.Ref.Name() != ref.Name(), s.Mirror, i)
				require.Equal(t, s.Mirror, s.Rule != "")
			}
			require.Equal(t, c.expected, strings.Join(got, " "))
		})
	}
}

func TestMirrorObjectsThatAreRefused(t *testing.T) {
	for object, expected := range map[string]string{
		`{`: "mirror object 0",
		`{"kind":"ConfigMap","metadata":{"name":"x"}}`:                                `ConfigMap x`,
		idms(`{"source":"","mirrors":["m.example"]}`):                                 `ImageDigestMirrorSet m: invalid: spec.imageDigestMirrors[0]: source ""`,
		idms(`{"source":"quay.io","mirrors":["ok.example","https://m.example/x"]}`):   `mirrors[1] "https://m.example/x"`,
		idms(`{"source":"quay.io/a:1","mirrors":["m.example"]}`):                      `source "quay.io/a:1"`,
		idms(`{"source":"*.quay.io/a","mirrors":["m.example"]}`):                      `wildcard`,
		idms(`{"source":"quay.io","mirrors":["*.example"]}`):                          `wildcard`,
		idms(`{"source":"quay.io","mirrors":["m.example"],"mirrorSourcePolicy":"X"}`): `mirrorSourcePolicy "X"`,
		idms(`{"source":"quay.io/A","mirrors":["m.example"]}`):                        `source "quay.io/A"`,
		idms(`{"source":7}`):      "spec",
		list(list(idms(``))):      "a list within a list",
		list(`{"kind":"Secret"}`): "items[0]",
	} {
		_, err := registryclient.ParseMirrors([]byte(object))
		require.ErrorIs(t, err, registryclient.Invalid, object)
		require.ErrorContains(t, err, expected, object)
	}
	_, err := registryclient.NewMirrors([]registryclient.MirrorRule{{Source: "a.example"}, {Source: "a.example", By: 7}})
	require.ErrorContains(t, err, "rule 1")
}

// mirrored makes a client whose images of source.example are at the servers.
func mirrored(t *testing.T, policy string, mirrors ...*registrytest.Server) *registryclient.Client {
	t.Helper()
	var places []string
	for _, m := range mirrors {
		places = append(places, fmt.Sprintf("%q", m.Host()+"/mirrored"))
	}
	set := fmt.Sprintf(`{"source":"source.invalid/org","mirrors":[%s],"mirrorSourcePolicy":%q}`, strings.Join(places, ","), policy)
	parsed, err := registryclient.ParseMirrors([]byte(list(idms(set), itms(set))))
	require.NoError(t, err)
	return client(t, mirrors[0], registryclient.Options{Mirrors: parsed})
}

func TestReadingFromMirrors(t *testing.T) {
	first, second := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	image := randomImage(t)
	require.NoError(t, second.Push("mirrored/app:v1", image))
	c := mirrored(t, "NeverContactSource", first, second)
	tag, err := name.NewTag("source.invalid/org/app:v1")
	require.NoError(t, err)

	m, err := c.GetManifest(deadline(t), tag)
	require.NoError(t, err)
	require.Equal(t, digestOf(t, image), m.Digest)
	require.Equal(t, second.Host(), m.Source.Endpoint())
	require.True(t, m.Source.Mirror)
	require.Equal(t, second.Host()+"/mirrored/app:v1", m.Source.Ref.Name())
	require.Equal(t, 1, first.Count("GET", "/manifests/"))

	layers, err := image.Layers()
	require.NoError(t, err)
	layer := tag.Repository.Digest(digestOf(t, layers[0]).String())
	require.NotEmpty(t, read(t, c, layer, registryclient.BlobOptions{}))
}

// TestNotFoundIsNotTheMirrors: that a mirror lacks an image says nothing while
// another source could not be asked.
func TestNotFoundIsNotTheMirrors(t *testing.T) {
	first, second := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	tag, err := name.NewTag("source.invalid/org/app:v1")
	require.NoError(t, err)
	c := mirrored(t, "NeverContactSource", first, second)
	_, err = c.HeadManifest(deadline(t), tag)
	require.ErrorIs(t, err, registryclient.NotFound)

	first.Inject(registrytest.ErrorCode(500, "UNKNOWN", "disk full"))
	_, err = c.HeadManifest(deadline(t), tag)
	require.NotErrorIs(t, err, registryclient.NotFound)
	require.ErrorIs(t, err, registryclient.Unavailable)
	var e *registryclient.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, first.Host(), e.Endpoint)
	require.Equal(t, "source.invalid/org/app:v1", e.Object)
	require.Len(t, e.Sources, 2)
	require.Equal(t, []registryclient.Class{registryclient.Unavailable, registryclient.NotFound}, []registryclient.Class{e.Sources[0].Class, e.Sources[1].Class})
}

// TestAMirrorIsNotWaitedFor for long, as there is another.
func TestAMirrorIsNotWaitedFor(t *testing.T) {
	for what, op := range map[string]operation{"manifest": getManifest, "blob": readBlob} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, registrytest.Options{}, registryclient.Options{Mirrors: twice{}}, func(t *testing.T, try trial) {
				// Both sources are the one registry here, under two paths.
				try.server.Inject(registrytest.TooManyRequests("text/html", "3600").For("GET", "/mirrored/"))
				begin := time.Now()
				try.repo = repository(t, try.server, "team/app")
				err := op(t.Context(), try)
				require.NoError(t, err)
				require.Equal(t, time.Hour, time.Since(begin), "the host itself asked for silence: the last source waits")
			})
		})
	}
}

// twice has each image at a mirror of the same host first.
type twice struct{}

func (twice) Sources(ref name.Reference) ([]registryclient.Source, error) {
	mirror, err := name.NewRepository(ref.Context().RegistryStr() + "/mirrored/app")
	if err != nil {
		return nil, err
	}
	there := name.Reference(mirror.Tag(ref.Identifier()))
	if _, ok := ref.(name.Digest); ok {
		there = mirror.Digest(ref.Identifier())
	}
	return []registryclient.Source{{Ref: there, Mirror: true}, {Ref: ref}}, nil
}

// TestALimitedMirrorIsPassedOver, at once.
func TestALimitedMirrorIsPassedOver(t *testing.T) {
	first, second := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	require.NoError(t, second.Push("mirrored/app:v1", randomImage(t)))
	first.Inject(registrytest.TooManyRequests("text/html", "3600"))
	c := mirrored(t, "NeverContactSource", first, second)
	tag, err := name.NewTag("source.invalid/org/app:v1")
	require.NoError(t, err)
	for range 3 {
		m, err := c.GetManifest(deadline(t), tag)
		require.NoError(t, err)
		require.Equal(t, second.Host(), m.Source.Endpoint())
	}
	require.Equal(t, 1, first.Count("GET", "/manifests/"))
}

// TestTrustIsOfOneHost: regclient trusts them all once it trusts one.
func TestTrustIsOfOneHost(t *testing.T) {
	trusted, other := serve(t, registrytest.Options{TLS: true}), serve(t, registrytest.Options{TLS: true})
	c := client(t, trusted, registryclient.Options{Host: func(host string) registryclient.HostOptions {
		return registryclient.HostOptions{SkipVerify: host == trusted.Host()}
	}})
	for range 2 {
		_, err := c.Ping(deadline(t), repository(t, trusted, "x").Registry)
		require.NoError(t, err)
		_, err = c.Ping(deadline(t), repository(t, other, "x").Registry)
		require.ErrorIs(t, err, registryclient.TLS)
	}
}

// TestInsecureIsOneSourceOnly: what a mirror is trusted with is not granted to the
// same host under its own name.
func TestInsecureIsOneSourceOnly(t *testing.T) {
	server := serve(t, registrytest.Options{TLS: true})
	require.NoError(t, server.Push("mirrored/app:v1", randomImage(t)))
	there := repository(t, server, "mirrored/app").Tag("v1")
	tag, err := name.NewTag("source.invalid/org/app:v1")
	require.NoError(t, err)
	c := registryclient.New(registryclient.Options{Retry: hasty, Mirrors: sourcer{registryclient.Source{Ref: there, Mirror: true, Insecure: true}}})
	defer c.Close()
	_, err = c.GetManifest(deadline(t), tag)
	require.NoError(t, err)

	_, err = registryclient.Collect(c.Tags(deadline(t), there.Repository, registryclient.ListOptions{}))
	require.ErrorIs(t, err, registryclient.TLS)
}

type sourcer []registryclient.Source

func (s sourcer) Sources(ref name.Reference) ([]registryclient.Source, error) {
	if ref.Context().RegistryStr() != "source.invalid" {
		return []registryclient.Source{{Ref: ref}}, nil
	}
	return s, nil
}

func TestBlockedByPolicy(t *testing.T) {
	mirrors, err := registryclient.ParseMirrors([]byte(itms(`{"source":"source.invalid","mirrors":["m.example"],"mirrorSourcePolicy":"NeverContactSource"}`)))
	require.NoError(t, err)
	c := registryclient.New(registryclient.Options{Mirrors: mirrors})
	defer c.Close()
	ref, err := name.ParseReference("source.invalid/org/app@" + someDigest)
	require.NoError(t, err)
	_, err = c.GetManifest(deadline(t), ref)
	require.ErrorIs(t, err, registryclient.Blocked)
	var e *registryclient.Error
	require.True(t, errors.As(err, &e))
	require.NotEmpty(t, e.Hint)
	require.ErrorContains(t, err, "ImageTagMirrorSet m")
}

func FuzzMirrors(f *testing.F) {
	f.Add([]byte(idms(`{"source":"quay.io/org","mirrors":["m.example/x","n.example"]}`)), "quay.io/org/app:1")
	f.Add([]byte(itms(`{"source":"*.redhat.io","mirrors":["m/x"],"mirrorSourcePolicy":"NeverContactSource"}`)), "a.redhat.io/x/y@"+someDigest)
	f.Add([]byte(list(icsp(`{"source":"docker.io","mirrors":["docker.io"]}`))), "busybox")
	f.Fuzz(func(t *testing.T, object []byte, image string) {
		mirrors, err := registryclient.ParseMirrors(object)
		if err != nil {
			return
		}
		ref, err := name.ParseReference(image)
		if err != nil {
			return
		}
		sources, err := mirrors.Sources(ref)
		if err != nil {
			return
		}
		require.NotEmpty(t, sources)
		for _, s := range sources {
			require.Equal(t, ref.Identifier(), s.Ref.Identifier())
			require.NotContains(t, s.Ref.Context().RegistryStr(), "*")
		}
	})
}
