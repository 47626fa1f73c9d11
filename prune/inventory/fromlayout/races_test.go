package fromlayout_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/interleave"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// everything: no order is left out. Where REGISTRYKIT_SEEDS is set, none is.
var everything = os.Getenv("REGISTRYKIT_SEEDS") != ""

// most is of so many orders what there is time for.
func most(orders int) int {
	if slow {
		return orders / 5
	}
	return orders
}

// A tally counts orders and what became of them.
type tally struct{ orders, refused, lapsed, lost, wrong atomic.Int64 }

// note notes what became of an order; whole: nothing may be lost.
func (c *tally) note(t *testing.T, out outcome, whole bool, turns []int, writerFirst bool) {
	c.orders.Add(1)
	if out.refused != nil {
		c.refused.Add(1)
	}
	if errors.Is(out.refused, registrylayout.ErrLapsed) {
		c.lapsed.Add(1)
	}
	if out.lost != nil {
		c.lost.Add(1)
	}
	if out.wrong != nil {
		c.wrong.Add(1)
	}
	if whole && (out.lost != nil || out.wrong != nil) && c.lost.Load()+c.wrong.Load() < 4 {
		t.Errorf("turns %v, the writer first: %t; lost: %v; wrong: %v", turns, writerFirst, out.lost, out.wrong)
	}
}

func (c *tally) String() string {
	return fmt.Sprintf("%d orders, %d refused, %d lost", c.orders.Load(), c.refused.Load(), c.lost.Load())
}

// twice runs a race in the orders that change twice, or in about so many of them, which
// are the same ones each time.
func (c *tally) twice(s *scene, orders int, whole bool) {
	s.run(nil, false)
	sweepFirst := s.steps
	s.run(nil, true)
	oneIn := 1 + 2*max(sweepFirst[0], s.steps[0])*max(sweepFirst[1], s.steps[1])/orders
	if everything {
		oneIn = 1
	}
	for _, writerFirst := range []bool{false, true} {
		interleave.EachTwoSwitches(oneIn, func(turns []int) ([]int, bool) {
			out := s.run(turns, writerFirst)
			c.note(s.t, out, whole, turns, writerFirst)
			return out.had, whole || !slow || out.lost == nil // one that is lost will do
		})
	}
}

// often runs a race in random orders that change often.
func (c *tally) often(s *scene, seeds int) {
	for seed := range uint64(most(seeds)) {
		random := rand.New(rand.NewPCG(seed, 7))
		turns := make([]int, 3+random.IntN(20))
		for i := range turns {
			turns[i] = 1 + random.IntN(1+random.IntN(12))
		}
		writerFirst := random.IntN(2) == 0
		c.note(s.t, s.run(turns, writerFirst), true, turns, writerFirst)
	}
}

// TestRaces runs each race in orders that change twice, and in random ones that change
// often: the sweep deletes blobs at once, or has condemned them long before.
func TestRaces(t *testing.T) {
	var all tally
	t.Run("each", func(t *testing.T) {
		for _, r := range append(races, putAgain) {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				for _, w := range []way{byLayout, byRegistry} {
					for _, waited := range []bool{false, true} {
						if slow && waited == (w == byLayout) {
							continue
						}
						var one tally
						s := newScene(t, &r, sweep{noGrace: !waited}, w, waited)
						one.twice(s, most(60), true)
						one.often(s, 12)
						t.Logf("by layout: %t, condemned before: %t: %s, %d different ends", w == byLayout, waited, &one, len(s.sound))
						all.orders.Add(one.orders.Load())
						all.refused.Add(one.refused.Load())
					}
				}
			})
		}
	})
	t.Log(&all)
	require.Greater(t, all.orders.Load(), int64(len(races)*2*most(120)), "orders")
	require.Greater(t, all.refused.Load(), all.orders.Load()/50, "refusals")
}

