package fromlayout_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/interleave"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// Leases run out behind a push and long before a look grows old, so that a sweep that
// took one for the other would be found out.
const (
	leaseTTL  = 2 * time.Minute
	leaseSkew = time.Second
	leaseGone = leaseTTL + 2*leaseSkew + time.Second
	grace     = 24 * time.Hour
	// A sweep's mark ends by the real clock.
	leaseSweep = time.Hour
)

// A sweep is how one is made. The zero value is as it should be, where blobs wait.
type sweep struct {
	noGrace   bool // blobs do not wait
	noRecheck bool // what was there when the plan was made is taken for what is there now
	noLeases  bool // those of the writers are not seen
	noSince   bool // each deletion takes its look for a new one
	alone     bool // nobody writes, it is told
}

// A scene is the volume of a race, and who is on it.
type scene struct {
	t       *testing.T
	race    *race
	sweep   sweep
	way     way
	driver  *stepper
	store   *storage.Store
	now     time.Time
	fresh   func() roles       // an empty volume
	before  map[string]string  // the objects before the race, by key
	shared  [2]map[string]bool // keys that the sweep and the writer touch; nil: any
	seen    [2]map[string]bool // what they touched
	steps   [2]int             // how many they made in the last order
	tick    time.Duration      // how far the clock goes on with each step
	report  *apply.Report      // of the last sweep of a race
	wrote   [2]time.Time       // when the writer began and ended last
	stops   bool               // leases run out whenever the writer waits for the sweep
	binding bool               // also where it has looked at the clock for the last time
	writes  *program           // the writer, while it is under way
	waited  int                // the step at which it waited last
	sound   map[string]bool    // what races have left of which later sweeps leave all
}

func (s *scene) clock() time.Time { return s.now }

func (s *scene) book(prefix string) *lease.Book {
	return lease.New(s.store, lease.Options{Prefix: prefix, TTL: leaseTTL, MaxSkew: leaseSkew, SweepTime: leaseSweep, Now: s.clock})
}

func (s *scene) layout(prefix string) *registrylayout.Layout {
	return registrylayout.New(s.store, registrylayout.Options{Leases: s.book(prefix), Now: s.clock})
}

func (s *scene) writer(w way) *writer {
	return &writer{Layout: s.layout(""), way: w, store: s.store, leases: s.book("")}
}

// newScene sets a race up. Waited: a sweep has condemned all that goes, a while ago.
func newScene(t *testing.T, r *race, o sweep, w way, waited bool) *scene {
	s := &scene{t: t, race: r, sweep: o, way: w, now: noon}
	s.fresh = func() roles { return &memory.Driver{Now: s.clock} }
	s.driver = &stepper{roles: s.fresh()}
	s.store = storage.New(s.driver, storage.Options{Trust: true})
	s.seen, s.sound = [2]map[string]bool{{}, {}}, map[string]bool{}
	require.NoError(t, r.setup(t.Context(), s.writer(byLayout)))
	s.now = s.now.Add(leaseGone)
	if waited {
		require.NoError(t, s.collect(t.Context(), sweep{}))
		s.now = s.now.Add(grace + time.Minute)
	}
	s.before = map[string]string{}
	for e, err := range s.store.List(t.Context(), storage.ListOptions{}) {
		require.NoError(t, err)
		text, err := s.store.ReadFile(t.Context(), e.Key, 1<<20)
		require.NoError(t, err)
		s.before[e.Key] = string(text)
	}
	s.look()
	return s
}

// restore makes the volume what it was before the race.
func (s *scene) restore() {
	s.driver.roles = s.fresh()
	for key, text := range s.before {
		_, err := s.store.WriteFile(s.t.Context(), key, []byte(text), storage.CreateOptions{})
		require.NoError(s.t, err)
	}
}

