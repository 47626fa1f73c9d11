package registryclient_test

import (
	"context"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// TestWhatBelongsToAManifest is read where the manifest was: mirrors of tags are not
// mirrors of digests.
func TestWhatBelongsToAManifest(t *testing.T) {
	ctx := deadline(t)
	mirror := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", PublicPull: true}})
	index := twoPlatforms(t)
	require.NoError(t, mirror.Push("mirrored/app:v1", index))
	mirrors, err := registryclient.NewMirrors([]registryclient.MirrorRule{{
		Source: "source.invalid/org", Mirrors: []string{mirror.Host() + "/mirrored"}, By: registryclient.ByTag, NeverContactSource: true,
	}})
	require.NoError(t, err)
	c := client(t, mirror, registryclient.Options{Mirrors: mirrors})
	tag, err := name.NewTag("source.invalid/org/app:v1")
	require.NoError(t, err)

	pulled, err := c.PullLayout(ctx, tag, t.TempDir(), registryclient.PullOptions{})
	require.NoError(t, err)
	require.Equal(t, 6, pulled.Blobs)
	require.Equal(t, digestOf(t, index), pulled.Digest)
	platform := registryclient.Platform{OS: "linux", Architecture: "arm64"}
	_, err = c.PullLayout(ctx, tag, t.TempDir(), registryclient.PullOptions{Platform: &platform})
	require.NoError(t, err)

	m, err := c.GetManifest(ctx, tag)
	require.NoError(t, err)
	_, err = c.GetManifest(ctx, tag.Repository.Digest(m.Digest.String()))
	require.ErrorIs(t, err, registryclient.Blocked)
	_, err = c.From(m.Source).GetManifest(ctx, m.Source.Ref.Context().Digest(m.Digest.String()))
	require.NoError(t, err)
	require.Equal(t, 1, mirror.Count("", "/token"), "one token for all")
	require.Equal(t, 1, mirror.Count("GET", "/v2/")-mirror.Count("GET", "/v2/mirrored"), "one ping")
}

func TestGetBlob(t *testing.T) {
	server := serve(t, registrytest.Options{})
	image := randomImage(t)
	require.NoError(t, server.Push("team/app:v1", image))
	raw, err := image.RawConfigFile()
	require.NoError(t, err)
	hash, err := image.ConfigName()
	require.NoError(t, err)
	config := repository(t, server, "team/app").Digest(hash.String())
	c := client(t, server, registryclient.Options{})
	got, err := c.GetBlob(deadline(t), config, int64(len(raw)))
	require.NoError(t, err)
	require.Equal(t, raw, got)
	require.Equal(t, 1, server.Count("", "/blobs/"))
	_, err = c.GetBlob(deadline(t), config, int64(len(raw))-1)
	require.ErrorIs(t, err, registryclient.Integrity)
	server.Inject(registrytest.WrongContent())
	_, err = c.GetBlob(deadline(t), config, 1<<20)
	require.ErrorIs(t, err, registryclient.Integrity)
}

// TestTryingCredentials: package auth takes the errors of this package for denials.
func TestTryingCredentials(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"alice": secret}}})
	require.NoError(t, server.Push("team/app:v1", randomImage(t)))
	repo := repository(t, server, "team/app")
	document := func(user, password string) auth.Source {
		entry, err := auth.LoginDocument(nil, server.Host(), auth.NewBasic(user, password), auth.DocumentOptions{})
		require.NoError(t, err)
		return auth.Document(user, entry, auth.DocumentOptions{})
	}
	resolver := auth.NewResolver(auth.Options{}, document("mallory", "guess"), document("alice", secret))
	c := client(t, server, registryclient.Options{})
	tags, err := auth.Try(deadline(t), resolver, repo, auth.TryOptions{}, func(ctx context.Context, a authn.Authenticator) ([]string, error) {
		return registryclient.Collect(c.WithKeychain(registryclient.Fixed(a)).Tags(ctx, repo, registryclient.ListOptions{}))
	})
	require.NoError(t, err)
	require.Equal(t, []string{"v1"}, tags)

	only := auth.NewResolver(auth.Options{}, document("mallory", "guess"))
	_, err = auth.Try(deadline(t), only, repo, auth.TryOptions{}, func(ctx context.Context, a authn.Authenticator) ([]string, error) {
		return registryclient.Collect(c.WithKeychain(registryclient.Fixed(a)).Tags(ctx, repo, registryclient.ListOptions{}))
	})
	require.ErrorIs(t, err, auth.ErrDenied)
	require.ErrorIs(t, err, registryclient.Unauthorized)
}
