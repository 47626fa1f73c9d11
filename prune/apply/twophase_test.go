package apply_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// planAgain plans on what is there now.
func planAgain(t testing.TB, l *prunetest.Live, now time.Time) *prune.Plan {
	inv, err := l.List(t.Context())
	require.NoError(t, err)
	plan, err := prune.New(inv, oneRevision(t), now)
	require.NoError(t, err)
	return plan
}

func TestBlobsWaitForALaterPlan(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	ends := live.Ends()
	ends.Condemned = apply.FileCondemned(filepath.Join(t.TempDir(), "condemned.json"))
	run := func(plan *prune.Plan, hours int) *apply.Report {
		t.Helper()
		now := f.cluster.Now().Add(time.Duration(hours) * time.Hour)
		if plan == nil {
			plan = planAgain(t, live, now)
		}
		report, err := apply.Run(t.Context(), plan, ends, apply.Options{Now: at(now)})
		require.NoError(t, err)
		require.Empty(t, live.Missing())
		return report
	}
	all := live.Blobs()
	first := run(f.plan, 0)
	require.Equal(t, all, live.Blobs())
	require.Equal(t, f.plan.Summary.Blobs, first.Count(prune.DeleteBlob, apply.Condemned))
	require.Zero(t, first.FreedBytes)
	require.False(t, first.RestartRegistries)
	require.NotContains(t, live.Images(), f.oldest.Digest())
	condemned, err := ends.Condemned.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Equal(t, f.plan.Summary.Blobs, condemned.Len())

	// Too early: nothing goes, though the Images that knew of the blobs are gone.
	second := run(nil, 23)
	require.Equal(t, all, live.Blobs())
	require.Equal(t, f.plan.Summary.Blobs, second.Count(prune.DeleteBlob, apply.Condemned))

	// The oldest is pushed again: what it needs is condemned no more.
	live.Tag("dev/app", "again", f.app.Digest(f.oldest), f.oldest.Digest(), f.cluster.Now().Add(23*time.Hour))
	third := run(nil, 25)
	require.Subset(t, slices.Collect(maps.Keys(live.Blobs())), append(f.oldest.Layers(), f.oldest.Config(), f.oldest.Digest()))
	require.Positive(t, third.FreedBytes)
	require.NotContains(t, live.Blobs(), f.middle.Digest())
	require.Equal(t, third.Count(prune.DeleteBlob, apply.Done)+third.Count(prune.DeleteBlob, apply.Stale), f.plan.Summary.Blobs)
	condemned, err = ends.Condemned.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Zero(t, condemned.Len())
}

// TestTwoPhasesLeaveWhatOneDoes: in the end the same is gone, whatever fails on
// the way.
func TestTwoPhasesLeaveWhatOneDoes(t *testing.T) {
	for cluster, plan := range plans(t, 8) {
		if plan.Summary.Blobs == 0 {
			continue
		}
		want, _ := carriedOut(t, cluster, plan)
		calls := 0
		count := cluster.Live()
		count.Before = func(prunetest.Call) error { calls++; return nil }
		o := apply.Options{Now: at(cluster.Now()), Workers: 1, Retry: apply.Retry{Attempts: 1}}
		_, err := apply.Run(t.Context(), plan, count.Ends(), o)
		require.NoError(t, err)
		for k := range calls {
			live := cluster.Live()
			before := live.Missing()
			live.Before = counting(k, func(n int) bool { return n == k }, errInjected)
			o.Journal = &memoryJournal{}
			_, err := apply.Run(t.Context(), plan, live.Ends(), o)
			live.Before = nil
			if err != nil {
				_, err = apply.Run(t.Context(), plan, live.Ends(), o)
				require.NoError(t, err)
			}
			later := plan.Now.Add(apply.DefaultGrace)
			inv, err := live.List(t.Context())
			require.NoError(t, err)
			again, err := prune.New(inv, plan.Policy, later)
			require.NoError(t, err)
			_, err = apply.Run(t.Context(), again, live.Ends(), apply.Options{Now: at(later)})
			require.NoError(t, err)
			require.Subset(t, before, live.Missing())
			if again.Summary.TagItems == 0 { // or more has gone, being older by now
				require.Equal(t, want.Blobs, live.Blobs())
			}
		}
	}
}

// A listing that is not complete keeps condemned blobs, and condemns none.
func TestCondemnedBlobsStayWhereLittleIsKnown(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	now := f.cluster.Now()
	_, err := apply.Run(t.Context(), f.plan, live.Ends(), apply.Options{Now: at(now)})
	require.NoError(t, err)
	later := planAgain(t, live, now.Add(48*time.Hour))
	for _, kind := range []inventory.Kind{inventory.KindImage, inventory.KindImageStream} {
		c := *f.cluster
		doubtful := c.Live()
		_, err := apply.Run(t.Context(), f.plan, doubtful.Ends(), apply.Options{Now: at(now)})
		require.NoError(t, err)
		all := doubtful.Blobs()
		c.Incomplete(kind)
		_, err = apply.Run(t.Context(), later, doubtful.Ends(), apply.Options{Now: at(later.Now)})
		require.NoError(t, err)
		require.Equal(t, all, doubtful.Blobs(), kind)
	}
}

