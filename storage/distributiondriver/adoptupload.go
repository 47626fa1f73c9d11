package distributiondriver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"strings"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
)

// Uploads are below ownDir: one directory each, with the bytes in dataName and,
// where it can be resumed, the key in keyName.
const (
	uploadsDir = ownDir + "/uploads"
	dataName   = "/data"
	keyName    = "/key"
)

// Create starts an upload; see [storage.Creator].
func (a *Adopted) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	if err := readyToCreate(ctx, key, o); err != nil {
		return nil, err
	}
	id := strings.ToLower(rand.Text())
	a.hold(id)
	u := &adoptedUpload{a: a, ctx: ctx, key: key, id: id, resumable: o.Resumable}
	if o.Resumable {
		if err := a.inner.PutContent(ctx, u.path(keyName), []byte(key)); err != nil {
			a.release(id)
			return nil, classify(err)
		}
	}
	w, err := a.inner.Writer(ctx, u.path(dataName), false)
	if err != nil {
		return nil, errors.Join(classify(err), u.remove(context.WithoutCancel(ctx)))
	}
	u.w = w
	return u, nil
}

// Resume goes on with an upload; see [storage.Resumer].
func (a *Adopted) Resume(ctx context.Context, key, id string, o storage.CreateOptions) (storage.Upload, error) {
	if err := readyToCreate(ctx, key, o); err != nil {
		return nil, err
	}
	if !isID(id) {
		return nil, storage.ErrNotExist
	}
	if !a.hold(id) {
		return nil, storage.ErrBusy
	}
	u := &adoptedUpload{a: a, ctx: ctx, key: key, id: id, resumable: true}
	if err := u.open(); err != nil {
		a.release(id)
		return nil, err
	}
	return u, nil
}

func readyToCreate(ctx context.Context, key string, o storage.CreateOptions) error {
	if err := readyFor(ctx, key); err != nil {
		return err
	}
	if o.IfAbsent || o.IfVersion != "" {
		return fmt.Errorf("preconditions: %w", storage.ErrUnsupported)
	}
	return nil
}

// Uploads lists the uploads that have not ended; see [storage.Resumer]. Only those
// that this value holds are known to be active.
func (a *Adopted) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return func(yield func(storage.UploadInfo, error) bool) {
		if err := errors.Join(context.Cause(ctx), storage.CheckPrefix(prefix)); err != nil {
			yield(storage.UploadInfo{}, err)
			return
		}
		dirs, err := a.inner.List(ctx, uploadsDir)
		if err = classify(err); err != nil {
			if !errors.Is(err, storage.ErrNotExist) {
				yield(storage.UploadInfo{}, err)
			}
			return
		}
		for _, dir := range dirs {
			u, ok, err := a.uploadInfo(ctx, strings.TrimPrefix(dir, uploadsDir+"/"))
			if err != nil {
				yield(storage.UploadInfo{}, err)
				return
			}
			if ok && strings.HasPrefix(u.Key, prefix) && !yield(u, nil) {
				return
			}
		}
	}
}

// uploadInfo looks at one upload; ok is false where it has ended meanwhile.
func (a *Adopted) uploadInfo(ctx context.Context, id string) (u storage.UploadInfo, ok bool, err error) {
	if err := context.Cause(ctx); err != nil {
		return u, false, err
	}
	u = storage.UploadInfo{ID: id, Size: -1, Active: a.isHeld(id)}
	info, err := a.inner.Stat(ctx, uploadsDir+"/"+id+dataName)
	if err = classify(err); err != nil && !errors.Is(err, storage.ErrNotExist) {
		return u, false, err
	}
	if err == nil {
		u.Size, u.Written = info.Size(), info.ModTime()
	}
	key, keyErr := a.inner.GetContent(ctx, uploadsDir+"/"+id+keyName)
	if keyErr = classify(keyErr); keyErr != nil && !errors.Is(keyErr, storage.ErrNotExist) {
		return u, false, keyErr
	}
	if keyErr == nil && storage.CheckKey(string(key)) == nil {
		u.Key, u.Resumable = string(key), err == nil
	}
	return u, err == nil || keyErr == nil, nil
}

// Discard takes an upload away; see [storage.Resumer].
func (a *Adopted) Discard(ctx context.Context, key, id string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if !isID(id) {
		return storage.ErrNotExist
	}
	if !a.hold(id) {
		return storage.ErrBusy
	}
	defer a.release(id)
	u, ok, err := a.uploadInfo(ctx, id)
	switch {
	case err != nil:
		return err
	case !ok || u.Key != key:
		return storage.ErrNotExist
	}
	return classify(a.inner.Delete(ctx, uploadsDir+"/"+id))
}

// isID says whether Create could have made the ID.
func isID(id string) bool {
	return len(id) == len(rand.Text()) && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '2' || r > '7')
	})
}

func (a *Adopted) hold(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.held[id] {
		return false
	}
	a.held[id] = true
	return true
}

func (a *Adopted) release(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.held, id)
}

func (a *Adopted) isHeld(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.held[id]
}

