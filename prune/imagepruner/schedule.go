package imagepruner

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A Schedule says when a pruner runs. Make one with [ParseSchedule] or
// [ImagePrunerSpec.ScheduleIn]; the zero value has no runs. It does not change and
// may be used by several goroutines at once. There are no runs before 1973.
//
// Over daylight saving it behaves as Kubernetes does: a run at a time that a day
// does not have is left out, one at a time that comes twice comes twice. A run that
// would be more than five years away is none. Where clocks are set by less than an
// hour, as on Lord Howe Island, the first run after it may be passed over by Next from
// the one before, and is found from nearer by and by Previous.
type Schedule struct {
	cron     cron.Schedule // nil: no runs
	zone     *time.Location
	every    time.Duration // of @every; 0: at times of the day
	lostDays []time.Time   // when the zone leaves out a day
	anchor   time.Time     // that @every is counted from; zero: the instant that is asked for
}

// maxSchedule is the longest schedule that is read, in bytes: one that lists every
// minute, hour, day and month has some 400.
const maxSchedule = 1024

// ParseSchedule reads a schedule: minute, hour, day of the month, month and day of
// the week, or one of @yearly, @annually, @monthly, @weekly, @daily, @midnight,
// @hourly and "@every 6h". Its times are those of zone; nil is UTC.
//
// The prefixes TZ= and CRON_TZ= are errors, as CronJobs refuse them since
// Kubernetes 1.29: a zone is a parameter.
func ParseSchedule(text string, zone *time.Location) (*Schedule, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, errors.New("it is empty")
	case len(text) > maxSchedule:
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(text), maxSchedule)
	case strings.Contains(text, "TZ"):
		return nil, errors.New("TZ= and CRON_TZ= are not allowed: CronJobs refuse them, and have a timeZone of their own")
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("it is no schedule: %s", short(err.Error()))
	}
	s := &Schedule{cron: parsed, zone: zone}
	if s.zone == nil {
		s.zone = time.UTC
	}
	if constant, ok := parsed.(cron.ConstantDelaySchedule); ok {
		s.every = constant.Delay
		// The library makes a second of what is shorter, also of what is negative.
		if d, err := time.ParseDuration(strings.TrimPrefix(text, "@every ")); err != nil || d < time.Second {
			return nil, fmt.Errorf("want @every with a second or more, got %s", quote(text))
		}
	} else {
		s.lostDays = lostDays(s.zone)
	}
	return s, nil
}

// ScheduleIn returns the schedule of a spec in a time zone, nil for UTC. One that is
// suspended has no runs. The error says why the schedule does not parse.
func (s ImagePrunerSpec) ScheduleIn(zone *time.Location) (*Schedule, error) {
	s = s.WithDefaults()
	schedule, err := ParseSchedule(s.Schedule, zone)
	if err != nil {
		return nil, fmt.Errorf("spec.schedule: %w", err)
	}
	if *s.Suspend {
		return &Schedule{}, nil
	}
	return schedule, nil
}

// Since returns the schedule with "@every" counted from an instant, as the CronJob's
// creation or its last run. It changes nothing for schedules by the clock.
func (s *Schedule) Since(anchor time.Time) *Schedule {
	since := *s
	since.anchor = anchor
	return &since
}

// Next returns the first run later than an instant, in the schedule's zone; the zero
// time where there is none. "@every" without [Schedule.Since] is counted from that
// instant.
func (s *Schedule) Next(after time.Time) time.Time {
	switch {
	case s.cron == nil || !inRange(after):
		return time.Time{}
	case s.every > 0 && !s.anchor.IsZero():
		return s.step(after, 1).In(s.zone)
	}
	next := s.after(after.In(s.zone))
	if next.IsZero() || !inRange(next) {
		return time.Time{}
	}
	return next
}

// inRange keeps away the zero time, what the arithmetic of times would overflow on,
// and the time in which there were zones with offsets of half a minute, the last until
// 1972: the library walks through years of seconds there.
func inRange(t time.Time) bool { return t.Year() > 1972 && t.Year() < 9990 }

// step returns the run of an "@every" that is so many ahead of the last one that is
// not after an instant.
func (s *Schedule) step(t time.Time, ahead int64) time.Time {
	anchor := s.anchor.Truncate(time.Second)
	seconds, every := t.Unix()-anchor.Unix(), int64(s.every/time.Second)
	runs := seconds / every
	if seconds < 0 && seconds%every != 0 {
		runs--
	}
	run := time.Unix(anchor.Unix()+(runs+ahead)*every, 0)
	if !run.After(anchor) { // the first run is one delay later
		if ahead <= 0 {
			return time.Time{}
		}
		return anchor.Add(s.every)
	}
	return run
}

// Previous returns the last run that is not later than an instant, in the schedule's
// zone; the zero time where there is none in the five years before. "@every" has
// none without [Schedule.Since].
func (s *Schedule) Previous(at time.Time) time.Time {
	const horizon = 5 * 366 * 24 * time.Hour
	switch {
	case s.cron == nil || !inRange(at):
		return time.Time{}
	case s.every > 0:
		if s.anchor.IsZero() {
			return time.Time{}
		}
		if run := s.step(at, 0); !run.IsZero() {
			return run.In(s.zone)
		}
		return time.Time{}
	}
	// The nearest stretch before the instant that has a run, found by doubling.
	back := time.Minute
	for !s.runsWithin(at.Add(-back), at) {
		if back > horizon {
			return time.Time{}
		}
		back *= 2
	}
	// Then the last place in it with a run behind it, found by halving.
	low, high := at.Add(-back), at
	for high.Sub(low) > time.Second {
		if middle := low.Add(high.Sub(low) / 2); s.runsWithin(middle, at) {
			low = middle
		} else {
			high = middle
		}
	}
	run := s.Next(low)
	for next := s.Next(run); !next.IsZero() && !next.After(at); next = s.Next(run) {
		run = next
	}
	return run
}

// runsWithin reports whether there is a run later than from and not later than to.
func (s *Schedule) runsWithin(from, to time.Time) bool {
	next := s.Next(from)
	return !next.IsZero() && !next.After(to)
}

// Runs yields the runs later than an instant, without end unless there are none.
func (s *Schedule) Runs(after time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for run := s.Next(after); !run.IsZero() && yield(run); {
			run = s.Next(run)
		}
	}
}

// comes reports whether there is a run at all. 2096 to 2104 is the longest time
// without a 29 February; any eight years do otherwise.
func (s *Schedule) comes() bool {
	return !s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero()
}
