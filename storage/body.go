package storage

import (
	"context"
	"io"
)

// body gives exactly the bytes that were asked for, or an error.
type body struct {
	ctx   context.Context
	inner io.ReadCloser
	key   string
	left  int64
}

func (b *body) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, at("read", b.key, err)
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.inner.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	switch {
	case err == io.EOF && b.left > 0:
		err = at("read", b.key, io.ErrUnexpectedEOF)
	case err == io.EOF || b.left == 0:
		err = nil // said by the next Read; what comes after the end is nobody's
	case err != nil:
		err = at("read", b.key, err)
	}
	return n, err
}

func (b *body) Close() error { return at("read", b.key, b.inner.Close()) }
