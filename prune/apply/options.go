package apply

import (
	"log/slog"
	"time"
)

// The defaults of [Options].
const (
	DefaultWorkers = 5
	DefaultTimeout = 30 * time.Second
	DefaultGrace   = 24 * time.Hour
	DefaultMaxLook = 10 * time.Minute
	// MostConflicts is how often a stream is read again before its items stay.
	MostConflicts = 5
)

// Options say how a plan is carried out. The zero value is right for a cluster.
type Options struct {
	// Now is the clock. Nil: time.Now. A plan past its Expires is refused. It is
	// called by several goroutines at once.
	Now func() time.Time

	// DryRun does everything but write: reads are real, deletions are recorded
	// as if they had succeeded, and the report says so. An end that is nil can do
	// nothing here, too; what another would refuse is not known. Nothing is written
	// to the Journal, nor to Ends.Condemned.
	DryRun bool

	// Grace is how much later than the plan that condemned a blob the plan must
	// be that deletes it. Zero: DefaultGrace. Negative: no blob waits, and a
	// push that goes on meanwhile may lose a layer that it found there.
	Grace time.Duration

	// MaxLook is how old a look at what is there may be when a deletion that it
	// judged begins, and each further try of it: a run that takes longer looks
	// again, and again. A look is as old as its listing's beginning: where that takes
	// longer than MaxLook, each deletion has a listing of its own. Zero:
	// DefaultMaxLook. Negative: any age.
	MaxLook time.Duration

	// Brakes stop the run before its first deletion. The zero value has none.
	Brakes Brakes
	// KeepLastTag takes a repository's drops out of the plan where they would
	// leave no tag of it with an item.
	KeepLastTag bool

	// Workers is how many deletions of a phase go on at once. Zero:
	// DefaultWorkers. A stream is one of them, and so is the sequence of
	// manifest links of one repository, an index before what it owns.
	Workers int
	// Rate is how many calls of ends there are in a second at most, listings not
	// counted, one a day at least. Zero: any number.
	Rate float64
	// Timeout is for one call of an end but for the listing. It ends the context
	// of the call; an end that does not heed that goes on. Zero: DefaultTimeout.
	// Negative: none.
	Timeout time.Duration
	// Retry says how often a call, a listing among them, is made again that failed
	// with ErrUnavailable or ran out of its Timeout.
	Retry Retry

	// Journal lets a run that died be finished. Nil: it cannot be.
	Journal Journal

	// OnEvent is called as the run goes on, by one goroutine at a time. It must
	// not block: the run waits for it. Nil: nobody listens. Where it panics, or an
	// end does, the run stops as by the death of the process, and Run panics.
	OnEvent func(Event)
	// Logger gets what does not go as planned. Nil: silent.
	Logger *slog.Logger
}

// Retry says how a call is tried again. The zero value makes four attempts,
// half a second, a second and two apart, each up to half as long again.
type Retry struct {
	// Attempts is how many there are in all. Zero: 4. One: none again.
	Attempts int
	// Wait is the time before the second attempt, which doubles from one to the
	// next. Zero: half a second.
	Wait time.Duration
	// Most is the longest time. Zero: 30 seconds. An end that asks for a longer
	// one fails.
	Most time.Duration
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Workers <= 0 {
		o.Workers = DefaultWorkers
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	if o.MaxLook == 0 {
		o.MaxLook = DefaultMaxLook
	}
	if o.Retry.Attempts <= 0 {
		o.Retry.Attempts = 4
	}
	if o.Retry.Wait <= 0 {
		o.Retry.Wait = time.Second / 2
	}
	if o.Retry.Most <= 0 {
		o.Retry.Most = 30 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.DryRun {
		o.Logger = o.Logger.With("dryRun", true)
	}
	return o
}
