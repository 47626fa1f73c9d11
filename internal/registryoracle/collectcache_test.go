package registryoracle

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/stretchr/testify/require"
)

// cached has the registry keep in its memory what it knows of blobs.
func cached(s configuration.Storage) configuration.Storage {
	s["cache"] = configuration.Parameters{"blobdescriptor": "inmemory"}
	return s
}

// pushAndForget pushes an image, pulls it, so that the registry has it in its cache, and
// deletes it.
func pushAndForget(t *testing.T, server *httptest.Server, i v1.Image) name.Tag {
	tag, err := name.NewTag(server.Listener.Addr().String() + "/shop/web:v1")
	require.NoError(t, err)
	require.NoError(t, remote.Write(tag, i))
	require.NoError(t, pullAgain(t, tag))
	h, err := i.Digest()
	require.NoError(t, err)
	require.NoError(t, remote.Delete(tag.Digest(h.String()), remote.WithContext(t.Context())))
	return tag
}

// pullAgain pulls, and verifies each digest.
func pullAgain(t *testing.T, tag name.Tag) error {
	i, err := remote.Image(tag, remote.WithContext(t.Context()))
	if err != nil {
		return err
	}
	return validate.Image(i)
}

// An image is deleted and pushed again after a collection. The peer's registry, if it
// caches blob descriptors, takes the push without asking for a single blob, and serves
// an image without them: since 3.1 it looks for manifests on the volume, for layers and
// configs still in its cache. On our driver a registry runs without a cache; and one with
// a cache has to be told, or started anew, as the report says.
func TestCollectAndPushAgain(t *testing.T) {
	i, err := random.Image(5000, 3)
	require.NoError(t, err)

	theirs := newVolume(t)
	server := serve(t, cached(configuration.Storage{"filesystem": {"rootdirectory": theirs.dir}}))
	tag := pushAndForget(t, server, i)
	require.NoError(t, peer{}.collect(t, theirs))
	require.Empty(t, theirs.texts(t))
	require.NoError(t, remote.Write(tag, i), "it says that all is well")
	require.Len(t, theirs.texts(t), 1, "the manifest alone")
	require.Error(t, pullAgain(t, tag))
	require.Len(t, theirs.dangling(t), 4, "its config and layers")

	t.Run("without a cache", func(t *testing.T) {
		ours := newVolume(t)
		now := time.Now()
		book := lease.New(ours.store, lease.Options{Now: func() time.Time { return now }})
		server := ours.serveLeased(t, book)
		tag := pushAndForget(t, server, i)
		now = now.Add(2 * lease.DefaultTTL)
		_, err := collection{leases: book, now: now}.collect(t, ours) // while it runs
		require.NoError(t, err)
		require.Empty(t, ours.texts(t))
		require.NoError(t, remote.Write(tag, i))
		require.NoError(t, pullAgain(t, tag))
		require.Empty(t, ours.dangling(t))
	})

	t.Run("with a cache that nobody tells", func(t *testing.T) {
		ours := newVolume(t)
		server := serve(t, cached(ours.leased(nil)))
		pushAndForget(t, server, i)
		report, err := collection{}.collect(t, ours)
		require.NoError(t, err)
		require.True(t, report.RestartRegistries)
		require.Contains(t, report.String(), "restart")

		server = serve(t, cached(ours.leased(nil)))
		tag, err := name.NewTag(server.Listener.Addr().String() + "/shop/web:v1")
		require.NoError(t, err)
		require.NoError(t, remote.Write(tag, i))
		require.NoError(t, pullAgain(t, tag))
		require.Empty(t, ours.dangling(t))
	})

	t.Run("with a cache that is told", func(t *testing.T) {
		ours := newVolume(t)
		var app atomic.Pointer[http.Handler]
		start := func() { h := registry(t, cached(ours.leased(nil))); app.Store(&h) }
		start()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*app.Load()).ServeHTTP(w, r) }))
		t.Cleanup(server.Close)
		tag := pushAndForget(t, server, i)
		var were []string
		for b, err := range ours.Blobs(t.Context()) {
			require.NoError(t, err)
			were = append(were, string(b.Digest))
		}
		var told []string
		report, err := collection{caches: teller(func(digests []string) { told = append(told, digests...); start() })}.collect(t, ours)
		require.NoError(t, err)
		require.False(t, report.RestartRegistries)
		slices.Sort(told)
		slices.Sort(were)
		require.Len(t, were, 5)
		require.Equal(t, were, told)
		require.NoError(t, remote.Write(tag, i))
		require.NoError(t, pullAgain(t, tag))
		require.Empty(t, ours.dangling(t))
	})
}

// teller tells a registry's cache by starting the registry anew.
type teller func(digests []string)

func (f teller) ForgetBlobs(_ context.Context, digests []string) error {
	f(digests)
	return nil
}
