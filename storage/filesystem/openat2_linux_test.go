package filesystem

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
)

// TestBothWaysToOpen: the quick way and the long one agree on what is an object, on a
// hostile tree too.
func TestBothWaysToOpen(t *testing.T) {
	d, root, outside := trap(t)
	at := func(name string) string { return filepath.Join(root, name) }
	require.NoError(t, os.MkdirAll(at("dir/sub"), 0o755))
	require.NoError(t, os.WriteFile(at("dir/sub/file"), []byte("content"), 0o644))
	require.NoError(t, os.Symlink(filepath.Join(outside, "secret"), at("leaf")))
	require.NoError(t, os.Symlink(outside, at("way")))
	require.NoError(t, os.Symlink("sub", at("dir/inside")))
	require.NoError(t, os.Symlink("dir/sub/file", at("near")))
	require.NoError(t, syscall.Mkfifo(at("pipe"), 0o644))

	require.NotNil(t, d.quick)
	if f := d.quick.open("dir/sub/file"); f != nil {
		require.NoError(t, f.Close())
	} else {
		require.True(t, d.quick.absent.Load(), "only where the kernel lacks it")
	}
	for key, want := range map[string]error{
		"dir/sub/file": nil, "leaf": storage.ErrForeign, "way/secret": storage.ErrForeign, "way/dir/secret": storage.ErrForeign,
		"dir/inside/file": storage.ErrForeign, "near": storage.ErrForeign, "pipe": storage.ErrForeign, "dir": storage.ErrNotExist,
		"dir/sub/file/x": storage.ErrNotExist, "missing": storage.ErrNotExist, "../outside/secret": storage.ErrInvalidKey,
	} {
		for _, absent := range []bool{false, true} {
			d.quick.absent.Store(absent)
			object, err := d.Open(t.Context(), key, storage.Range{Offset: 3})
			require.True(t, errors.Is(err, want) && (err == nil) == (want == nil), "%s, %v: %v", key, absent, err)
			if err == nil {
				text, err := io.ReadAll(object.Body)
				require.NoError(t, err)
				require.Equal(t, "tent", string(text))
				require.NoError(t, object.Body.Close())
			}
		}
	}
	d.quick.absent.Store(false)
	require.NoError(t, d.Close())
	require.Nil(t, d.quick.open("dir/sub/file"), "after Close")
}
