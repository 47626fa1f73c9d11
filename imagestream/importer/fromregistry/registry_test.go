package fromregistry_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/imagestream/importer/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func serve(t testing.TB, o registrytest.Options) *registrytest.Server {
	server, err := registrytest.Start(o)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return server
}

func importerOf(t testing.TB, o registryclient.Options) importer.Importer {
	if o.Retry.Attempts == 0 {
		o.Retry = registryclient.RetryOptions{Attempts: 2, Backoff: time.Millisecond}
	}
	r := fromregistry.New(o)
	t.Cleanup(r.Close)
	return importer.Importer{Registry: r, Anonymous: r.Anonymous()}
}

// push stores an image and returns its digest.
func push(t testing.TB, server *registrytest.Server, reference string) string {
	image, err := random.Image(100, 2)
	require.NoError(t, err)
	require.NoError(t, server.Push(reference, image))
	return hash(t, image)
}

func hash(t testing.TB, of interface{ Digest() (v1.Hash, error) }) string {
	h, err := of.Digest()
	require.NoError(t, err)
	return h.String()
}

// stream has one tag for each pull spec, named t0 and so on.
func stream(mode imagestream.ImportModeType, from ...string) *imagestream.ImageStream {
	s := imagestream.New("dev", "app")
	for n, f := range from {
		s.Spec.Tags = append(s.Spec.Tags, imagestream.TagReference{
			Name: fmt.Sprintf("t%d", n), From: &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: f},
			ImportPolicy: imagestream.TagImportPolicy{ImportMode: mode},
		})
	}
	return s
}

func do(t testing.TB, i importer.Importer, s *imagestream.ImageStream, r importer.Request) *importer.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result, err := i.Import(ctx, s, r, now)
	require.NoError(t, err)
	return result
}

// TestCost counts what the registry is really asked for.
func TestCost(t *testing.T) {
	server := serve(t, registrytest.Options{PageSize: 100, Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"joe": "secret"}}})
	i := importerOf(t, registryclient.Options{Keychain: registryclient.Fixed(&authn.Basic{Username: "joe", Password: "secret"})})
	tags := 1000
	if testing.Short() {
		tags = 200
	}
	var from []string
	for n := range tags {
		push(t, server, fmt.Sprintf("org/app:v%d", n))
		from = append(from, fmt.Sprintf("%s/org/app:v%d", server.Host(), n))
	}
	first := do(t, i, stream("", from...), importer.Request{})
	require.Empty(t, first.Failed())
	for n := range 10 {
		push(t, server, fmt.Sprintf("org/app:v%d", n*7))
	}
	server.Forget()
	second := do(t, i, first.Stream, importer.Request{All: true})
	require.Empty(t, second.Failed())
	require.Len(t, second.Images, 10)
	require.Equal(t, tags, server.Count("HEAD", "/v2/org/app/manifests/"))
	require.Equal(t, 10, server.Count("GET", "/v2/org/app/manifests/"))
	require.Equal(t, 10, server.Count("GET", "/v2/org/app/blobs/"))
	require.LessOrEqual(t, len(server.Requests()), tags+20+20, "token requests apart")
}

func TestIndexAndRepository(t *testing.T) {
	server := serve(t, registrytest.Options{})
	index, err := random.Index(50, 1, 3)
	require.NoError(t, err)
	require.NoError(t, server.Push("org/team/app:latest", index))
	push(t, server, "org/team/app:v1")
	i := importerOf(t, registryclient.Options{})
	result := do(t, i, imagestream.New("dev", "app"), importer.Request{Repository: &importer.Repository{
		From: server.Host() + "/org/team/app", ImportPolicy: imagestream.TagImportPolicy{ImportMode: imagestream.ImportModePreserveOriginal},
	}})
	require.Empty(t, result.Failed())
	require.Len(t, result.Images, 5)
	require.Equal(t, hash(t, index), result.Stream.LatestEvent("latest").Image)
	require.Equal(t, server.Host(), result.Tags[0].Endpoint)
	require.Equal(t, importer.Requests{Heads: 2, Manifests: 5, Blobs: 4, Lists: 1}, result.Requests)
}

