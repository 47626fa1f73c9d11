package middleware

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// Event is a call that has ended.
type Event struct {
	// Op is as in storage.Error: "open", "read", "stat", "create", "write",
	// "commit", "suspend", "abort", "list", "delete", "move", "resume",
	// "uploads", "discard".
	Op string
	// Key is the key; the prefix for "list" and "uploads"; the old key for
	// "move".
	Key string
	// Bytes is how many a read or a write moved.
	Bytes int
	// Entries is how many a listing gave.
	Entries int
	// Duration is how long it took; for a listing, without the loop's body.
	Duration time.Duration
	// Err is what it returned; nil at the end of an object.
	Err error
}

// ObserveOptions are the options of [Observe]. The zero value is right.
type ObserveOptions struct {
	// Now gives the time; nil is time.Now.
	Now func() time.Time
}

// Observe returns a driver that reports every call after it has ended. The
// function is called by the goroutine that made the call, so by several at once,
// and should be quick. A listing is reported once, when it ends or is left.
func Observe(d storage.Driver, report func(Event), o ObserveOptions) storage.Driver {
	if o.Now == nil {
		o.Now = time.Now
	}
	w := &observed{report: report, now: o.Now}
	w.around = around{inner: d, hook: func(_ context.Context, c *call, do func() error) error {
		start := w.now()
		err := do()
		report(Event{Op: c.op, Key: c.key, Bytes: c.bytes, Duration: w.now().Sub(start), Err: err})
		return err
	}}
	return w
}

type observed struct {
	around
	report func(Event)
	now    func() time.Time
}

func (w *observed) List(ctx context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return observeAll(w, Event{Op: "list", Key: o.Prefix}, w.inner.List(ctx, o))
}

func (w *observed) Uploads(ctx context.Context, prefix string) iter.Seq2[storage.UploadInfo, error] {
	return observeAll(w, Event{Op: "uploads", Key: prefix}, storage.Uploads(ctx, w.inner, prefix))
}

func observeAll[T any](w *observed, e Event, all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		e := e // a listing may be run again
		defer func() { w.report(e) }()
		start := w.now()
		for item, err := range all {
			e.Duration += w.now().Sub(start)
			if err != nil {
				e.Err = errors.Join(e.Err, err)
			} else {
				e.Entries++
			}
			if !yield(item, err) {
				return
			}
			start = w.now()
		}
		e.Duration += w.now().Sub(start)
	}
}