// TestRacesOfSlowWriters is TestRaces with writers whose leases run out whenever the
// sweep takes its turn: they must find out.
func TestRacesOfSlowWriters(t *testing.T) {
	var all tally
	t.Run("each", func(t *testing.T) {
		for _, r := range append(races, putAgain) {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				s := newScene(t, &r, sweep{noGrace: true}, byLayout, false)
				s.stops = true
				all.twice(s, most(50), true)
				all.often(s, 20)
			})
		}
	})
	t.Logf("%s, %d lapsed", &all, all.lapsed.Load())
	require.Greater(t, all.orders.Load(), int64(len(races)*most(60)))
	require.Greater(t, all.lapsed.Load(), all.orders.Load()/20)
}

// TestRacesOnAFilesystem runs some of the races on a real one.
func TestRacesOnAFilesystem(t *testing.T) {
	var all tally
	for _, r := range races {
		s := newScene(t, &r, sweep{noGrace: true}, byLayout, false)
		dir, n := t.TempDir(), 0
		s.fresh = func() roles {
			if n > 0 {
				require.NoError(t, s.driver.roles.(*filesystem.Driver).Close())
			}
			n++
			name := filepath.Join(dir, fmt.Sprint(n))
			require.NoError(t, os.Mkdir(name, 0o700))
			d, err := filesystem.Open(name, filesystem.Options{NoSync: true})
			require.NoError(t, err)
			return d
		}
		s.driver.atOnce = true
		all.often(s, 5)
		require.NoError(t, s.driver.roles.(*filesystem.Driver).Close())
	}
	t.Log(&all)
	require.Greater(t, all.orders.Load(), int64(len(races)*most(5)-1))
}

// TestRacesThatAreLost leaves out, one after the other, what keeps a race from being
// lost: the same check must find it.
func TestRacesThatAreLost(t *testing.T) {
	byName := map[string]*race{putAgain.name: &putAgain}
	for i := range races {
		byName[races[i].name] = &races[i]
	}
	for _, c := range []struct {
		name   string
		race   string
		sweep  sweep
		way    way
		waited bool
		stops  bool // the writer stops for long behind its last look at the clock
		none   bool // is lost after all: the other half of the comparison
	}{
		{name: "the sweep does not see leases", race: "an image is pushed again", sweep: sweep{noLeases: true}, waited: true},
		{name: "the sweep does not see leases, and blobs do not wait", race: "a layer that is there is used", sweep: sweep{noGrace: true, noLeases: true}},
		{name: "the sweep does not look again", race: "orphaned blobs are uploaded", sweep: sweep{noRecheck: true}, waited: true},
		{name: "the sweep takes an old look for a new one", race: "orphaned blobs are uploaded", sweep: sweep{noSince: true}, waited: true},
		{name: "a writer takes no leases", race: "an image is pushed again", way: unleased, waited: true},
		{name: "a writer looks before it takes its lease", race: "an image is pushed again", way: tooLate, waited: true},
		{name: "a writer reads a link before it takes its lease", race: "an old digest is tagged again", sweep: sweep{noGrace: true}, way: lateForLink},
		{name: "a writer reads a child's link before it takes its lease", race: "an index is put over what is there", sweep: sweep{noGrace: true}, way: lateForLink},
		{name: "a writer stops behind its last look at the clock", race: "an image is pushed again", sweep: sweep{noGrace: true}, stops: true},
		{name: "nobody takes leases, and blobs do not wait", race: putAgain.name, sweep: sweep{alone: true, noGrace: true}, way: unleased},
		{name: "nobody takes leases, but blobs wait", race: putAgain.name, sweep: sweep{alone: true}, way: unleased, none: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var one tally
			s := newScene(t, byName[c.race], c.sweep, c.way, c.waited)
			s.stops, s.binding = c.stops, c.stops
			one.twice(s, 200, false)
			t.Log(&one)
			require.Equal(t, c.none, one.lost.Load() == 0)
		})
	}
}
