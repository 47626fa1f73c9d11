package gocloud

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/storage"
	"gocloud.dev/blob"
)

// List gives the entries in order; see [storage.Lister]. Where the service cannot
// start at a key, those before ListOptions.After are asked for and passed over.
func (d *Driver) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if err := storage.CheckPrefix(o.Prefix); err != nil {
			yield(storage.Entry{}, err)
			return
		}
		entries := d.entries(ctx, o)
		if d.files {
			entries = sorted(entries)
		}
		for e, err := range entries {
			if err != nil {
				yield(storage.Entry{}, err)
				return
			}
			if err := context.Cause(ctx); err != nil {
				yield(storage.Entry{}, err)
				return
			}
			if e.Key > o.After && !yield(e, nil) {
				return
			}
		}
	}
}

func (d *Driver) entries(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	options := &blob.ListOptions{Prefix: o.Prefix}
	if o.Shallow {
		options.Delimiter = "/"
	}
	if d.options.Service != nil && o.After > o.Prefix {
		from := o.After
		if i := strings.IndexByte(strings.TrimPrefix(from, o.Prefix), '/'); o.Shallow && i >= 0 {
			from = from[:len(from)-len(strings.TrimPrefix(from, o.Prefix))+i+1] // its directory is passed over whole
		}
		options.BeforeList = func(as func(any) bool) error {
			d.options.Service.ListFrom(as, from)
			return nil
		}
	}
	return func(yield func(storage.Entry, error) bool) {
		if err := context.Cause(ctx); err != nil {
			yield(storage.Entry{}, err)
			return
		}
		objects := d.bucket.List(options)
		for {
			object, err := objects.Next(ctx)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(storage.Entry{}, d.fail(ctx, err))
				return
			}
			if isDirectoryMark(object) {
				continue
			}
			e, err := d.entry(object)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (d *Driver) entry(object *blob.ListObject) (storage.Entry, error) {
	if storage.CheckKey(strings.TrimSuffix(object.Key, "/")) != nil || strings.HasSuffix(object.Key, "/") != object.IsDir {
		return storage.Entry{}, fmt.Errorf("%w: %.300q", storage.ErrForeign, object.Key)
	}
	if object.IsDir {
		return storage.Entry{Info: storage.Info{Key: object.Key}, Dir: true}, nil
	}
	info := storage.Info{Key: object.Key, Size: object.Size, ModTime: object.ModTime}
	if d.options.Service != nil {
		info.Version = d.options.Service.Version(object.As)
	}
	return storage.Entry{Info: info}, nil
}

// isDirectoryMark finds the empty objects that consoles make for directories.
func isDirectoryMark(object *blob.ListObject) bool {
	return !object.IsDir && object.Size == 0 && strings.HasSuffix(object.Key, "/")
}

// sorted reads a listing to its end and gives it in order.
func sorted(entries iter.Seq2[storage.Entry, error]) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		var all []storage.Entry
		for e, err := range entries {
			if err != nil {
				yield(storage.Entry{}, err)
				return
			}
			all = append(all, e)
		}
		slices.SortFunc(all, func(a, b storage.Entry) int { return strings.Compare(a.Key, b.Key) })
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}
