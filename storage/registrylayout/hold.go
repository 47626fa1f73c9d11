package registrylayout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage/lease"
)

// hold is what one change has leased: from before it looks until its last link is
// written.
type hold struct {
	layout *Layout
	until  time.Time // zero: nothing, or there are no leases
}

func (l *Layout) hold() *hold { return &hold{layout: l} }

// take leases a digest.
func (h *hold) take(ctx context.Context, d digest.Digest) error {
	if h.layout.leases == nil {
		return nil
	}
	until, err := h.layout.leases.Renew(ctx, d)
	if err == nil && (h.until.IsZero() || until.Before(h.until)) {
		h.until = until
	}
	return err
}

// check says, before the link at a key is written, whether all leases still run. A
// lease that has ended is not taken again: what was found under it may be gone.
func (h *hold) check(key string) error {
	if h.until.IsZero() || h.layout.now().Before(h.until) {
		return nil
	}
	return at(key, fmt.Errorf("%w: at %s", ErrLapsed, h.until.UTC().Format(time.RFC3339)))
}

// condemn asks whether a digest may be deleted, and does what is to be done while
// nobody can lease it.
func (l *Layout) condemn(ctx context.Context, key string, d digest.Digest, since time.Time, do func(context.Context) error) error {
	condemned, err := l.leases.Condemn(ctx, d, since)
	if errors.Is(err, lease.ErrHeld) {
		return at(key, fmt.Errorf("%w: %w", ErrInUse, err))
	}
	if err != nil {
		return err
	}
	limited, cancel := condemned.Context(ctx)
	defer cancel()
	return errors.Join(do(limited), condemned.Done(context.WithoutCancel(ctx)))
}
