package apply

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A caller calls ends: at the pace, with the timeout and again as the options
// say.
type caller struct {
	pace    *pace
	timeout time.Duration
	retry   Retry
}

func newCaller(o *Options) *caller {
	return &caller{pace: newPace(o.Rate), timeout: o.Timeout, retry: o.Retry}
}

// call calls an end until it succeeds, fails for good, or the attempts are used up.
func (c *caller) call(ctx context.Context, f func(ctx context.Context) error) error {
	return c.tries(ctx, func() error { return c.once(ctx, f) })
}

// tries is call for what needs more than the one call of an end for a try: try makes
// that by once. All waiting is done between two tries and before the first.
func (c *caller) tries(ctx context.Context, try func() error) error {
	return c.again(ctx, func() error {
		if err := c.pace.wait(ctx); err != nil {
			return err
		}
		return try()
	})
}

// again is tries at no pace.
func (c *caller) again(ctx context.Context, try func() error) error {
	wait := c.retry.Wait
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || ctx.Err() != nil || !mayWorkLater(err) {
			return err
		}
		if attempt == c.retry.Attempts {
			return fmt.Errorf("%d attempts: %w", attempt, err)
		}
		pause := wait + rand.N(wait/2+1)
		if asked := retryAfter(err); asked > pause {
			pause = asked
		}
		if pause > c.retry.Most {
			if retryAfter(err) > c.retry.Most {
				return fmt.Errorf("asked to wait %s, at most %s is waited: %w", pause, c.retry.Most, err)
			}
			pause = c.retry.Most
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		wait = min(2*wait, c.retry.Most)
	}
}

// once calls f with the timeout, and returns when f does.
func (c *caller) once(ctx context.Context, f func(ctx context.Context) error) error {
	if c.timeout <= 0 {
		return f(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return f(ctx)
}

// mayWorkLater reports whether a call is worth another attempt.
func mayWorkLater(err error) bool {
	return errors.Is(err, ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

func retryAfter(err error) time.Duration {
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		return later.RetryAfter()
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
