package distributiondriver

import (
	"context"
	"errors"
	"slices"
	"strings"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
)

// errStop ends a walk without an error.
var errStop = errors.New("walk ended")

// Walk calls f for every directory and object below path: a directory before what
// is in it, siblings in the order of their names, which is what distribution's
// catalogue is paged by. With a hint to start after, it begins with what is below
// the hint and comes after it. An error of f ends the walk and is returned as it
// is. Below directories of digests one listing of the Store does for all; elsewhere
// it takes one for each directory.
func (d *Driver) Walk(ctx context.Context, path string, f storagedriver.WalkFn, options ...func(*storagedriver.WalkOptions)) error {
	var o storagedriver.WalkOptions
	for _, option := range options {
		option(&o)
	}
	prefix, err := d.directory(path)
	if err != nil {
		return err
	}
	after := o.StartAfterHint
	if !strings.HasPrefix(after, "/"+prefix) {
		if after != "" && lessPath(path, after) {
			return nil // the hint comes after all of it
		}
		after = ""
	}
	w := &walker{d: d, ctx: ctx, f: f, after: after}
	if after == "" && hasDigestsOnly(path) {
		err = w.flat(prefix)
	} else {
		err = w.level(prefix)
	}
	if err == errStop {
		return nil
	}
	if err == nil && !w.found && after == "" && !isRoot(path) {
		return d.missing(path)
	}
	return err
}

// hasDigestsOnly says that what is below has names of letters and digits, so that
// keys and names have the same order.
func hasDigestsOnly(path string) bool {
	return path == blobsRoot || strings.HasPrefix(path, repositoriesRoot+"/") &&
		(strings.HasSuffix(path, "/_layers") || strings.HasSuffix(path, "/_manifests/revisions"))
}

type walker struct {
	d     *Driver
	ctx   context.Context
	f     storagedriver.WalkFn
	after string
	found bool // anything at all
}

// call hands one to f and says whether to go into it.
func (w *walker) call(info storagedriver.FileInfo) (enter bool, err error) {
	switch err := w.f(info); {
	case err == nil:
		return info.IsDir(), nil
	case errors.Is(err, storagedriver.ErrSkipDir):
		return false, nil
	case errors.Is(err, storagedriver.ErrFilledBuffer):
		return false, errStop
	default:
		return false, err
	}
}

// level walks one directory and what is below it.
func (w *walker) level(prefix string) error {
	children, err := w.d.children(w.ctx, prefix, firstChild(prefix, w.after))
	if err != nil {
		return w.d.fail("/"+strings.TrimSuffix(prefix, "/"), err)
	}
	w.found = w.found || len(children) > 0
	for _, child := range children {
		enter := child.IsDir()
		// The hint and the directories above it have been given before.
		if path := child.Path(); path != w.after && !strings.HasPrefix(w.after, path+"/") {
			if enter, err = w.call(child); err != nil {
				return err
			}
		}
		if enter {
			if err := w.level(child.Path()[1:] + "/"); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstChild is the path right below prefix that after is at or below; "" where it
// is elsewhere.
func firstChild(prefix, after string) string {
	rest, ok := strings.CutPrefix(after, "/"+prefix)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return "/" + prefix + name
}

// flat walks everything below by listings that go down. It starts at the beginning.
func (w *walker) flat(prefix string) error {
	o := storage.ListOptions{Prefix: prefix}
	var entered []string
	for {
		skip := ""
		for e, err := range w.d.store.List(w.ctx, o) {
			if err != nil {
				return w.d.fail("/"+strings.TrimSuffix(prefix, "/"), err)
			}
			if skip, err = w.entry(e, len(prefix), &entered); err != nil {
				return err
			}
			if skip != "" {
				break
			}
		}
		if skip == "" {
			return nil
		}
		o.After = skip + "0" // "0" is what follows the slash
	}
}

// entry gives the directories that e is the first of, and e. entered are the
// directories that the walk is in. It returns the key of a directory that f does
// not want to see.
func (w *walker) entry(e storage.Entry, from int, entered *[]string) (skip string, err error) {
	w.found = true
	depth := 0
	for i := from; i < len(e.Key); i++ {
		if e.Key[i] != '/' {
			continue
		}
		dir := e.Key[:i]
		depth++
		if depth <= len(*entered) && (*entered)[depth-1] == dir {
			continue
		}
		*entered = append((*entered)[:depth-1], dir)
		if enter, err := w.call(directoryInfo("/" + dir)); err != nil || !enter {
			return dir, err
		}
	}
	*entered = (*entered)[:depth]
	_, err = w.call(fileInfo(e.Info))
	return "", err
}

// lessPath compares paths part by part.
func lessPath(a, b string) bool {
	return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/")) < 0
}
