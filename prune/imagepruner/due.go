package imagepruner

import "time"

// StartingDeadline is how late a run may start: spec.startingDeadlineSeconds of the
// CronJob.
const StartingDeadline = time.Hour

// tooManyMissed is above how many missed runs Kubernetes gives a warning.
const tooManyMissed = 100

// longAgo is the time above which runs are not counted up: the last one was a slip.
const longAgo = 100 * 366 * 24 * time.Hour

// Due is what of a schedule fell due.
type Due struct {
	// Run is the run that should start now; zero: none. Of several that were missed,
	// it is the latest: the others never start.
	Run time.Time
	// Count is how many fell due, Run among them. It is exact for one; for more it is
	// reckoned from the first two, as Kubernetes does, and so a guess where a schedule
	// is not regular.
	Count int64
}

// TooMany reports whether so many runs were missed that Kubernetes warns of it.
func (d Due) TooMany() bool { return d.Count > tooManyMissed }

// Due returns what fell due after the last run, or where there was none, after the
// object came to be, as the CronJob controller counts it. With a starting deadline
// above 0, runs that are later than that by now are forgotten.
//
// It is true to Kubernetes 1.36 also in this: several runs close together with long
// pauses between, as "0-5 0 * * *", are all forgotten once the pause is much longer
// than the time from one to the next.
func (s *Schedule) Due(last, now time.Time, deadline time.Duration) Due {
	if s.cron == nil || !inRange(last) || !inRange(now) {
		return Due{}
	}
	earliest := last.In(s.zone)
	if limit := now.Add(-deadline); deadline > 0 && limit.After(earliest) {
		earliest = limit.In(s.zone)
	}
	first := s.after(earliest)
	if first.IsZero() || now.Before(first) {
		return Due{}
	}
	second := s.after(first)
	if now.Before(second) {
		return Due{Run: first, Count: 1}
	}
	apart := int64(second.Sub(first).Round(time.Second) / time.Second)
	if second.IsZero() || apart < 1 {
		return Due{}
	}
	due := Due{Count: int64(now.Sub(first)/time.Second)/apart + 1}
	if now.Sub(first) > longAgo {
		due.Run = s.Previous(now)
		return due
	}
	from := first.Add(time.Duration(due.Count-2) * time.Duration(apart) * time.Second)
	for run := s.after(from); !run.IsZero() && !run.After(now); run = s.after(run) {
		due.Run = run
	}
	return due
}
