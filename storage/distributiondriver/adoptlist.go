package distributiondriver

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

// errLeft ends a listing that its reader has left.
var errLeft = errors.New("listing left")

// List gives the entries in order; see [storage.Lister]. It takes one List of the
// driver for each directory and one Stat for each object and directory, and holds
// the names of one directory at each depth.
func (a *Adopted) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if err := storage.CheckPrefix(o.Prefix); err != nil {
			yield(storage.Entry{}, err)
			return
		}
		l := &adoptedListing{a: a, ctx: ctx, o: o, yield: yield}
		dir := o.Prefix[:strings.LastIndexByte(o.Prefix, '/')+1]
		if err := l.directory(dir); err != nil && err != errLeft {
			yield(storage.Entry{}, err)
		}
	}
}

type adoptedListing struct {
	a     *Adopted
	ctx   context.Context
	o     storage.ListOptions
	yield func(storage.Entry, error) bool
}

// directory lists what is below dir, which is "" or ends in a slash.
func (l *adoptedListing) directory(dir string) error {
	entries, err := l.a.entries(l.ctx, dir, l.wanted)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch {
		case !e.Dir:
			if e.Key <= l.o.After || !strings.HasPrefix(e.Key, l.o.Prefix) {
				continue
			}
			err = l.give(e)
		case l.o.Shallow && strings.HasPrefix(e.Key, l.o.Prefix):
			if e.Key <= l.o.After {
				continue
			}
			var some bool
			if some, err = l.a.holdsObjects(l.ctx, e.Key); err == nil && some {
				err = l.give(e)
			}
		default:
			err = l.directory(e.Key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *adoptedListing) give(e storage.Entry) error {
	if err := context.Cause(l.ctx); err != nil {
		return err
	}
	if !l.yield(e, nil) {
		return errLeft
	}
	return nil
}

// wanted says whether the key, or what may be below it, can be in the listing.
func (l *adoptedListing) wanted(key string) bool {
	return key+"0" > l.o.After && (strings.HasPrefix(key+"/", l.o.Prefix) || strings.HasPrefix(l.o.Prefix, key+"/"))
}

// entries gives the objects and directories right below dir, of the keys that are
// wanted, in the order of keys: that of a directory has a slash at its end.
func (a *Adopted) entries(ctx context.Context, dir string, wanted func(key string) bool) ([]storage.Entry, error) {
	keys, err := a.keys(ctx, dir)
	if err != nil {
		return nil, err
	}
	var all []storage.Entry
	for _, key := range keys {
		if !wanted(key) {
			continue
		}
		e, ok, err := a.entry(ctx, key)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(x, y storage.Entry) int { return strings.Compare(x.Key, y.Key) })
	return all, nil
}

// entry looks at what has the key; ok is false where it has gone meanwhile.
func (a *Adopted) entry(ctx context.Context, key string) (e storage.Entry, ok bool, err error) {
	if err := context.Cause(ctx); err != nil {
		return storage.Entry{}, false, err
	}
	info, err := a.inner.Stat(ctx, a.path(key))
	if err = classify(err); errors.Is(err, storage.ErrNotExist) {
		return storage.Entry{}, false, nil
	}
	if err != nil {
		return storage.Entry{}, false, err
	}
	if info.IsDir() {
		return storage.Entry{Info: storage.Info{Key: key + "/"}, Dir: true}, true, nil
	}
	return storage.Entry{Info: adoptedInfo(key, info)}, true, nil
}

// keys gives the keys right below dir. A name that is no key is
// [storage.ErrForeign]: what is passed over could be what somebody needs. A slash at the
// end is none of a name: so the driver for S3 lists the objects that consoles make for
// directories, dir's own and, on some services, those of the directories in it. No
// registry has a path with an empty part.
func (a *Adopted) keys(ctx context.Context, dir string) ([]string, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	path := "/" + strings.TrimSuffix(escape(dir), "/")
	children, err := a.inner.List(ctx, path)
	if err = classify(err); errors.Is(err, storage.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(children))
	for _, child := range children {
		if child == ownDir {
			continue
		}
		name, below := strings.CutPrefix(child, strings.TrimSuffix(path, "/")+"/")
		if name = strings.TrimSuffix(name, "/"); below && name == "" {
			continue // the directory itself
		}
		part, ok := unescape(name)
		if !below || !ok {
			return nil, fmt.Errorf("%w: the driver lists %.300q below %s", storage.ErrForeign, child, path)
		}
		keys = append(keys, dir+part)
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// holdsObjects says whether there is any object below dir: drivers keep directories
// whose objects have gone.
func (a *Adopted) holdsObjects(ctx context.Context, dir string) (bool, error) {
	keys, err := a.keys(ctx, dir)
	if err != nil {
		return false, err
	}
	for _, key := range keys {
		e, ok, err := a.entry(ctx, key)
		if err != nil {
			return false, err
		}
		if ok && e.Dir {
			if ok, err = a.holdsObjects(ctx, e.Key); err != nil {
				return false, err
			}
		}
		if ok {
			return true, nil
		}
	}
	return false, nil
}
