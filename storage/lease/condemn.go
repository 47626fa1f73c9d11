package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

// Condemned is the right to delete one blob, until its deadline.
type Condemned struct {
	book     *Book
	digest   digest.Digest
	key      string
	version  storage.Version
	deadline time.Time
	held     time.Time // until when a lease ran before; zero: none is known
}

// Condemn asks whether a digest may be deleted, and keeps writers off it while it
// is. Since is when the caller began to look for what needs the blob: a lease that
// ran at that instant or later stands in the way, since what was written under it
// may not have been seen. With the zero time only leases that run now do; then the
// caller must look once more, after Condemn. The caller deletes the blob before
// [Condemned.Deadline], and calls [Condemned.Done], also where it has found that it
// must not delete.
//
// [ErrHeld] where a lease stands in the way or another sweep has condemned it,
// storage.ErrUnsupported where the store has no compare-and-swap; else as
// [Book.Renew].
func (b *Book) Condemn(ctx context.Context, d digest.Digest, since time.Time) (*Condemned, error) {
	key, err := b.Key(d)
	if err != nil {
		return nil, at("condemn", d, err)
	}
	if err := b.needSwap(ctx); err != nil {
		return nil, at("condemn", d, err)
	}
	c := &Condemned{book: b, digest: d, key: key}
	version, err := b.swap(ctx, key, func(was *record) (*record, error) {
		now := b.options.Now()
		if was.holds(now, &b.options) || was.condemns(now, &b.options) {
			return nil, fmt.Errorf("%w until %s", ErrHeld, was.Until.Add(b.options.grace()).UTC().Format(time.RFC3339))
		}
		if !since.IsZero() && was.holds(since, &b.options) {
			return nil, fmt.Errorf("%w: until %s, after %s", ErrHeld, was.Until.UTC().Format(time.RFC3339), since.UTC().Format(time.RFC3339))
		}
		if !since.IsZero() && was.State == stateCondemned && since.Before(was.Until.Add(b.options.grace())) {
			// A sweep that died, and a lease before it that nobody knows of any more.
			return nil, fmt.Errorf("%w: condemned until %s, after %s", ErrHeld, was.Until.UTC().Format(time.RFC3339), since.UTC().Format(time.RFC3339))
		}
		c.deadline, c.held = now.Add(b.options.SweepTime), time.Time{}
		if was.State == stateHeld {
			c.held = was.Until
		}
		return &record{State: stateCondemned, Until: c.deadline}, nil
	})
	if err != nil {
		return nil, at("condemn", d, err)
	}
	c.version = version
	return c, nil
}

// Deadline is when the right to delete ends, by this host's clock. Writers may
// take the blob for theirs twice Options.MaxSkew after that. Delete with a context that
// ends here.
func (c *Condemned) Deadline() time.Time { return c.deadline }

// Context returns a context that ends at the deadline. Its cancel function must
// be called.
func (c *Condemned) Context(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.deadline.Sub(c.book.options.Now()))
}

// Done takes the mark away: the blob is gone, or stays after all, and writers may
// come. A lease that ran out before is noted again, since another sweep may have begun
// to look while it ran; [Book.Clean] takes it away. It may be called again. A mark that somebody else has replaced, as they
// may after the deadline, is theirs and stays.
func (c *Condemned) Done(ctx context.Context) error {
	var err error
	if c.held.IsZero() {
		err = c.book.remove(ctx, c.key, c.version)
	} else {
		was := &record{State: stateHeld, Until: c.held}
		_, err = c.book.store.WriteFile(ctx, c.key, was.encode(), storage.CreateOptions{IfVersion: c.version})
	}
	if errors.Is(err, storage.ErrNotExist) || errors.Is(err, storage.ErrPrecondition) {
		return nil
	}
	return at("done", c.digest, err)
}

// needSwap refuses a store on which two can change a record and neither knows.
func (b *Book) needSwap(ctx context.Context) error {
	swaps, err := b.swaps(ctx)
	if err == nil && !swaps {
		err = fmt.Errorf("compare-and-swap: %w", storage.ErrUnsupported)
	}
	return err
}

// swaps reports whether the store has a compare-and-swap.
func (b *Book) swaps(ctx context.Context) (bool, error) {
	c, err := b.store.Capabilities(ctx)
	return c.IfAbsent && c.ReplaceIfVersion, err
}

// remove takes a record away if it is still that version. Where the store cannot
// delete under a condition, it is replaced by one that says nothing.
func (b *Book) remove(ctx context.Context, key string, v storage.Version) error {
	c, err := b.store.Capabilities(ctx)
	if err != nil {
		return err
	}
	if c.DeleteIfVersion {
		return b.store.Delete(ctx, key, storage.DeleteOptions{IfVersion: v})
	}
	_, err = b.store.WriteFile(ctx, key, (&record{State: stateFree}).encode(), storage.CreateOptions{IfVersion: v})
	return err
}
