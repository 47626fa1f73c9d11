package storage

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Create starts an upload. Nothing can be seen of it before Commit, and what was
// there stays whole until then. `defer upload.Abort(ctx)` is right after every
// Create: after Commit or Suspend it does nothing.
// [ErrInvalidKey]; [ErrUnsupported] for an option that the driver lacks, or a
// precondition that it was found to pass over.
func (s *Store) Create(ctx context.Context, key string, o CreateOptions) (Upload, error) {
	if err := s.readyToWrite(ctx, key, o); err != nil {
		return nil, at("create", key, err)
	}
	u, err := s.driver.Create(ctx, key, o)
	if err != nil {
		return nil, at("create", key, err)
	}
	return &upload{ctx: ctx, inner: u, key: key}, nil
}

// WriteFile writes a whole object. Errors as of Create and of [Upload].Commit.
func (s *Store) WriteFile(ctx context.Context, key string, data []byte, o CreateOptions) (Info, error) {
	u, err := s.Create(ctx, key, o)
	if err != nil {
		return Info{}, err
	}
	defer u.Abort(context.WithoutCancel(ctx))
	if _, err := u.Write(data); err != nil {
		return Info{}, err
	}
	return u.Commit(ctx)
}

// WriteFrom writes a whole object from r up to its end. An error of r, io.EOF
// excepted, is returned and leaves no object. Errors as of Create and of
// [Upload].Commit.
func (s *Store) WriteFrom(ctx context.Context, key string, r io.Reader, o CreateOptions) (Info, error) {
	u, err := s.Create(ctx, key, o)
	if err != nil {
		return Info{}, err
	}
	defer u.Abort(context.WithoutCancel(ctx))
	if _, err := io.Copy(u, r); err != nil {
		return Info{}, at("write", key, err)
	}
	return u.Commit(ctx)
}

// Resume goes on with an upload, as [Resumer] says. [ErrUnsupported] where the
// driver has no such role.
func (s *Store) Resume(ctx context.Context, key, id string, o CreateOptions) (Upload, error) {
	if err := s.readyToWrite(ctx, key, o); err != nil {
		return nil, at("resume", key, err)
	}
	u, err := Resume(ctx, s.driver, key, id, o)
	if err != nil {
		return nil, at("resume", key, err)
	}
	return &upload{ctx: ctx, inner: u, key: key}, nil
}

// Uploads lists the uploads that have not ended, as [Resumer] says.
// [ErrUnsupported] where the driver has no such role, [ErrInvalidKey].
func (s *Store) Uploads(ctx context.Context, prefix string) iter.Seq2[UploadInfo, error] {
	return func(yield func(UploadInfo, error) bool) {
		if err := errors.Join(context.Cause(ctx), CheckPrefix(prefix)); err != nil {
			yield(UploadInfo{}, at("uploads", prefix, err))
			return
		}
		for u, err := range Uploads(ctx, s.driver, prefix) {
			if err != nil {
				yield(UploadInfo{}, at("uploads", prefix, err))
				return
			}
			if !yield(u, nil) {
				return
			}
		}
	}
}

// Discard takes an upload away for good, as [Resumer] says. [ErrNotExist],
// [ErrBusy]; [ErrUnsupported] where the driver has no such role.
func (s *Store) Discard(ctx context.Context, key, id string) error {
	if err := context.Cause(ctx); err != nil {
		return at("discard", key, err)
	}
	return at("discard", key, Discard(ctx, s.driver, key, id))
}

// DiscardUploads is the clean-up: it takes away the uploads with the prefix that
// were last written to before the given instant and that nobody is known to hold,
// and says how many they were. Those that end while it runs are passed over. It
// goes on after an error and returns all of them.
func (s *Store) DiscardUploads(ctx context.Context, prefix string, before time.Time) (int, error) {
	n := 0
	var problems []error
	for u, err := range s.Uploads(ctx, prefix) {
		if err != nil {
			problems = append(problems, err)
			break
		}
		if u.Active || !u.Written.Before(before) {
			continue
		}
		switch err := s.Discard(ctx, u.Key, u.ID); {
		case err == nil:
			n++
		case !errors.Is(err, ErrNotExist) && !errors.Is(err, ErrBusy):
			problems = append(problems, err)
		}
	}
	return n, errors.Join(problems...)
}

func (s *Store) readyToWrite(ctx context.Context, key string, o CreateOptions) error {
	if err := errors.Join(ready(ctx, key), o.Check()); err != nil {
		return err
	}
	if o.IfAbsent {
		return s.need(ctx, func(c Capabilities) bool { return c.IfAbsent })
	}
	if o.IfVersion != "" {
		return s.need(ctx, func(c Capabilities) bool { return c.ReplaceIfVersion })
	}
	return nil
}

// upload keeps the order of the calls for the driver, and names the key in its
// errors.
type upload struct {
	ctx    context.Context
	inner  Upload
	key    string
	ended  bool
	info   *Info // of the commit
	failed error // of a Write
}

func (u *upload) Size() int64 { return u.inner.Size() }
func (u *upload) ID() string  { return u.inner.ID() }

func (u *upload) Write(p []byte) (int, error) {
	if u.ended {
		return 0, at("write", u.key, ErrEnded)
	}
	if u.failed != nil {
		return 0, u.failed
	}
	if u.failed = at("write", u.key, context.Cause(u.ctx)); u.failed != nil {
		return 0, u.failed
	}
	n, err := u.inner.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	u.failed = at("write", u.key, err)
	return n, u.failed
}

func (u *upload) Commit(ctx context.Context) (Info, error) {
	switch {
	case u.info != nil:
		return *u.info, nil
	case u.ended:
		return Info{}, at("commit", u.key, ErrEnded)
	case u.failed != nil:
		return Info{}, u.failed
	}
	if err := context.Cause(ctx); err != nil {
		return Info{}, at("commit", u.key, err)
	}
	info, err := u.inner.Commit(ctx)
	if err != nil {
		return Info{}, at("commit", u.key, err)
	}
	u.ended, u.info = true, &info
	return info, nil
}

func (u *upload) Suspend(ctx context.Context) error {
	if u.ended {
		return at("suspend", u.key, ErrEnded)
	}
	if err := context.Cause(ctx); err != nil {
		return at("suspend", u.key, err)
	}
	if err := u.inner.Suspend(ctx); err != nil {
		return at("suspend", u.key, err)
	}
	u.ended = true
	return nil
}

func (u *upload) Abort(ctx context.Context) error {
	if u.ended {
		return nil
	}
	err := u.inner.Abort(ctx)
	u.ended = err == nil
	return at("abort", u.key, err)
}
