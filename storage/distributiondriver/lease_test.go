package distributiondriver_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/stretchr/testify/require"
)

// TestLeases: a registry leases what is pushed, what it finds to be there included,
// and has nothing of what a sweep is deleting.
func TestLeases(t *testing.T) {
	onEach(t, func(t *testing.T, _ *distributiondriver.Driver, s *storage.Store) {
		start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		var passed atomic.Int64
		book := lease.New(s, lease.Options{
			TTL: time.Hour, MaxSkew: time.Second, Now: func() time.Time { return start.Add(time.Duration(passed.Load())) },
		})
		later := func() { passed.Add(int64(2 * time.Hour)) }
		d := distributiondriver.New(s, distributiondriver.Options{Leases: book})
		host := serve(t, d)
		p := push(t, host, "app")

		image, err := p.image.Digest()
		require.NoError(t, err)
		layers, err := p.image.Layers()
		require.NoError(t, err)
		hash, err := layers[0].Digest()
		require.NoError(t, err)
		layer := digest.Digest(hash.String())
		blob := "/docker/registry/v2/blobs/sha256/" + hash.Hex[:2] + "/" + hash.Hex + "/data"
		for _, d := range []digest.Digest{layer, digest.Digest(image.String())} {
			_, err := book.Condemn(t.Context(), d, time.Time{})
			require.ErrorIs(t, err, lease.ErrHeld)
		}

		// Long after, another push finds it to be there.
		later()
		require.NoError(t, remote.Write(tag(t, host, "other", "again"), p.image, remote.WithContext(t.Context())))
		_, err = book.Condemn(t.Context(), layer, time.Time{})
		require.ErrorIs(t, err, lease.ErrHeld)

		// Long after nobody names it any more, a sweep takes it.
		for _, repository := range []string{"app", "other"} {
			require.NoError(t, remote.Delete(tag(t, host, repository, "x").Context().Digest(image.String())))
		}
		later()
		condemned, err := book.Condemn(t.Context(), layer, time.Time{})
		require.NoError(t, err)
		_, err = d.Stat(t.Context(), blob)
		requireMissing(t, err, blob)
		link := "/docker/registry/v2/repositories/app/_layers/sha256/" + hash.Hex + "/link"
		_, err = d.GetContent(t.Context(), link)
		requireMissing(t, err, link)
		response, err := http.Head("http://" + host + "/v2/app/blobs/" + layer.String())
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusNotFound, response.StatusCode)
		require.ErrorIs(t, d.PutContent(t.Context(), blob, nil), lease.ErrCondemned)
		require.ErrorIs(t, d.Move(t.Context(), "/x", blob), lease.ErrCondemned)
		require.ErrorIs(t, d.PutContent(t.Context(), link, []byte(layer)), lease.ErrCondemned)

		// Deleted, it is pushed again.
		require.NoError(t, s.Delete(t.Context(), blob[1:], storage.DeleteOptions{}))
		require.NoError(t, condemned.Done(t.Context()))
		ref := tag(t, host, "app", "image")
		require.NoError(t, remote.Write(ref, p.image, remote.WithContext(t.Context())))
		pulled, err := remote.Image(ref, remote.WithContext(t.Context()))
		require.NoError(t, err)
		require.NoError(t, validate.Image(pulled))
	})
}
