package distributiondriver_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/stretchr/testify/require"
)

// tree has names that sort otherwise as keys than as parts of a path.
var tree = []string{
	"/r/a-b/_manifests/x", "/r/a/_layers/y", "/r/a/b/_manifests/z", "/r/a.b/w", "/r/a0/v", "/r/z", "/r/a/a", "/q/1", "/s/1",
}

func walk(t *testing.T, d storagedriver.StorageDriver, f storagedriver.WalkFn, from string, o ...func(*storagedriver.WalkOptions)) []string {
	t.Helper()
	var got []string
	require.NoError(t, d.Walk(t.Context(), from, func(info storagedriver.FileInfo) error {
		name := info.Path()
		if info.IsDir() {
			name += "/"
		}
		got = append(got, name)
		return f(info)
	}, o...))
	return got
}

// TestWalkIsTheFallbacks compares with distribution's own walk: every start, every
// hint, with directories skipped, and ended early.
func TestWalkIsTheFallbacks(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		put(t, d, tree...)
		starts := []string{"/", "/r", "/r/a", "/q"}
		hints := []string{"", "/r", "/r/a", "/r/a/b", "/r/a/b/_manifests", "/r/a/zz", "/r/a-b", "/r/m", "/zzz", "/a", "/r/a/b/_manifests/z"}
		callbacks := map[string]storagedriver.WalkFn{
			"all": func(storagedriver.FileInfo) error { return nil },
			"skip": func(info storagedriver.FileInfo) error {
				if info.IsDir() && strings.Contains(info.Path(), "/_") {
					return storagedriver.ErrSkipDir
				}
				return nil
			},
			"fill": func(info storagedriver.FileInfo) error {
				if strings.HasSuffix(info.Path(), "z") {
					return storagedriver.ErrFilledBuffer
				}
				return nil
			},
		}
		for _, start := range starts {
			for _, hint := range hints {
				for name, f := range callbacks {
					var o []func(*storagedriver.WalkOptions)
					if hint != "" {
						o = append(o, storagedriver.WithStartAfterHint(hint))
					}
					want := walk(t, plain{d}, f, start, o...)
					if name == "fill" { // after a hint the fallback does not end there
						if i := slices.IndexFunc(want, func(p string) bool { return strings.HasSuffix(strings.TrimSuffix(p, "/"), "z") }); i >= 0 {
							want = want[:i+1]
						}
					}
					require.Equal(t, want, walk(t, d, f, start, o...), "from %s after %q, %s", start, hint, name)
				}
			}
		}
	})
}

// plain walks by distribution's fallback.
type plain struct{ storagedriver.StorageDriver }

func (p plain) Walk(ctx context.Context, path string, f storagedriver.WalkFn, o ...func(*storagedriver.WalkOptions)) error {
	return storagedriver.WalkFallback(ctx, p.StorageDriver, path, f, o...)
}

func TestWalkOfDigests(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		const root = "/docker/registry/v2/blobs"
		put(t, d, root+"/sha256/0a/0a11/data", root+"/sha256/0a/0a22/data", root+"/sha256/ff/ff00/data", root+"/sha512/00/0000/data")
		all := func(storagedriver.FileInfo) error { return nil }
		require.Equal(t, walk(t, plain{d}, all, root), walk(t, d, all, root))
		for _, skipped := range []string{"/sha256", "/sha256/0a", "/sha256/0a/0a22", "/sha512/00"} {
			skip := func(info storagedriver.FileInfo) error {
				if info.Path() == root+skipped {
					return storagedriver.ErrSkipDir
				}
				return nil
			}
			require.Equal(t, walk(t, plain{d}, skip, root), walk(t, d, skip, root), skipped)
		}
		fill := func(info storagedriver.FileInfo) error {
			if info.Path() == root+"/sha256/0a/0a22" {
				return storagedriver.ErrFilledBuffer
			}
			return nil
		}
		require.Equal(t, walk(t, plain{d}, fill, root), walk(t, d, fill, root))

		// Blobs may be deleted from the loop.
		require.NoError(t, d.Walk(t.Context(), root, func(info storagedriver.FileInfo) error {
			if info.IsDir() {
				return nil
			}
			return d.Delete(t.Context(), strings.TrimSuffix(info.Path(), "/data"))
		}))
		require.Empty(t, walk(t, d, all, root))
	})
}

// TestWalkReturnsTheCallbacksError: distribution's wrapper loses it.
func TestWalkReturnsTheCallbacksError(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		put(t, d, "/a/b", "/docker/registry/v2/blobs/sha256/0a/0a11/data")
		for _, root := range []string{"/", "/docker/registry/v2/blobs"} {
			err := d.Walk(t.Context(), root, func(storagedriver.FileInfo) error { return io.ErrUnexpectedEOF })
			require.Equal(t, io.ErrUnexpectedEOF, err)
		}
		requireMissing(t, d.Walk(t.Context(), "/missing", func(storagedriver.FileInfo) error { return errors.New("called") }), "/missing")
	})
}

func TestListIsSorted(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		put(t, d, tree...)
		got, err := d.List(t.Context(), "/r")
		require.NoError(t, err)
		require.True(t, slices.IsSorted(got), got)
		require.Equal(t, []string{"/r/a", "/r/a-b", "/r/a.b", "/r/a0", "/r/z"}, got)
	})
}
