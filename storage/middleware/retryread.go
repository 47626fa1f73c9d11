package middleware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/registrykit/registrykit/storage"
)

func (w *retrying) Open(ctx context.Context, key string, r storage.Range) (object *storage.Object, err error) {
	err = w.try(ctx, func() (err error) {
		object, err = w.inner.Open(ctx, key, r)
		return err
	}, nil)
	if err != nil {
		return nil, err
	}
	start, end, err := r.In(object.Info.Size)
	if err != nil {
		return nil, errors.Join(err, object.Body.Close())
	}
	body := &retryingBody{ctx: ctx, w: w, key: key, info: object.Info, inner: object.Body, at: start, end: end}
	return &storage.Object{Info: object.Info, Body: body}, nil
}

// retryingBody reads one version of an object, from as many openings as it takes.
type retryingBody struct {
	ctx     context.Context
	w       *retrying
	key     string
	info    storage.Info
	inner   io.ReadCloser // nil between two openings
	at, end int64
}

func (b *retryingBody) Read(p []byte) (int, error) {
	for n := 1; ; n++ {
		got, err := b.once(p)
		b.at += int64(got)
		if got > 0 || err == nil || err == io.EOF {
			if err != io.EOF {
				err = nil // it comes again, and is then tried again
			}
			return got, err
		}
		if b.info.Version == "" {
			return 0, err
		}
		if stop := b.w.again(b.ctx, n, err); stop != nil {
			return 0, stop
		}
		b.drop()
	}
}

func (b *retryingBody) once(p []byte) (int, error) {
	if b.inner == nil {
		if b.at == b.end {
			return 0, io.EOF
		}
		object, err := b.w.inner.Open(b.ctx, b.key, storage.Range{Offset: b.at, Length: b.end - b.at})
		if err != nil {
			return 0, err
		}
		b.inner = object.Body
		if object.Info.Version != b.info.Version {
			b.drop()
			return 0, fmt.Errorf("%w: replaced while it was read", storage.ErrPrecondition)
		}
	}
	return b.inner.Read(p)
}

func (b *retryingBody) drop() {
	if b.inner != nil {
		b.inner.Close()
		b.inner = nil
	}
}

func (b *retryingBody) Close() error {
	if b.inner == nil {
		return nil
	}
	return b.inner.Close()
}

func (w *retrying) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		o := o // a listing may be run again
		for n := 1; ; n++ {
			var failed error
			for e, err := range w.inner.List(ctx, o) {
				if err != nil {
					failed = err
					break
				}
				if !yield(e, nil) {
					return
				}
				o.After, n = e.Key, 1 // it gets on
			}
			if failed == nil {
				return
			}
			if stop := w.again(ctx, n, failed); stop != nil {
				yield(storage.Entry{}, stop)
				return
			}
		}
	}
}

// Uploads starts again from the beginning, which is possible as long as it has
// given nothing.
func (w *retrying) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return func(yield func(storage.UploadInfo, error) bool) {
		for n := 1; ; n++ {
			var failed error
			given := false
			for u, err := range storage.Uploads(ctx, w.inner, prefix) {
				if err != nil {
					failed = err
					break
				}
				given = true
				if !yield(u, nil) {
					return
				}
			}
			if failed == nil {
				return
			}
			if !given {
				if failed = w.again(ctx, n, failed); failed == nil {
					continue
				}
			}
			yield(storage.UploadInfo{}, failed)
			return
		}
	}
}