type adoptedUpload struct {
	a         *Adopted
	ctx       context.Context
	key, id   string
	resumable bool

	w       storagedriver.FileWriter // nil once its bytes are safe
	size    int64
	failed  error
	written bool // the bytes are committed in their own place
	moving  bool // and may have been moved already
	ended   bool
	info    *storage.Info
}

func (u *adoptedUpload) path(name string) string { return uploadsDir + "/" + u.id + name }

// open opens what was suspended.
func (u *adoptedUpload) open() error {
	key, err := u.a.inner.GetContent(u.ctx, u.path(keyName))
	if err != nil {
		return classify(err)
	}
	if string(key) != u.key {
		return storage.ErrNotExist
	}
	info, err := u.a.inner.Stat(u.ctx, u.path(dataName))
	if err != nil {
		return classify(err)
	}
	w, err := u.a.inner.Writer(u.ctx, u.path(dataName), true)
	if err != nil {
		return classify(err)
	}
	u.w, u.size = w, info.Size()
	if w.Size() != u.size {
		return errors.Join(fmt.Errorf("%w: the driver resumes at %d of %d bytes", storage.ErrConflict, w.Size(), u.size), w.Close())
	}
	return nil
}

func (u *adoptedUpload) Size() int64 { return u.size }

func (u *adoptedUpload) ID() string {
	if !u.resumable {
		return ""
	}
	return u.id
}

func (u *adoptedUpload) Write(p []byte) (int, error) {
	if u.ended {
		return 0, storage.ErrEnded
	}
	if u.failed == nil {
		u.failed = context.Cause(u.ctx)
	}
	if u.failed == nil && u.w == nil {
		u.failed = fmt.Errorf("%w: written to after Commit was tried", storage.ErrConflict)
	}
	if u.failed != nil {
		return 0, u.failed
	}
	n, err := u.w.Write(p)
	u.size += int64(n)
	u.failed = classify(err)
	return n, u.failed
}

func (u *adoptedUpload) Commit(ctx context.Context) (storage.Info, error) {
	switch {
	case u.info != nil:
		return *u.info, nil
	case u.ended:
		return storage.Info{}, storage.ErrEnded
	case u.failed != nil:
		return storage.Info{}, u.failed
	}
	if err := context.Cause(ctx); err != nil {
		return storage.Info{}, err
	}
	if err := u.finish(ctx); err != nil {
		return storage.Info{}, err
	}
	if err := u.move(ctx); err != nil {
		return storage.Info{}, err
	}
	info, err := u.a.Stat(ctx, u.key)
	if err != nil {
		return storage.Info{}, err
	}
	u.info, u.ended = &info, true
	// It is committed; what stays behind if this fails, Uploads lists.
	u.remove(context.WithoutCancel(ctx))
	return info, nil
}

// finish makes the bytes safe where they are, and looks whether they are all there.
func (u *adoptedUpload) finish(ctx context.Context) error {
	if u.written {
		return nil
	}
	err := u.w.Commit(ctx)
	if err = errors.Join(err, u.w.Close()); err != nil {
		u.failed = classify(err)
		return u.failed
	}
	u.w = nil
	info, err := u.a.inner.Stat(ctx, u.path(dataName))
	if err != nil {
		return classify(err)
	}
	if info.Size() != u.size {
		u.failed = fmt.Errorf("the driver has kept %d bytes of %d", info.Size(), u.size)
		return u.failed
	}
	u.written = true
	return nil
}

// move brings the object into its place. Of a move that was tried before, nobody
// knows whether it took place: then the bytes are where they should be.
func (u *adoptedUpload) move(ctx context.Context) error {
	if err := u.a.vacant(ctx, u.key); err != nil {
		return err
	}
	err := classify(u.a.inner.Move(ctx, u.path(dataName), u.a.path(u.key)))
	if errors.Is(err, storage.ErrNotExist) && u.moving {
		if info, statErr := u.a.Stat(ctx, u.key); statErr == nil && info.Size == u.size {
			return nil
		}
	}
	u.moving = true
	return err
}

func (u *adoptedUpload) Suspend(ctx context.Context) error {
	if u.ended {
		return storage.ErrEnded
	}
	if !u.resumable {
		return fmt.Errorf("suspend: %w", storage.ErrUnsupported)
	}
	if u.w == nil {
		return fmt.Errorf("%w: suspended after Commit was tried", storage.ErrConflict)
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := u.w.Close(); err != nil {
		return classify(err)
	}
	u.ended = true
	u.a.release(u.id)
	return nil
}

func (u *adoptedUpload) Abort(ctx context.Context) error {
	if u.ended {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	if u.w != nil {
		u.w.Cancel(ctx) // some fail at this though they have done it
		u.w.Close()
		u.w = nil
	}
	err := u.remove(ctx)
	u.ended = err == nil
	if u.failed == nil {
		u.failed = storage.ErrEnded
	}
	return err
}

// remove takes away what the upload has below ownDir.
func (u *adoptedUpload) remove(ctx context.Context) error {
	err := classify(u.a.inner.Delete(ctx, u.path("")))
	if err != nil && !errors.Is(err, storage.ErrNotExist) {
		return err
	}
	u.a.release(u.id)
	return nil
}