// TestAnonymous: a public image behind a wrong password, and a private one.
func TestAnonymous(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"joe": "secret"}, PublicPull: true}})
	push(t, server, "org/app:v1")
	i := importerOf(t, registryclient.Options{Keychain: registryclient.Fixed(&authn.Basic{Username: "joe", Password: "wrong"})})
	require.Empty(t, do(t, i, stream("", server.Host()+"/org/app:v1"), importer.Request{}).Failed())

	private := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"joe": "secret"}}})
	push(t, private, "org/app:v1")
	result := do(t, i, stream("", private.Host()+"/org/app:v1"), importer.Request{})
	require.Equal(t, importer.Unauthorized, result.Tags[0].Err.Class)
	require.NotContains(t, result.Tags[0].Err.Error(), "wrong\"")
	require.Equal(t, "Unauthorized", result.Stream.StatusTag("t0").Conditions[0].Reason)
}

// TestClasses: what OpenShift tells as InternalError, over the wire.
func TestClasses(t *testing.T) {
	for _, c := range []struct {
		fault registrytest.Fault
		want  importer.Class
	}{
		{registrytest.TooManyRequests("application/json", ""), importer.RateLimited},
		{registrytest.TooManyRequests("text/html", ""), importer.RateLimited},
		{registrytest.TooManyRequests("text/plain", ""), importer.RateLimited},
		{registrytest.Overloaded("application/json", ""), importer.Unavailable},
		{registrytest.ErrorCode(403, "DENIED", "no"), importer.Denied},
		{registrytest.Fault{Name: "web page", Match: registrytest.Any, Do: registrytest.WebPage().Do}, importer.NotRegistry},
		{registrytest.WrongContent().For("GET", "/blobs/"), importer.Integrity},
		{registrytest.WrongContent().For("GET", "/manifests/"), importer.Integrity},
		{registrytest.Endless("application/vnd.oci.image.manifest.v1+json").For("GET", "/manifests/"), importer.Integrity},
		{registrytest.BrokenPipe(), importer.Unavailable},
	} {
		server := serve(t, registrytest.Options{})
		push(t, server, "org/app:v1")
		server.Inject(c.fault)
		result := do(t, importerOf(t, registryclient.Options{}), stream("", server.Host()+"/org/app:v1"), importer.Request{})
		require.Equal(t, importer.Failed, result.Tags[0].Status, c.fault.Name)
		require.Equal(t, c.want, result.Tags[0].Err.Class, "%s: %v", c.fault.Name, result.Tags[0].Err)
		require.NotEqual(t, "InternalError", result.Stream.StatusTag("t0").Conditions[0].Reason)
		require.Nil(t, result.Stream.LatestEvent("t0"))
		var e *registryclient.Error
		require.True(t, errors.As(result.Tags[0].Err, &e), "the client's error is there")
	}
}

func TestClassesWithoutARegistry(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := listener.Addr().String()
	require.NoError(t, listener.Close())
	secure := serve(t, registrytest.Options{TLS: true})
	push(t, secure, "org/app:v1")
	i := importerOf(t, registryclient.Options{Host: func(string) registryclient.HostOptions { return registryclient.HostOptions{} }})
	result := do(t, i, stream("", closed+"/org/app:v1", "registry.invalid/org/app:v1", secure.Host()+"/org/app:v1"), importer.Request{})
	require.Equal(t, importer.Refused, result.Tags[0].Err.Class)
	require.Equal(t, importer.DNS, result.Tags[1].Err.Class, result.Tags[1].Err)
	require.Equal(t, importer.TLS, result.Tags[2].Err.Class)

	// The same client recovers: OpenShift's keeps the failure of a ping for ever.
	secureNow := stream("", secure.Host()+"/org/app:v1")
	secureNow.Spec.Tags[0].ImportPolicy.Insecure = true
	require.Empty(t, do(t, i, secureNow, importer.Request{}).Failed())
}

// TestInsecureIsForOneTag: OpenShift's client asks over plain HTTP for a secure tag, once
// an insecure one was there before.
func TestInsecureIsForOneTag(t *testing.T) {
	server := serve(t, registrytest.Options{Pipe: true})
	push(t, server, "org/app:v1")
	i := importerOf(t, registryclient.Options{DialContext: server.DialContext})
	s := stream("", "registry.example:5000/org/app:v1", "registry.example:5000/org/app:v1")
	s.Spec.Tags[0].ImportPolicy.Insecure = true
	for range 2 {
		result := do(t, i, s, importer.Request{All: true})
		require.Equal(t, importer.Imported, result.Tags[0].Status, result.Tags[0].Err)
		require.Equal(t, importer.PlainHTTP, result.Tags[1].Err.Class, result.Tags[1].Err)
	}
}

