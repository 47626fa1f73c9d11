package distributiondriver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
)

// ownDir is where an [Adopted] keeps what is not complete.
const ownDir = "/" + storage.Reserved

// Adopted is a [storage.Driver] on a distribution driver, with the roles
// [storage.Mover] and [storage.Resumer]. It may be used from many goroutines. Use
// one for a tree in a process: it is this value that knows which uploads are held.
//
// Objects have no versions, and IfAbsent and IfVersion are
// [storage.ErrUnsupported]. What the drivers themselves do not do cannot be had
// through them: the filesystem's does not sync the directory after a move, so that
// a power failure may take back the last commits; S3's moves by copying.
//
// A key that was a directory stays one when its last object goes: it cannot be
// committed to then, which is [storage.ErrConflict]. Distribution's Delete takes
// away everything below a path, so directories are never deleted, and an object
// below which there are others is not either.
//
// A byte that distribution does not allow in paths is escaped in them.
type Adopted struct {
	inner storagedriver.StorageDriver

	mu   sync.Mutex
	held map[string]bool // IDs of uploads
}

var (
	_ storage.Driver  = (*Adopted)(nil)
	_ storage.Mover   = (*Adopted)(nil)
	_ storage.Resumer = (*Adopted)(nil)
)

// Adopt returns a driver on what d keeps.
func Adopt(d storagedriver.StorageDriver) *Adopted {
	return &Adopted{inner: d, held: make(map[string]bool)}
}

// Open opens a part of an object; see [storage.Opener]. An object that is replaced
// again and again meanwhile is [storage.ErrUnavailable].
func (a *Adopted) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	if r.Offset < 0 || r.Length < 0 {
		return nil, errors.Join(storage.CheckKey(key), storage.ErrInvalidRange)
	}
	info, err := a.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	const tries = 5
	for range tries {
		start, end, err := r.In(info.Size)
		if err != nil {
			return nil, err
		}
		inner, err := a.inner.Reader(ctx, a.path(key), start)
		if err != nil {
			return nil, classify(err)
		}
		// Whether it is the object that was looked at.
		again, err := a.Stat(ctx, key)
		if err != nil {
			return nil, errors.Join(err, inner.Close())
		}
		if again.Size == info.Size && again.ModTime.Equal(info.ModTime) {
			return &storage.Object{Info: info, Body: &adoptedBody{ctx: ctx, inner: inner, left: end - start}}, nil
		}
		if err := inner.Close(); err != nil {
			return nil, classify(err)
		}
		info = again
	}
	return nil, fmt.Errorf("%w: replaced %d times while it was opened", storage.ErrUnavailable, tries)
}

// Stat says what is known of an object; see [storage.Opener].
func (a *Adopted) Stat(ctx context.Context, key string) (storage.Info, error) {
	if err := readyFor(ctx, key); err != nil {
		return storage.Info{}, err
	}
	info, err := a.inner.Stat(ctx, a.path(key))
	if err != nil {
		return storage.Info{}, classify(err)
	}
	if info.IsDir() {
		return storage.Info{}, storage.ErrNotExist
	}
	return adoptedInfo(key, info), nil
}

// Delete takes an object away; see [storage.Deleter].
func (a *Adopted) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	if o.IfVersion != "" {
		return errors.Join(storage.CheckKey(key), fmt.Errorf("IfVersion: %w", storage.ErrUnsupported))
	}
	if _, err := a.Stat(ctx, key); err != nil {
		return err
	}
	below, err := a.inner.List(ctx, a.path(key))
	if err != nil && !errors.Is(classify(err), storage.ErrNotExist) && !isNotDirectory(err) {
		return classify(err)
	}
	if err == nil && len(below) > 0 {
		return fmt.Errorf("%w: there are objects below it, which would be deleted too", storage.ErrConflict)
	}
	return classify(a.inner.Delete(ctx, a.path(key)))
}

// Move gives an object another key; see [storage.Mover].
func (a *Adopted) Move(ctx context.Context, from, to string, o storage.MoveOptions) (storage.Info, error) {
	if err := errors.Join(readyFor(ctx, from), storage.CheckKey(to)); err != nil {
		return storage.Info{}, err
	}
	if o.IfAbsent {
		return storage.Info{}, fmt.Errorf("IfAbsent: %w", storage.ErrUnsupported)
	}
	if _, err := a.Stat(ctx, from); err != nil {
		return storage.Info{}, err
	}
	if from == to {
		return storage.Info{}, fmt.Errorf("%w: move onto itself", storage.ErrConflict)
	}
	if err := a.vacant(ctx, to); err != nil {
		return storage.Info{}, err
	}
	if err := a.inner.Move(ctx, a.path(from), a.path(to)); err != nil {
		return storage.Info{}, classify(err)
	}
	return a.Stat(ctx, to)
}

// vacant says what stands in the way of an object with the key: a directory, or an
// object that would be its directory.
func (a *Adopted) vacant(ctx context.Context, key string) error {
	info, err := a.inner.Stat(ctx, a.path(key))
	if err == nil && info.IsDir() {
		return fmt.Errorf("%w: it is a directory", storage.ErrConflict)
	}
	if err == nil {
		return nil // and so nothing stands in its way
	}
	if err := classify(err); !errors.Is(err, storage.ErrNotExist) {
		return err
	}
	for i := strings.IndexByte(key, '/'); i >= 0; {
		switch info, err := a.inner.Stat(ctx, a.path(key[:i])); {
		case err == nil && !info.IsDir():
			return fmt.Errorf("%w: %s", storage.ErrConflict, key[:i])
		case err != nil && errors.Is(classify(err), storage.ErrNotExist):
			return nil // nor is there anything below
		case err != nil:
			return classify(err)
		}
		next := strings.IndexByte(key[i+1:], '/')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return nil
}

func (a *Adopted) path(key string) string { return "/" + escape(key) }

func adoptedInfo(key string, info storagedriver.FileInfo) storage.Info {
	return storage.Info{Key: key, Size: info.Size(), ModTime: info.ModTime()}
}

func readyFor(ctx context.Context, key string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return storage.CheckKey(key)
}

// classify gives an error its class, and its cause back where distribution hides
// it.
func classify(err error) error {
	var hidden storagedriver.Error
	var missing storagedriver.PathNotFoundError
	var invalid storagedriver.InvalidPathError
	var unsupported storagedriver.ErrUnsupportedMethod
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		return fmt.Errorf("%w: %w", storage.ErrNotExist, err)
	case errors.As(err, &invalid):
		return fmt.Errorf("%w: %w", storage.ErrInvalidKey, err)
	case errors.As(err, &unsupported):
		return fmt.Errorf("%w: %w", storage.ErrUnsupported, err)
	case errors.As(err, &hidden):
		err = fmt.Errorf("%s: %w", hidden.DriverName, hidden.Detail)
	}
	if isNotDirectory(err) { // a part of the path is an object
		return fmt.Errorf("%w: %w", storage.ErrNotExist, err)
	}
	return err
}

// isNotDirectory finds the operating system's error and the one of distribution's
// memory driver, which have only the words in common.
func isNotDirectory(err error) bool {
	return err != nil && strings.Contains(err.Error(), "not a directory")
}

// adoptedBody ends with the range, and with the context.
type adoptedBody struct {
	ctx   context.Context
	inner io.ReadCloser
	left  int64
}

func (b *adoptedBody) Read(p []byte) (int, error) {
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
		err = classify(err)
	}
	return n, err
}

func (b *adoptedBody) Close() error { return classify(b.inner.Close()) }
