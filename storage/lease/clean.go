package lease

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

// Entry is one record of a book.
type Entry struct {
	Digest digest.Digest
	// Until is when it ends; it counts for twice Options.MaxSkew more.
	Until time.Time
	// Condemned says that it is a sweep's mark, and not a lease.
	Condemned bool
}

// All gives the records, in the order of their digests, those that have run out
// among them. At the first error the zero Entry comes with it, and then nothing
// more.
func (b *Book) All(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for e, err := range b.store.List(ctx, storage.ListOptions{Prefix: b.options.Prefix + "/", KeysOnly: true}) {
			var r *record
			var d digest.Digest
			if err == nil {
				d, err = b.digestOf(e.Key)
			}
			if err == nil {
				r, err = b.read(ctx, e.Key)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if r.State == "" || r.State == stateFree {
				continue
			}
			if !yield(Entry{Digest: d, Until: r.Until, Condemned: r.State == stateCondemned}, nil) {
				return
			}
		}
	}
}

func (b *Book) digestOf(key string) (digest.Digest, error) {
	parts := strings.Split(strings.TrimPrefix(key, b.options.Prefix+"/"), "/")
	if len(parts) == 3 {
		d := digest.NewDigestFromEncoded(digest.Algorithm(parts[0]), parts[2])
		if want, err := b.Key(d); err == nil && want == key {
			return d, nil
		}
	}
	return "", fmt.Errorf("%w: %s", ErrRecord, key)
}

// Clean takes away the records that ran out more than twice Options.MaxSkew before
// the instant, or before now where that is earlier, and says how many they were. The
// instant must not be after any running sweep began to look: [Book.Condemn] goes by the
// records of leases that ran then.
//
// It needs a store that deletes under a condition: elsewhere a lease that is renewed at
// that moment would be lost, so it does nothing there and is storage.ErrUnsupported. It
// goes on after an error and returns all of them.
func (b *Book) Clean(ctx context.Context, before time.Time) (int, error) {
	c, err := b.store.Capabilities(ctx)
	if err != nil {
		return 0, err
	}
	if !c.DeleteIfVersion {
		return 0, fmt.Errorf("lease: clean: %w", storage.ErrUnsupported)
	}
	n := 0
	var problems []error
	for e, err := range b.store.List(ctx, storage.ListOptions{Prefix: b.options.Prefix + "/", KeysOnly: true}) {
		if err != nil {
			problems = append(problems, err)
			break
		}
		cleaned, err := b.cleanOne(ctx, e.Key, before)
		if err != nil {
			problems = append(problems, err)
		}
		if cleaned {
			n++
		}
	}
	return n, errors.Join(problems...)
}

func (b *Book) cleanOne(ctx context.Context, key string, before time.Time) (bool, error) {
	d, err := b.digestOf(key)
	if err != nil {
		return false, err
	}
	r, err := b.read(ctx, key)
	if err != nil {
		return false, at("clean", d, err)
	}
	if now := b.options.Now(); now.Before(before) {
		before = now
	}
	if !r.stored || r.holds(before, &b.options) || r.condemns(before, &b.options) {
		return false, nil
	}
	err = b.store.Delete(ctx, key, storage.DeleteOptions{IfVersion: r.version})
	if errors.Is(err, storage.ErrNotExist) || errors.Is(err, storage.ErrPrecondition) {
		return false, nil
	}
	return err == nil, at("clean", d, err)
}
