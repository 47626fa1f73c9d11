package filesystem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// Driver is a [storage.Driver] with every role. It may be used from many
// goroutines, and several of them, in several processes, may share a directory.
type Driver struct {
	root    *os.Root
	quick   *quick
	options Options
	local   stripes

	// step is called before each step of a change; tests stop there.
	step func(name string)
	// link is os.Root.Link; tests play a file system that has none.
	link func(from, to string) error
	// fsync is os.File.Sync; tests see what is made safe, and when.
	fsync func(*os.File) error
}

// Options are the options of [Open]. The zero value is right for a volume that
// matters.
type Options struct {
	// NoSync leaves out every fsync: faster, and a power failure may take
	// objects back or leave them empty. The death of a process may not.
	NoSync bool
	// KeepEmptyDirs leaves directories in place when their last object goes.
	// It is for a tree that another program uses at the same time, which may
	// take it amiss when a directory goes that it has just made.
	KeepEmptyDirs bool
	// Now gives the time for ModTime; nil is time.Now.
	Now func() time.Time
}

var (
	_ storage.Driver  = (*Driver)(nil)
	_ storage.Mover   = (*Driver)(nil)
	_ storage.Resumer = (*Driver)(nil)
)

// Open returns a driver on a directory, which must exist; the directory itself
// may be reached through symbolic links. Close it at the end.
func Open(dir string, o Options) (*Driver, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open storage directory: %w", err)
	}
	quick, err := newQuick(root)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open storage directory: %w", err), root.Close())
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Driver{root: root, quick: quick, options: o, local: newStripes(), step: func(string) {}, link: root.Link, fsync: (*os.File).Sync}, nil
}

// Close gives the directory free. Uploads and Bodies that are open stay usable
// as far as they need it no more; end them before.
func (d *Driver) Close() error { return errors.Join(d.quick.close(), d.root.Close()) }

// Stat says what is known of an object; see [storage.Opener].
func (d *Driver) Stat(ctx context.Context, key string) (storage.Info, error) {
	p, err := d.walk(ctx, key)
	if err != nil {
		return storage.Info{}, err
	}
	defer p.close()
	info, err := p.object()
	if err != nil {
		return storage.Info{}, err
	}
	return describe(key, info), nil
}

// Delete takes an object away; see [storage.Deleter].
func (d *Driver) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	p, err := d.walk(ctx, key)
	if err != nil {
		return err
	}
	defer p.close()
	unlock, err := d.lock(ctx, o.IfVersion != "", key)
	if err != nil {
		return err
	}
	defer unlock()
	info, err := p.object()
	if err != nil {
		return err
	}
	if o.IfVersion != "" && describe(key, info).Version != o.IfVersion {
		return storage.ErrPrecondition
	}
	return d.remove(p)
}

// remove takes the file away, for good, and the directories that it leaves
// empty. The caller has looked at it and holds the lock.
func (d *Driver) remove(p *place) error {
	d.step("remove object")
	if err := p.parent.Remove(p.leaf); err != nil {
		return plain(err)
	}
	d.step("sync directory after removal")
	if err := d.syncDir(p.parent); err != nil {
		return err
	}
	d.prune(p.key)
	return nil
}

// describe is what the file says of the object.
func describe(key string, info fs.FileInfo) storage.Info {
	return storage.Info{
		Key: key, Size: info.Size(), ModTime: info.ModTime(),
		Version: storage.Version(fmt.Sprintf("%x-%x-%x", inode(info), info.ModTime().UnixNano(), info.Size())),
	}
}

// plain gives an error of the operating system its class, where it has one.
func plain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), isNotDirectory(err):
		return fmt.Errorf("%w: %w", storage.ErrNotExist, err)
	case isReadOnly(err):
		return fmt.Errorf("%w: %w", storage.ErrReadOnly, err)
	}
	return err
}
