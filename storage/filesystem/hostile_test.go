//go:build unix

package filesystem

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
)

// trap is a storage directory beside one that nobody may reach from it.
func trap(t *testing.T) (d *Driver, root, outside string) {
	t.Helper()
	base := t.TempDir()
	root, outside = filepath.Join(base, "root"), filepath.Join(base, "outside")
	require.NoError(t, os.MkdirAll(filepath.Join(outside, "dir"), 0o755))
	require.NoError(t, os.Mkdir(root, 0o755))
	for _, name := range []string{"secret", "dir/secret"} {
		require.NoError(t, os.WriteFile(filepath.Join(outside, name), []byte("secret"), 0o644))
	}
	d, err := Open(root, Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		d.Close()
		// Nothing outside was changed, whatever the test did.
		for _, name := range []string{"secret", "dir/secret"} {
			got, err := os.ReadFile(filepath.Join(outside, name))
			require.NoError(t, err)
			require.Equal(t, "secret", string(got))
		}
		var all []string
		require.NoError(t, filepath.WalkDir(outside, func(p string, _ os.DirEntry, err error) error {
			all = append(all, p)
			return err
		}))
		require.Len(t, all, 4, "%q", all)
	})
	return d, root, outside
}

// TestPathsOutsideTheRoot: distribution's driver takes "/../outside" and writes
// there.
func TestPathsOutsideTheRoot(t *testing.T) {
	d, _, _ := trap(t)
	ctx := t.Context()
	for _, key := range []string{"../outside/secret", "a/../../outside/secret", "/../outside/secret", "..", "../outside/new", "a\x00b"} {
		_, err := d.Open(ctx, key, storage.Range{})
		require.ErrorIs(t, err, storage.ErrInvalidKey, key)
		_, err = d.Create(ctx, key, storage.CreateOptions{})
		require.ErrorIs(t, err, storage.ErrInvalidKey, key)
		require.ErrorIs(t, d.Delete(ctx, key, storage.DeleteOptions{}), storage.ErrInvalidKey, key)
		_, err = d.Resume(ctx, "key", key, storage.CreateOptions{})
		require.ErrorIs(t, err, storage.ErrNotExist, key)
		require.ErrorIs(t, d.Discard(ctx, "", key), storage.ErrNotExist, key)
	}
}

// TestSymbolicLinks plants links of every kind, to files and to directories,
// outside and inside, and tries every method through them.
func TestSymbolicLinks(t *testing.T) {
	for name, target := range map[string]struct{ file, dir string }{
		"outside, absolute": {"ABS/secret", "ABS/dir"},
		"outside, relative": {"../../outside/secret", "../../outside/dir"},
		"inside":            {"../real/object", "../real"},
		"to itself":         {"file", "dir"},
		"to nothing":        {"../nothing", "../nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			d, root, outside := trap(t)
			ctx := t.Context()
			put(t, d, "real/object", "real")
			put(t, d, "a/real", "real")
			for link, to := range map[string]string{"a/file": target.file, "a/dir": target.dir} {
				if rest, ok := cutABS(to); ok {
					to = outside + rest
				}
				require.NoError(t, os.Symlink(to, filepath.Join(root, link)))
			}
			for _, key := range []string{"a/file", "a/dir", "a/dir/object", "a/dir/secret", "a/dir/new/deep"} {
				_, err := d.Stat(ctx, key)
				require.ErrorIs(t, err, storage.ErrForeign, key)
				_, err = d.Open(ctx, key, storage.Range{})
				require.ErrorIs(t, err, storage.ErrForeign, key)
				require.ErrorIs(t, d.Delete(ctx, key, storage.DeleteOptions{}), storage.ErrForeign, key)
				_, err = d.Move(ctx, key, "moved", storage.MoveOptions{})
				require.ErrorIs(t, err, storage.ErrForeign, key)
				for _, absent := range []bool{false, true} {
					_, err = d.Move(ctx, "a/real", key, storage.MoveOptions{IfAbsent: absent})
					require.ErrorIs(t, err, storage.ErrForeign, key)
					u, err := d.Create(ctx, key, storage.CreateOptions{IfAbsent: absent})
					require.NoError(t, err)
					_, err = io.WriteString(u, "evil")
					require.NoError(t, err)
					_, err = u.Commit(ctx)
					require.ErrorIs(t, err, storage.ErrForeign, key)
					require.NoError(t, u.Abort(ctx))
				}
			}
			// A listing does not go by in silence, and does not go in.
			var last error
			for e, err := range d.List(ctx, storage.ListOptions{Prefix: "a/"}) {
				require.NotContains(t, e.Key, "secret")
				last = err
			}
			require.ErrorIs(t, last, storage.ErrForeign)
			for e, err := range d.List(ctx, storage.ListOptions{Prefix: "a/dir/"}) {
				require.ErrorIs(t, err, storage.ErrForeign, e.Key)
			}
			require.Equal(t, "real", read(t, d, "real/object"))
			_, _, err := d.CleanUp(ctx, d.options.Now())
			require.NoError(t, err)
			_, err = os.Lstat(filepath.Join(root, "a/dir"))
			require.NoError(t, err)
		})
	}
}

