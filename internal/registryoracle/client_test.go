package registryoracle

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	importing "github.com/registrykit/registrykit/imagestream/importer/fromregistry"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

const (
	user     = "alice"
	password = "s3cret-of-alice"
)

// distribution3 is distribution 3 in memory; with users, it asks for their passwords.
func distribution3(t *testing.T, users bool) http.Handler {
	config := &configuration.Configuration{Storage: configuration.Storage{
		"inmemory": {}, "delete": {"enabled": true},
		"maintenance": {"uploadpurging": map[any]any{"enabled": false}},
	}}
	config.HTTP.Secret = "s"
	config.Log.Level, config.Log.AccessLog.Disabled = "fatal", true
	config.Catalog.MaxEntries = 1000
	if users {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "htpasswd")
		require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "%s:%s\n", user, hash), 0o600))
		config.Auth = configuration.Auth{"htpasswd": {"realm": "test", "path": file}}
	}
	return handlers.NewApp(t.Context(), config)
}

// TestClient: what the client pushes to distribution 3 is listed, is an inventory, is
// imported, and is deleted, a tag alone and a manifest.
func TestClient(t *testing.T) {
	server := httptest.NewServer(distribution3(t, true))
	t.Cleanup(server.Close)
	o := registryclient.Options{Keychain: registryclient.Fixed(&authn.Basic{Username: user, Password: password}), PageSize: 2}
	c := registryclient.New(o)
	t.Cleanup(c.Close)
	registry, err := name.NewRegistry(server.Listener.Addr().String())
	require.NoError(t, err)
	repo := registry.Repo("team/deep/app")
	_, err = c.WithKeychain(nil).GetManifest(t.Context(), repo.Tag("v1"))
	require.ErrorIs(t, err, registryclient.Unauthorized)

	index, err := random.Index(200, 2, 2)
	require.NoError(t, err)
	h, err := index.Digest()
	require.NoError(t, err)
	for _, tag := range []string{"v1", "v2", "v3"} {
		require.NoError(t, c.Push(t.Context(), repo.Tag(tag), index, registryclient.PushOptions{}))
	}
	raw, err := index.RawManifest()
	require.NoError(t, err)
	m, err := c.GetManifest(t.Context(), repo.Tag("v1"))
	require.NoError(t, err)
	require.Equal(t, string(raw), string(m.Raw))
	tags, err := registryclient.Collect(c.Tags(t.Context(), repo, registryclient.ListOptions{}))
	require.NoError(t, err)
	require.Equal(t, []string{"v1", "v2", "v3"}, tags)
	repositories, err := registryclient.Collect(c.Catalog(t.Context(), registry, registryclient.ListOptions{}))
	require.NoError(t, err)
	require.Equal(t, []string{"team/deep/app"}, repositories)

	var b inventory.Builder
	require.NoError(t, fromregistry.Read(t.Context(), c, registry, &b, fromregistry.Options{Warn: func(err error) { t.Error(err) }}))
	inv := b.Build()
	require.Equal(t, []int{1, 3, 3}, []int{inv.Streams(), inv.Tags(), inv.Images()})
	require.True(t, inv.Complete(inventory.KindImageStream))
	require.Len(t, inv.Children(inv.ImageOf(inv.Digest(h.String()))), 2)

	importStream(t, o, repo, h.String())

	ends := fromregistry.Ends{Client: c, Registry: registry, Probe: "team/probe"}
	require.NoError(t, ends.DeleteTag(t.Context(), repo.RepositoryStr(), "v3", h.String()))
	_, err = c.HeadManifest(t.Context(), repo.Tag("v3"))
	require.ErrorIs(t, err, registryclient.NotFound)
	_, err = c.HeadManifest(t.Context(), repo.Tag("v2"))
	require.NoError(t, err)
	require.NoError(t, ends.DeleteManifestLink(t.Context(), repo.RepositoryStr(), h.String()))
	_, err = c.HeadManifest(t.Context(), repo.Tag("v1"))
	require.ErrorIs(t, err, registryclient.NotFound)
}

// importStream imports a tag whole.
func importStream(t *testing.T, o registryclient.Options, repo name.Repository, digest string) {
	from := importing.New(o)
	defer from.Close()
	stream := imagestream.New("dev", "app")
	stream.Spec.Tags = []imagestream.TagReference{{
		Name:         "latest",
		From:         &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: repo.Tag("v1").Name()},
		ImportPolicy: imagestream.TagImportPolicy{Insecure: true, ImportMode: imagestream.ImportModePreserveOriginal},
	}}
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	result, err := importer.Importer{Registry: from, Anonymous: from.Anonymous()}.Import(t.Context(), stream, importer.Request{}, now)
	require.NoError(t, err)
	require.Empty(t, result.Failed())
	require.Len(t, result.Images, 3, "the index and its two images")
	require.Equal(t, digest, result.Stream.StatusTag("latest").Items[0].Image)
}
