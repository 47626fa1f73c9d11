package middleware

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/registrykit/registrykit/storage"
)

// Fault is one way in which calls go wrong. The zero value makes every call fail
// with storage.ErrUnavailable before it reaches the driver.
type Fault struct {
	// Ops are the calls that it is about, by the names of [Event].Op; none is
	// all but "abort".
	Ops []string
	// Prefix is what the key begins with.
	Prefix string
	// Nth is the first of the calls, counted from 1, that goes wrong; 0 is the
	// first.
	Nth int
	// Times is how many in a row go wrong; 0 is all from then on.
	Times int
	// CutAfter lets a Body or an Upload move so many bytes and then makes its
	// read or write fail; other calls it leaves alone. 0 is no cut. Nth and
	// Times count the cuts, not the calls.
	CutAfter int64
	// LoseAnswer makes the call and then returns the error all the same.
	LoseAnswer bool
	// Wait is called before a call that goes wrong, to delay it; where it
	// returns nil, and Err is nil, the call is made and nothing else is wrong.
	Wait func(ctx context.Context, op, key string) error
	// Err is what is returned; nil is storage.ErrUnavailable, or nothing
	// where Wait is set.
	Err error
}

// Faults returns a driver whose calls go wrong as the faults say, in their order;
// the first that has an error to return, returns it. Calls are counted for each
// fault over all goroutines.
func Faults(d storage.Driver, faults ...Fault) *FaultyDriver {
	w := &FaultyDriver{seen: make([]int, len(faults)), faults: slices.Clone(faults)}
	w.around = around{inner: d, hook: w.call}
	return w
}

// FaultyDriver is what [Faults] returns: a [storage.Driver] with every role.
type FaultyDriver struct {
	around
	faults []Fault

	mu       sync.Mutex
	seen     []int
	injected int
}

// Injected says how many calls have gone wrong, so that a test can be sure that
// its fault took place.
func (w *FaultyDriver) Injected() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.injected
}

func (w *FaultyDriver) call(ctx context.Context, c *call, do func() error) error {
	var lost error
	for i := range w.faults {
		f := &w.faults[i]
		if !f.concerns(c) || !w.turn(i) {
			continue
		}
		if f.Wait != nil {
			if err := f.Wait(ctx, c.op, c.key); err != nil {
				return err
			}
		}
		err := f.error(c)
		if err == nil {
			continue
		}
		if !f.LoseAnswer {
			return err
		}
		lost = err
		break
	}
	w.limit(c)
	if err := do(); err != nil {
		return err
	}
	return lost
}

// limit keeps a read or write from going beyond a cut.
func (w *FaultyDriver) limit(c *call) {
	for i := range w.faults {
		f := &w.faults[i]
		if left := f.CutAfter - c.before; f.CutAfter > 0 && left > 0 && f.about(c) && (c.most < 0 || left < c.most) {
			c.most = left
		}
	}
}

// turn counts a call and says whether it is one of those that go wrong.
func (w *FaultyDriver) turn(i int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := &w.faults[i]
	w.seen[i]++
	n, from := w.seen[i], max(f.Nth, 1)
	wrong := n >= from && (f.Times == 0 || n < from+f.Times)
	if wrong {
		w.injected++
	}
	return wrong
}

func (f *Fault) about(c *call) bool {
	if !strings.HasPrefix(c.key, f.Prefix) {
		return false
	}
	if f.CutAfter > 0 && c.op != "read" && c.op != "write" {
		return false
	}
	if len(f.Ops) == 0 {
		return c.op != "abort"
	}
	return slices.Contains(f.Ops, c.op)
}

func (f *Fault) concerns(c *call) bool {
	return f.about(c) && (f.CutAfter == 0 || c.before >= f.CutAfter)
}

func (f *Fault) error(c *call) error {
	err := f.Err
	if err == nil {
		if f.Wait != nil {
			return nil
		}
		err = storage.ErrUnavailable
	}
	return fmt.Errorf("injected into %s: %w", c.op, err)
}