func cutABS(to string) (string, bool) {
	if len(to) > 3 && to[:3] == "ABS" {
		return to[3:], true
	}
	return to, false
}

// TestLinksInPlaceOfThePrivateDirectory: what the driver has for itself is no way
// out either.
func TestLinksInPlaceOfThePrivateDirectory(t *testing.T) {
	for _, link := range []string{".registrykit", ".registrykit/uploads", ".registrykit/locks"} {
		for _, to := range []string{"../outside/dir", "../../outside/dir", "../real", "real"} {
			d, root, _ := trap(t)
			require.NoError(t, os.MkdirAll(filepath.Join(root, "real"), 0o755))
			require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, link)), 0o755))
			require.NoError(t, os.Symlink(to, filepath.Join(root, link)))
			u, err := d.Create(t.Context(), "object", storage.CreateOptions{Resumable: true})
			if err == nil {
				_, err = u.Commit(t.Context())
			}
			require.Error(t, err, "%s -> %s", link, to)
			left, err := os.ReadDir(filepath.Join(root, "real"))
			require.NoError(t, err)
			require.Empty(t, left, "%s -> %s", link, to)
		}
	}
}

// TestHostileUploads plants links and rubbish where uploads are kept.
func TestHostileUploads(t *testing.T) {
	d, root, outside := trap(t)
	ctx := t.Context()
	put(t, d, "victim", "victim")
	u, err := d.Create(ctx, "seen", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	require.NoError(t, u.Suspend(ctx))

	const a, b, c = "AAAAAAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCCCCCCCCCCCC"
	in := func(name string) string { return filepath.Join(root, uploadsDir, name) }
	require.NoError(t, os.Symlink("../../victim", in(a)))
	require.NoError(t, os.WriteFile(in(a+".key"), []byte("victim"), 0o644))
	require.NoError(t, os.Symlink(filepath.Join(outside, "secret"), in(b)))
	require.NoError(t, os.WriteFile(in(b+".key"), make([]byte, 1<<20), 0o644))
	require.NoError(t, os.WriteFile(in(c), []byte("x"), 0o644))
	require.NoError(t, os.WriteFile(in(c+".key"), []byte("../../outside/secret"), 0o644))
	require.NoError(t, os.WriteFile(in("not an id"), []byte("x"), 0o644))

	for id, key := range map[string]string{a: "victim", b: "", c: "../../outside/secret"} {
		_, err := d.Resume(ctx, "victim", id, storage.CreateOptions{})
		require.Error(t, err, id)
		_, err = d.Resume(ctx, key, id, storage.CreateOptions{})
		require.Error(t, err, id)
	}
	n := 0
	for u, err := range d.Uploads(ctx, "") {
		require.NoError(t, err)
		require.Equal(t, u.Key == "seen", u.Resumable && u.ID != a, "%+v", u)
		require.NoError(t, d.Discard(ctx, u.Key, u.ID))
		n++
	}
	require.Equal(t, 4, n)
	require.Equal(t, "victim", read(t, d, "victim"))
}

// TestForeignThings: a pipe is not opened, which would wait, and names that are
// no keys are told.
func TestForeignThings(t *testing.T) {
	d, root, _ := trap(t)
	ctx := t.Context()
	require.NoError(t, os.Mkdir(filepath.Join(root, "dir"), 0o755))
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "dir", "pipe"), 0o644))
	_, err := d.Open(ctx, "dir/pipe", storage.Range{})
	require.ErrorIs(t, err, storage.ErrForeign)
	require.ErrorIs(t, d.Delete(ctx, "dir/pipe", storage.DeleteOptions{}), storage.ErrForeign)
	require.ErrorIs(t, listError(ctx, d, "dir/"), storage.ErrForeign)

	require.NoError(t, os.Mkdir(filepath.Join(root, "names"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "names", "line\nfeed"), nil, 0o644))
	require.ErrorIs(t, listError(ctx, d, "names/"), storage.ErrForeign)
	require.NoError(t, listError(ctx, d, "names/other"), "what the prefix does not ask for is nobody's trouble")
}

// TestWhatCannotBeReadIsToldOf: a directory that cannot be read must not look
// empty to a collector of garbage. No permission stops root, so the directory is
// one whose handle is closed.
func TestWhatCannotBeReadIsToldOf(t *testing.T) {
	d, _, _ := trap(t)
	put(t, d, "dir/sub/object", "x")
	for _, shallow := range []bool{false, true} {
		l := &lister{ctx: t.Context(), d: d, o: storage.ListOptions{Shallow: shallow}, yield: func(storage.Entry, error) bool { return true }}
		at, err := d.root.OpenRoot("dir")
		require.NoError(t, err)
		require.NoError(t, at.Close())
		err = l.directory(at, "dir/")
		require.ErrorIs(t, err, os.ErrClosed)
		require.NotErrorIs(t, err, storage.ErrNotExist)
		require.Error(t, l.below(at, "dir/sub/", "sub"))
		_, err = hasObject(at)
		require.ErrorIs(t, err, os.ErrClosed)
	}
}

func listError(ctx context.Context, d *Driver, prefix string) (last error) {
	for _, err := range d.List(ctx, storage.ListOptions{Prefix: prefix}) {
		last = err
	}
	return last
}
