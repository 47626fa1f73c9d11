package distributiondriver_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	registrystorage "github.com/distribution/distribution/v3/registry/storage"
	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
)

// serve runs a distribution registry on a driver and returns its host.
func serve(t *testing.T, d storagedriver.StorageDriver) string {
	t.Helper()
	logrus.SetOutput(io.Discard)
	kind := strings.ToLower("test" + rand.Text())
	factory.Register(kind, distributiondriver.Factory(func(context.Context, map[string]any) (storagedriver.StorageDriver, error) {
		return d, nil
	}))
	config := &configuration.Configuration{Storage: configuration.Storage{
		kind:          configuration.Parameters{},
		"delete":      configuration.Parameters{"enabled": true},
		"maintenance": configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}},
	}}
	config.Log.Level = "panic"
	config.Catalog.MaxEntries = 1000
	config.HTTP.Secret = "one for all registries of the tests"
	ctx, stop := context.WithCancel(context.Background())
	server := httptest.NewUnstartedServer(handlers.NewApp(ctx, config))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(func() {
		server.Close()
		stop()
	})
	return strings.TrimPrefix(server.URL, "http://")
}

// pushed is what push put into a registry: an image, an index of two and a
// signature of the image.
type pushed struct {
	image     v1.Image
	index     v1.ImageIndex
	signature v1.Image
}

func push(t *testing.T, host, repository string) pushed {
	t.Helper()
	var p pushed
	var err error
	p.image, err = random.Image(100_000, 3)
	require.NoError(t, err)
	p.index, err = random.Index(10_000, 2, 2)
	require.NoError(t, err)
	p.signature = signatureOf(t, p.image)

	o := remote.WithContext(t.Context())
	require.NoError(t, remote.Write(tag(t, host, repository, "image"), p.image, o))
	require.NoError(t, remote.WriteIndex(tag(t, host, repository, "index"), p.index, o))
	signature, err := p.signature.Digest()
	require.NoError(t, err)
	require.NoError(t, remote.Write(tag(t, host, repository, "image").Context().Digest(signature.String()), p.signature, o))
	return p
}

func signatureOf(t *testing.T, image v1.Image) v1.Image {
	t.Helper()
	subject, err := partialDescriptor(image)
	require.NoError(t, err)
	signature := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	signature = mutate.ConfigMediaType(signature, "application/vnd.example.signature")
	return mutate.Subject(signature, subject).(v1.Image)
}

func partialDescriptor(image v1.Image) (v1.Descriptor, error) {
	hash, err := image.Digest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	size, err := image.Size()
	if err != nil {
		return v1.Descriptor{}, err
	}
	mediaType, err := image.MediaType()
	return v1.Descriptor{MediaType: mediaType, Digest: hash, Size: size}, err
}

func tag(t *testing.T, host, repository, tag string) name.Tag {
	t.Helper()
	ref, err := name.NewTag(fmt.Sprintf("%s/%s:%s", host, repository, tag))
	require.NoError(t, err)
	return ref
}

// requirePulls reads everything back; validate computes every digest from the
// bytes that come.
func requirePulls(t *testing.T, host, repository string, p pushed) {
	t.Helper()
	o := remote.WithContext(t.Context())
	image, err := remote.Image(tag(t, host, repository, "image"), o)
	require.NoError(t, err)
	require.NoError(t, validate.Image(image))
	requireSameDigest(t, p.image, image)

	index, err := remote.Index(tag(t, host, repository, "index"), o)
	require.NoError(t, err)
	require.NoError(t, validate.Index(index))
	requireSameDigest(t, p.index, index)

	subject, err := p.image.Digest()
	require.NoError(t, err)
	// This registry has no API of referrers; the client falls back to a tag.
	referrers, err := remote.Referrers(tag(t, host, repository, "image").Context().Digest(subject.String()), o)
	require.NoError(t, err)
	manifest, err := referrers.IndexManifest()
	require.NoError(t, err)
	want, err := p.signature.Digest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 1)
	require.Equal(t, want, manifest.Manifests[0].Digest)
	signature, err := remote.Image(tag(t, host, repository, "image").Context().Digest(want.String()), o)
	require.NoError(t, err)
	require.NoError(t, validate.Image(signature))
}

func requireSameDigest(t *testing.T, want, got interface{ Digest() (v1.Hash, error) }) {
	t.Helper()
	wanted, err := want.Digest()
	require.NoError(t, err)
	digest, err := got.Digest()
	require.NoError(t, err)
	require.Equal(t, wanted, digest)
}

// TestRegistry pushes to a registry on a Store and pulls again, from that registry
// and from another one on the same Store.
func TestRegistry(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		host := serve(t, d)
		p := push(t, host, "team/app-1")
		q := push(t, host, "team/app")
		requirePulls(t, host, "team/app-1", p)
		another := serve(t, distributiondriver.New(s, distributiondriver.Options{}))
		requirePulls(t, another, "team/app-1", p)
		requirePulls(t, another, "team/app", q)

		for _, size := range []int{1, 2, 10} {
			registry, err := name.NewRegistry(another)
			require.NoError(t, err)
			repositories, err := remote.Catalog(t.Context(), registry, remote.WithPageSize(size))
			require.NoError(t, err)
			require.Equal(t, []string{"team/app", "team/app-1"}, repositories)
			tags, err := remote.List(tag(t, another, "team/app", "x").Context(), remote.WithPageSize(size))
			require.NoError(t, err)
			require.Len(t, tags, 3)
		}
		require.Empty(t, uploads(t, s))

		// Deleted by digest, it is gone.
		image, err := p.image.Digest()
		require.NoError(t, err)
		ref := tag(t, host, "team/app-1", "image").Context().Digest(image.String())
		require.NoError(t, remote.Delete(ref))
		_, err = remote.Get(ref)
		require.ErrorContains(t, err, "MANIFEST_UNKNOWN")
	})
}

