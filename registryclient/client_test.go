package registryclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// serve starts a registry for a test.
func serve(t *testing.T, o registrytest.Options) *registrytest.Server {
	t.Helper()
	server, err := registrytest.Start(o)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return server
}

// hasty retries after milliseconds.
var hasty = registryclient.RetryOptions{Backoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond}

// client makes a client for a test, that trusts the registry.
func client(t *testing.T, server *registrytest.Server, o registryclient.Options) *registryclient.Client {
	t.Helper()
	if o.Retry == (registryclient.RetryOptions{}) {
		o.Retry = hasty
	}
	if o.Host == nil {
		o.Host = func(string) registryclient.HostOptions {
			return registryclient.HostOptions{TLS: server.ClientTLS()}
		}
	}
	c := registryclient.New(o)
	t.Cleanup(c.Close)
	return c
}

func repository(t *testing.T, server *registrytest.Server, path string) name.Repository {
	t.Helper()
	repo, err := name.NewRepository(server.Host() + "/" + path)
	require.NoError(t, err)
	return repo
}

func digestOf(t *testing.T, of interface{ Digest() (v1.Hash, error) }) digest.Digest {
	t.Helper()
	h, err := of.Digest()
	require.NoError(t, err)
	return digest.Digest(h.String())
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestEveryVerb(t *testing.T) {
	users := map[string]string{"alice": "s3cret"}
	for _, o := range []registrytest.Options{
		{},
		{TLS: true, PageSize: 2, NoReferrers: true},
		{TLS: true, Auth: registrytest.Auth{Scheme: "basic", Users: users}},
		{TLS: true, Auth: registrytest.Auth{Scheme: "bearer", Users: users}},
		{Auth: registrytest.Auth{Scheme: "bearer", Users: users, ExpiresIn: 300}, PageSize: 1},
	} {
		t.Run(fmt.Sprintf("tls=%t,auth=%s", o.TLS, o.Auth.Scheme), func(t *testing.T) {
			server := serve(t, o)
			everyVerb(t, server, client(t, server, registryclient.Options{
				Keychain: registryclient.Fixed(&authn.Basic{Username: "alice", Password: "s3cret"}),
			}))
		})
	}
}

func everyVerb(t *testing.T, server *registrytest.Server, c *registryclient.Client) {
	ctx := deadline(t)
	repo := repository(t, server, "team/deep/app")

	access, err := c.Ping(ctx, repo.Registry)
	require.NoError(t, err)
	require.Equal(t, strings.HasPrefix(server.URL(), "https"), access.Scheme == "https")

	image, err := random.Image(2048, 3)
	require.NoError(t, err)
	for _, tag := range []string{"v1", "v2", "v3"} {
		require.NoError(t, c.Push(ctx, repo.Tag(tag), image, registryclient.PushOptions{}))
	}
	repositories, err := registryclient.Collect(c.Catalog(ctx, repo.Registry, registryclient.ListOptions{}))
	require.NoError(t, err)
	require.Equal(t, []string{"team/deep/app"}, repositories)
	tags, err := registryclient.Collect(c.Tags(ctx, repo, registryclient.ListOptions{}))
	require.NoError(t, err)
	require.Equal(t, []string{"v1", "v2", "v3"}, tags)

	raw, err := image.RawManifest()
	require.NoError(t, err)
	info, err := c.HeadManifest(ctx, repo.Tag("v1"))
	require.NoError(t, err)
	require.Equal(t, digestOf(t, image), info.Digest)
	require.Equal(t, int64(len(raw)), info.Size)
	for _, ref := range []name.Reference{repo.Tag("v2"), repo.Digest(info.Digest.String())} {
		m, err := c.GetManifest(ctx, ref)
		require.NoError(t, err)
		require.Equal(t, string(raw), string(m.Raw))
		require.Equal(t, info.Descriptor, m.Descriptor)
		require.Equal(t, server.Host(), m.Source.Endpoint())
	}

	layers, err := image.Layers()
	require.NoError(t, err)
	blob := repo.Digest(digestOf(t, layers[0]).String())
	size, err := layers[0].Size()
	require.NoError(t, err)
	stat, err := c.StatBlob(ctx, blob)
	require.NoError(t, err)
	require.Equal(t, size, stat.Size)
	whole := read(t, c, blob, registryclient.BlobOptions{})
	require.Equal(t, blob.DigestStr(), digest.FromBytes(whole).String())
	require.Equal(t, whole[10:], read(t, c, blob, registryclient.BlobOptions{Offset: 10}))
	require.Equal(t, whole[10:15], read(t, c, blob, registryclient.BlobOptions{Offset: 10, Length: 5}))

	gone, err := c.DeleteTag(ctx, repo.Tag("v3"))
	require.NoError(t, err)
	require.Equal(t, info.Digest, gone)
	_, err = c.HeadManifest(ctx, repo.Tag("v3"))
	require.ErrorIs(t, err, registryclient.NotFound)

	stored, err := c.PutManifest(ctx, repo.Tag("v3"), info.MediaType, raw)
	require.NoError(t, err)
	require.Equal(t, info.Descriptor, stored.Descriptor)

	referrer := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x.sbom","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},"layers":[],"subject":{"mediaType":%q,"digest":%q,"size":%d}}`,
		digest.FromString("{}"), info.MediaType, info.Digest, info.Size)
	require.NoError(t, c.Push(ctx, repo.Digest(digest.FromBytes(referrer).String()), taggable{referrer}, registryclient.PushOptions{}))
	for artifactType, expected := range map[string]int{"": 1, "application/x.sbom": 1, "application/x.other": 0} {
		referrers, err := registryclient.Collect(c.Referrers(ctx, repo.Digest(info.Digest.String()), artifactType))
		require.NoError(t, err)
		require.Len(t, referrers, expected)
	}

	require.NoError(t, c.DeleteManifest(ctx, repo.Digest(info.Digest.String())))
	_, err = c.GetManifest(ctx, repo.Digest(info.Digest.String()))
	require.ErrorIs(t, err, registryclient.NotFound)
	require.NoError(t, c.DeleteBlob(ctx, blob))
	_, err = c.StatBlob(ctx, blob)
	require.ErrorIs(t, err, registryclient.NotFound)

	signature := registryclient.Signature{Name: info.Digest.String() + "@one", Content: []byte("signed")}
	require.NoError(t, c.PutSignature(ctx, repo.Digest(info.Digest.String()), signature))
	signatures, err := c.Signatures(ctx, repo.Digest(info.Digest.String()))
	require.NoError(t, err)
	signature.SchemaVersion, signature.Type = 2, "atomic"
	require.Equal(t, []registryclient.Signature{signature}, signatures)
	require.NoError(t, c.AdminDeleteBlob(ctx, repo.Registry, digestOf(t, layers[1])))
	_, err = c.StatBlob(ctx, repo.Digest(digestOf(t, layers[1]).String()))
	require.ErrorIs(t, err, registryclient.NotFound)
	require.ErrorIs(t, c.AdminDeleteBlob(ctx, repo.Registry, digestOf(t, layers[1])), registryclient.NotFound)
}

type taggable struct{ raw []byte }

func (t taggable) RawManifest() ([]byte, error) { return t.raw, nil }
func (t taggable) MediaType() (mediaType, error) {
	return "application/vnd.oci.image.manifest.v1+json", nil
}

func read(t *testing.T, c *registryclient.Client, d name.Digest, o registryclient.BlobOptions) []byte {
	t.Helper()
	blob, err := c.OpenBlob(deadline(t), d, o)
	require.NoError(t, err)
	defer blob.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, blob)
	require.NoError(t, err)
	return b.Bytes()
}

type mediaType = types.MediaType

func randomImage(t *testing.T) v1.Image {
	t.Helper()
	image, err := random.Image(1024, 2)
	require.NoError(t, err)
	return image
}

func TestReferrersOfManyPages(t *testing.T) {
	for _, o := range []registrytest.Options{{PageSize: 2}, {NoReferrers: true}} {
		server := serve(t, o)
		c := client(t, server, registryclient.Options{})
		repo := repository(t, server, "team/app")
		image := randomImage(t)
		require.NoError(t, server.Push("team/app:v1", image))
		size, err := image.Size()
		require.NoError(t, err)
		hash, err := image.Digest()
		require.NoError(t, err)
		for range 7 {
			referrer, ok := mutate.Subject(randomImage(t), v1.Descriptor{MediaType: types.DockerManifestSchema2, Digest: hash, Size: size}).(v1.Image)
			require.True(t, ok)
			require.NoError(t, c.Push(deadline(t), repo.Digest(digestOf(t, referrer).String()), referrer, registryclient.PushOptions{}))
		}
		all, err := registryclient.Collect(c.Referrers(deadline(t), repo.Digest(hash.String()), ""))
		require.NoError(t, err)
		require.Len(t, all, 7)
		for range c.Referrers(deadline(t), repo.Digest(hash.String()), "") {
			break // a reader may stop
		}
	}
}

func TestListingsThatAreLeftEarly(t *testing.T) {
	server := serve(t, registrytest.Options{PageSize: 2})
	for i := range 7 {
		require.NoError(t, server.Push(fmt.Sprintf("team/app:v%d", i), randomImage(t)))
	}
	c := client(t, server, registryclient.Options{})
	repo := repository(t, server, "team/app")
	for tag, err := range c.Tags(deadline(t), repo, registryclient.ListOptions{}) {
		require.NoError(t, err)
		if tag == "v2" {
			break
		}
	}
	require.Equal(t, 2, server.Count("GET", "/tags/"), "what is not read is not fetched")
	rest, err := registryclient.Collect(c.Tags(deadline(t), repo, registryclient.ListOptions{Last: "v4"}))
	require.NoError(t, err)
	require.Equal(t, []string{"v5", "v6"}, rest)
}

// TestAKeychainThatFails is no trouble of the registry.
func TestAKeychainThatFails(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic"}})
	broken := errors.New("helper not found")
	c := client(t, server, registryclient.Options{Keychain: keychainFunc(func(authn.Resource) (authn.Authenticator, error) { return nil, broken })})
	_, err := c.HeadManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
	require.ErrorIs(t, err, registryclient.Unauthorized)
	require.ErrorIs(t, err, broken)
}
