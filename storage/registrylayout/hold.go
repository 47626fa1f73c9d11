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
	if h.until.IsZero() || h.layout.leases.Now().Before(h.until) {
		return nil
	}
	return at(key, fmt.Errorf("%w: at %s", ErrLapsed, h.until.UTC().Format(time.RFC3339)))
}

// still says what is known of a blob that was found or written under the one lease on
// it, which may have ended since: then the lease is taken anew, and the blob looked for
// once more.
func (h *hold) still(ctx context.Context, d digest.Digest, link string, info BlobInfo) (BlobInfo, error) {
	ended := h.check(link)
	if ended == nil {
		return info, nil
	}
	h.until = time.Time{}
	if err := h.take(ctx, d); err != nil {
		return BlobInfo{}, err
	}
	again, err := h.layout.StatBlob(ctx, d)
	switch {
	case isNotExist(err) || err == nil && again.Size != info.Size:
		return BlobInfo{}, ended
	case err != nil:
		return BlobInfo{}, err
	}
	return again, h.check(link)
}

// unmarkTime is how long a store has to take a mark away.
const unmarkTime = 30 * time.Second

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
	err = do(limited)
	// Also where ctx has ended, but not for ever: a mark that stays ends by itself.
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), unmarkTime)
	defer stop()
	return errors.Join(err, condemned.Done(last))
}
