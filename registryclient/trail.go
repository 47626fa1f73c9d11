package registryclient

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// A trail notes the requests of one operation that failed, so that its error can
// tell of every one. It travels in the context, since go-containerregistry is
// between the operation and the transport.
type trail struct {
	mu       sync.Mutex
	attempts []Attempt
	endpoint string
	limit    *RateLimit
}

type trailKey struct{}

func withTrail(ctx context.Context) (context.Context, *trail) {
	t := new(trail)
	return context.WithValue(ctx, trailKey{}, t), t
}

// trailOf returns the trail of the context; without one what is noted is lost.
func trailOf(ctx context.Context) *trail {
	if t, ok := ctx.Value(trailKey{}).(*trail); ok {
		return t
	}
	return new(trail)
}

func (t *trail) note(a Attempt, endpoint string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endpoint = endpoint
	if len(t.attempts) == MaxAttempts {
		t.attempts[MaxAttempts-1] = a
		return
	}
	t.attempts = append(t.attempts, a)
}

// waited says how long was waited after the last attempt.
func (t *trail) waited(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.attempts); n > 0 {
		t.attempts[n-1].Wait = d
	}
}

func (t *trail) limited(r RateLimit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limit = &r
}

// join takes over what another trail noted.
func (t *trail) join(other *trail) {
	attempts, endpoint, limit := other.copy()
	for _, a := range attempts {
		t.note(a, endpoint)
	}
	if limit != nil {
		t.limited(*limit)
	}
}

func (t *trail) copy() ([]Attempt, string, *RateLimit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Attempt(nil), t.attempts...), t.endpoint, t.limit
}

// broken notes an answer whose body broke off.
func (t *trail) broken(resp *http.Response, err error) {
	req := resp.Request
	t.note(Attempt{Time: time.Now(), Method: req.Method, URL: urlText(req.URL), StatusCode: resp.StatusCode, Err: err}, hostKey(req.URL))
}
