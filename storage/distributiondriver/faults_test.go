package distributiondriver_test

import (
	"context"
	"errors"
	"io"
	"testing"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/stretchr/testify/require"
)

// onEach runs a test on a driver over each Store.
func onEach(t *testing.T, test func(t *testing.T, d *distributiondriver.Driver, s *storage.Store)) {
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			store := s.open(t)
			test(t, distributiondriver.New(store, distributiondriver.Options{}), store)
		})
	}
}

func put(t *testing.T, d storagedriver.StorageDriver, paths ...string) {
	t.Helper()
	for _, path := range paths {
		require.NoError(t, d.PutContent(t.Context(), path, []byte(path)))
	}
}

func requireContent(t *testing.T, d storagedriver.StorageDriver, path, want string) {
	t.Helper()
	got, err := d.GetContent(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

func requireMissing(t *testing.T, err error, path string) {
	t.Helper()
	require.Equal(t, storagedriver.PathNotFoundError{Path: path, DriverName: distributiondriver.DefaultName}, err)
}

// TestWriterLeavesWhatIsThere: the writers of distribution's filesystem and memory
// truncate the object when they are opened.
func TestWriterLeavesWhatIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		put(t, d, "/a/object")
		w, err := d.Writer(t.Context(), "/a/object", false)
		require.NoError(t, err)
		requireContent(t, d, "/a/object", "/a/object")
		_, err = w.Write([]byte("new"))
		require.NoError(t, err)
		requireContent(t, d, "/a/object", "/a/object")
		require.NoError(t, w.Commit(t.Context()))
		require.NoError(t, w.Close())
		requireContent(t, d, "/a/object", "new")
		require.EqualValues(t, 3, w.Size())
	})
}

// TestCancelDeletesNothing: theirs remove the object that was there before.
func TestCancelDeletesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		put(t, d, "/a/object")
		for _, path := range []string{"/a/object", "/a/new"} {
			w, err := d.Writer(t.Context(), path, false)
			require.NoError(t, err)
			_, err = w.Write([]byte("thrown away"))
			require.NoError(t, err)
			require.NoError(t, w.Cancel(t.Context()))
			require.NoError(t, w.Close())
			require.EqualValues(t, len("thrown away"), w.Size())
		}
		requireContent(t, d, "/a/object", "/a/object")
		_, err := d.Stat(t.Context(), "/a/new")
		requireMissing(t, err, "/a/new")
		require.Empty(t, uploads(t, s))
	})
}

// TestCancelAfterCommitDeletesNothing: a registry cancels after a commit whose
// digest was wrong; what is there then is the upload's, and it deletes that itself.
func TestCancelAfterCommitDeletesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		w, err := d.Writer(t.Context(), "/a/object", false)
		require.NoError(t, err)
		_, err = w.Write([]byte("text"))
		require.NoError(t, err)
		require.NoError(t, w.Commit(t.Context()))
		require.NoError(t, w.Cancel(t.Context()))
		require.NoError(t, w.Close())
		requireContent(t, d, "/a/object", "text")
	})
}

// TestCloseIsNoCommit: theirs make what was closed without Commit readable.
func TestCloseIsNoCommit(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		const path = "/a/object"
		w, err := d.Writer(t.Context(), path, false)
		require.NoError(t, err)
		_, err = w.Write([]byte("first "))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		_, err = d.GetContent(t.Context(), path)
		requireMissing(t, err, path)
		_, err = d.List(t.Context(), "/a")
		requireMissing(t, err, "/a")

		// Another process goes on with it, which remembers nothing.
		other := distributiondriver.New(s, distributiondriver.Options{})
		w, err = other.Writer(t.Context(), path, true)
		require.NoError(t, err)
		require.EqualValues(t, len("first "), w.Size())
		_, err = w.Write([]byte("second"))
		require.NoError(t, err)
		require.NoError(t, w.Commit(t.Context()))
		require.NoError(t, w.Close())
		requireContent(t, d, path, "first second")
	})
}

func TestWriterBeginsAnew(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		for range 2 {
			w, err := d.Writer(t.Context(), "/a/object", false)
			require.NoError(t, err)
			require.Zero(t, w.Size())
			_, err = w.Write([]byte("again"))
			require.NoError(t, err)
			require.NoError(t, w.Close())
		}
		require.Len(t, uploads(t, s), 1)
	})
}

func TestAppend(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		_, err := d.Writer(t.Context(), "/missing", true)
		requireMissing(t, err, "/missing")
		put(t, d, "/full")
		_, err = d.Writer(t.Context(), "/full", true)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		requireContent(t, d, "/full", "/full")
	})
}

// TestPathsStayInside: distribution's check lets "/.." through, and its filesystem
// then writes outside of its directory.
func TestPathsStayInside(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		put(t, d, "/inside")
		for _, path := range []string{
			"/../outside", "/a/../../outside", "/a/..", "/./a", "/a/.", "/..", "/.", "//a", "/a//b", "/a/", "", "a", "/a\x00", "/a b", "/é",
			"/.registrykit/uploads", "/.registrykit",
		} {
			t.Run(path, func(t *testing.T) {
				invalid := storagedriver.InvalidPathError{Path: path, DriverName: distributiondriver.DefaultName}
				ctx := t.Context()
				require.Equal(t, invalid, d.PutContent(ctx, path, []byte("x")))
				_, err := d.GetContent(ctx, path)
				require.Equal(t, invalid, err)
				_, err = d.Reader(ctx, path, 0)
				require.Equal(t, invalid, err)
				_, err = d.Writer(ctx, path, false)
				require.Equal(t, invalid, err)
				_, err = d.Stat(ctx, path)
				require.Equal(t, invalid, err)
				_, err = d.List(ctx, path)
				require.Equal(t, invalid, err)
				require.Equal(t, invalid, d.Move(ctx, "/inside", path))
				require.Equal(t, invalid, d.Move(ctx, path, "/inside"))
				require.Equal(t, invalid, d.Delete(ctx, path))
				_, err = d.RedirectURL(nil, path)
				require.Equal(t, invalid, err)
				require.Equal(t, invalid, d.Walk(ctx, path, func(storagedriver.FileInfo) error { return nil }))
			})
		}
		requireContent(t, d, "/inside", "/inside")
	})
}

