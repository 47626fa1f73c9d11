package distributiondriver

import (
	"context"
	"errors"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/storage/lease"
)

// The time between two tries doubles from the first to the longest.
const (
	firstPause   = 2 * time.Millisecond
	longestPause = 100 * time.Millisecond
)

// renew leases a blob, and waits for a sweep that has it marked.
func (d *Driver) renew(ctx context.Context, blob digest.Digest) error {
	left := d.options.Patience
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		_, err := d.options.Leases.Renew(ctx, blob)
		if !errors.Is(err, lease.ErrCondemned) || left <= 0 {
			return err
		}
		pause = min(pause, left)
		left -= pause
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}
