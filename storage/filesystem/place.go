package filesystem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

// place is where an object is or would be: its directory, opened, and its name
// there.
type place struct {
	key    string
	parent *os.Root
	leaf   string
	close  func()
}

// walk opens the directory of a key, one segment after the other, so that a
// symbolic link on the way is seen. [storage.ErrNotExist] where it is not there.
func (d *Driver) walk(ctx context.Context, key string) (*place, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := storage.CheckKey(key); err != nil {
		return nil, err
	}
	dir, leaf := "", key
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		dir, leaf = key[:i], key[i+1:]
	}
	parent, closeIt, err := d.openDir(dir)
	if err != nil {
		return nil, err
	}
	return &place{key: key, parent: parent, leaf: leaf, close: closeIt}, nil
}

// openDir opens a directory; "" is the root. [storage.ErrNotExist] where
// there is none or where it is a file, [storage.ErrForeign] where a link is in
// the way.
func (d *Driver) openDir(dir string) (*os.Root, func(), error) {
	at, closeIt := d.root, func() {}
	if dir == "" {
		return at, closeIt, nil
	}
	done := 0
	for segment := range strings.SplitSeq(dir, "/") {
		done += len(segment) + 1
		next, err := openStep(at, segment)
		closeIt()
		if err != nil {
			return nil, nil, fmt.Errorf("directory %s: %w", dir[:done-1], err)
		}
		at, closeIt = next, func() { next.Close() }
	}
	return at, closeIt, nil
}

// openStep opens a directory of a directory.
func openStep(at *os.Root, segment string) (*os.Root, error) {
	info, err := at.Lstat(segment)
	switch {
	case err != nil:
		return nil, plain(err)
	case info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: a file, not a directory", storage.ErrNotExist)
	case !info.IsDir():
		return nil, fmt.Errorf("%w: %v", storage.ErrForeign, info.Mode().Type())
	}
	next, err := at.OpenRoot(segment)
	return next, plain(err)
}

// object looks at the file. A directory is no object; whatever else is not a
// file is foreign.
func (p *place) object() (fs.FileInfo, error) {
	info, err := p.parent.Lstat(p.leaf)
	switch {
	case err != nil:
		return nil, plain(err)
	case info.IsDir():
		return nil, fmt.Errorf("%w: a directory", storage.ErrNotExist)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %v", storage.ErrForeign, info.Mode().Type())
	}
	return info, nil
}

// makeDirs makes the directories above a key and syncs what it made.
func (d *Driver) makeDirs(key string) error {
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		_, closeIt, err := d.openDir(key[:i])
		if err == nil {
			closeIt()
		}
		if !errors.Is(err, storage.ErrNotExist) {
			return err
		}
	}
	for i := 0; i < len(key); i++ {
		if key[i] != '/' {
			continue
		}
		dir := key[:i]
		info, err := d.root.Lstat(dir)
		switch {
		case err == nil && info.IsDir():
			continue
		case err == nil && info.Mode().IsRegular():
			return fmt.Errorf("%w: %s is an object", storage.ErrConflict, dir)
		case err == nil:
			return fmt.Errorf("%w: %s: %v", storage.ErrForeign, dir, info.Mode().Type())
		case !errors.Is(err, fs.ErrNotExist):
			return plain(err)
		}
		d.step("make directory")
		if err := d.root.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return plain(err)
		}
		if err := d.syncDirOf(dir); err != nil {
			return err
		}
	}
	return nil
}

// prune takes away the directories above a key, as far up as they are empty.
// What it cannot take away stays: an empty directory is nothing to anybody.
func (d *Driver) prune(key string) {
	if d.options.KeepEmptyDirs {
		return
	}
	for i := strings.LastIndexByte(key, '/'); i > 0; i = strings.LastIndexByte(key[:i], '/') {
		if !d.removeEmptyDir(key[:i]) {
			return
		}
	}
}

// removeEmptyDir says whether it took the directory away. The slash at the end
// keeps it from taking away an object that another process has put there in the
// meantime: unlink and rmdir both refuse a file that is named like this.
func (d *Driver) removeEmptyDir(dir string) bool {
	return canRemoveDirsOnly && d.root.Remove(dir+"/") == nil
}

// syncDir makes the entries of a directory safe.
func (d *Driver) syncDir(dir *os.Root) error {
	if d.options.NoSync || !canSyncDirs {
		return nil
	}
	f, err := dir.Open(".")
	if err != nil {
		return plain(err)
	}
	return errors.Join(d.fsync(f), f.Close())
}

// syncDirOf makes the entry of a path safe.
func (d *Driver) syncDirOf(path string) error {
	dir := ""
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir = path[:i]
	}
	at, closeIt, err := d.openDir(dir)
	if err != nil {
		return err
	}
	defer closeIt()
	return d.syncDir(at)
}
