//go:build unix

package filesystem

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
)

// TestOrderOfACommit: the bytes are safe before the object can be seen, and the
// directory before anybody is told. A killed process does not show this; a power
// failure would. "fsync" is the call itself.
func TestOrderOfACommit(t *testing.T) {
	for name, c := range map[string]struct {
		o    storage.CreateOptions
		want string
	}{
		"replace": {storage.CreateOptions{},
			"create upload, write, set time, sync upload, fsync upload, make directory, fsync ., rename, sync directory of object, fsync dir, remove upload"},
		"if absent": {storage.CreateOptions{IfAbsent: true},
			"create upload, write, set time, sync upload, fsync upload, make directory, fsync ., link, sync directory of object, fsync dir, remove upload"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Open(t.TempDir(), Options{})
			require.NoError(t, err)
			defer d.Close()
			steps := recordSteps(t, d)
			put(t, d, "warm", "") // locks and directories
			*steps = nil
			u, err := d.Create(t.Context(), "dir/object", c.o)
			require.NoError(t, err)
			_, err = io.WriteString(u, "text")
			require.NoError(t, err)
			_, err = u.Commit(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, strings.Join(*steps, ", "))
		})
	}
}

// recordSteps records the steps of changes, and which files are synced between them.
func recordSteps(t *testing.T, d *Driver) *[]string {
	var steps []string
	d.step = func(name string) { steps = append(steps, name) }
	sync := d.fsync
	d.fsync = func(f *os.File) error {
		info, err := f.Stat()
		require.NoError(t, err)
		what := "upload"
		switch {
		case info.IsDir():
			what = dirName(t, d, info)
		case strings.HasSuffix(f.Name(), ".key"):
			what = "key"
		}
		steps = append(steps, "fsync "+what)
		return sync(f)
	}
	return &steps
}

// dirName finds a directory's path below the root.
func dirName(t *testing.T, d *Driver, dir fs.FileInfo) (name string) {
	require.NoError(t, fs.WalkDir(d.root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		if info, err := entry.Info(); err == nil && os.SameFile(info, dir) {
			name = path
			return fs.SkipAll
		}
		return nil
	}))
	return name
}

// TestOtherChangesAreSafe: what is moved, deleted or suspended is so for good.
func TestOtherChangesAreSafe(t *testing.T) {
	d, err := Open(t.TempDir(), Options{})
	require.NoError(t, err)
	defer d.Close()
	for _, key := range []string{"from/object", "to/other"} {
		put(t, d, key, "text")
	}
	steps := recordSteps(t, d)
	synced := func(change func() error) (names []string) {
		t.Helper()
		*steps = nil
		require.NoError(t, change())
		for _, s := range *steps {
			if name, ok := strings.CutPrefix(s, "fsync "); ok {
				names = append(names, name)
			}
		}
		return names
	}
	require.Equal(t, []string{"to", "from"}, synced(func() error {
		_, err := d.Move(t.Context(), "from/object", "to/object", storage.MoveOptions{})
		return err
	}))
	require.Equal(t, []string{"to"}, synced(func() error { return d.Delete(t.Context(), "to/other", storage.DeleteOptions{}) }))
	require.Equal(t, []string{"key", "upload", uploadsDir}, synced(func() error {
		u, err := d.Create(t.Context(), "to/other", storage.CreateOptions{Resumable: true})
		require.NoError(t, err)
		_, err = io.WriteString(u, "text")
		require.NoError(t, err)
		return u.(interface{ Suspend(context.Context) error }).Suspend(t.Context())
	}))
}

