package gocloud_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	return names
}

// TestSpool: an upload touches the bucket at its commit alone, and leaves no file.
func TestSpool(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	dir := t.TempDir()
	d := gocloud.New(bucket, gocloud.Options{MaxMemory: 100, SpoolDir: dir})
	s := storage.New(d, storage.Options{})
	data := bytes.Repeat([]byte("0123456789"), 30)
	for _, size := range []int{0, 99, 100, 101, 300} {
		u, err := s.Create(t.Context(), "object", storage.CreateOptions{})
		require.NoError(t, err)
		for rest := data[:size]; len(rest) > 0; {
			n := min(len(rest), 33)
			_, err := u.Write(rest[:n])
			require.NoError(t, err)
			rest = rest[n:]
		}
		require.Len(t, files(t, dir), map[bool]int{true: 1}[size > 100])
		_, err = u.Commit(t.Context())
		require.NoError(t, err)
		require.Empty(t, files(t, dir))
		got, err := s.ReadFile(t.Context(), "object", 1000)
		require.NoError(t, err)
		require.Equal(t, string(data[:size]), string(got))
	}
	u, err := s.Create(t.Context(), "aborted", storage.CreateOptions{})
	require.NoError(t, err)
	_, err = u.Write(data)
	require.NoError(t, err)
	require.NoError(t, u.Abort(t.Context()))
	require.Empty(t, files(t, dir))
	_, err = s.Stat(t.Context(), "aborted")
	require.ErrorIs(t, err, storage.ErrNotExist)
}

// TestSpoolIsCut: somebody cuts the temporary file. The old object stays.
func TestSpoolIsCut(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	dir := t.TempDir()
	s := storage.New(gocloud.New(bucket, gocloud.Options{MaxMemory: 1, SpoolDir: dir}), storage.Options{})
	_, err := s.WriteFile(t.Context(), "object", []byte("old"), storage.CreateOptions{})
	require.NoError(t, err)
	u, err := s.Create(t.Context(), "object", storage.CreateOptions{})
	require.NoError(t, err)
	defer u.Abort(t.Context())
	_, err = u.Write([]byte("new and longer"))
	require.NoError(t, err)
	require.NoError(t, os.Truncate(files(t, dir)[0], 5))
	_, err = u.Commit(t.Context())
	require.Error(t, err)
	got, err := s.ReadFile(t.Context(), "object", 1000)
	require.NoError(t, err)
	require.Equal(t, "old", string(got))
}

func TestSpoolHasNoDirectory(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	s := storage.New(gocloud.New(bucket, gocloud.Options{MaxMemory: 1, SpoolDir: filepath.Join(t.TempDir(), "missing")}), storage.Options{})
	_, err := s.WriteFile(t.Context(), "object", []byte("text"), storage.CreateOptions{})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = s.Stat(t.Context(), "object")
	require.ErrorIs(t, err, storage.ErrNotExist)
}

// TestFileblobRefusesIfAbsent: of two who create a file at once both succeed there,
// which trying one after the other does not show.
func TestFileblobRefusesIfAbsent(t *testing.T) {
	open := func() *blob.Bucket {
		bucket, err := fileblob.OpenBucket(t.TempDir(), nil)
		require.NoError(t, err)
		return bucket
	}
	for name, bucket := range map[string]*blob.Bucket{"plain": open(), "prefixed": blob.PrefixedBucket(open(), "dir/")} {
		t.Run(name, func(t *testing.T) {
			defer bucket.Close()
			s := storage.New(gocloud.New(bucket, gocloud.Options{}), storage.Options{})
			_, err := s.WriteFile(t.Context(), "object", nil, storage.CreateOptions{IfAbsent: true})
			require.Error(t, err)
			require.ErrorIs(t, err, storage.ErrUnsupported)
		})
	}
}

func TestForeignNames(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	s := storage.New(gocloud.New(bucket, gocloud.Options{}), storage.Options{})
	list := func() (n int, last error) {
		for _, err := range s.List(t.Context(), storage.ListOptions{}) {
			n, last = n+1, err
		}
		return n, last
	}
	require.NoError(t, bucket.WriteAll(t.Context(), "dir/", nil, nil)) // as consoles make them
	n, err := list()
	require.NoError(t, err)
	require.Zero(t, n)
	for _, name := range []string{"a//b", "a/../b", "back\\slash", "dir/with bytes/"} {
		require.NoError(t, bucket.WriteAll(t.Context(), name, []byte("x"), nil))
		_, err := list()
		require.ErrorIs(t, err, storage.ErrForeign, name)
		require.NoError(t, bucket.Delete(t.Context(), name))
	}
}

func TestContextHasACause(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()
	d := gocloud.New(bucket, gocloud.Options{})
	reason := errors.New("the reason")
	ctx, cancel := context.WithTimeoutCause(t.Context(), -time.Second, reason)
	defer cancel()
	_, err := d.Stat(ctx, "object")
	require.ErrorIs(t, err, reason)
	_, err = d.Create(ctx, "object", storage.CreateOptions{})
	require.ErrorIs(t, err, reason)
	for _, err := range d.List(ctx, storage.ListOptions{}) {
		require.ErrorIs(t, err, reason)
	}
}

// denied is a service that answers nothing but one error.
type denied struct{ driver.Bucket } // what it lacks is not called

func (denied) Attributes(context.Context, string) (*driver.Attributes, error) {
	return nil, errors.New("denied")
}

func (denied) ErrorCode(error) gcerrors.ErrorCode { return gcerrors.PermissionDenied }
func (denied) As(any) bool                        { return false }
func (denied) ErrorAs(error, any) bool            { return false }
func (denied) Close() error                       { return nil }

// TestWordsInAKey: what a key says is no error of the operating system.
func TestWordsInAKey(t *testing.T) {
	bucket := blob.NewBucket(denied{})
	defer bucket.Close()
	_, err := gocloud.New(bucket, gocloud.Options{}).Stat(t.Context(), "this is a directory/object")
	require.ErrorContains(t, err, "denied")
	require.NotErrorIs(t, err, storage.ErrNotExist)
}
