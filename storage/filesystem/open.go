package filesystem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/registrykit/registrykit/storage"
)

// Open opens a part of an object; see [storage.Opener].
func (d *Driver) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	f, err := d.openFile(ctx, key)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %v", storage.ErrForeign, info.Mode().Type())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	start, end, err := r.In(info.Size())
	if err == nil && start > 0 {
		_, err = f.Seek(start, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &storage.Object{Info: describe(key, info), Body: &body{ctx: ctx, file: f, left: end - start}}, nil
}

// openFile opens an object's file.
func (d *Driver) openFile(ctx context.Context, key string) (*os.File, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := storage.CheckKey(key); err != nil {
		return nil, err
	}
	if f := d.quick.open(key); f != nil {
		return f, nil
	}
	p, err := d.walk(ctx, key)
	if err != nil {
		return nil, err
	}
	defer p.close()
	// Before it is opened: to open a pipe would wait for its writer.
	if _, err := p.object(); err != nil {
		return nil, err
	}
	f, err := p.parent.Open(p.leaf)
	return f, plain(err)
}

// body reads one file, which nobody changes: a replacement is another file.
type body struct {
	ctx  context.Context
	file *os.File
	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if err := context.Cause(b.ctx); err != nil {
		return 0, err
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.file.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err == io.EOF && b.left > 0 {
		err = io.ErrUnexpectedEOF // another program has cut it off
	}
	return n, err
}

func (b *body) Close() error { return b.file.Close() }
