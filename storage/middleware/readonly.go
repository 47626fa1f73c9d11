package middleware

import (
	"context"
	"io"
	"iter"

	"github.com/registrykit/registrykit/storage"
)

// ReadOnly returns a driver that refuses every change with storage.ErrReadOnly,
// after the checks that need no look at the store. Uploads may be listed.
func ReadOnly(d storage.Driver) storage.Driver { return readOnly{d} }

type readOnly struct{ inner storage.Driver }

func (w readOnly) Close() error { return closeDriver(w.inner) }

func (w readOnly) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	return w.inner.Open(ctx, key, r)
}

func (w readOnly) Stat(ctx context.Context, key string) (storage.Info, error) {
	return w.inner.Stat(ctx, key)
}

func (w readOnly) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return w.inner.List(ctx, o)
}

func (w readOnly) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return storage.Uploads(ctx, w.inner, prefix)
}

func (readOnly) Create(ctx context.Context, key string, _ storage.CreateOptions) (storage.Upload, error) {
	return nil, refuse(ctx, key)
}

func (readOnly) Resume(ctx context.Context, key, _ string, _ storage.CreateOptions) (storage.Upload, error) {
	return nil, refuse(ctx, key)
}

func (readOnly) Delete(ctx context.Context, key string, _ storage.DeleteOptions) error {
	return refuse(ctx, key)
}

func (readOnly) Move(ctx context.Context, from, to string, _ storage.MoveOptions) (storage.Info, error) {
	return storage.Info{}, refuse(ctx, from, to)
}

func (readOnly) Discard(ctx context.Context, _, _ string) error { return refuse(ctx) }

func refuse(ctx context.Context, keys ...string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for _, key := range keys {
		if err := storage.CheckKey(key); err != nil {
			return err
		}
	}
	return storage.ErrReadOnly
}

func closeDriver(d storage.Driver) error {
	if c, ok := d.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
