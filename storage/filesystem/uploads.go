package filesystem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// Resume goes on with an upload; see [storage.Resumer].
func (d *Driver) Resume(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := errors.Join(storage.CheckKey(key), o.Check()); err != nil {
		return nil, err
	}
	if was, ok := d.keyOf(id); !ok || was != key {
		return nil, storage.ErrNotExist
	}
	f, err := d.hold(ctx, id)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, 2)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &upload{ctx: ctx, d: d, key: key, id: id, file: f, options: o, size: size, resumable: true}, nil
}

// hold opens the file of an upload and takes its lock.
func (d *Driver) hold(ctx context.Context, id string) (*os.File, error) {
	_, closeIt, err := d.openDir(uploadsDir) // and no link
	if err != nil {
		return nil, err
	}
	closeIt()
	info, err := d.root.Lstat(path(id))
	if err != nil {
		return nil, plain(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: upload %s: %v", storage.ErrForeign, id, info.Mode().Type())
	}
	f, err := d.root.OpenFile(path(id), os.O_RDWR, 0)
	if err != nil {
		return nil, plain(err)
	}
	d.step("lock upload")
	if err := holdOpen(ctx, f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	switch n := names(f); {
	case n == 0: // discarded between the opening and the lock
		return nil, errors.Join(storage.ErrNotExist, f.Close())
	case n > 1:
		// It was committed, and its process died before it took this name
		// away. To write to it would be to write to the object.
		return nil, errors.Join(errCommitted, d.discard(id), f.Close())
	}
	return f, nil
}

// errCommitted says that an upload was committed, and that what was left of it has
// been taken away.
var errCommitted = fmt.Errorf("%w: it was committed", storage.ErrNotExist)

// holdOpen takes the lock, with some patience for those who only look at it.
func holdOpen(ctx context.Context, f *os.File) error {
	for try := 0; ; try++ {
		err := tryLock(f, true)
		switch {
		case errors.Is(err, storage.ErrUnsupported):
			return nil // then nobody is known to hold it
		case !errors.Is(err, storage.ErrBusy) || try == 10:
			return err
		}
		timer := time.NewTimer(time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// isID says whether this is what rand.Text makes: no path, whoever sent it.
func isID(id string) bool {
	const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	return len(id) == 26 && strings.Trim(id, base32) == ""
}

// keyOf returns the key that is noted beside an upload; false where there is none
// or none that is a key.
func (d *Driver) keyOf(id string) (string, bool) {
	if !isID(id) {
		return "", false
	}
	_, closeIt, err := d.openDir(uploadsDir) // and no link
	if err != nil {
		return "", false
	}
	closeIt()
	info, err := d.root.Lstat(keyPath(id))
	if err != nil || !info.Mode().IsRegular() || info.Size() > storage.MaxKey {
		return "", false
	}
	key, err := d.root.ReadFile(keyPath(id))
	if err != nil || storage.CheckKey(string(key)) != nil {
		return "", false
	}
	return string(key), true
}

// Uploads lists the uploads that have not ended; see [storage.Resumer]. With the
// prefix "" it also gives, without a key, those that cannot be resumed.
func (d *Driver) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return func(yield func(storage.UploadInfo, error) bool) {
		if err := errors.Join(context.Cause(ctx), storage.CheckPrefix(prefix)); err != nil {
			yield(storage.UploadInfo{}, err)
			return
		}
		at, closeIt, err := d.openDir(uploadsDir)
		if errors.Is(err, storage.ErrNotExist) {
			return
		}
		if err != nil {
			yield(storage.UploadInfo{}, err)
			return
		}
		defer closeIt()
		all, err := readNames(at, false)
		if err != nil {
			yield(storage.UploadInfo{}, err)
			return
		}
		given := ""
		for _, f := range all {
			id := strings.TrimSuffix(f.name, ".key")
			if id == given || !isID(id) {
				continue
			}
			given = id
			if err := context.Cause(ctx); err != nil {
				yield(storage.UploadInfo{}, err)
				return
			}
			u, err := d.unfinished(id)
			if errors.Is(err, storage.ErrNotExist) || err == nil && !strings.HasPrefix(u.Key, prefix) {
				continue
			}
			if !yield(u, err) || err != nil {
				return
			}
		}
	}
}

// unfinished looks at one upload.
func (d *Driver) unfinished(id string) (storage.UploadInfo, error) {
	u := storage.UploadInfo{ID: id}
	u.Key, u.Resumable = d.keyOf(id)
	info, err := d.root.Lstat(path(id))
	if errors.Is(err, fs.ErrNotExist) {
		// Only the key is left: it was committed, or its process died in Discard.
		info, err = d.root.Lstat(keyPath(id))
		if err != nil {
			return storage.UploadInfo{}, plain(err)
		}
		u.Resumable, u.Written = false, info.ModTime()
		return u, nil
	}
	if err != nil {
		return storage.UploadInfo{}, plain(err)
	}
	u.Size, u.Written = info.Size(), info.ModTime()
	if !info.Mode().IsRegular() {
		u.Resumable = false
		return u, nil
	}
	f, err := d.root.OpenFile(path(id), os.O_RDWR, 0)
	if err != nil {
		return storage.UploadInfo{}, plain(err)
	}
	u.Active = errors.Is(tryLock(f, false), storage.ErrBusy)
	u.Resumable = u.Resumable && names(f) <= 1
	return u, f.Close()
}

// Discard takes an upload away; see [storage.Resumer].
func (d *Driver) Discard(ctx context.Context, key, id string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if was, _ := d.keyOf(id); !isID(id) || was != key {
		return storage.ErrNotExist
	}
	f, err := d.hold(ctx, id)
	switch {
	case err == nil:
		return errors.Join(d.discard(id), f.Close())
	case errors.Is(err, errCommitted):
		return nil
	case errors.Is(err, storage.ErrForeign):
		return d.discard(id) // the name, not what it points to
	case !errors.Is(err, storage.ErrNotExist):
		return err
	}
	return plain(d.root.Remove(keyPath(id))) // where only that was left
}
