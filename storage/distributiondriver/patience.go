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

// renew leases a blob, and waits for a sweep that has it marked. No try begins after
// the patience is over, however long each takes.
func (d *Driver) renew(ctx context.Context, blob digest.Digest) error {
	deadline := time.Now().Add(d.options.Patience)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		_, err := d.options.Leases.Renew(ctx, blob)
		left := time.Until(deadline)
		if !errors.Is(err, lease.ErrCondemned) || left <= 0 {
			return err
		}
		timer := time.NewTimer(min(pause, left))
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}
