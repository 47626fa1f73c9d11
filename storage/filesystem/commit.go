package filesystem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/registrykit/registrykit/storage"
)

// Commit makes the file visible in one step, after its bytes are safe and before
// anybody is told. Each step can be the last that this process does:
//
//	bytes and time synced    -> nothing is visible, the upload is left over
//	linked or renamed        -> the object is visible; after a link the upload's
//	                            own name is left over, and is known by the two
//	                            names of its file
//	directory synced         -> a power failure cannot take the object back
func (u *upload) Commit(ctx context.Context) (storage.Info, error) {
	switch {
	case u.done == stageCommitted:
		return u.info, nil
	case u.file == nil:
		return storage.Info{}, storage.ErrEnded
	case u.failed != nil:
		return storage.Info{}, u.failed
	}
	if err := context.Cause(ctx); err != nil {
		return storage.Info{}, err
	}
	if u.done < stageSynced {
		if err := u.settle(); err != nil {
			return storage.Info{}, err
		}
		u.done = stageSynced
	}
	if u.done < stageVisible {
		if err := u.install(ctx); err != nil {
			return storage.Info{}, err
		}
		u.done = stageVisible
	}
	u.d.step("sync directory of object")
	if err := u.d.syncDirOf(u.key); err != nil && !errors.Is(err, storage.ErrNotExist) {
		return storage.Info{}, err // it was not deleted meanwhile, nor its directory
	}
	u.d.step("remove upload")
	// The object is there. What cannot be removed now is left to the clean-up.
	_ = u.d.discard(u.id)
	_ = u.file.Close()
	u.file, u.done = nil, stageCommitted
	return u.info, nil
}

// settle gives the file its time and makes its bytes safe.
func (u *upload) settle() error {
	u.d.step("set time")
	now := u.d.options.Now()
	if err := u.d.root.Chtimes(path(u.id), now, now); err != nil {
		return fmt.Errorf("the upload is gone: %w", err)
	}
	u.d.step("sync upload")
	if err := u.sync(); err != nil {
		return err
	}
	info, err := u.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != u.size {
		return fmt.Errorf("the upload has %d bytes, and %d were written", info.Size(), u.size)
	}
	u.info = describe(u.key, info)
	return nil
}

// install makes the file visible under its key.
func (u *upload) install(ctx context.Context) error {
	return u.d.intoPlace(ctx, u.key, func() error {
		if u.options.IfAbsent {
			return u.d.linkInto(ctx, path(u.id), u.key)
		}
		unlock, err := u.d.lock(ctx, u.options.IfVersion != "", u.key)
		if err != nil {
			return err
		}
		defer unlock()
		there, err := u.d.target(u.key)
		if err != nil {
			return err
		}
		if there != nil && u.is(there) {
			return nil // a network file system lost the answer to a rename
		}
		if v := u.options.IfVersion; v != "" && (there == nil || describe(u.key, there).Version != v) {
			return storage.ErrPrecondition
		}
		u.d.step("rename")
		return renamed(u.d.root.Rename(path(u.id), u.key))
	})
}

// is says whether a file is the one of the upload.
func (u *upload) is(there fs.FileInfo) bool {
	mine, err := u.file.Stat()
	return err == nil && os.SameFile(mine, there)
}

// errAgain says that a directory went or came while it was needed.
var errAgain = errors.New("the directories of the object keep changing")

// intoPlace makes the directories of a key and then calls do, again where another
// process has pruned them in between, or where an empty one was in the way.
func (d *Driver) intoPlace(ctx context.Context, key string, do func() error) error {
	const attempts = 1000
	err := errAgain
	for range attempts {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err = d.makeDirs(key); err == nil {
			err = do()
		} else if errors.Is(err, storage.ErrNotExist) {
			err = errAgain
		}
		if !errors.Is(err, errAgain) {
			return err
		}
	}
	return err
}

// target looks at what is where an object shall be: an object, or nothing. An
// empty directory is taken away.
func (d *Driver) target(key string) (fs.FileInfo, error) {
	info, err := d.root.Lstat(key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case isNotDirectory(err):
		return nil, fmt.Errorf("%w: a directory of it is an object", storage.ErrConflict)
	case err != nil:
		return nil, plain(err)
	case info.IsDir() && d.removeEmptyTree(key):
		return nil, nil
	case info.IsDir():
		return nil, fmt.Errorf("%w: it is a directory", storage.ErrConflict)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %v", storage.ErrForeign, info.Mode().Type())
	}
	return info, nil
}

// linkInto gives a file the key as another name, if nothing has it.
func (d *Driver) linkInto(ctx context.Context, from, key string) error {
	d.step("link")
	err := d.link(from, key)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		there, err := d.target(key)
		if err != nil {
			return err
		}
		if there == nil {
			return errAgain
		}
		if mine, err := d.root.Lstat(from); err == nil && os.SameFile(mine, there) {
			return nil // a network file system lost the answer to a link
		}
		return storage.ErrExist
	case hasNoLinks(err):
		return d.renameIfAbsent(ctx, from, key)
	}
	return renamed(err)
}

// renameIfAbsent is linkInto where there are no hard links.
func (d *Driver) renameIfAbsent(ctx context.Context, from, key string) error {
	unlock, err := d.lock(ctx, true, key)
	if err != nil {
		return err
	}
	defer unlock()
	there, err := d.target(key)
	if err != nil {
		return err
	}
	if there != nil {
		return storage.ErrExist
	}
	d.step("rename")
	return renamed(d.root.Rename(from, key))
}

// renamed gives the error of a rename or link its class.
func renamed(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", errAgain, err)
	case isNotDirectory(err), errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%w: %w", storage.ErrConflict, err)
	}
	return plain(err)
}
