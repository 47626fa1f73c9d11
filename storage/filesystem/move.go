package filesystem

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/registrykit/registrykit/storage"
)

// Move gives an object another key by a rename, or with IfAbsent by a link and a
// removal; see [storage.Mover]. The object keeps its time and its version.
func (d *Driver) Move(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
	if err := storage.CheckKey(to); err != nil {
		return storage.Info{}, err
	}
	p, err := d.walk(ctx, from)
	if err != nil {
		return storage.Info{}, err
	}
	defer p.close()
	unlock, err := d.lock(ctx, false, from, to)
	if err != nil {
		return storage.Info{}, err
	}
	defer unlock()
	object, err := p.object()
	if err != nil {
		return storage.Info{}, err
	}
	if from == to {
		return storage.Info{}, fmt.Errorf("%w: move onto itself", storage.ErrConflict)
	}
	linked := false // the object has both names
	err = d.intoPlace(ctx, to, func() error {
		if object, err = p.object(); err != nil {
			return err
		}
		there, err := d.target(to)
		switch {
		case err != nil:
			return err
		case there != nil && os.SameFile(object, there):
			linked = true // a move that ended half way; a rename would do nothing
			return nil
		case there != nil && o.IfAbsent:
			return storage.ErrExist
		case o.IfAbsent:
			linked, err = d.linkOrRename(from, to)
			return err
		}
		d.step("rename")
		return renamed(d.root.Rename(from, to))
	})
	if err != nil {
		return storage.Info{}, err
	}
	d.step("sync directory of object")
	if err := d.syncDirOf(to); err != nil {
		return storage.Info{}, err
	}
	if linked {
		err = d.remove(p)
	} else {
		err = d.syncDir(p.parent)
		d.prune(from)
	}
	return describe(to, object), err
}

// linkOrRename gives an object another name, if nothing has it, and says whether
// it has the old one too. The caller holds the lock.
func (d *Driver) linkOrRename(from, to string) (linked bool, err error) {
	d.step("link")
	err = d.link(from, to)
	switch {
	case hasNoLinks(err):
		d.step("rename")
		return false, renamed(d.root.Rename(from, to))
	case errors.Is(err, os.ErrExist):
		return false, storage.ErrExist
	}
	return err == nil, renamed(err)
}
