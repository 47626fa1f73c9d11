package imagepruner

import (
	"slices"
	"time"
)

// after returns the first run later than an instant in the schedule's zone, the zero
// time where there is none.
//
// robfig/cron walks from midnight to midnight. It never ends where a zone leaves out a
// whole day, as Samoa did with 30 December 2011, and it goes back in time where an hour
// before midnight comes twice, as on Newfoundland until 2011. There the way is walked by
// stretches.
func (s *Schedule) after(t time.Time) time.Time {
	if s.every > 0 {
		return s.cron.Next(t)
	}
	losesDay := func(lost time.Time) bool { return t.Before(lost) && lost.Before(t.Add(horizon)) }
	if slices.ContainsFunc(s.lostDays, losesDay) {
		return s.byStretches(t)
	}
	next := s.cron.Next(t)
	if !next.IsZero() && !next.After(t) {
		return s.byStretches(t)
	}
	return next
}

// horizon is more than the five years that the library looks ahead.
const horizon = 6 * 366 * 24 * time.Hour

// byStretches finds the run after an instant in stretches between two changes of the
// clocks, each with its own offset.
func (s *Schedule) byStretches(t time.Time) time.Time {
	for from := t; from.Before(t.Add(horizon)); {
		at := from
		if from != t {
			at = from.Add(time.Nanosecond) // the offset of the stretch that begins behind from
		}
		_, offset := at.Zone()
		_, end := at.ZoneBounds()
		next := s.cron.Next(from.In(time.FixedZone("", offset)))
		if !next.IsZero() && (end.IsZero() || next.Before(end)) {
			return next.In(s.zone)
		}
		if !end.After(at) {
			break
		}
		from = end.Add(-time.Nanosecond)
	}
	return time.Time{}
}

// lostDays returns when the clocks of a zone are set forward by so much that midnight
// may be left out with what is around it: no summer time does so. What is known today
// of changes ends before 2040.
func lostDays(zone *time.Location) (lost []time.Time) {
	for at := time.Date(1972, 1, 1, 0, 0, 0, 0, zone); at.Year() < 2040; {
		_, end := at.ZoneBounds()
		if !end.After(at) { // zero: no change any more
			break
		}
		_, before := end.Add(-1).Zone()
		if _, after := end.Zone(); after-before >= 3*60*60 {
			lost = append(lost, end)
		}
		at = end
	}
	return lost
}
