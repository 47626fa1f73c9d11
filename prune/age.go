package prune

import (
	"math"
	"time"

	"github.com/registrykit/registrykit/prune/inventory"
)

// threshold is the instant a duration before now.
func (p *planner) threshold(d Duration) inventory.Instant {
	us := (int64(d) + 999) / 1000 // a Duration counts nanoseconds, an Instant microseconds
	if int64(d) > math.MaxInt64-999 {
		us = math.MaxInt64 / 1000
	}
	if int64(p.now) < math.MinInt64+1+us {
		return math.MinInt64 + 1
	}
	return p.now - inventory.Instant(us)
}

// youngerThan tells whether t is strictly later than d before now.
func (p *planner) youngerThan(t inventory.Instant, d Duration) truth {
	if !t.Known() {
		return p.absentTime()
	}
	return truthOf(t > p.threshold(d))
}

// olderThan tells whether t is earlier than d before now or, where that is
// asked for, just then.
func (p *planner) olderThan(t inventory.Instant, d Duration, orEqual bool) truth {
	if !t.Known() {
		return yes - p.absentTime()
	}
	limit := p.threshold(d)
	return truthOf(t < limit || orEqual && t == limit)
}

// absentTime tells whether something without a time is young.
func (p *planner) absentTime() truth {
	if p.policy.AbsentTimesAreAncient {
		return no
	}
	return unknown
}

// age returns how old t is, nil where that is not known.
func (p *planner) age(t inventory.Instant) *Duration {
	if !t.Known() {
		return nil
	}
	const most = math.MaxInt64 / 1000
	us := int64(p.now) - int64(t)
	d := Duration(min(max(us, -most), most) * 1000)
	return &d
}

// RFC 3339 writes the years 0 to 9999.
const lastYear = 9999

// writable returns the time, or the nearest that RFC 3339 can write: a plan must
// be what its JSON says.
func writable(t time.Time) time.Time {
	switch year := t.Year(); {
	case year < 0:
		return time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	case year > lastYear:
		return time.Date(lastYear, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	}
	return t
}
