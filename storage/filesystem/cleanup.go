package filesystem

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// CleanUp takes away what dead processes have left: uploads that were last
// written to before the instant and that nobody holds, resumable ones too, and
// directories without any object that were last changed before it. It returns
// how many of both. It is safe while others use the tree; KeepEmptyDirs does not
// hold it back.
func (d *Driver) CleanUp(ctx context.Context, before time.Time) (uploads, dirs int, err error) {
	uploads, err = storage.New(d, storage.Options{}).DiscardUploads(ctx, "", before)
	if err != nil {
		return uploads, 0, err
	}
	c := &cleaner{ctx: ctx, d: d, before: before}
	_, err = c.directory(d.root, "")
	return uploads, c.dirs, err
}

type cleaner struct {
	ctx    context.Context
	d      *Driver
	before time.Time
	dirs   int
}

// directory takes away the empty directories in a directory, and says whether it
// has become empty itself.
func (c *cleaner) directory(at *os.Root, path string) (bool, error) {
	if err := context.Cause(c.ctx); err != nil {
		return false, err
	}
	all, err := readNames(at, path == "")
	if err != nil {
		return false, fmt.Errorf("directory %s: %w", path, err)
	}
	left := len(all)
	for _, f := range all {
		if !f.mode.IsDir() {
			continue
		}
		gone, err := c.below(at, path+f.name, f.name)
		if err != nil {
			return false, err
		}
		if gone {
			left--
		}
	}
	return left == 0, nil
}

// below empties one directory of a directory and takes it away if nothing is
// left.
func (c *cleaner) below(at *os.Root, path, name string) (bool, error) {
	// Looked at before it is emptied, which changes its time.
	info, err := at.Lstat(name)
	if err != nil {
		return false, ignoreGone(err)
	}
	sub, err := openStep(at, name)
	if err != nil {
		return false, ignoreGone(err)
	}
	empty, err := c.directory(sub, path+"/")
	if err := errors.Join(err, sub.Close()); err != nil {
		return false, ignoreGone(err)
	}
	if !empty || !info.ModTime().Before(c.before) || !c.d.removeEmptyDir(path) {
		return false, nil
	}
	c.dirs++
	return true, nil
}

func ignoreGone(err error) error {
	if err := plain(err); !errors.Is(err, storage.ErrNotExist) {
		return err
	}
	return nil
}

// removeEmptyTree takes a directory away if it holds nothing but directories.
func (d *Driver) removeEmptyTree(dir string) bool {
	at, closeIt, err := d.openDir(dir)
	if err != nil {
		return false
	}
	all, err := readNames(at, false)
	closeIt()
	if err != nil {
		return false
	}
	for _, f := range all {
		if !f.mode.IsDir() || !d.removeEmptyTree(strings.TrimSuffix(dir, "/")+"/"+f.name) {
			return false
		}
	}
	return d.removeEmptyDir(dir)
}
