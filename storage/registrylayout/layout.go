package registrylayout

import (
	"context"
	"iter"
	"time"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
)

// Layout is a registry's tree on a store. It may be used from many goroutines.
type Layout struct {
	store  *storage.Store
	leases *lease.Book
	now    func() time.Time
}

// Options are the options of [New]. The zero value is right for reading, and for
// writing where nothing is deleted meanwhile.
type Options struct {
	// Leases, where set, is asked before each use and each deletion. All who
	// write to the tree must do so for it to be worth anything.
	Leases *lease.Book
	// Now gives the time at which uploads start; nil is time.Now. Leases go by
	// their own.
	Now func() time.Time
}

// New returns the tree on the store, at [Root]; middleware.Prefix moves it. It
// reads and writes nothing yet.
func New(s *storage.Store, o Options) *Layout {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Layout{store: s, leases: o.Leases, now: o.Now}
}

// Object is an object of the tree: what its key says, and what the store knows.
type Object struct {
	Place
	storage.Info
}

// Walk gives every object of the tree whose key begins with Root, a slash, and
// under, in the order of the bytes of their keys: blobs first, then the
// repositories one after the other, each in one piece. Keys that are none of this
// layout have the Kind "". Nothing is read but the listing. To create and delete
// in the loop's body is allowed. At the first error the zero Object comes with it,
// and then nothing more.
func (l *Layout) Walk(ctx context.Context, under string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for e, err := range l.store.List(ctx, storage.ListOptions{Prefix: Root + "/" + under}) {
			if err != nil {
				yield(Object{}, err)
				return
			}
			place, _ := ParseKey(e.Key)
			if !yield(Object{Place: place, Info: e.Info}, nil) {
				return
			}
		}
	}
}