// TestRegistryUploadInPieces sends a blob by several requests to two registries on
// one Store.
func TestRegistryUploadInPieces(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		host := serve(t, d)
		other := serve(t, distributiondriver.New(s, distributiondriver.Options{}))
		blob := make([]byte, 300_000)
		rand.Read(blob)
		location := send(t, http.MethodPost, "http://"+host+"/v2/app/blobs/uploads/", nil, http.StatusAccepted)
		location = send(t, http.MethodPatch, location, bytes.NewReader(blob[:100_000]), http.StatusAccepted)
		location = strings.Replace(location, host, other, 1)
		location = send(t, http.MethodPatch, location, bytes.NewReader(blob[100_000:250_000]), http.StatusAccepted)
		location = strings.Replace(location, other, host, 1)
		location = send(t, http.MethodPatch, location, bytes.NewReader(blob[250_000:]), http.StatusAccepted)
		want := digest.FromBytes(blob)
		send(t, http.MethodPut, location+"&digest="+want.String(), nil, http.StatusCreated)

		response, err := http.Get("http://" + host + "/v2/app/blobs/" + want.String())
		require.NoError(t, err)
		defer response.Body.Close()
		read, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.True(t, bytes.Equal(blob, read))
	})
}

// TestRegistryUploadBrokenOff goes on with an upload after a request whose body
// broke off. In between it asks to go on at the wrong place, which the registry
// refuses, forgetting to close the writer that it has opened for that.
func TestRegistryUploadBrokenOff(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		host := serve(t, d)
		blob := make([]byte, 300_000)
		rand.Read(blob)
		location := send(t, http.MethodPost, "http://"+host+"/v2/app/blobs/uploads/", nil, http.StatusAccepted)
		broken := io.MultiReader(bytes.NewReader(blob[:200_000]), failingReader{})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, location, broken)
		require.NoError(t, err)
		request.ContentLength = int64(len(blob))
		_, err = http.DefaultClient.Do(request)
		require.ErrorIs(t, err, errBroken)
		_, arrived := status(t, location, 1)
		send(t, http.MethodPatch, location, bytes.NewReader(blob), http.StatusRequestedRangeNotSatisfiable)
		location, arrived = status(t, location, arrived-1)
		location = send(t, http.MethodPatch, location, bytes.NewReader(blob[arrived:]), http.StatusAccepted)
		send(t, http.MethodPut, location+"&digest="+digest.FromBytes(blob).String(), nil, http.StatusCreated)
		require.Empty(t, uploads(t, s))
	})
}

func uploads(t *testing.T, s *storage.Store) []storage.UploadInfo {
	t.Helper()
	var all []storage.UploadInfo
	for u, err := range s.Uploads(t.Context(), "") {
		require.NoError(t, err)
		all = append(all, u)
	}
	return all
}

// TestRegistryGarbage runs distribution's own collector on a registry that is
// empty, which fails on its drivers, and on one with garbage.
func TestRegistryGarbage(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		collect := func() {
			registry, err := registrystorage.NewRegistry(t.Context(), d, registrystorage.EnableDelete)
			require.NoError(t, err)
			require.NoError(t, registrystorage.MarkAndSweep(t.Context(), d, registry, registrystorage.GCOpts{Quiet: true}))
		}
		collect()
		host := serve(t, d)
		registry, err := name.NewRegistry(host)
		require.NoError(t, err)
		repositories, err := remote.Catalog(t.Context(), registry)
		require.NoError(t, err)
		require.Empty(t, repositories)
		_, err = remote.List(tag(t, host, "nothing", "x").Context())
		require.ErrorContains(t, err, "NAME_UNKNOWN")

		kept, gone := push(t, host, "kept"), push(t, host, "gone")
		image, err := gone.image.Digest()
		require.NoError(t, err)
		require.NoError(t, remote.Delete(tag(t, host, "gone", "x").Context().Digest(image.String())))
		layers, err := gone.image.Layers()
		require.NoError(t, err)
		layer, err := layers[0].Digest()
		require.NoError(t, err)
		data := fmt.Sprintf("docker/registry/v2/blobs/sha256/%s/%s/data", layer.Hex[:2], layer.Hex)
		_, err = s.Stat(t.Context(), data)
		require.NoError(t, err)
		collect()
		_, err = s.Stat(t.Context(), data)
		require.ErrorIs(t, err, storage.ErrNotExist)
		requirePulls(t, host, "kept", kept)
	})
}

// TestPurgeUploads: a registry's own purger finds uploads that were left and takes
// their bytes away.
func TestPurgeUploads(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		host := serve(t, d)
		location := send(t, http.MethodPost, "http://"+host+"/v2/app/blobs/uploads/", nil, http.StatusAccepted)
		send(t, http.MethodPatch, location, strings.NewReader("some bytes"), http.StatusAccepted)
		deleted, problems := registrystorage.PurgeUploads(t.Context(), d, time.Now().Add(time.Hour), true)
		require.Empty(t, problems)
		require.Len(t, deleted, 1)
		for e, err := range s.List(t.Context(), storage.ListOptions{}) {
			require.NoError(t, err)
			require.Fail(t, "left behind", e.Key)
		}
		require.Empty(t, uploads(t, s))
	})
}
