package middleware

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/registrykit/registrykit/storage"
)

// call is one call to a driver, or to what it has opened.
type call struct {
	// op is as in storage.Error.
	op  string
	key string
	// bytes is how many a read or a write moved, known afterwards.
	bytes int
	// before is how many the same Body or Upload moved before this call; most
	// is how many this call may move, negative for all.
	before int64
	most   int64
	// ending says that the call gives something free, and so must not wait.
	ending bool
}

// around is a driver with the same thing around every call. A listing is a call
// for each entry.
type around struct {
	inner storage.Driver
	hook  func(ctx context.Context, c *call, do func() error) error
}

func (w *around) do(ctx context.Context, op, key string, do func() error) error {
	return w.hook(ctx, &call{op: op, key: key, most: -1}, do)
}

func (w *around) Close() error { return closeDriver(w.inner) }

func (w *around) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	var object *storage.Object
	err := w.do(ctx, "open", key, func() (err error) {
		object, err = w.inner.Open(ctx, key, r)
		return err
	})
	if err != nil {
		if object != nil {
			object.Body.Close() // the answer was lost
		}
		return nil, err
	}
	return &storage.Object{Info: object.Info, Body: &aroundBody{ctx: ctx, w: w, key: key, inner: object.Body}}, nil
}

func (w *around) Stat(ctx context.Context, key string) (info storage.Info, err error) {
	err = w.do(ctx, "stat", key, func() (err error) {
		info, err = w.inner.Stat(ctx, key)
		return err
	})
	return info, err
}

func (w *around) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	return w.do(ctx, "delete", key, func() error { return w.inner.Delete(ctx, key, o) })
}

func (w *around) Move(ctx context.Context, from, to string, o storage.MoveOptions) (info storage.Info, err error) {
	err = w.do(ctx, "move", from, func() (err error) {
		info, err = storage.Move(ctx, w.inner, from, to, o)
		return err
	})
	return info, err
}

func (w *around) Discard(ctx context.Context, key, id string) error {
	return w.do(ctx, "discard", key, func() error { return storage.Discard(ctx, w.inner, key, id) })
}

func (w *around) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return stepwise(w, ctx, "list", o.Prefix, w.inner.List(ctx, o))
}

func (w *around) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return stepwise(w, ctx, "uploads", prefix, storage.Uploads(ctx, w.inner, prefix))
}

// stepwise makes a call of each step, so that none is running while the loop's
// body is.
func stepwise[T any](w *around, ctx context.Context, op, prefix string, all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		next, stop := iter.Pull2(all)
		defer stop()
		for {
			var item, zero T
			var more bool
			err := w.do(ctx, op, prefix, func() (err error) {
				item, err, more = next()
				return err
			})
			if err != nil {
				yield(zero, err)
				return
			}
			if !more || !yield(item, nil) {
				return
			}
		}
	}
}

func (w *around) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	return w.upload(ctx, "create", key, func() (storage.Upload, error) { return w.inner.Create(ctx, key, o) })
}

func (w *around) Resume(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
	return w.upload(ctx, "resume", key, func() (storage.Upload, error) { return storage.Resume(ctx, w.inner, key, id, o) })
}

func (w *around) upload(ctx context.Context, op, key string, start func() (storage.Upload, error)) (storage.Upload, error) {
	var u storage.Upload
	err := w.do(ctx, op, key, func() (err error) {
		u, err = start()
		return err
	})
	if err != nil {
		if u != nil { // the answer was lost; what was resumed is kept
			if op == "resume" {
				u.Suspend(context.WithoutCancel(ctx))
			}
			u.Abort(context.WithoutCancel(ctx))
		}
		return nil, err
	}
	return &aroundUpload{ctx: ctx, w: w, key: key, inner: u}, nil
}

type aroundBody struct {
	ctx   context.Context
	w     *around
	key   string
	inner io.ReadCloser
	moved int64
}

func (b *aroundBody) Read(p []byte) (int, error) {
	c := &call{op: "read", key: b.key, before: b.moved, most: -1}
	ended := false
	err := b.w.hook(b.ctx, c, func() (err error) {
		if c.most >= 0 && c.most < int64(len(p)) {
			p = p[:c.most]
		}
		c.bytes, err = b.inner.Read(p)
		if err == io.EOF { // no failure
			ended, err = true, nil
		}
		return err
	})
	b.moved += int64(c.bytes)
	if err == nil && ended {
		err = io.EOF
	}
	return c.bytes, err
}

func (b *aroundBody) Close() error { return b.inner.Close() }

type aroundUpload struct {
	ctx   context.Context
	w     *around
	key   string
	inner storage.Upload
	moved int64
	// failed is of a Write that the driver below has not seen fail.
	failed error
}

func (u *aroundUpload) Size() int64 { return u.inner.Size() }
func (u *aroundUpload) ID() string  { return u.inner.ID() }

func (u *aroundUpload) Write(p []byte) (int, error) {
	if u.failed != nil {
		return 0, u.failed
	}
	c := &call{op: "write", key: u.key, before: u.moved, most: -1}
	err := u.w.hook(u.ctx, c, func() (err error) {
		if c.most >= 0 && c.most < int64(len(p)) {
			p = p[:c.most]
		}
		c.bytes, err = u.inner.Write(p)
		return err
	})
	u.moved += int64(c.bytes)
	if !errors.Is(err, storage.ErrEnded) { // which says nothing of the bytes
		u.failed = err
	}
	return c.bytes, err
}

func (u *aroundUpload) Commit(ctx context.Context) (info storage.Info, err error) {
	if u.failed != nil {
		return storage.Info{}, u.failed
	}
	err = u.w.do(ctx, "commit", u.key, func() (err error) {
		info, err = u.inner.Commit(ctx)
		return err
	})
	if err != nil {
		return storage.Info{}, err
	}
	return info, nil
}

func (u *aroundUpload) Suspend(ctx context.Context) error {
	return u.w.do(ctx, "suspend", u.key, func() error { return u.inner.Suspend(ctx) })
}

func (u *aroundUpload) Abort(ctx context.Context) error {
	c := &call{op: "abort", key: u.key, most: -1, ending: true}
	return u.w.hook(ctx, c, func() error { return u.inner.Abort(ctx) })
}
