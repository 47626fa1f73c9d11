package registryoracle

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	distributionfs "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// volume is a directory with this module's layout on it.
type volume struct {
	*registrylayout.Layout
	dir   string // "" in memory
	store *storage.Store
	calls *atomic.Int64 // to the driver of the layout, the reads of Bodies among them
}

func newVolume(t testing.TB) *volume { return volumeAt(t, t.TempDir()) }

func volumeAt(t testing.TB, dir string) *volume {
	driver, err := filesystem.Open(dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, driver.Close()) })
	return volumeOn(driver, dir)
}

// memoryVolume is in memory; distribution comes to it through our driver.
func memoryVolume() *volume { return volumeOn(&memory.Driver{}, "") }

func volumeOn(driver storage.Driver, dir string) *volume {
	v := &volume{dir: dir, calls: new(atomic.Int64)}
	observed := middleware.Observe(driver, func(middleware.Event) { v.calls.Add(1) }, middleware.ObserveOptions{})
	v.store = storage.New(observed, storage.Options{Trust: true})
	v.Layout = registrylayout.New(v.store, registrylayout.Options{})
	return v
}

// copy returns another volume with the same files.
func (v *volume) copy(t testing.TB) *volume {
	if v.dir == "" {
		c := memoryVolume()
		for e, err := range v.store.List(t.Context(), storage.ListOptions{}) {
			require.NoError(t, err)
			data, err := v.store.ReadFile(t.Context(), e.Key, 1<<20)
			require.NoError(t, err)
			_, err = c.store.WriteFile(t.Context(), e.Key, data, storage.CreateOptions{})
			require.NoError(t, err)
		}
		return c
	}
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(v.dir)))
	return volumeAt(t, dir)
}

// push puts an image of a config and a layer of its own.
func (v *volume) push(t testing.TB, repository, content string, tags ...string) digest.Digest {
	return v.put(t, repository, imageOf(content), tags...)
}

// put puts a manifest and its blobs.
func (v *volume) put(t testing.TB, repository string, i image, tags ...string) digest.Digest {
	for _, blob := range i.blobs {
		_, err := v.PutBlob(t.Context(), repository, digest.FromString(blob), strings.NewReader(blob))
		require.NoError(t, err)
	}
	d, err := v.PutManifest(t.Context(), repository, i.raw, registrylayout.PutManifestOptions{Tags: tags})
	require.NoError(t, err)
	return d
}

// fill pushes n images of three blobs, into a tenth as many repositories.
func (v *volume) fill(t testing.TB, n int) {
	for i := range n {
		v.push(t, fmt.Sprintf("team/app-%d", i%max(1, n/10)), fmt.Sprint(i), fmt.Sprintf("v%d", i))
	}
}

// check returns what a check that reads everything finds.
func (v *volume) check(t testing.TB) (findings []registrylayout.Finding, s registrylayout.Summary) {
	s, err := v.Check(t.Context(), registrylayout.CheckOptions{Verify: true}, func(f registrylayout.Finding) { findings = append(findings, f) })
	require.NoError(t, err)
	return findings, s
}

// serve starts distribution 3 on the volume.
func (v *volume) serve(t *testing.T) *httptest.Server {
	return serve(t, configuration.Storage{"filesystem": {"rootdirectory": v.dir}})
}

func serve(t *testing.T, s configuration.Storage) *httptest.Server {
	server := httptest.NewServer(registry(t, s))
	t.Cleanup(server.Close)
	return server
}

// registry is distribution 3 on a storage.
func registry(t *testing.T, s configuration.Storage) http.Handler {
	s["delete"] = configuration.Parameters{"enabled": true}
	s["maintenance"] = configuration.Parameters{"uploadpurging": map[any]any{"enabled": false}}
	config := &configuration.Configuration{Storage: s}
	config.HTTP.Secret = "s"
	config.Log.Level, config.Log.AccessLog.Disabled = "panic", true
	config.Catalog.MaxEntries = 1000
	return handlers.NewApp(t.Context(), config)
}

// counting counts the calls to a driver of distribution's.
type counting struct {
	storagedriver.StorageDriver
	calls atomic.Int64
}

func newCounting(dir string) *counting {
	return &counting{StorageDriver: distributionfs.New(distributionfs.DriverParameters{RootDirectory: dir, MaxThreads: 100})}
}

func (c *counting) GetContent(ctx context.Context, path string) ([]byte, error) {
	c.calls.Add(1)
	return c.StorageDriver.GetContent(ctx, path)
}

func (c *counting) Reader(ctx context.Context, path string, offset int64) (io.ReadCloser, error) {
	c.calls.Add(1)
	return c.StorageDriver.Reader(ctx, path, offset)
}

func (c *counting) Stat(ctx context.Context, path string) (storagedriver.FileInfo, error) {
	c.calls.Add(1)
	return c.StorageDriver.Stat(ctx, path)
}

func (c *counting) List(ctx context.Context, path string) ([]string, error) {
	c.calls.Add(1)
	return c.StorageDriver.List(ctx, path)
}

// Walk counts the lists and stats that it is made of.
func (c *counting) Walk(ctx context.Context, path string, f storagedriver.WalkFn, o ...func(*storagedriver.WalkOptions)) error {
	return storagedriver.WalkFallback(ctx, c, path, f, o...)
}