// TestCommitGoesOnAfterAnError makes a commit fail in its middle and calls it
// again.
func TestCommitGoesOnAfterAnError(t *testing.T) {
	d, err := Open(t.TempDir(), Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	broken := errors.New("broken")
	fail := true
	d.link = func(from, to string) error {
		if fail {
			return broken
		}
		return d.root.Link(from, to)
	}
	u, err := d.Create(t.Context(), "dir/object", storage.CreateOptions{IfAbsent: true})
	require.NoError(t, err)
	_, err = io.WriteString(u, "text")
	require.NoError(t, err)
	_, err = u.Commit(t.Context())
	require.ErrorIs(t, err, broken)
	require.Empty(t, read(t, d, "dir/object"))
	fail = false
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	require.Equal(t, "text", read(t, d, "dir/object"))
}

// TestLostAnswerOfALink: a network file system may answer a repeated link with
// EEXIST although the first one made it.
func TestLostAnswerOfALink(t *testing.T) {
	d, err := Open(t.TempDir(), Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	d.link = func(from, to string) error {
		if err := d.root.Link(from, to); err != nil {
			return err
		}
		return d.root.Link(from, to)
	}
	u, err := d.Create(t.Context(), "object", storage.CreateOptions{IfAbsent: true})
	require.NoError(t, err)
	_, err = u.Commit(t.Context())
	require.NoError(t, err)
	u, err = d.Create(t.Context(), "object", storage.CreateOptions{IfAbsent: true})
	require.NoError(t, err)
	_, err = u.Commit(t.Context())
	require.ErrorIs(t, err, storage.ErrExist, "but this one is another's")
	require.NoError(t, u.Abort(t.Context()))
}

// TestLeftoverOfACommitIsNotResumed: after a death between link and clean-up the
// upload's name and the object are one file. To go on with it would be to change
// the object.
func TestLeftoverOfACommitIsNotResumed(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(dir, Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	ctx := t.Context()
	u, err := d.Create(ctx, "object", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	_, err = io.WriteString(u, "text")
	require.NoError(t, err)
	require.NoError(t, u.Suspend(ctx))
	require.NoError(t, d.root.Link(path(u.ID()), "object"))

	for up, err := range d.Uploads(ctx, "") {
		require.NoError(t, err)
		require.False(t, up.Resumable)
	}
	_, err = d.Resume(ctx, "object", u.ID(), storage.CreateOptions{})
	require.ErrorIs(t, err, storage.ErrNotExist)
	require.Equal(t, "text", read(t, d, "object"))
	left, err := os.ReadDir(filepath.Join(dir, uploadsDir))
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestDiscardedWhileItIsResumed: what is opened and then discarded is no upload any
// more; its bytes would go nowhere.
func TestDiscardedWhileItIsResumed(t *testing.T) {
	dir := t.TempDir()
	d, err := Open(dir, Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	other, err := Open(dir, Options{NoSync: true})
	require.NoError(t, err)
	defer other.Close()
	u, err := d.Create(t.Context(), "object", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	require.NoError(t, u.Suspend(t.Context()))
	d.step = func(name string) {
		if name == "lock upload" {
			require.NoError(t, other.Discard(t.Context(), "object", u.ID()))
		}
	}
	_, err = d.Resume(t.Context(), "object", u.ID(), storage.CreateOptions{})
	require.ErrorIs(t, err, storage.ErrNotExist)
}

// TestMoveThatEndedHalfWay: rename(2) of two names of one file does nothing and
// says that all went well.
func TestMoveThatEndedHalfWay(t *testing.T) {
	for _, absent := range []bool{false, true} {
		d, err := Open(t.TempDir(), Options{NoSync: true})
		require.NoError(t, err)
		put(t, d, "from", "text")
		require.NoError(t, d.root.Link("from", "to"))
		_, err = d.Move(t.Context(), "from", "to", storage.MoveOptions{IfAbsent: absent})
		require.NoError(t, err)
		require.Equal(t, "text", read(t, d, "to"))
		require.Empty(t, read(t, d, "from"))
		require.NoError(t, d.Close())
	}
}

// TestNoHardLinks: IfAbsent then counts on the locks.
func TestNoHardLinks(t *testing.T) {
	d, err := Open(t.TempDir(), Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	d.link = func(string, string) error { return &os.LinkError{Err: errNoLinks} }
	for i, want := range []error{nil, storage.ErrExist} {
		u, err := d.Create(t.Context(), "object", storage.CreateOptions{IfAbsent: true})
		require.NoError(t, err)
		_, err = u.Commit(t.Context())
		require.ErrorIs(t, err, want, "%d", i)
		require.NoError(t, u.Abort(t.Context()))
	}
	put(t, d, "from", "text")
	_, err = d.Move(t.Context(), "from", "object", storage.MoveOptions{IfAbsent: true})
	require.ErrorIs(t, err, storage.ErrExist)
	_, err = d.Move(t.Context(), "from", "moved", storage.MoveOptions{IfAbsent: true})
	require.NoError(t, err)
	require.Equal(t, "text", read(t, d, "moved"))
}

// TestPruningTakesNoObject: between the look and the removal an empty directory
// may have become an object.
func TestPruningTakesNoObject(t *testing.T) {
	d, err := Open(t.TempDir(), Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	put(t, d, "object", "text")
	require.False(t, d.removeEmptyDir("object"))
	require.Equal(t, "text", read(t, d, "object"))
}

// TestWaitingForALockEndsWithCtx: distribution's limiter waits on, whatever ctx
// says.
func TestWaitingForALockEndsWithCtx(t *testing.T) {
	dir := t.TempDir()
	one, err := Open(dir, Options{NoSync: true})
	require.NoError(t, err)
	defer one.Close()
	other, err := Open(dir, Options{NoSync: true})
	require.NoError(t, err)
	defer other.Close()
	put(t, one, "object", "text")
	unlock, err := one.lock(t.Context(), true, "object")
	require.NoError(t, err)
	for _, d := range []*Driver{one, other} { // within the process, and by the file
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		require.ErrorIs(t, d.Delete(ctx, "object", storage.DeleteOptions{}), context.DeadlineExceeded)
		cancel()
	}
	unlock()
	require.NoError(t, other.Delete(t.Context(), "object", storage.DeleteOptions{}))
}

// TestReadingWritesNothing: a volume that is mounted read-only can be read.
func TestReadingWritesNothing(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "object"), []byte("foreign"), 0o644))
	d, err := Open(dir, Options{})
	require.NoError(t, err)
	defer d.Close()
	require.Equal(t, "foreign", read(t, d, "object"), "what another program has written is an object")
	require.NoError(t, listError(t.Context(), d, ""))
	for range d.Uploads(t.Context(), "") {
		t.Fatal("there are none")
	}
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, all, 1)
}

// TestCleanUpSparesTheLiving: what is held, and what is young.
func TestCleanUpSparesTheLiving(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	d, err := Open(t.TempDir(), Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	ctx := t.Context()
	start := func(key string, age time.Duration) storage.Upload {
		u, err := d.Create(ctx, key, storage.CreateOptions{Resumable: true})
		require.NoError(t, err)
		require.NoError(t, d.root.Chtimes(path(u.ID()), now.Add(-age), now.Add(-age)))
		return u
	}
	held := start("held", 48*time.Hour)
	young, old := start("young", time.Hour), start("old", 48*time.Hour)
	require.NoError(t, young.Suspend(ctx))
	require.NoError(t, old.Suspend(ctx))
	require.NoError(t, d.root.MkdirAll("empty/below", 0o755))
	require.NoError(t, d.root.Chtimes("empty/below", now.Add(-48*time.Hour), now.Add(-48*time.Hour)))
	require.NoError(t, d.root.Chtimes("empty", now.Add(-48*time.Hour), now.Add(-48*time.Hour)))
	require.NoError(t, d.root.Mkdir("young-and-empty", 0o755))
	put(t, d, "full/object", "text")

	uploads, dirs, err := d.CleanUp(ctx, now.Add(-24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, uploads)
	require.Equal(t, 2, dirs)
	_, err = d.Resume(ctx, "old", old.ID(), storage.CreateOptions{})
	require.ErrorIs(t, err, storage.ErrNotExist)
	again, err := d.Resume(ctx, "young", young.ID(), storage.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, again.Abort(ctx))
	_, err = held.Commit(ctx)
	require.NoError(t, err)
	require.Equal(t, "text", read(t, d, "full/object"))
	_, err = d.root.Stat("young-and-empty")
	require.NoError(t, err)
}
