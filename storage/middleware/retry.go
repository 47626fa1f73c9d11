package middleware

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// RetryOptions are the options of [Retry]. The zero value is right.
type RetryOptions struct {
	// Attempts is how often a call is made at most; 0 is 4.
	Attempts int
	// Backoff is how long to wait before the next attempt, n being 1 for the
	// second one; nil doubles from 100 ms up to 5 s, less a random part of up
	// to a half.
	Backoff func(n int) time.Duration
	// Sleep waits, or returns the cause for which ctx is done; nil does it by
	// the clock.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Retry returns a driver that tries again what failed with
// storage.ErrUnavailable, and nothing else.
//
// A Body that breaks off is opened again where it broke, if the object is still
// in the same version; without a version it is not. A listing goes on after the
// last key that it gave. A Commit is tried again on the same upload, which the
// contract allows. A Write is not: whoever has the bytes can begin anew.
//
// Where the answer to a call was lost, the next attempt may find its own work: a
// Delete or Discard that then finds nothing has succeeded. A Move that finds its
// object gone, or with IfAbsent its target there, and a Resume that finds the
// upload held, cannot tell whose doing that is: they return the error together
// with the storage.ErrUnavailable of before.
func Retry(d storage.Driver, o RetryOptions) storage.Driver {
	if o.Attempts < 1 {
		o.Attempts = 4
	}
	if o.Backoff == nil {
		o.Backoff = doubling
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	return &retrying{inner: d, o: o}
}

func doubling(n int) time.Duration {
	d := 5 * time.Second
	if n < 6 {
		d = 100 * time.Millisecond << n / 2
	}
	return d - rand.N(d/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

type retrying struct {
	inner storage.Driver
	o     RetryOptions
}

func (w *retrying) Close() error { return closeDriver(w.inner) }

// again waits before attempt n+1, and returns nil if it shall be made. Otherwise
// it returns the error, joined with that of ctx if that is why.
func (w *retrying) again(ctx context.Context, n int, err error) error {
	if !errors.Is(err, storage.ErrUnavailable) || n >= w.o.Attempts {
		return err
	}
	if stop := context.Cause(ctx); stop != nil {
		return errors.Join(err, stop)
	}
	if stop := w.o.Sleep(ctx, w.o.Backoff(n)); stop != nil {
		return errors.Join(err, stop)
	}
	return nil
}

// try makes attempts. An error of a later one may come from what an earlier one
// has done: settle, where there is one, decides what to return.
func (w *retrying) try(ctx context.Context, do func() error, settle func(err, before error) error) error {
	var before error
	for n := 1; ; n++ {
		err := do()
		if err == nil {
			return nil
		}
		if before != nil && settle != nil && !errors.Is(err, storage.ErrUnavailable) {
			return settle(err, before)
		}
		if stop := w.again(ctx, n, err); stop != nil {
			return stop
		}
		before = err
	}
}

// doneIf takes an error of the class for a success.
func doneIf(class error) func(err, before error) error {
	return func(err, _ error) error {
		if errors.Is(err, class) {
			return nil
		}
		return err
	}
}

// unsureIf adds the error of before to one of the classes.
func unsureIf(classes ...error) func(err, before error) error {
	return func(err, before error) error {
		for _, class := range classes {
			if errors.Is(err, class) {
				return errors.Join(err, before)
			}
		}
		return err
	}
}

func (w *retrying) Stat(ctx context.Context, key string) (info storage.Info, err error) {
	err = w.try(ctx, func() (err error) {
		info, err = w.inner.Stat(ctx, key)
		return err
	}, nil)
	return info, err
}

func (w *retrying) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	return w.try(ctx, func() error { return w.inner.Delete(ctx, key, o) }, doneIf(storage.ErrNotExist))
}

func (w *retrying) Discard(ctx context.Context, key, id string) error {
	return w.try(ctx, func() error { return storage.Discard(ctx, w.inner, key, id) }, doneIf(storage.ErrNotExist))
}

func (w *retrying) Move(ctx context.Context, from, to string, o storage.MoveOptions) (info storage.Info, err error) {
	err = w.try(ctx, func() (err error) {
		info, err = storage.Move(ctx, w.inner, from, to, o)
		return err
	}, unsureIf(storage.ErrNotExist, storage.ErrExist))
	return info, err
}

func (w *retrying) Create(ctx context.Context, key string, o storage.CreateOptions) (u storage.Upload, err error) {
	err = w.try(ctx, func() (err error) {
		u, err = w.inner.Create(ctx, key, o)
		return err
	}, nil)
	return w.upload(u, err)
}

func (w *retrying) Resume(ctx context.Context, key, id string, o storage.CreateOptions) (u storage.Upload, err error) {
	err = w.try(ctx, func() (err error) {
		u, err = storage.Resume(ctx, w.inner, key, id, o)
		return err
	}, unsureIf(storage.ErrBusy))
	return w.upload(u, err)
}

func (w *retrying) upload(u storage.Upload, err error) (storage.Upload, error) {
	if err != nil {
		return nil, err
	}
	return &retryingUpload{Upload: u, w: w}, nil
}

type retryingUpload struct {
	storage.Upload
	w *retrying
	// failed is of a Write: then there is nothing that could be tried again.
	failed error
}

func (u *retryingUpload) Write(p []byte) (int, error) {
	if u.failed != nil {
		return 0, u.failed
	}
	n, err := u.Upload.Write(p)
	if !errors.Is(err, storage.ErrEnded) { // which says nothing of the bytes
		u.failed = err
	}
	return n, err
}

func (u *retryingUpload) Commit(ctx context.Context) (info storage.Info, err error) {
	if u.failed != nil {
		return storage.Info{}, u.failed
	}
	err = u.w.try(ctx, func() (err error) {
		info, err = u.Upload.Commit(ctx)
		return err
	}, nil)
	return info, err
}

func (u *retryingUpload) Suspend(ctx context.Context) error {
	return u.w.try(ctx, func() error { return u.Upload.Suspend(ctx) }, doneIf(storage.ErrEnded))
}

func (u *retryingUpload) Abort(ctx context.Context) error {
	return u.w.try(ctx, func() error { return u.Upload.Abort(ctx) }, nil)
}
