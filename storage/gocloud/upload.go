package gocloud

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/storage"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// commitName is the metadata in which an upload leaves its name with the object, by
// which a commit whose answer was lost is told from another's. Azure takes no dashes.
const commitName = "registrykit_commit"

// Create starts an upload; see [storage.Creator]. Resumable is
// [storage.ErrUnsupported].
func (d *Driver) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	if err := ready(ctx, key); err != nil {
		return nil, err
	}
	if err := d.can(o); err != nil {
		return nil, err
	}
	return &upload{
		ctx: ctx, d: d, key: key, options: o, commit: rand.Text(),
		spool: spool{dir: d.options.SpoolDir, limit: d.options.MaxMemory},
	}, nil
}

func (d *Driver) can(o storage.CreateOptions) error {
	if err := o.Check(); err != nil {
		return err
	}
	switch {
	case o.Resumable:
		return fmt.Errorf("resumable upload: %w", storage.ErrUnsupported)
	case o.IfAbsent && d.files:
		return fmt.Errorf("IfAbsent on fileblob: %w", storage.ErrUnsupported)
	case o.IfVersion != "" && d.options.Service == nil:
		return fmt.Errorf("IfVersion: %w", storage.ErrUnsupported)
	}
	return nil
}

type upload struct {
	ctx     context.Context
	d       *Driver
	key     string
	options storage.CreateOptions
	commit  string
	spool   spool

	failed error // of a Write
	ended  bool
	info   *storage.Info
}

func (u *upload) Size() int64 { return u.spool.size }

// ID is empty: no upload can be resumed.
func (u *upload) ID() string { return "" }

func (u *upload) Write(p []byte) (int, error) {
	if u.ended {
		return 0, storage.ErrEnded
	}
	if u.failed == nil {
		u.failed = context.Cause(u.ctx)
	}
	if u.failed != nil {
		return 0, u.failed
	}
	n, err := u.spool.Write(p)
	u.failed = err
	return n, err
}

func (u *upload) Commit(ctx context.Context) (storage.Info, error) {
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
	info, err := u.look(ctx, u.send(ctx))
	if err != nil {
		return storage.Info{}, err
	}
	u.info, u.ended = &info, true
	u.spool.remove() // it is committed
	return info, nil
}

// send sends everything.
func (u *upload) send(ctx context.Context) error {
	o := &blob.WriterOptions{
		ContentType: "application/octet-stream", // or it would be guessed
		Metadata:    map[string]string{commitName: u.commit},
		IfNotExist:  u.options.IfAbsent,
	}
	if u.options.IfVersion != "" {
		o.BeforeWrite = func(as func(any) bool) error { return u.d.options.Service.WriteIfVersion(as, u.options.IfVersion) }
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, err := u.spool.reader(cancel)
	if err != nil {
		return err
	}
	if err := u.d.bucket.Upload(ctx, u.key, r, o); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}

// look finds out what became of the commit. After an error the object may be there
// all the same: it then has this upload's name.
func (u *upload) look(ctx context.Context, sent error) (storage.Info, error) {
	if sent != nil && context.Cause(ctx) != nil {
		return storage.Info{}, classify(ctx, sent)
	}
	info, commit, err := u.d.stat(ctx, u.key)
	switch {
	case err == nil && commit == u.commit && info.Size != u.Size():
		return storage.Info{}, fmt.Errorf("the service has %d bytes of %d: %w", info.Size, u.Size(), errors.Join(sent, storage.ErrUnavailable))
	case sent == nil || err == nil && commit == u.commit:
		return info, err
	}
	return storage.Info{}, u.outcome(ctx, sent)
}

// outcome gives an error of the commit its class.
func (u *upload) outcome(ctx context.Context, err error) error {
	switch code := gcerrors.Code(err); {
	case code == gcerrors.FailedPrecondition && u.options.IfAbsent:
		return fmt.Errorf("%w: %w", storage.ErrExist, err)
	case code == gcerrors.FailedPrecondition, u.options.IfVersion != "" && code == gcerrors.NotFound:
		return fmt.Errorf("%w: %w", storage.ErrPrecondition, err)
	case u.d.files && isDirectoryError(err):
		return fmt.Errorf("%w: %w", storage.ErrConflict, err)
	}
	return u.d.fail(ctx, err)
}

// Suspend is [storage.ErrUnsupported].
func (u *upload) Suspend(context.Context) error {
	if u.ended {
		return storage.ErrEnded
	}
	return fmt.Errorf("suspend: %w", storage.ErrUnsupported)
}

func (u *upload) Abort(context.Context) error {
	if u.ended {
		return nil
	}
	u.ended = true
	return u.spool.remove()
}
