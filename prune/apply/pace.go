package apply

import (
	"context"
	"sync"
	"time"
)

// A pace spreads calls evenly: so many in a second, none saved up.
type pace struct {
	every time.Duration // 0: no limit

	mu   sync.Mutex
	next time.Time
}

func newPace(perSecond float64) *pace {
	const slowest = 24 * time.Hour
	switch every := float64(time.Second) / perSecond; {
	case !(perSecond > 0):
		return &pace{}
	case every > float64(slowest):
		return &pace{every: slowest}
	default:
		return &pace{every: time.Duration(every)}
	}
}

// wait returns when it is the caller's turn, or the context ends.
func (p *pace) wait(ctx context.Context) error {
	if p.every == 0 {
		return ctx.Err()
	}
	p.mu.Lock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	turn := p.next.Sub(now)
	p.next = p.next.Add(p.every)
	p.mu.Unlock()
	return sleep(ctx, turn)
}
