package filesystem

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

// List gives the entries in order; see [storage.Lister]. It holds the names of
// one directory at each level, and looks at each file unless KeysOnly is set.
func (d *Driver) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		err := errors.Join(context.Cause(ctx), storage.CheckPrefix(o.Prefix))
		if err == nil {
			l := &lister{ctx: ctx, d: d, o: o, yield: yield}
			err = l.start()
		}
		if err != nil && err != errLeft {
			yield(storage.Entry{}, err)
		}
	}
}

// errLeft says that the loop's body has had enough.
var errLeft = errors.New("left")

type lister struct {
	ctx   context.Context
	d     *Driver
	o     storage.ListOptions
	yield func(storage.Entry, error) bool
}

// start goes straight to the directory that the prefix names.
func (l *lister) start() error {
	dir := ""
	if i := strings.LastIndexByte(l.o.Prefix, '/'); i >= 0 {
		dir = l.o.Prefix[:i]
	}
	at, closeIt, err := l.d.openDir(dir)
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer closeIt()
	if dir != "" {
		dir += "/"
	}
	return l.directory(at, dir)
}

// directory lists one directory; before is its path with a slash at the end, or
// nothing.
func (l *lister) directory(at *os.Root, before string) error {
	found, err := readNames(at, before == "")
	if err != nil {
		if errors.Is(err, storage.ErrNotExist) {
			return nil // it went meanwhile
		}
		return fmt.Errorf("directory %s: %w", before, err)
	}
	for _, f := range found {
		if err := context.Cause(l.ctx); err != nil {
			return err
		}
		path := before + f.sortName
		if !l.wanted(path, f.mode.IsDir()) {
			continue
		}
		if err := l.one(at, path, f); err != nil {
			return err
		}
	}
	return nil
}

// wanted says whether a path, with a slash at the end if it is a directory's, is
// part of the listing, or has below it what may be.
func (l *lister) wanted(path string, isDir bool) bool {
	if isDir && strings.HasPrefix(l.o.Prefix, path) {
		return true
	}
	if !strings.HasPrefix(path, l.o.Prefix) {
		return false
	}
	return path > l.o.After || isDir && !l.o.Shallow && strings.HasPrefix(l.o.After, path)
}

func (l *lister) one(at *os.Root, path string, f found) error {
	key := strings.TrimSuffix(path, "/")
	if err := storage.CheckKey(key); err != nil {
		return fmt.Errorf("%w: %w", storage.ErrForeign, err)
	}
	switch {
	case f.mode.IsDir():
		return l.below(at, path, f.name)
	case !f.mode.IsRegular():
		return fmt.Errorf("%w: %s: %v", storage.ErrForeign, key, f.mode.Type())
	case l.o.KeysOnly:
		return l.give(storage.Entry{Info: storage.Info{Key: key}})
	}
	info, err := at.Lstat(f.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // it went meanwhile
	case err != nil:
		return fmt.Errorf("%s: %w", key, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s: %v", storage.ErrForeign, key, info.Mode().Type())
	}
	return l.give(storage.Entry{Info: describe(key, info)})
}

// below gives a directory's entry or goes into it.
func (l *lister) below(at *os.Root, path, name string) error {
	sub, err := openStep(at, name)
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("directory %s: %w", path, err)
	}
	defer sub.Close()
	if !l.o.Shallow || !strings.HasPrefix(path, l.o.Prefix) {
		return l.directory(sub, path)
	}
	has, err := hasObject(sub)
	if err != nil {
		return fmt.Errorf("directory %s: %w", path, err)
	}
	if !has {
		return nil
	}
	return l.give(storage.Entry{Info: storage.Info{Key: path}, Dir: true})
}

func (l *lister) give(e storage.Entry) error {
	if !l.yield(e, nil) {
		return errLeft
	}
	return nil
}

// found is a name in a directory.
type found struct {
	name string
	// sortName has a slash at the end if it is a directory's, so that the
	// order of whole keys is the order of these: "a.b" comes before "a/b".
	sortName string
	mode     fs.FileMode
}

// readNames reads a directory in the order of keys, without what the driver has
// for itself in the root.
func readNames(at *os.Root, isRoot bool) ([]found, error) {
	f, err := at.Open(".")
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	var all []found
	for {
		entries, err := f.ReadDir(1024)
		for _, e := range entries {
			if isRoot && e.Name() == privateDir {
				continue
			}
			n := found{name: e.Name(), sortName: e.Name(), mode: e.Type()}
			if n.mode.IsDir() {
				n.sortName += "/"
			}
			all = append(all, n)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, plain(err)
		}
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(a.sortName, b.sortName) })
	return all, nil
}

// hasObject says whether there is anything but directories in a directory, at
// any depth.
func hasObject(at *os.Root) (bool, error) {
	names, err := readNames(at, false)
	if errors.Is(err, storage.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, n := range names {
		if !n.mode.IsDir() {
			return true, nil
		}
	}
	for _, n := range names {
		sub, err := openStep(at, n.name)
		if errors.Is(err, storage.ErrNotExist) {
			continue
		}
		if err != nil {
			return true, err
		}
		has, err := hasObject(sub)
		sub.Close()
		if has || err != nil {
			return has, err
		}
	}
	return false, nil
}
