package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

// Classes of errors, for [errors.Is].
var (
	// ErrHeld: somebody's lease runs, or did a moment ago.
	ErrHeld = errors.New("a lease is held")
	// ErrCondemned: a sweep is deleting this. It is as good as not there.
	ErrCondemned = errors.New("is being deleted")
	// ErrRecord: what stands in the record's place is none. It is not a lease,
	// and nothing is deleted while it is there.
	ErrRecord = errors.New("not a lease record")
	// ErrContended: others changed the record each time it was tried. It is
	// worth another try.
	ErrContended = errors.New("too many changed the record at once")
)

// Error is the type of every error that is about a digest.
type Error struct {
	// Op is "renew", "condemn", "done", "held" or "clean".
	Op     string
	Digest digest.Digest
	Err    error
}

func (e *Error) Error() string {
	return fmt.Sprintf("lease: %s %q: %v", e.Op, string(e.Digest), e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func at(op string, d digest.Digest, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, Digest: d, Err: err}
}

// The defaults of [Options].
const (
	// DefaultPrefix is beside the registry's own "docker".
	DefaultPrefix = "registrykit-leases"
	// DefaultTTL is long enough for the push of a large image.
	DefaultTTL = 2 * time.Hour
	// DefaultMaxSkew is what hosts that keep their clocks never reach.
	DefaultMaxSkew = time.Minute
	// DefaultSweepTime is time enough to look once more and to delete one blob.
	DefaultSweepTime = 2 * time.Minute
)

// Options are the options of [New]. The zero value is right. All who share a
// store must have the same Prefix and MaxSkew.
type Options struct {
	// Prefix is the directory of the records, without a slash at the end. ""
	// is DefaultPrefix.
	Prefix string
	// TTL is how long a lease runs from its last renewal. At most half of it
	// is spent when [Book.Renew] returns. Not positive: DefaultTTL.
	TTL time.Duration
	// MaxSkew is by how much the clocks of two who take part may differ. Not
	// positive: DefaultMaxSkew.
	MaxSkew time.Duration
	// SweepTime is how long a sweep has from [Book.Condemn] to its deletion,
	// and writers are turned away at most. Not positive: DefaultSweepTime.
	SweepTime time.Duration
	// Now gives the time; nil is time.Now.
	Now func() time.Time
}

// Book keeps leases on a store. It may be used from many goroutines.
type Book struct {
	store   *storage.Store
	options Options
}

// New returns the book of the store. It reads and writes nothing yet. The Store
// probes what its driver does on the first change, unless it is told to trust it.
func New(s *storage.Store, o Options) *Book {
	if o.Prefix == "" {
		o.Prefix = DefaultPrefix
	}
	if o.TTL <= 0 {
		o.TTL = DefaultTTL
	}
	if o.MaxSkew <= 0 {
		o.MaxSkew = DefaultMaxSkew
	}
	if o.SweepTime <= 0 {
		o.SweepTime = DefaultSweepTime
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Book{store: s, options: o}
}

// Renew takes a lease on a digest, whether its blob is there or not, or makes the
// one that is held last longer, and returns until when. Leases have no owners:
// everybody's is the one that ends last. At least half of Options.TTL is left of
// it.
//
// [ErrCondemned] while a sweep is deleting the blob, [ErrRecord] (with the key)
// where the record cannot be read, [ErrContended]; digest.ErrDigestInvalidFormat
// and its like; whatever the store returns. After an error nothing is held.
func (b *Book) Renew(ctx context.Context, d digest.Digest) (until time.Time, err error) {
	key, err := b.Key(d)
	if err != nil {
		return time.Time{}, at("renew", d, err)
	}
	err = b.change(ctx, key, func(was *record) (*record, error) {
		now := b.options.Now()
		if was.condemns(now, &b.options) {
			return nil, fmt.Errorf("%w until %s", ErrCondemned, was.Until.UTC().Format(time.RFC3339))
		}
		if was.State == stateHeld && was.Until.Sub(now) > b.options.TTL/2 {
			until = was.Until
			return nil, nil
		}
		until = now.Add(b.options.TTL)
		return &record{State: stateHeld, Until: until}, nil
	})
	if err != nil {
		return time.Time{}, at("renew", d, err)
	}
	return until, nil
}

// Held says until when a digest is held, at the latest, with twice
// Options.MaxSkew on top, and whether that is still to come. It changes nothing, and what it says may
// be over at once: to delete, ask [Book.Condemn]. A record that cannot be read is
// an error and to be taken for a lease.
func (b *Book) Held(ctx context.Context, d digest.Digest) (until time.Time, held bool, err error) {
	key, err := b.Key(d)
	if err != nil {
		return time.Time{}, false, at("held", d, err)
	}
	was, err := b.read(ctx, key)
	if err != nil {
		return time.Time{}, false, at("held", d, err)
	}
	if was.State != stateHeld {
		return time.Time{}, false, nil
	}
	until = was.Until.Add(b.options.grace())
	return until, was.holds(b.options.Now(), &b.options), nil
}

// Now gives the time by which the book goes.
func (b *Book) Now() time.Time { return b.options.Now() }
