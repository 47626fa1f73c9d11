package interleave_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/internal/interleave"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
)

const blobKey, linkKey, content = "blob", "link", "layer"

// sweeper is what a sweep leaves out. The zero value leaves out nothing.
type sweeper struct {
	noLease   bool // deletes without asking for leases
	noRecheck bool // trusts its first look, and calls it new
}

// volume is a store on which an unused blob lies, and the clock beside it.
type volume struct {
	t      *testing.T
	driver memory.Driver
	now    time.Time
	pushed bool
	swept  bool
}

// open is the store and the leases of one program: each call ends in a step.
func (v *volume) open(step func()) (*storage.Store, *lease.Book) {
	d := middleware.Observe(&v.driver, func(middleware.Event) { step() }, middleware.ObserveOptions{})
	s := storage.New(d, storage.Options{Trust: true})
	return s, lease.New(s, lease.Options{Now: func() time.Time { return v.now }})
}

// push pushes the blob again and links it. Behind that its lease runs out.
func (v *volume) push(step func()) {
	ctx := context.Background()
	s, book := v.open(step)
	d := digest.FromString(content)
	if _, err := book.Renew(ctx, d); errors.Is(err, lease.ErrCondemned) {
		return
	} else if err != nil {
		v.t.Error(err)
		return
	}
	_, err := s.Stat(ctx, blobKey)
	if errors.Is(err, storage.ErrNotExist) {
		_, err = s.WriteFile(ctx, blobKey, []byte(content), storage.CreateOptions{})
	}
	if err == nil {
		_, err = s.WriteFile(ctx, linkKey, []byte(d), storage.CreateOptions{})
	}
	if err != nil {
		v.t.Error(err)
		return
	}
	v.pushed = true
	v.now = v.now.Add(24 * time.Hour)
}

// sweep deletes the blob if nothing links it.
func (v *volume) sweep(m sweeper) interleave.Program {
	return func(step func()) {
		ctx := context.Background()
		s, book := v.open(step)
		unlinked := func() bool {
			_, err := s.Stat(ctx, linkKey)
			return errors.Is(err, storage.ErrNotExist)
		}
		if !unlinked() {
			return
		}
		if !m.noLease {
			c, err := book.Condemn(ctx, digest.FromString(content), v.now)
			if errors.Is(err, lease.ErrHeld) {
				return
			} else if err != nil {
				v.t.Error(err)
				return
			}
			defer c.Done(ctx)
		}
		if !m.noRecheck && !unlinked() {
			return
		}
		if err := s.Delete(ctx, blobKey, storage.DeleteOptions{}); err != nil {
			v.t.Error(err)
		}
		v.swept = true
	}
}

// TestPushAndSweep runs a push of a blob that lies unused against its sweep, in
// orders that change three times: what a push completed is there, byte for byte.
// A sweep that leaves out one of its looks must be found to lose it.
func TestPushAndSweep(t *testing.T) {
	for name, c := range map[string]struct {
		sweeper
		loses bool
	}{
		"whole":      {sweeper{}, false},
		"no lease":   {sweeper{noLease: true}, true},
		"no recheck": {sweeper{noRecheck: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			lost, pushed, swept := 0, 0, 0
			n := interleave.EachTwoSwitches(func(order []int) ([]int, bool) {
				v := &volume{t: t, now: time.Unix(1e9, 0)}
				s, _ := v.open(func() {})
				if _, err := s.WriteFile(t.Context(), blobKey, []byte(content), storage.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				choices := interleave.Run(order, v.sweep(c.sweeper), v.push)
				if v.pushed {
					pushed++
					if got, err := s.ReadFile(t.Context(), blobKey, 100); err != nil || string(got) != content {
						lost++
						if !c.loses {
							t.Errorf("order %v: %q, %v", order, got, err)
						}
					}
				}
				if v.swept {
					swept++
				}
				return choices, true
			})
			t.Logf("%d orders, %d pushed, %d swept, %d lost", n, pushed, swept, lost)
			if (lost > 0) != c.loses || pushed == 0 || swept == 0 {
				t.Errorf("%d orders, %d pushed, %d swept, %d lost; loses: %t", n, pushed, swept, lost, c.loses)
			}
		})
	}
}
