package registryoracle

import (
	"context"
	"crypto/rand"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	distribution "github.com/distribution/distribution/v3/registry/storage"
	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // distribution logs what it deletes
	os.Exit(m.Run())
}

// A peer collects with distribution's collector, as `registry garbage-collect` does.
type peer struct {
	untagged bool                          // --delete-untagged
	before   func(call, path string) error // ahead of each Walk and Delete of its driver
}

func (p peer) collect(t *testing.T, v *volume) error {
	driver := hooked{distributiondriver.New(v.store, distributiondriver.Options{}), p.before}
	if v.dir != "" {
		driver.StorageDriver = newCounting(v.dir)
	}
	registry, err := distribution.NewRegistry(t.Context(), driver, distribution.EnableDelete)
	require.NoError(t, err)
	return distribution.MarkAndSweep(t.Context(), driver, registry, distribution.GCOpts{RemoveUntagged: p.untagged, Quiet: true})
}

// beforeSweep does something once the mark phase has ended.
func beforeSweep(do func()) func(call, path string) error {
	return func(call, path string) error {
		if call == "Walk" && path == "/docker/registry/v2/blobs" {
			do()
		}
		return nil
	}
}

type hooked struct {
	storagedriver.StorageDriver
	before func(call, path string) error
}

func (h hooked) Walk(ctx context.Context, path string, f storagedriver.WalkFn, o ...func(*storagedriver.WalkOptions)) error {
	if h.before != nil {
		if err := h.before("Walk", path); err != nil {
			return err
		}
	}
	return h.StorageDriver.Walk(ctx, path, f, o...)
}

func (h hooked) Delete(ctx context.Context, path string) error {
	if h.before != nil {
		if err := h.before("Delete", path); err != nil {
			return err
		}
	}
	return h.StorageDriver.Delete(ctx, path)
}

// A collection is ours, as examples/collectgarbage does it. The zero value deletes all
// in one run, beside nobody.
type collection struct {
	untagged bool // --delete-untagged
	leases   *lease.Book
	grace    time.Duration // 0: none
	now      time.Time     // zero: time.Now
	caches   apply.CacheTeller
	deletes  func() // ahead of each deletion of a link or a blob
}

func (c collection) collect(t *testing.T, v *volume) (*apply.Report, error) {
	now := time.Now
	if !c.now.IsZero() {
		now = func() time.Time { return c.now }
	}
	layout := registrylayout.New(v.store, registrylayout.Options{Leases: c.leases})
	volumeEnds, err := fromlayout.NewEnds(v.store, layout, fromlayout.EndsOptions{Alone: c.leases == nil, Now: now})
	require.NoError(t, err)
	inv, read, err := volumeEnds.Read(t.Context())
	require.NoError(t, err)
	require.Empty(t, read.Unread)
	plan, err := prune.New(inv, prune.Garbage(prune.GarbageOptions{Untagged: c.untagged}), now())
	require.NoError(t, err)
	if c.grace == 0 {
		c.grace = -1
	}
	ends := volumeEnds.Ends()
	ends.Caches = c.caches
	if c.deletes != nil {
		ends.Layers, ends.Blobs = deleter{volumeEnds, c.deletes}, deleter{volumeEnds, c.deletes}
	}
	report, err := apply.Run(t.Context(), plan, ends, apply.Options{Now: now, Grace: c.grace, Workers: 1})
	if err == nil {
		_, err = volumeEnds.ForgetFormer(t.Context(), slices.DeleteFunc(read.Former, func(f fromlayout.FormerTag) bool { return f.Linked }))
	}
	return report, err
}

// deleter does something ahead of each deletion.
type deleter struct {
	*fromlayout.Ends
	before func()
}

func (d deleter) DeleteLayerLink(ctx context.Context, repository, layer string) error {
	d.before()
	return d.Ends.DeleteLayerLink(ctx, repository, layer)
}

func (d deleter) DeleteBlob(ctx context.Context, blob string) error {
	d.before()
	return d.Ends.DeleteBlob(ctx, blob)
}

// serveLeased starts distribution 3 on the volume through our driver, whose writers
// hold leases and which has no cache.
func (v *volume) serveLeased(t *testing.T, book *lease.Book) *httptest.Server {
	return serve(t, v.leased(book))
}

func (v *volume) leased(book *lease.Book) configuration.Storage {
	kind := strings.ToLower("test" + rand.Text())
	factory.Register(kind, distributiondriver.Factory(func(context.Context, map[string]any) (storagedriver.StorageDriver, error) {
		return distributiondriver.New(v.store, distributiondriver.Options{Leases: book}), nil
	}))
	return configuration.Storage{kind: configuration.Parameters{}}
}

// requireServed pulls every tag and each of the further references, by the layout and
// from distribution 3, and wants the volume to be sound.
func (v *volume) requireServed(t *testing.T, tags []string, further ...string) {
	t.Helper()
	var found []string
	for repository, err := range v.Repositories(t.Context()) {
		require.NoError(t, err)
		for tag, err := range v.Tags(t.Context(), repository) {
			require.NoError(t, err)
			found = append(found, repository+":"+tag)
		}
	}
	require.ElementsMatch(t, tags, found)
	server := v.serve(t)
	for _, name := range append(found, further...) {
		repository, reference, ok := strings.Cut(name, "@")
		if !ok {
			repository, reference, _ = strings.Cut(name, ":")
		}
		require.NoError(t, v.read(t, repository).pull(reference), name)
		require.NoError(t, from(t, server.URL, repository).pull(reference), name)
	}
	findings, summary := v.check(t)
	require.True(t, summary.Sound(), "%+v", findings)
}

// texts returns the contents of the blobs that are there.
func (v *volume) texts(t *testing.T) []string {
	texts := map[string]bool{}
	for b, err := range v.Blobs(t.Context()) {
		require.NoError(t, err)
		body, _, err := v.OpenBlob(t.Context(), b.Digest)
		require.NoError(t, err)
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		require.NoError(t, body.Close())
		texts[string(text)] = true
	}
	return slices.Sorted(maps.Keys(texts))
}

// dangling says what refers to nothing, as the check finds it.
func (v *volume) dangling(t *testing.T) (all []registrylayout.Finding) {
	findings, _ := v.check(t)
	return slices.DeleteFunc(findings, func(f registrylayout.Finding) bool { return f.Kind != registrylayout.Dangling })
}

// missing says whether a manifest or blob cannot be read.
func (g get) missing(manifest bool, d digest.Digest) bool {
	_, err := g(manifest, string(d))
	return err != nil
}

// remove deletes a manifest through a registry's API.
func remove(t *testing.T, registry, repository string, d digest.Digest) {
	deleted, text := send(t, http.MethodDelete, registry+"/v2/"+repository+"/manifests/"+string(d), nil)
	require.Equal(t, http.StatusAccepted, deleted.StatusCode, string(text))
}
