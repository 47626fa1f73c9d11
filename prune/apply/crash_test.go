package apply_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// memoryJournal is a journal that dies with the test.
type memoryJournal struct{ records []apply.Record }

func (j *memoryJournal) Append(r apply.Record) error {
	j.records = append(j.records, r)
	return nil
}

func (j *memoryJournal) Records() iter.Seq2[apply.Record, error] {
	return func(yield func(apply.Record, error) bool) {
		for _, r := range j.records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// at is the clock of a run that begins as its plan was made.
func at(now time.Time) func() time.Time { return func() time.Time { return now } }

func preset(t testing.TB, change func(*prune.OpenShiftOptions)) prune.Policy {
	o := prune.DefaultOpenShiftOptions()
	if change != nil {
		change(&o)
	}
	policy, err := prune.OpenShift(o)
	require.NoError(t, err)
	return policy
}

// oneRevision keeps one item of a tag, so that small clusters have much to do.
func oneRevision(t testing.TB) prune.Policy {
	one := 1
	policy := preset(t, func(o *prune.OpenShiftOptions) { o.KeepTagRevisions = &one })
	policy.IgnoreInvalidReferences = true
	return policy
}

// atOnce carries everything out in one go, one call after the other.
func atOnce(now time.Time) apply.Options {
	return apply.Options{Now: at(now), Grace: -1, Workers: 1, Retry: apply.Retry{Attempts: 1}}
}

// state is all that is left in a cluster.
type state struct {
	Items, Images []string
	Blobs         map[string]int64
}

func stateOf(l *prunetest.Live) state { return state{l.Items(), l.Images(), l.Blobs()} }

// plans yields random clusters of which something goes, with their plans.
func plans(t testing.TB, otherwise uint64) iter.Seq2[*prunetest.Cluster, *prune.Plan] {
	return func(yield func(*prunetest.Cluster, *prune.Plan) bool) {
		policy := oneRevision(t)
		first, end := seeds(t, otherwise)
		for seed := first; seed < end; seed++ {
			cluster := prunetest.Random(seed)
			policy.AcceptUnknownImages = seed%3 == 0
			plan, err := prune.New(cluster.Inventory(), policy, cluster.Now())
			require.NoError(t, err)
			if plan.Summary.Actions() > 0 && !yield(cluster, plan) {
				return
			}
		}
	}
}

var errInjected = errors.New("injected")

// TestRunThatEndsAnywhere stops and fails a run at every single call of an end.
// Whatever happens, what is there resolves to all that it resolved to before,
// and the journal finishes the run as if nothing had happened.
func TestRunThatEndsAnywhere(t *testing.T) {
	for cluster, plan := range plans(t, 12) {
		if tooLong(plan) {
			continue
		}
		before := cluster.Live().Missing()
		want, calls := carriedOut(t, cluster, plan)
		for _, fault := range faults {
			for k := range calls {
				name := fmt.Sprintf("%s at call %d of %d, %+v", fault.name, k, calls, plan.Summary)
				live, journal := cluster.Live(), &memoryJournal{}
				ctx, cancel := context.WithCancel(t.Context())
				fault.inject(live, k, cancel)
				o := atOnce(cluster.Now())
				o.Journal = journal
				report, err := apply.Run(ctx, plan, live.Ends(), o)
				cancel()
				require.Subset(t, before, live.Missing(), name)
				checkReport(t, plan, report)

				live.Before, live.After = nil, nil
				if err != nil {
					report, err = apply.Run(t.Context(), plan, live.Ends(), o)
					require.NoError(t, err, name)
					checkReport(t, plan, report)
				}
				require.Subset(t, before, live.Missing(), name)
				if fault.harmless {
					require.Equal(t, want, stateOf(live), name)
				}
			}
		}
	}
}

// carriedOut returns what is left after a run without faults, and how many calls
// it took.
func carriedOut(t *testing.T, cluster *prunetest.Cluster, plan *prune.Plan) (state, int) {
	live := cluster.Live()
	before, blobs, calls := live.Missing(), live.Blobs(), 0
	live.Before = func(prunetest.Call) error { calls++; return nil }
	report, err := apply.Run(t.Context(), plan, live.Ends(), atOnce(cluster.Now()))
	require.NoError(t, err)
	require.Subset(t, before, live.Missing())
	for r := range report.Results() {
		require.Contains(t, []apply.Status{apply.Done, apply.Gone}, r.Status, "%s", r)
	}
	require.Equal(t, plan.Summary.FreedBytes, report.FreedBytes)
	require.Equal(t, plan.Summary.UnknownBlobs, report.UnknownBlobs)
	require.Len(t, live.Blobs(), len(blobs)-plan.Summary.Blobs)
	return stateOf(live), calls
}

// checkReport: every action has one result, and the counts are theirs.
func checkReport(t *testing.T, plan *prune.Plan, report *apply.Report) {
	counts := map[prune.ActionKind]map[apply.Status]int{}
	n := 0
	for r := range report.Results() {
		require.Equal(t, n, r.Number)
		n++
		if counts[r.Action.Kind] == nil {
			counts[r.Action.Kind] = map[apply.Status]int{}
		}
		counts[r.Action.Kind][r.Status]++
	}
	require.Equal(t, plan.Summary.Actions(), n)
	for kind, of := range counts {
		for status, n := range of {
			require.Equal(t, n, report.Count(kind, status))
		}
	}
}

var faults = []struct {
	name     string
	harmless bool // after which the journal leads to the same end
	inject   func(l *prunetest.Live, k int, cancel func())
}{
	{"a failure", true, func(l *prunetest.Live, k int, _ func()) {
		l.Before = counting(k, func(n int) bool { return n == k }, errInjected)
	}},
	{"failures for good", true, func(l *prunetest.Live, k int, _ func()) {
		l.Before = counting(k, func(n int) bool { return n >= k }, errInjected)
	}},
	{"a lost acknowledgement", true, func(l *prunetest.Live, k int, _ func()) {
		l.After = counting(k, func(n int) bool { return n == k }, errInjected)
	}},
	{"the end of the context", true, func(l *prunetest.Live, k int, cancel func()) {
		n := -1
		l.Before = func(prunetest.Call) error {
			if n++; n == k {
				cancel()
				return context.Canceled
			}
			return nil
		}
	}},
	{"a conflict", false, func(l *prunetest.Live, k int, _ func()) {
		l.Before = counting(k, func(n int) bool { return n == k }, apply.ErrConflict)
	}},
	{"something in use", false, func(l *prunetest.Live, k int, _ func()) {
		l.Before = counting(k, func(n int) bool { return n == k }, apply.ErrInUse)
	}},
	{"something unsupported", false, func(l *prunetest.Live, k int, _ func()) {
		l.Before = counting(k, func(n int) bool { return n == k }, apply.ErrUnsupported)
	}},
}

func counting(k int, hit func(n int) bool, err error) func(prunetest.Call) error {
	n := -1
	return func(c prunetest.Call) error {
		if n++; hit(n) {
			return fmt.Errorf("%s %s: %w", c.Verb, c.Object, err)
		}
		return nil
	}
}
