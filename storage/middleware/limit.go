package middleware

import (
	"context"

	"github.com/registrykit/registrykit/storage"
)

// Limit returns a driver with at most n calls at once; n below 1 is 1. A Read of
// a Body and a Write are calls, and so is each step of a listing; what is merely
// open is none, so that a copy from one object to another cannot wait for
// itself. Whoever waits gives up when its ctx is done. Abort and Close never
// wait.
func Limit(d storage.Driver, n int) storage.Driver {
	places := make(chan struct{}, max(n, 1))
	return &around{inner: d, hook: func(ctx context.Context, c *call, do func() error) error {
		if c.ending {
			return do()
		}
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			return do()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}}
}
