package distributiondriver_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	dfilesystem "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/storagetest"
	"github.com/stretchr/testify/require"
)

// theirs are distribution's own drivers, as far as they need no cloud.
var theirs = []struct {
	name string
	open func(t *testing.T) storagedriver.StorageDriver
}{
	{"inmemory", func(*testing.T) storagedriver.StorageDriver { return inmemory.New() }},
	{"filesystem", openTheirFilesystem},
}

func openTheirFilesystem(t *testing.T) storagedriver.StorageDriver {
	d, err := dfilesystem.FromParameters(map[string]any{"rootdirectory": t.TempDir(), "maxthreads": 100})
	require.NoError(t, err)
	return d
}

// lacks is what no distribution driver has.
var lacks = []storagetest.Feature{
	storagetest.IfAbsent, storagetest.ReplaceIfVersion, storagetest.DeleteIfVersion, storagetest.VersionChanges,
}

// keepsDirectories is why a check fails that wants directories to go with their
// last object.
const keepsDirectories = "a directory stays one: to delete it is to delete what others may have put there meanwhile"

// sameNames is why checks fail with keys such as "a/a".
const sameNames = "distribution's memory driver takes a directory for the one of the same name in it"

func TestAdoptedConformance(t *testing.T) {
	known := map[string]map[string]string{
		"inmemory": {
			"keys/no-directories": keepsDirectories,
			"keys/valid":          sameNames, "list/order": sameNames, "list/prefix-after-shallow": sameNames,
		},
		"filesystem": {"keys/no-directories": keepsDirectories},
	}
	for _, d := range theirs {
		t.Run(d.name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Driver { return distributiondriver.Adopt(d.open(t)) },
				storagetest.Options{Lacks: lacks, Known: known[d.name]})
		})
	}
}

// onTheirs runs a test on each of distribution's drivers, adopted.
func onTheirs(t *testing.T, test func(t *testing.T, a *distributiondriver.Adopted, d storagedriver.StorageDriver)) {
	for _, d := range theirs {
		t.Run(d.name, func(t *testing.T) {
			inner := d.open(t)
			test(t, distributiondriver.Adopt(inner), inner)
		})
	}
}

func write(t *testing.T, d storage.Driver, keys ...string) {
	t.Helper()
	for _, key := range keys {
		_, err := storage.New(d, storage.Options{}).WriteFile(t.Context(), key, []byte(key), storage.CreateOptions{})
		require.NoError(t, err)
	}
}

func keysOf(t *testing.T, d storage.Driver, o storage.ListOptions) []string {
	t.Helper()
	var keys []string
	for e, err := range storage.New(d, storage.Options{}).List(t.Context(), o) {
		require.NoError(t, err)
		keys = append(keys, e.Key)
	}
	return keys
}

// TestAdoptedDirectories: what is left of a directory is neither listed nor an
// object, and an object cannot take its place.
func TestAdoptedDirectories(t *testing.T) {
	onTheirs(t, func(t *testing.T, a *distributiondriver.Adopted, _ storagedriver.StorageDriver) {
		write(t, a, "dir/sub/object")
		for _, dir := range []string{"dir", "dir/sub"} {
			require.ErrorIs(t, a.Delete(t.Context(), dir, storage.DeleteOptions{}), storage.ErrNotExist)
			_, err := a.Stat(t.Context(), dir)
			require.ErrorIs(t, err, storage.ErrNotExist)
			_, err = a.Move(t.Context(), dir, "moved", storage.MoveOptions{})
			require.ErrorIs(t, err, storage.ErrNotExist)
		}
		require.NoError(t, a.Delete(t.Context(), "dir/sub/object", storage.DeleteOptions{}))
		require.Empty(t, keysOf(t, a, storage.ListOptions{}))
		require.Empty(t, keysOf(t, a, storage.ListOptions{Shallow: true}))
		u, err := a.Create(t.Context(), "dir", storage.CreateOptions{})
		require.NoError(t, err)
		_, err = u.Commit(t.Context())
		require.ErrorIs(t, err, storage.ErrConflict)
		require.NoError(t, u.Abort(t.Context()))
		write(t, a, "dir/sub/object")
	})
}

// apart keeps an object and those below its name apart, as buckets do, and deletes
// them together, as distribution says.
type apart struct {
	storagedriver.StorageDriver
	deleted []string
}

func (d *apart) List(ctx context.Context, path string) ([]string, error) {
	if path == "/a/b" {
		return []string{"/a/b/c"}, nil
	}
	return d.StorageDriver.List(ctx, path)
}

func (d *apart) Delete(ctx context.Context, path string) error {
	d.deleted = append(d.deleted, path)
	return d.StorageDriver.Delete(ctx, path)
}

// TestAdoptedDeletesOneObject: distribution's Delete takes along what is below.
func TestAdoptedDeletesOneObject(t *testing.T) {
	inner := &apart{StorageDriver: inmemory.New()}
	put(t, inner, "/a/b")
	a := distributiondriver.Adopt(inner)
	require.ErrorIs(t, a.Delete(t.Context(), "a/b", storage.DeleteOptions{}), storage.ErrConflict)
	require.Empty(t, inner.deleted)
	requireContent(t, inner, "/a/b", "/a/b")
}

