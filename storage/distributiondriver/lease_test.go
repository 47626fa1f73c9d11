package distributiondriver_test

import (
	"bytes"
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
// and says of what a sweep has marked neither that it is there nor that it is not.
func TestLeases(t *testing.T) {
	onEach(t, func(t *testing.T, _ *distributiondriver.Driver, s *storage.Store) {
		start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		var passed atomic.Int64
		book := lease.New(s, lease.Options{
			TTL: time.Hour, MaxSkew: time.Second, Now: func() time.Time { return start.Add(time.Duration(passed.Load())) },
		})
		later := func() { passed.Add(int64(2 * time.Hour)) }
		d := distributiondriver.New(s, distributiondriver.Options{Leases: book, Patience: -1})
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
		require.ErrorIs(t, err, lease.ErrCondemned)
		link := "/docker/registry/v2/repositories/app/_layers/sha256/" + hash.Hex + "/link"
		_, err = d.GetContent(t.Context(), link)
		require.ErrorIs(t, err, lease.ErrCondemned)
		for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodDelete} {
			send(t, method, "http://"+host+"/v2/app/blobs/"+layer.String(), nil, http.StatusInternalServerError)
		}
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

// TestMarkedIsNotMissing: of an image that a sweep has marked for longer than the
// patience, no client is told that it is unknown, and none takes that for final.
func TestMarkedIsNotMissing(t *testing.T) {
	var passed atomic.Int64
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	s := openMemory(t)
	book := lease.New(s, lease.Options{Now: func() time.Time { return start.Add(time.Duration(passed.Load())) }})
	host := serve(t, distributiondriver.New(s, distributiondriver.Options{Leases: book, Patience: -1}))
	p := push(t, host, "app")
	ref := tag(t, host, "app", "image")
	image, err := p.image.Digest()
	require.NoError(t, err)
	config, err := p.image.ConfigName()
	require.NoError(t, err)
	manifest, err := p.image.RawManifest()
	require.NoError(t, err)
	mediaType, err := p.image.MediaType()
	require.NoError(t, err)
	put := func(status int) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+host+"/v2/app/manifests/again", bytes.NewReader(manifest))
		require.NoError(t, err)
		request.Header.Set("Content-Type", string(mediaType))
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, status, response.StatusCode)
	}
	for _, marked := range []digest.Digest{digest.Digest(image.String()), digest.Digest(config.String())} {
		passed.Add(int64(24 * time.Hour)) // no lease runs
		condemned, err := book.Condemn(t.Context(), marked, time.Time{})
		require.NoError(t, err)
		put(http.StatusInternalServerError)
		if marked.String() == image.String() {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodDelete} {
				send(t, method, "http://"+host+"/v2/app/manifests/"+image.String(), nil, http.StatusInternalServerError)
			}
		}
		require.NoError(t, condemned.Done(t.Context()))
		put(http.StatusCreated)
	}
	pulled, err := remote.Image(ref, remote.WithContext(t.Context()))
	require.NoError(t, err)
	require.NoError(t, validate.Image(pulled))
}