func TestCondemnedFile(t *testing.T) {
	file := apply.FileCondemned(filepath.Join(t.TempDir(), "condemned.json"))
	blobs, err := file.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Zero(t, blobs.Len())
	want := map[string]apply.Condemnation{"sha256:aa": {Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Bytes: 7}}
	require.NoError(t, file.StoreCondemned(t.Context(), condemnations(want)))
	blobs, err = file.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, maps.Collect(blobs.All()))
	for _, text := range []string{"", "{", `{"schema":"x"}`, `{"schema":"registrykit/condemned/v1","more":1}`, `[]`} {
		writeFile(t, string(file), text)
		_, err := file.LoadCondemned(t.Context())
		require.ErrorContains(t, err, string(file), text)
	}
	require.Error(t, apply.FileCondemned(filepath.Join(t.TempDir(), "absent", "x")).StoreCondemned(t.Context(), condemnations(want)))
}

// condemnedEnd is an end of its own making.
type condemnedEnd struct {
	apply.MemoryCondemned
	before func(verb string) error
}

func (c *condemnedEnd) LoadCondemned(ctx context.Context) (*apply.Condemnations, error) {
	if err := c.before("load"); err != nil {
		return nil, err
	}
	return c.MemoryCondemned.LoadCondemned(ctx)
}

func (c *condemnedEnd) StoreCondemned(ctx context.Context, blobs *apply.Condemnations) error {
	if err := c.before("store"); err != nil {
		return err
	}
	return c.MemoryCondemned.StoreCondemned(ctx, blobs)
}

// What another run condemns while this one deletes waits on, and what does not
// say since when waits from now on.
func TestCondemnedByOthersMeanwhile(t *testing.T) {
	f := newFixture(t)
	now := f.cluster.Now()
	live := f.cluster.Live()
	end := &condemnedEnd{before: func(string) error { return nil }}
	mark := func(digest string, since time.Time) {
		marks, err := end.MemoryCondemned.LoadCondemned(t.Context())
		require.NoError(t, err)
		marks.Set(digest, apply.Condemnation{Since: since, Bytes: -5})
		require.NoError(t, end.MemoryCondemned.StoreCondemned(t.Context(), marks))
	}
	mark("sha256:old", now.Add(-48*time.Hour))
	mark("sha256:undated", time.Time{})
	mark("", now.Add(-48*time.Hour))
	live.Before = func(c prunetest.Call) error {
		if c.Verb == "DeleteBlob" {
			require.Equal(t, "sha256:old", c.Object)
			mark("sha256:meanwhile", now)
		}
		return nil
	}
	ends := live.Ends()
	ends.Condemned = end
	report, err := apply.Run(t.Context(), f.plan, ends, apply.Options{Now: at(now)})
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteBlob, apply.Gone))
	marks, err := end.MemoryCondemned.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Equal(t, f.plan.Summary.Blobs+2, marks.Len())
	require.Contains(t, maps.Collect(marks.All()), "sha256:meanwhile")
	undated, _ := marks.Get("sha256:undated")
	require.Equal(t, apply.Condemnation{Since: f.plan.Now}, undated)
}

// What a writer holds a lease on waits anew.
func TestLeasedBlobWaitsAnew(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	now := f.cluster.Now()
	_, err := apply.Run(t.Context(), f.plan, live.Ends(), apply.Options{Now: at(now)})
	require.NoError(t, err)
	live.Before = on("DeleteBlob", apply.ErrInUse)
	again := planAgain(t, live, now.Add(24*time.Hour))
	report, err := apply.Run(t.Context(), again, live.Ends(), apply.Options{Now: at(again.Now)})
	require.NoError(t, err)
	require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.Stale))
	live.Before = nil
	for hours, status := range map[time.Duration]apply.Status{47: apply.Condemned, 48: apply.Done} {
		soon := planAgain(t, live, now.Add(hours*time.Hour))
		report, err = apply.Run(t.Context(), soon, live.Ends(), apply.Options{Now: at(soon.Now), DryRun: true})
		require.NoError(t, err)
		require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, status))
	}
}

// The end of condemned blobs is called as others are: again where it may work
// later, and with a limit of time also once the run is cancelled.
func TestCondemnedEndThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		calls := map[string]int{}
		end := &condemnedEnd{before: func(verb string) error {
			if calls[verb]++; calls[verb] == 1 {
				return apply.ErrUnavailable
			}
			return nil
		}}
		ends := f.cluster.Live().Ends()
		ends.Condemned = end
		_, err := apply.Run(t.Context(), f.plan, ends, apply.Options{Now: at(f.cluster.Now())})
		require.NoError(t, err)
		require.Equal(t, map[string]int{"load": 2, "store": 2}, calls)
	})
}