func mirrors(t *testing.T, kind, field, policy, source string, mirror ...string) *registryclient.Mirrors {
	m, err := registryclient.ParseMirrors(fmt.Appendf(nil, `{"apiVersion":"config.openshift.io/v1","kind":%q,"metadata":{"name":"m"},"spec":{%q:[{"source":%q,"mirrors":["%s"],"mirrorSourcePolicy":%q}]}}`,
		kind, field, source, strings.Join(mirror, `","`), policy))
	require.NoError(t, err)
	return m
}

// TestNeverContactSource: OpenShift imports tags from the source all the same, and digests
// once the mirror failed.
func TestNeverContactSource(t *testing.T) {
	source, mirror := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	digest := push(t, source, "org/app:v1")
	for _, kind := range [][2]string{{"ImageDigestMirrorSet", "imageDigestMirrors"}, {"ImageTagMirrorSet", "imageTagMirrors"}} {
		m := mirrors(t, kind[0], kind[1], "NeverContactSource", source.Host()+"/org", mirror.Host()+"/mirrored")
		i := importerOf(t, registryclient.Options{Mirrors: m})
		result := do(t, i, stream("", source.Host()+"/org/app:v1", source.Host()+"/org/app@"+digest), importer.Request{})
		require.Len(t, result.Failed(), 2)
		for _, tag := range result.Tags {
			require.Contains(t, []importer.Class{importer.Blocked, importer.NotFound}, tag.Err.Class)
		}
	}
	require.Empty(t, source.Requests())
}

// TestNeverContactSourceOfARepository: its tags are listed at the mirror, with the
// mirror's credentials, and keep the name of their source.
func TestNeverContactSourceOfARepository(t *testing.T) {
	users := registrytest.Auth{Scheme: "basic", Users: map[string]string{"joe": "right"}}
	source, mirror := serve(t, registrytest.Options{}), serve(t, registrytest.Options{Auth: users})
	digest := push(t, mirror, "mirrored/app:v1")
	s := stream("")
	s.Spec.DockerImageRepository = source.Host() + "/org/app"
	for _, password := range []string{"right", "wrong"} {
		m := mirrors(t, "ImageTagMirrorSet", "imageTagMirrors", "NeverContactSource", source.Host()+"/org", mirror.Host()+"/mirrored")
		keychain := resolverOf(mirror.Host()+" joe "+password, source.Host()+"/org theirs secret1", source.Host()+" others secret2")
		// The manifest is asked for by tag, the config by digest.
		digests := mirrors(t, "ImageDigestMirrorSet", "imageDigestMirrors", "NeverContactSource", source.Host()+"/org", mirror.Host()+"/mirrored")
		mirror.Forget()
		result := do(t, importerOf(t, registryclient.Options{Mirrors: both{m, digests}, Keychain: keychain}), s, importer.Request{All: true})
		require.Empty(t, source.Requests())
		require.Equal(t, []int{0, 0}, []int{sent(mirror)["theirs"], sent(mirror)["others"]})
		if password == "wrong" {
			require.Equal(t, importer.Unauthorized, result.ListErr.Class)
			require.Empty(t, result.ListedAt)
			continue
		}
		require.Equal(t, mirror.Host(), result.ListedAt)
		require.Nil(t, result.ListErr)
		require.Empty(t, result.Failed())
		require.Equal(t, source.Host()+"/org/app@"+digest, result.Stream.LatestEvent("v1").DockerImageReference)
	}
	m := mirrors(t, "ImageDigestMirrorSet", "imageDigestMirrors", "NeverContactSource", source.Host()+"/org", mirror.Host()+"/mirrored")
	result := do(t, importerOf(t, registryclient.Options{Mirrors: m}), s, importer.Request{All: true})
	require.Equal(t, importer.Blocked, result.ListErr.Class)
	require.Empty(t, source.Requests())
}

