package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/storage"
)

// longestSweep is how long ago another sweep of the volume that still runs may have
// begun to look. A sweep goes by the leases that ran when it began, so their records
// stay that long after their end.
const longestSweep = 7 * 24 * time.Hour

// canLease tries out, where writers are to be seen by their leases, whether the volume
// can hold any that count. A dry run tries nothing out.
func (c *collection) canLease(ctx context.Context, store *storage.Store) error {
	if c.leases == nil || c.dryRun {
		return nil
	}
	can, err := store.Capabilities(ctx)
	if err == nil && !(can.IfAbsent && can.ReplaceIfVersion) {
		err = fmt.Errorf("--online: this volume cannot compare and swap: %w", storage.ErrUnsupported)
	}
	return err
}

// cleanLeases takes away the records of leases that ran out before any sweep that
// still runs began. A volume that cannot delete under a condition keeps them, which
// costs room and nothing else: the report's text says so.
func (c *collection) cleanLeases(ctx context.Context, start time.Time) error {
	if c.leases == nil || c.dryRun {
		return nil
	}
	n, err := c.leases.Clean(ctx, start.Add(-longestSweep))
	c.report.leases = n
	if errors.Is(err, storage.ErrUnsupported) {
		c.report.leasesStay, err = true, nil
	}
	return err
}
