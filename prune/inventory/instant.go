package inventory

import (
	"math"
	"time"
)

// An Instant is a point in time in microseconds since 1970, UTC, so that the
// years 1 to 9999 that RFC 3339 can write all fit. The zero time.Time, the way
// Go writes an absent time, is [UnknownInstant].
type Instant int64

// UnknownInstant is the instant of something whose time is not known.
const UnknownInstant Instant = math.MinInt64

// InstantOf converts t. What is finer than a microsecond is rounded up, since
// the younger of two readings is the one that keeps. Times beyond the years
// that an Instant can hold, some 290,000 either way, become its first or last.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return UnknownInstant
	}
	const most = math.MaxInt64/1_000_000 - 1 // seconds
	if s := t.Unix(); s > most {
		return math.MaxInt64
	} else if s < -most {
		return UnknownInstant + 1
	}
	us := t.UnixMicro()
	if t.Nanosecond()%1000 != 0 {
		us++
	}
	return Instant(us)
}

// Known is false for [UnknownInstant].
func (i Instant) Known() bool { return i != UnknownInstant }

// Time returns the instant in UTC; the zero time.Time where it is not known.
func (i Instant) Time() time.Time {
	if !i.Known() {
		return time.Time{}
	}
	return time.UnixMicro(int64(i)).UTC()
}