// TestAdoptedForeignNames: a name in the tree that is no key's ends a listing; it
// might be what somebody needs.
func TestAdoptedForeignNames(t *testing.T) {
	dir := t.TempDir()
	inner, err := dfilesystem.FromParameters(map[string]any{"rootdirectory": dir, "maxthreads": 100})
	require.NoError(t, err)
	a := distributiondriver.Adopt(inner)
	write(t, a, "x/good")
	for _, name := range []string{"with space", "back\\slash", "-._-6", "-._-61", "-._-6g", "new\nline"} {
		file := filepath.Join(dir, "x", name)
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		var listed error
		for _, err := range a.List(t.Context(), storage.ListOptions{Prefix: "x/"}) {
			listed = err
		}
		require.ErrorIs(t, listed, storage.ErrForeign, name)
		require.NoError(t, os.Remove(file))
	}
	require.Equal(t, []string{"x/good"}, keysOf(t, a, storage.ListOptions{}))
}

// marked is a driver that lists each directory among what is in it, and those in it
// twice, as the one for S3 does where a console has made objects for directories.
type marked struct{ storagedriver.StorageDriver }

func (d marked) List(ctx context.Context, path string) ([]string, error) {
	children, err := d.StorageDriver.List(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, child := range children {
		if info, err := d.Stat(ctx, child); err == nil && info.IsDir() {
			children = append(children, child+"/")
		}
	}
	return append(children, strings.TrimSuffix(path, "/")+"/"), nil
}

// TestAdoptedDirectoryMarks: they are no objects, and nothing beside them is hidden or
// listed twice.
func TestAdoptedDirectoryMarks(t *testing.T) {
	inner := inmemory.New()
	a := distributiondriver.Adopt(marked{inner})
	write(t, a, "x/y/good")
	write(t, a, "z")
	require.Equal(t, []string{"x/y/good", "z"}, keysOf(t, a, storage.ListOptions{}))
	require.Equal(t, []string{"x/", "z"}, keysOf(t, a, storage.ListOptions{Shallow: true}))
	require.NoError(t, inner.Delete(t.Context(), "/x/y/good"))
	require.Equal(t, []string{"z"}, keysOf(t, a, storage.ListOptions{Shallow: true}))
}

// TestAdoptedRegistry: a registry that runs on distribution's own driver, and what
// is adopted from it, have the same tree.
func TestAdoptedRegistry(t *testing.T) {
	onTheirs(t, func(t *testing.T, a *distributiondriver.Adopted, inner storagedriver.StorageDriver) {
		p := push(t, serve(t, inner), "team/app")
		keys := keysOf(t, a, storage.ListOptions{Prefix: "docker/registry/v2/blobs/"})
		image, err := p.image.Digest()
		require.NoError(t, err)
		require.Contains(t, keys, "docker/registry/v2/blobs/sha256/"+image.Hex[:2]+"/"+image.Hex+"/data")
		// And back again: a registry on the Store on their driver.
		host := serve(t, distributiondriver.New(storage.New(a, storage.Options{}), distributiondriver.Options{}))
		requirePulls(t, host, "team/app", p)
		requirePulls(t, host, "team/other", push(t, host, "team/other"))
	})
}

// TestAdoptedErrors: what distribution hides of an error is found again.
func TestAdoptedErrors(t *testing.T) {
	dir := t.TempDir()
	inner, err := dfilesystem.FromParameters(map[string]any{"rootdirectory": dir, "maxthreads": 100})
	require.NoError(t, err)
	a := distributiondriver.Adopt(inner)
	write(t, a, "object")
	_, err = a.Stat(t.Context(), "object/below")
	require.ErrorIs(t, err, storage.ErrNotExist)
	loop := filepath.Join(dir, "loop")
	require.NoError(t, os.Symlink(loop, loop))
	_, err = a.Stat(t.Context(), "loop")
	require.ErrorIs(t, err, syscall.ELOOP)
	require.NotErrorIs(t, err, storage.ErrNotExist)
}

// TestAdoptedLeftovers: what a process left that died is listed and discarded, by
// another one.
func TestAdoptedLeftovers(t *testing.T) {
	onTheirs(t, func(t *testing.T, a *distributiondriver.Adopted, inner storagedriver.StorageDriver) {
		for _, resumable := range []bool{true, false} {
			u, err := a.Create(t.Context(), "object", storage.CreateOptions{Resumable: resumable})
			require.NoError(t, err)
			_, err = u.Write([]byte("lost"))
			require.NoError(t, err)
		}
		s := storage.New(distributiondriver.Adopt(inner), storage.Options{})
		require.Len(t, uploads(t, s), 2)
		require.Empty(t, keysOf(t, s, storage.ListOptions{}))
		n, err := s.DiscardUploads(t.Context(), "", time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Empty(t, uploads(t, s))
	})
}