// collect makes a sweep, as examples/collectgarbage does.
func (s *scene) collect(ctx context.Context, o sweep) error {
	prefix := ""
	if o.noLeases {
		prefix = "elsewhere"
	}
	ends, err := fromlayout.NewEnds(s.store, s.layout(prefix), fromlayout.EndsOptions{Alone: o.alone, AtOnce: 1, Now: s.clock})
	if err != nil {
		return err
	}
	inv, volume, err := ends.Read(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(volume.Unread...); err != nil {
		return err
	}
	policy := prune.Garbage(prune.GarbageOptions{Untagged: !s.race.keepUntagged})
	policy.TagItems = s.race.tags
	plan, err := prune.New(inv, policy, s.now)
	if err != nil {
		return err
	}
	wait := grace
	if o.noGrace {
		wait = -1
	}
	report, err := apply.Run(ctx, plan, o.ends(ends, inv), apply.Options{Now: s.clock, Workers: 1, Timeout: -1, Grace: wait})
	if programOf(ctx) != nil {
		s.report = report
	}
	if err != nil {
		return err
	}
	_, err = ends.ForgetFormer(ctx, volume.Former)
	return err
}

// ends are the ends of a sweep, with what it lacks.
func (o sweep) ends(e *fromlayout.Ends, planned *inventory.Inventory) apply.Ends {
	ends := e.Ends()
	if o.noRecheck {
		ends.Inventory = lister(func(ctx context.Context) (*inventory.Inventory, error) {
			_, err := e.List(ctx)
			return planned, err
		})
	}
	if o.noSince {
		ends.Blobs = newLook{e}
	}
	return ends
}

type lister func(ctx context.Context) (*inventory.Inventory, error)

func (l lister) List(ctx context.Context) (*inventory.Inventory, error) { return l(ctx) }

// newLook looks before each deletion, and at nothing that it sees.
type newLook struct{ *fromlayout.Ends }

func (l newLook) DeleteBlob(ctx context.Context, blob string) error {
	if _, err := l.List(ctx); err != nil {
		return err
	}
	return l.Ends.DeleteBlob(ctx, blob)
}

// An outcome is what became of a race that was run in one order.
type outcome struct {
	had     []int // steps
	refused error // what the writer was told
	lost    error // of what the writer was told to be there
	wrong   error // whatever else
}

// run runs the race in turns. A writer that ends well is long gone when the sweep goes
// on: its leases have run out.
func (s *scene) run(turns []int, writerFirst bool) (out outcome) {
	began := s.now
	defer func() { s.now = began }()
	s.restore()
	w := s.writer(s.way)
	sweeping, meant := false, true
	first := func(step func()) {
		sweeping = true
		s.pass()
		if err := s.collect(s.turns(0, step).context(s.t.Context()), s.sweep); err != nil {
			out.wrong = fmt.Errorf("sweep: %w", err)
		}
	}
	second := func(step func()) {
		s.wrote[0] = s.now
		s.writes, s.waited = s.turns(1, step), 0
		out.refused = s.race.write(s.writes.context(s.t.Context()), w)
		s.wrote[1], s.writes = s.now, nil
		if out.refused == nil {
			s.now = s.now.Add(leaseGone)
			meant = sweeping // a tag from before the sweep is one of those that go
		}
	}
	if writerFirst {
		first, second = second, first
	}
	out.had = interleave.Turns(turns, first, second)
	if s.race.tags != nil && !meant {
		w.done = nil
	}
	s.aftermath(w, &out)
	if s.shared[0] != nil {
		for i := range s.seen {
			for key := range s.seen[i] {
				if !s.shared[i][key] {
					s.t.Fatalf("turns %v: program %d touches %s, which it did not at first", turns, i, key)
				}
			}
		}
	}
	return out
}

func (s *scene) turns(i int, step func()) *program {
	s.steps[i] = 1
	counted := func() {
		s.steps[i]++
		s.now = s.now.Add(s.tick)
		step()
		if i == 0 {
			s.pass()
		}
	}
	return &program{t: s.t, step: counted, shared: s.shared[1-i], touched: s.seen[i]}
}

// pass lets the leases of a writer run out that waits for the sweep: one that stops
// before it has looked at the clock for the last time. What comes of it where it stops
// later, package lease says.
func (s *scene) pass() {
	if s.stops && s.writes != nil && (!s.writes.binding || s.binding) && s.waited != s.steps[1] {
		s.waited = s.steps[1]
		s.now = s.now.Add(leaseGone)
	}
}

// aftermath checks what a race has left, that the writer succeeds after a refusal, and
// what later sweeps leave. Of races that end alike it follows the first.
func (s *scene) aftermath(w *writer, out *outcome) {
	pulls := func() bool {
		var errs []error
		for _, c := range w.done {
			errs = append(errs, pull(s.t.Context(), w.Layout, c))
		}
		out.lost = errors.Join(errs...)
		return out.lost == nil
	}
	wrong := func(what string, err error) {
		if err != nil {
			out.wrong = errors.Join(out.wrong, fmt.Errorf("%s: %w", what, err))
		}
	}
	if out.refused != nil && !refused(out.refused) {
		wrong("the writer was told", out.refused)
	}
	state := s.state() + fmt.Sprint(w.done, out.refused != nil)
	if !pulls() || s.sound[state] {
		return
	}
	if out.refused != nil {
		again := s.race.again
		if again == nil {
			again = s.race.write
		}
		wrong("the writer tries again", again(s.t.Context(), w))
		if !pulls() {
			return
		}
	}
	for range 2 {
		s.now = s.now.Add(grace + time.Minute)
		wrong("a later sweep", s.collect(s.t.Context(), sweep{}))
		if s.race.tags != nil {
			w.done = nil // it is old by now
		}
		if !pulls() {
			return
		}
	}
	if !s.race.keepUntagged {
		left, err := garbage(s.t.Context(), w.Layout)
		wrong("look for garbage", err)
		if len(left) > 0 {
			wrong("what nobody needs is left", fmt.Errorf("%v", left))
		}
	}
	s.sound[state] = out.wrong == nil
}

// nonce is what makes each record of a lease unlike every other.
var nonce = regexp.MustCompile(`"nonce":"[^"]*"`)

// state is all that is on the volume, less what differs from run to run.
func (s *scene) state() string {
	var b strings.Builder
	for e, err := range s.store.List(s.t.Context(), storage.ListOptions{}) {
		require.NoError(s.t, err)
		text, err := s.store.ReadFile(s.t.Context(), e.Key, 1<<20)
		require.NoError(s.t, err)
		fmt.Fprintf(&b, "%s %s\n", e.Key, nonce.ReplaceAll(text, nil))
	}
	return b.String()
}

// look runs the race in some orders, to find out which keys the programs share.
func (s *scene) look() {
	s.run(nil, false)
	s.run(nil, true)
	for n := range 12 {
		s.run([]int{10 * n}, false)
		s.run([]int{4 * n}, true)
	}
	s.shared = [2]map[string]bool{maps.Clone(s.seen[0]), maps.Clone(s.seen[1])}
}
