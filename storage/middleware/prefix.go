package middleware

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

// Prefix returns a driver that shows the objects below the directory dir, which
// is a key: "a/b" is the object "dir/a/b" of d. Nothing outside can be named.
// The limits of keys hold for both sides: one that is too long with the directory
// in front is storage.ErrInvalidKey. So is a dir that is no key, from here.
func Prefix(d storage.Driver, dir string) (storage.Driver, error) {
	if err := storage.CheckKey(dir); err != nil {
		return nil, fmt.Errorf("prefix: %w", err)
	}
	return &prefixed{inner: d, dir: dir + "/"}, nil
}

type prefixed struct {
	inner storage.Driver
	dir   string
}

func (w *prefixed) Close() error { return closeDriver(w.inner) }

// in turns a key into the inner driver's.
func (w *prefixed) in(key string) (string, error) {
	if err := storage.CheckKey(key); err != nil {
		return "", err
	}
	return w.dir + key, nil
}

// out turns what the inner driver says into what the user asked about.
func (w *prefixed) out(info storage.Info) storage.Info {
	info.Key = strings.TrimPrefix(info.Key, w.dir)
	return info
}

// fail does the same for an error that names a key.
func (w *prefixed) fail(err error) error {
	var e *storage.Error
	if errors.As(err, &e) && err == error(e) {
		return &storage.Error{Op: e.Op, Key: strings.TrimPrefix(e.Key, w.dir), Err: e.Err}
	}
	return err
}

func (w *prefixed) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	inner, err := w.in(key)
	if err != nil {
		return nil, err
	}
	object, err := w.inner.Open(ctx, inner, r)
	if err != nil {
		return nil, w.fail(err)
	}
	return &storage.Object{Info: w.out(object.Info), Body: object.Body}, nil
}

func (w *prefixed) Stat(ctx context.Context, key string) (storage.Info, error) {
	inner, err := w.in(key)
	if err != nil {
		return storage.Info{}, err
	}
	info, err := w.inner.Stat(ctx, inner)
	return w.out(info), w.fail(err)
}

func (w *prefixed) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	inner, err := w.in(key)
	if err != nil {
		return err
	}
	return w.fail(w.inner.Delete(ctx, inner, o))
}

func (w *prefixed) Move(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
	innerFrom, err := w.in(from)
	if err != nil {
		return storage.Info{}, err
	}
	innerTo, err := w.in(to)
	if err != nil {
		return storage.Info{}, err
	}
	info, err := storage.Move(ctx, w.inner, innerFrom, innerTo, o)
	return w.out(info), w.fail(err)
}

func (w *prefixed) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if err := storage.CheckPrefix(o.Prefix); err != nil {
			yield(storage.Entry{}, err)
			return
		}
		o.Prefix = w.dir + o.Prefix
		if o.After != "" {
			o.After = w.dir + o.After
		}
		for e, err := range w.inner.List(ctx, o) {
			e.Info = w.out(e.Info)
			if !yield(e, w.fail(err)) || err != nil {
				return
			}
		}
	}
}

func (w *prefixed) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	inner, err := w.in(key)
	if err != nil {
		return nil, err
	}
	u, err := w.inner.Create(ctx, inner, o)
	return w.upload(u, err)
}

func (w *prefixed) Resume(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
	inner, err := w.in(key)
	if err != nil {
		return nil, err
	}
	u, err := storage.Resume(ctx, w.inner, inner, id, o)
	return w.upload(u, err)
}

func (w *prefixed) upload(u storage.Upload, err error) (storage.Upload, error) {
	if err != nil {
		return nil, w.fail(err)
	}
	return &prefixedUpload{Upload: u, w: w}, nil
}

// Uploads leaves out those whose key is not known: they may be anybody's.
func (w *prefixed) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return func(yield func(storage.UploadInfo, error) bool) {
		if err := storage.CheckPrefix(prefix); err != nil {
			yield(storage.UploadInfo{}, err)
			return
		}
		for u, err := range storage.Uploads(ctx, w.inner, w.dir+prefix) {
			u.Key = strings.TrimPrefix(u.Key, w.dir)
			if !yield(u, w.fail(err)) || err != nil {
				return
			}
		}
	}
}

func (w *prefixed) Discard(ctx context.Context, key, id string) error {
	inner, err := w.in(key)
	if err != nil {
		return err // an upload without a key among them
	}
	return w.fail(storage.Discard(ctx, w.inner, inner, id))
}

type prefixedUpload struct {
	storage.Upload
	w *prefixed
}

func (u *prefixedUpload) Commit(ctx context.Context) (storage.Info, error) {
	info, err := u.Upload.Commit(ctx)
	return u.w.out(info), u.w.fail(err)
}
