package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
)

// A wrapper has every optional role, whatever is behind it. So a role that
// answers [ErrUnsupported] is as good as one that is not there, and the free
// functions below treat them alike. Wrappers call these, and never look behind
// another wrapper.

// Move gives an object another key, as [Mover] says. Where d has no such role it
// copies the bytes and then deletes the old object, if it is still the one that
// was copied.
func Move(ctx context.Context, d Driver, from, to string, o MoveOptions) (Info, error) {
	if m, ok := d.(Mover); ok {
		info, err := m.Move(ctx, from, to, o)
		if !errors.Is(err, ErrUnsupported) {
			return info, err
		}
	}
	if err := errors.Join(CheckKey(from), CheckKey(to)); err != nil {
		return Info{}, err
	}
	if from == to {
		return Info{}, fmt.Errorf("%w: move onto itself", ErrConflict)
	}
	return moveByCopy(ctx, d, from, to, o)
}

func moveByCopy(ctx context.Context, d Driver, from, to string, o MoveOptions) (Info, error) {
	object, err := d.Open(ctx, from, Range{})
	if err != nil {
		return Info{}, err
	}
	defer object.Body.Close()
	upload, err := d.Create(ctx, to, CreateOptions{IfAbsent: o.IfAbsent})
	if err != nil {
		return Info{}, err
	}
	defer upload.Abort(context.WithoutCancel(ctx))
	n, err := io.Copy(upload, object.Body)
	if err == nil && n != object.Info.Size {
		err = fmt.Errorf("%w: %d bytes of %d", io.ErrUnexpectedEOF, n, object.Info.Size)
	}
	if err != nil {
		return Info{}, err
	}
	info, err := upload.Commit(ctx)
	if err != nil {
		return Info{}, err
	}
	err = deleteIfSame(ctx, d, object.Info)
	if errors.Is(err, ErrNotExist) {
		err = nil // somebody else has deleted it: it is gone, as was asked
	}
	return info, err
}

// deleteIfSame deletes the object if it is still the one of info. Where the
// driver has no precondition for that, it looks first; then a replacement that
// comes between the look and the deletion is lost.
func deleteIfSame(ctx context.Context, d Driver, info Info) error {
	if info.Version != "" {
		err := d.Delete(ctx, info.Key, DeleteOptions{IfVersion: info.Version})
		if !errors.Is(err, ErrUnsupported) {
			return err
		}
	}
	now, err := d.Stat(ctx, info.Key)
	if err != nil {
		return err
	}
	if now.Version != info.Version || now.Size != info.Size || !now.ModTime.Equal(info.ModTime) {
		return fmt.Errorf("%w: replaced while it was moved", ErrPrecondition)
	}
	return d.Delete(ctx, info.Key, DeleteOptions{})
}

// Resume goes on with an upload, as [Resumer] says; [ErrUnsupported] where d has
// no such role.
func Resume(ctx context.Context, d Driver, key, id string, o CreateOptions) (Upload, error) {
	if r, ok := d.(Resumer); ok {
		return r.Resume(ctx, key, id, o)
	}
	return nil, fmt.Errorf("resume: %w", ErrUnsupported)
}

// Uploads lists the uploads that have not ended, as [Resumer] says; one
// [ErrUnsupported] where d has no such role.
func Uploads(ctx context.Context, d Driver, prefix string) iter.Seq2[UploadInfo, error] {
	if r, ok := d.(Resumer); ok {
		return r.Uploads(ctx, prefix)
	}
	return func(yield func(UploadInfo, error) bool) {
		yield(UploadInfo{}, fmt.Errorf("uploads: %w", ErrUnsupported))
	}
}

// Discard takes an upload away, as [Resumer] says; [ErrUnsupported] where d has
// no such role.
func Discard(ctx context.Context, d Driver, key, id string) error {
	if r, ok := d.(Resumer); ok {
		return r.Discard(ctx, key, id)
	}
	return fmt.Errorf("discard: %w", ErrUnsupported)
}

// Check says what is wrong with the options: that they contradict each other is
// [ErrUnsupported].
func (o CreateOptions) Check() error {
	if o.IfAbsent && o.IfVersion != "" {
		return fmt.Errorf("%w: IfAbsent and IfVersion at once", ErrUnsupported)
	}
	return nil
}