// TestMirror: what is read from a mirror keeps its name, and where it was read is told.
func TestMirror(t *testing.T) {
	mirror := serve(t, registrytest.Options{})
	image, err := random.Image(100, 1)
	require.NoError(t, err)
	require.NoError(t, mirror.Push("mirrored/app:v1", image))
	m := mirrors(t, "ImageTagMirrorSet", "imageTagMirrors", "AllowContactingSource", "registry.invalid/org", mirror.Host()+"/mirrored")
	digests := mirrors(t, "ImageDigestMirrorSet", "imageDigestMirrors", "AllowContactingSource", "registry.invalid/org", mirror.Host()+"/mirrored")
	i := importerOf(t, registryclient.Options{Mirrors: both{m, digests}})
	result := do(t, i, stream("", "registry.invalid/org/app:v1"), importer.Request{})
	require.Empty(t, result.Failed(), result.Tags[0].Err)
	require.Equal(t, mirror.Host(), result.Tags[0].Endpoint)
	require.Equal(t, "registry.invalid/org/app@"+hash(t, image), result.Stream.LatestEvent("t0").DockerImageReference)
}

// TestErrorsOfSeveralSourcesKeepTheirClass: OpenShift makes InternalError of them.
func TestErrorsOfSeveralSourcesKeepTheirClass(t *testing.T) {
	source, mirror := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	m := mirrors(t, "ImageTagMirrorSet", "imageTagMirrors", "AllowContactingSource", source.Host()+"/org", mirror.Host()+"/mirrored")
	result := do(t, importerOf(t, registryclient.Options{Mirrors: m}), stream("", source.Host()+"/org/app:v1"), importer.Request{})
	require.Equal(t, importer.NotFound, result.Tags[0].Err.Class)
	require.Equal(t, "NotFound", result.Stream.StatusTag("t0").Conditions[0].Reason)
}

// TestRetryAfter is told to the schedule.
func TestRetryAfter(t *testing.T) {
	server := serve(t, registrytest.Options{})
	push(t, server, "org/app:v1")
	server.Inject(registrytest.TooManyRequests("application/json", "3600"))
	i := importerOf(t, registryclient.Options{})
	result := do(t, i, stream("", server.Host()+"/org/app:v1", server.Host()+"/org/app:v2"), importer.Request{})
	require.Len(t, result.Failed(), 2)
	// One of the two was told so, either of them; the other is kept from asking, for as long
	// as is left of the hour.
	first, last := result.Tags[0].RetryAt, result.Tags[1].RetryAt
	if first.After(last) {
		first, last = last, first
	}
	require.Equal(t, now.Add(time.Hour), last)
	require.WithinRange(t, first, last.Add(-time.Minute), last)
	for _, tag := range []string{"t0", "t1"} {
		require.Contains(t, result.Stream.StatusTag(tag).Conditions[0].Message, "rate limited")
	}
}

// both asks two sets of mirrors.
type both [2]*registryclient.Mirrors

func (b both) Sources(ref name.Reference) ([]registryclient.Source, error) {
	if _, ok := ref.(name.Digest); ok {
		return b[1].Sources(ref)
	}
	return b[0].Sources(ref)
}

// TestASlowBlobIsSlowAlone: the other tags of the host are imported. A host that does not
// answer at all is asked once.
func TestASlowBlobIsSlowAlone(t *testing.T) {
	server := serve(t, registrytest.Options{})
	push(t, server, "org/app:v1")
	push(t, server, "org/app:v2")
	o := registryclient.Options{HeaderTimeout: 200 * time.Millisecond, Retry: registryclient.RetryOptions{Attempts: 1}}
	i := importerOf(t, o)
	i.Workers = 1
	s := stream("", server.Host()+"/org/app:v1", server.Host()+"/org/app:v2")
	server.Inject(registrytest.Silent().For("GET", "/blobs/").Once(1))
	result := do(t, i, s, importer.Request{})
	require.Len(t, result.Failed(), 1)
	require.Equal(t, importer.Timeout, result.Failed()[0].Err.Class)

	server.Inject(registrytest.Silent().For("HEAD", ""))
	server.Forget()
	result = do(t, i, s, importer.Request{})
	require.Len(t, result.Failed(), 2)
	require.True(t, result.Tags[1].Err.NotAsked)
}