// TestContextIsObserved: theirs pass it over, and what they return hides it.
func TestContextIsObserved(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		put(t, d, "/object")
		reason := errors.New("the reason")
		ctx, cancel := context.WithCancelCause(t.Context())
		r, err := d.Reader(ctx, "/object", 0)
		require.NoError(t, err)
		w, err := d.Writer(ctx, "/new", false)
		require.NoError(t, err)
		_, err = w.Write([]byte("kept"))
		require.NoError(t, err)
		cancel(reason)

		require.ErrorIs(t, d.PutContent(ctx, "/object", []byte("x")), reason)
		_, err = d.GetContent(ctx, "/object")
		require.ErrorIs(t, err, reason)
		_, err = d.Reader(ctx, "/object", 0)
		require.ErrorIs(t, err, reason)
		_, err = d.Writer(ctx, "/object", false)
		require.ErrorIs(t, err, reason)
		_, err = d.Stat(ctx, "/object")
		require.ErrorIs(t, err, reason)
		_, err = d.Stat(ctx, "/")
		require.ErrorIs(t, err, reason)
		_, err = d.List(ctx, "/")
		require.ErrorIs(t, err, reason)
		require.ErrorIs(t, d.Move(ctx, "/object", "/moved"), reason)
		require.ErrorIs(t, d.Delete(ctx, "/object"), reason)
		require.ErrorIs(t, d.Walk(ctx, "/", func(storagedriver.FileInfo) error { return nil }), reason)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, reason)
		require.NoError(t, r.Close())
		_, err = w.Write([]byte("too late"))
		require.ErrorIs(t, err, reason)
		require.ErrorIs(t, w.Commit(ctx), reason)

		// What was written before is kept for the client's next try.
		require.NoError(t, w.Close())
		w, err = d.Writer(t.Context(), "/new", true)
		require.NoError(t, err)
		require.EqualValues(t, len("kept"), w.Size())
		require.NoError(t, w.Cancel(t.Context()))
		requireContent(t, d, "/object", "/object")
	})
}

func TestGetContentIsBounded(t *testing.T) {
	d := distributiondriver.New(openMemory(t), distributiondriver.Options{MaxContent: 4})
	require.NoError(t, d.PutContent(t.Context(), "/four", []byte("four")))
	requireContent(t, d, "/four", "four")
	require.NoError(t, d.PutContent(t.Context(), "/five5", []byte("five5")))
	_, err := d.GetContent(t.Context(), "/five5")
	require.ErrorIs(t, err, storage.ErrTooLarge)
	var e *distributiondriver.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "/five5", e.Path)
}

func TestReadBeyondTheEnd(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, _ *storage.Store) {
		put(t, d, "/x")
		for _, offset := range []int64{2, 3, 1 << 40} {
			r, err := d.Reader(t.Context(), "/x", offset)
			require.NoError(t, err)
			data, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Empty(t, data)
			require.NoError(t, r.Close())
		}
	})
}

// TestDeleteTakesUploadsAlong: a registry deletes the directory of an upload that
// was left, in which nothing may be but the upload.
func TestDeleteTakesUploadsAlong(t *testing.T) {
	onEach(t, func(t *testing.T, d *distributiondriver.Driver, s *storage.Store) {
		const dir = "/docker/registry/v2/repositories/a/_uploads/1"
		for _, path := range []string{dir + "/data", dir + "0/data"} {
			w, err := d.Writer(t.Context(), path, false)
			require.NoError(t, err)
			require.NoError(t, w.Close())
		}
		busy, err := d.Writer(t.Context(), dir+"/busy", false)
		require.NoError(t, err)
		require.NoError(t, d.Delete(t.Context(), dir))
		requireMissing(t, d.Delete(t.Context(), dir), dir)
		_, err = d.Writer(t.Context(), dir+"/data", true)
		requireMissing(t, err, dir+"/data")
		require.NoError(t, busy.Commit(t.Context()))

		left := uploads(t, s)
		require.Len(t, left, 1)
		require.Equal(t, dir+"0/data", "/"+left[0].Key)
	})
}

// leaving is a driver whose caller goes away as soon as an upload has begun.
type leaving struct {
	*memory.Driver
	leave func()
}

func (d *leaving) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	defer d.leave()
	return d.Driver.Create(ctx, key, o)
}

// TestWriterOfAClientThatHasGone: the writer closes itself before anyone has it.
func TestWriterOfAClientThatHasGone(t *testing.T) {
	for range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		store := storage.New(&leaving{&memory.Driver{}, cancel}, storage.Options{Trust: true})
		w, err := distributiondriver.New(store, distributiondriver.Options{}).Writer(ctx, "/a", false)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		_, err = w.Write([]byte("x"))
		require.Error(t, err)
	}
}
