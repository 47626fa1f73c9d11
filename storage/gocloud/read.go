package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/registrykit/registrykit/storage"
	"gocloud.dev/blob"
)

// Open opens a part of an object; see [storage.Opener]. It takes two requests: what
// is read does not say its version. The object that is read is never older than the
// Info. An object that is replaced again and again meanwhile is
// [storage.ErrUnavailable].
func (d *Driver) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	if r.Offset < 0 || r.Length < 0 {
		return nil, errors.Join(storage.CheckKey(key), storage.ErrInvalidRange)
	}
	const tries = 5
	for range tries {
		info, err := d.Stat(ctx, key)
		if err != nil {
			return nil, err
		}
		start, end, err := r.In(info.Size)
		if err != nil {
			return nil, err
		}
		if start == end {
			return &storage.Object{Info: info, Body: &body{ctx: ctx, inner: http.NoBody}}, nil
		}
		reader, err := d.bucket.NewRangeReader(ctx, key, start, end-start, nil)
		if err != nil {
			return nil, d.fail(ctx, err)
		}
		if isOf(reader, info) {
			return &storage.Object{Info: info, Body: &body{ctx: ctx, inner: reader, left: end - start}}, nil
		}
		if err := reader.Close(); err != nil {
			return nil, d.fail(ctx, err)
		}
	}
	return nil, fmt.Errorf("%w: replaced %d times while it was opened", storage.ErrUnavailable, tries)
}

// isOf says whether the reader can be of the object. Some services have times of
// whole seconds there.
func isOf(reader *blob.Reader, info storage.Info) bool {
	return reader.Size() == info.Size && reader.ModTime().Truncate(time.Second).Equal(info.ModTime.Truncate(time.Second))
}

// body gives so many bytes, or an error.
type body struct {
	ctx   context.Context
	inner io.ReadCloser
	left  int64
}

func (b *body) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, err
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.inner.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF {
		err = classify(b.ctx, err)
	}
	return n, err
}

func (b *body) Close() error { return b.inner.Close() }
