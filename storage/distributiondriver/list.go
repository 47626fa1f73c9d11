package distributiondriver

import (
	"context"
	"errors"
	"slices"
	"strings"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
)

// Where a registry keeps its repositories and blobs. These two are directories
// even where nothing is in them, as "/" is: distribution's garbage collector fails
// on a registry that nobody has pushed to otherwise.
const (
	repositoriesRoot = "/docker/registry/v2/repositories"
	blobsRoot        = "/docker/registry/v2/blobs"
)

func isRoot(path string) bool {
	return path == "/" || path == repositoriesRoot || path == blobsRoot
}

// Stat says what is known of an object, or that the path is a directory of some.
// A directory has no time.
func (d *Driver) Stat(ctx context.Context, path string) (storagedriver.FileInfo, error) {
	if path == "/" {
		return directoryInfo(path), d.fail(path, context.Cause(ctx))
	}
	key, err := d.key(path)
	if err != nil {
		return nil, err
	}
	if err := d.usingBlob(ctx, key, "stat"); err != nil {
		return nil, d.fail(path, err)
	}
	info, err := d.store.Stat(ctx, key)
	if err == nil {
		return fileInfo(info), nil
	}
	if !errors.Is(err, storage.ErrNotExist) {
		return nil, d.fail(path, err)
	}
	some, err := d.anythingBelow(ctx, key+"/")
	switch {
	case err != nil:
		return nil, d.fail(path, err)
	case !some && !isRoot(path):
		return nil, d.missing(path)
	}
	return directoryInfo(path), nil
}

func (d *Driver) anythingBelow(ctx context.Context, prefix string) (bool, error) {
	for _, err := range d.store.List(ctx, storage.ListOptions{Prefix: prefix, KeysOnly: true}) {
		return err == nil, err
	}
	return false, nil
}

// List gives the paths of what is right below a directory, in order.
func (d *Driver) List(ctx context.Context, path string) ([]string, error) {
	prefix, err := d.directory(path)
	if err != nil {
		return nil, err
	}
	children, err := d.children(ctx, prefix, "")
	if err != nil {
		return nil, d.fail(path, err)
	}
	if len(children) == 0 && !isRoot(path) {
		return nil, d.missing(path)
	}
	paths := make([]string, len(children))
	for i, child := range children {
		paths[i] = child.Path()
	}
	return slices.Compact(paths), nil
}

// children gives what is right below a prefix and not below or at the name after
// in the order of names. A Store lists in the order of keys, where "a/" comes
// after "a-b".
func (d *Driver) children(ctx context.Context, prefix, after string) ([]storagedriver.FileInfo, error) {
	var all []storagedriver.FileInfo
	for e, err := range d.store.List(ctx, storage.ListOptions{Prefix: prefix, Shallow: true}) {
		if err != nil {
			return nil, err
		}
		child := fileInfo(e.Info)
		if e.Dir {
			child = directoryInfo("/" + strings.TrimSuffix(e.Key, "/"))
		}
		if !storagedriver.PathRegexp.MatchString(child.Path()) {
			continue // no path: nothing of a registry's
		}
		if after == "" || child.Path() >= after {
			all = append(all, child)
		}
	}
	slices.SortStableFunc(all, func(a, b storagedriver.FileInfo) int { return strings.Compare(a.Path(), b.Path()) })
	return all, nil
}

func fileInfo(info storage.Info) storagedriver.FileInfo {
	return storagedriver.FileInfoInternal{FileInfoFields: storagedriver.FileInfoFields{
		Path: "/" + info.Key, Size: info.Size, ModTime: info.ModTime,
	}}
}

func directoryInfo(path string) storagedriver.FileInfo {
	return storagedriver.FileInfoInternal{FileInfoFields: storagedriver.FileInfoFields{Path: path, IsDir: true}}
}
