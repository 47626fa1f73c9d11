package registryclient

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// DefaultConcurrency is how many requests to one host are under way at once, where
// HostOptions does not say.
const DefaultConcurrency = 8

// lowShare is the part of a quota below which the rest is spread out.
const lowShare = 10

// A pace holds the requests to one host back: to so many a second, so many at
// once, and, when the registry says that its quota runs low, to what the quota
// allows in the long run. It is shared by all clients that one client gave rise
// to.
type pace struct {
	// requests are the slots of requests without an answer; bodies those of blobs
	// that are read, which may take long and may wait for a reader that itself
	// waits to send: they must not take the slot that it needs.
	requests, bodies chan struct{}

	every time.Duration // between two requests; 0: no limit
	burst int

	mu      sync.Mutex
	arrival time.Time // when the next request would be due if all kept to every
	silence time.Time // until when the registry asked for silence
	quota   RateLimit // as the registry last said
	spread  time.Duration
	next    time.Time // of what the quota counts, while it is low
	pulls   bool      // the quota counts manifestRequests alone
}

func newPace(o HostOptions) *pace {
	concurrency := o.Concurrency
	if concurrency <= 0 {
		concurrency = DefaultConcurrency
	}
	p := &pace{
		requests: make(chan struct{}, concurrency),
		bodies:   make(chan struct{}, concurrency),
		burst:    max(o.Burst, 1),
	}
	if o.RequestsPerSecond > 0 {
		p.every = time.Duration(float64(time.Second) / o.RequestsPerSecond)
	}
	return p
}

// A kind is what a request is for, as far as its pace depends on it.
type kind int

const (
	plainRequest    kind = iota
	manifestRequest      // a GET of a manifest, which is what Docker Hub counts as a pull
	blobRequest          // a GET of a blob
)

// acquire waits until the host may be asked. What it returns gives the slot back
// and may be called more than once. The error is that of the context, or a
// *quotaError at once where the wait would not end before the context.
func (p *pace) acquire(ctx context.Context, k kind) (release func(), err error) {
	slots := p.requests
	if k == blobRequest {
		slots = p.bodies
	}
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release = sync.OnceFunc(func() { <-slots })
	if err := p.await(ctx, k); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// await takes a turn and waits for it.
func (p *pace) await(ctx context.Context, k kind) error {
	now := time.Now()
	p.mu.Lock()
	turn := p.turn(now, k)
	if !endsInTime(ctx, now, turn) {
		figures := p.quota
		p.mu.Unlock()
		figures.RetryAfter = turn.Sub(now)
		return &quotaError{figures}
	}
	p.take(now, turn, k)
	p.mu.Unlock()
	for turn.After(now) {
		if err := sleep(ctx, turn.Sub(now)); err != nil {
			return err
		}
		now = time.Now()
		p.mu.Lock()
		turn = p.silence // someone was told to wait meanwhile
		p.mu.Unlock()
	}
	return nil
}

// patienceKey has in a context how long one may wait at most, because there are
// others to ask.
type patienceKey struct{}

// endsInTime reports whether waiting from now until then is what the context allows.
func endsInTime(ctx context.Context, now, then time.Time) bool {
	if patience, ok := ctx.Value(patienceKey{}).(time.Duration); ok && then.Sub(now) > patience {
		return false
	}
	deadline, bounded := ctx.Deadline()
	return !bounded || !then.After(deadline)
}

// turn returns when a request may be sent.
func (p *pace) turn(now time.Time, k kind) time.Time {
	turn := later(now, p.silence)
	if p.every > 0 {
		turn = later(turn, p.arrival.Add(-time.Duration(p.burst-1)*p.every))
	}
	if p.counts(k) {
		turn = later(turn, p.next)
	}
	return turn
}

// take notes that a request is sent at turn.
func (p *pace) take(now, turn time.Time, k kind) {
	if p.every > 0 {
		p.arrival = later(p.arrival, now).Add(p.every)
	}
	if p.counts(k) {
		p.next = turn.Add(p.spread)
	}
}

// counts reports whether the quota is low and k is taken from it.
func (p *pace) counts(k kind) bool {
	return p.spread > 0 && (!p.pulls || k == manifestRequest)
}

// observe reads the quota from a response. When a tenth of it or less is left, the
// requests that it counts are spread out: over the time to the reset, or, with
// Docker Hub's figures, which name no reset, to as many as the window allows in
// the long run.
func (p *pace) observe(h http.Header) (RateLimit, bool) {
	now := time.Now()
	quota, ok := parseRateLimit(h, now)
	if !ok {
		return RateLimit{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quota = quota
	p.spread, p.pulls = 0, quota.Reset == 0
	if quota.Limit > 0 && quota.Remaining > quota.Limit/lowShare || quota.Limit <= 0 && quota.Remaining > lowShare {
		return quota, true
	}
	switch {
	case quota.Reset > 0:
		p.spread = quota.Reset / time.Duration(quota.Remaining+1)
	case quota.Window > 0 && quota.Limit > 0:
		p.spread = quota.Window / time.Duration(quota.Limit)
	}
	p.next = later(p.next, now.Add(p.spread))
	return quota, true
}

// hush keeps everyone from asking the host for so long.
func (p *pace) hush(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silence = later(p.silence, time.Now().Add(d))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sleep waits for d or the end of the context, whose error it returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A quotaError says that the turn of a request would come after its context's end.
// Nothing was sent.
type quotaError struct{ limit RateLimit }

func (e *quotaError) Error() string {
	return fmt.Sprintf("the next request may be sent in %s, which is too late", e.limit.RetryAfter.Round(time.Millisecond))
}

// Unwrap returns RateLimited.
func (e *quotaError) Unwrap() error { return RateLimited }