// While an image is there that does not say what its config is, no config goes,
// also when the images that had it are gone. It is not forgotten, either.
func TestConfigsInDoubtWait(t *testing.T) {
	for _, grace := range []time.Duration{-1, 0} {
		f := newFixture(t)
		live, ends, odd := withOddImage(t, f)
		now := f.cluster.Now()
		report, err := apply.Run(t.Context(), f.plan, ends, apply.Options{Now: at(now), Grace: grace})
		require.NoError(t, err)
		require.NotContains(t, live.Images(), f.oldest.Digest())
		require.Contains(t, live.Blobs(), f.oldest.Config())
		require.Equal(t, 2, report.Count(prune.DeleteBlob, apply.Stale))
		if grace < 0 {
			require.NotContains(t, live.Blobs(), f.oldest.Digest())
			continue
		}

		// Later, what is no config goes, and the rest once nothing is in doubt.
		later := planAgain(t, live, now.Add(24*time.Hour))
		_, err = apply.Run(t.Context(), later, ends, apply.Options{Now: at(later.Now)})
		require.NoError(t, err)
		require.Contains(t, live.Blobs(), f.oldest.Config())
		require.NotContains(t, live.Blobs(), f.oldest.Digest())
		*odd = false
		later = planAgain(t, live, now.Add(48*time.Hour))
		_, err = apply.Run(t.Context(), later, ends, apply.Options{Now: at(later.Now)})
		require.NoError(t, err)
		require.NotContains(t, live.Blobs(), f.oldest.Config())
		require.Empty(t, live.Missing())
	}
}

// withOddImage returns the fixture's cluster with one more image, as long as that
// is wanted, which says nothing of itself.
func withOddImage(t *testing.T, f *fixture) (*prunetest.Live, apply.Ends, *bool) {
	live := f.cluster.Live()
	odd := true
	ends := live.Ends()
	ends.Inventory = lister(func(ctx context.Context) (*inventory.Inventory, error) {
		var b inventory.Builder
		for _, name := range []string{"app", "base"} {
			s, err := live.ReadStream(ctx, "dev", name)
			require.NoError(t, err)
			require.NoError(t, b.AddImageStream(s))
		}
		for _, i := range f.cluster.Images() {
			if slices.Contains(live.Images(), i.Name) {
				require.NoError(t, b.AddImage(&i))
			}
		}
		if odd {
			require.NoError(t, b.AddManifest(inventory.Manifest{Digest: "sha256:odd", MediaType: "application/vnd.odd"}))
		}
		b.Listed(inventory.Kinds()...)
		b.ImagesAfterStreams(true)
		return b.Build(), nil
	})
	return live, ends, &odd
}

// TestBlobsThatWaitSinceManyInstants: of each is said since when, also where there are
// more instants than the report keeps in one byte.
func TestBlobsThatWaitSinceManyInstants(t *testing.T) {
	f := newFixture(t)
	now := f.cluster.Now()
	ends := f.cluster.Live().Ends()
	ends.Blobs = yesBlobs{}
	const most = 290 * time.Minute
	marks := map[string]apply.Condemnation{}
	for n := range 300 {
		marks[sha(n)] = apply.Condemnation{Since: now.Add(time.Duration(-n) * time.Minute), Bytes: int64(n)}
	}
	require.NoError(t, ends.Condemned.StoreCondemned(t.Context(), condemnations(marks)))
	report, err := apply.Run(t.Context(), f.plan, ends, apply.Options{Now: at(now), Grace: most})
	require.NoError(t, err)
	waiting, done := 0, 0
	for r := range report.Results() {
		if r.Number >= 0 {
			continue
		}
		mark := marks[r.Action.Digest]
		require.Equal(t, mark.Bytes, r.Action.Bytes)
		require.Equal(t, apply.RuleCondemned, r.Action.Reason.Rule)
		if now.Sub(mark.Since) >= most {
			require.Equal(t, apply.Done, r.Status)
			require.Empty(t, r.Why)
			done++
			continue
		}
		require.Equal(t, apply.Condemned, r.Status)
		require.Contains(t, r.Why, "condemned at "+mark.Since.Format(time.RFC3339)+",")
		waiting++
	}
	require.Equal(t, []int{290, 10}, []int{waiting, done})
}

// condemnations are those of a map.
func condemnations(blobs map[string]apply.Condemnation) *apply.Condemnations {
	c := new(apply.Condemnations)
	for digest, condemnation := range blobs {
		c.Set(digest, condemnation)
	}
	return c
}
