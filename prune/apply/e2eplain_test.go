package apply_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/stretchr/testify/require"
)

// A plainWorld is a registry in which tags day-9 are nine days old, and so on; all
// others are of today, but those of referrers, which are old.
type plainWorld struct {
	*e2eWorld
	now time.Time
	// stays are the digests that must be pulled at the end, by place; goes those that
	// must not.
	stays, goes map[string]string
	again       pushable // of what goes: shop/web:day-9
	referrers   string   // the tag under which are the referrers of what goes
}

func newPlainWorld(t *testing.T) *plainWorld {
	t.Helper()
	w := &plainWorld{e2eWorld: newE2EWorld(t), now: time.Now().UTC().Truncate(time.Second), stays: map[string]string{}, goes: map[string]string{}}
	put := func(in map[string]string, what pushable, first string, further ...string) {
		first = w.push(first, what)
		w.copy(first, further...)
		for _, place := range append(further, first) {
			in[place] = w.digest(what)
		}
	}
	fresh, shared, old := w.image(), w.image(), w.image()
	w.again = old
	put(w.stays, fresh, "shop/web:day-1", "shop/web:latest", "top:day-0")
	put(w.stays, shared, "shop/api:stable") // and goes from shop/web
	w.copy("shop/api:stable", "shop/web:day-8")
	w.goes["shop/web:day-8"] = w.digest(shared)
	put(w.goes, old, "shop/web:day-9", "shop/web:day-7", "top:day-9")
	put(w.goes, w.image(), "alone:day-5") // the only tag of its repository

	kept, dropped := w.index(w.image(), fresh), w.index(w.image(), old)
	put(w.stays, kept, "shop/deep/er:day-2")
	put(w.goes, dropped, "shop/deep/er:day-6")
	put(w.stays, w.signature(kept), "shop/deep/er@")
	put(w.goes, w.signature(dropped), "shop/deep/er@")
	w.referrers = "shop/deep/er:" + strings.Replace(w.digest(dropped), ":", "-", 1)
	return w
}

func (w *plainWorld) readOptions() fromregistry.Options {
	return fromregistry.Options{UntaggedIsNothing: true, Times: func(_, tag, _ string) time.Time {
		if tag == "latest" || tag == "stable" {
			return w.now
		}
		n := 30 // a manifest by itself, and the tag that a registry without the API for referrers has for them
		if days, ok := strings.CutPrefix(tag, "day-"); ok {
			n, _ = strconv.Atoi(days)
		}
		return w.now.AddDate(0, 0, -n)
	}}
}

func (w *plainWorld) plan() *prune.Plan {
	w.t.Helper()
	var b inventory.Builder
	o := w.readOptions()
	o.Warn = func(err error) { w.t.Error(err) }
	require.NoError(w.t, fromregistry.Read(w.t.Context(), w.client, w.registry, &b, o))
	days := prune.Duration(3 * 24 * time.Hour)
	plan, err := prune.New(b.Build(), prune.Policy{
		TagItems:      []prune.Rule{{ID: "three-days", Outcome: prune.Delete, When: prune.Condition{OlderThan: &days}}},
		Images:        []prune.Rule{{ID: "no-tag", Outcome: prune.Delete, When: prune.Condition{Always: true}}},
		PruneRegistry: true,
	}, w.now)
	require.NoError(w.t, err)
	return plan
}

// TestEndToEndPlainRegistry: a plan that was made over HTTP. Debian's registry deletes no
// tags, so there nothing goes. Behind it, on its volume, the same plan is carried out to
// the byte, and the registry serves what is left.
func TestEndToEndPlainRegistry(t *testing.T) {
	w := newPlainWorld(t)
	plan := w.plan()
	require.ElementsMatch(t, []string{"alone:day-5", "top:day-9", "shop/deep/er:day-6", "shop/web:day-7", "shop/web:day-8", "shop/web:day-9", w.referrers}, drops(plan))
	require.Positive(t, plan.Summary.FreedBytes)
	require.Zero(t, plan.Summary.UnknownBlobs)
	files, blobs := w.snapshot(), w.blobs()

	http := fromregistry.Ends{Client: w.client, Registry: w.registry, Options: w.readOptions()}
	report := w.carryOut(plan, http.Apply(), apply.Options{DryRun: true})
	require.Equal(t, plan.Summary.TagItems, report.Count(prune.DeleteTagItem, apply.Done), report)
	require.Equal(t, files, w.snapshot(), "a dry run changes nothing")
	report = w.carryOut(plan, http.Apply(), apply.Options{})
	require.Equal(t, plan.Summary.TagItems, report.Count(prune.DeleteTagItem, apply.Unsupported), report)
	for result := range report.Results() {
		require.Contains(t, []apply.Status{apply.Unsupported, apply.Stale, apply.Held}, result.Status, result)
	}
	require.Zero(t, report.FreedBytes)
	require.Equal(t, files, w.snapshot(), "what tags hold stays")

	w.Stop()
	report = w.carryOut(plan, w.volume().Ends(), apply.Options{})
	w.requireAllDone(plan, report)
	require.Equal(t, plan.Summary.FreedBytes, total(blobs)-total(w.blobs()))
	require.Equal(t, plan.Summary.Blobs, len(blobs)-len(w.blobs()))
	require.Zero(t, w.check(), "nothing that nobody needs is left")

	w.Start()
	w.requireServed()
	w.push("shop/web:day-9", w.again)
	w.requirePulled("shop/web:day-9", w.digest(w.again))
}

// requireServed pulls what stays, and asks for what went.
func (w *plainWorld) requireServed() {
	w.t.Helper()
	for place, digest := range w.stays {
		w.requirePulled(place, digest)
	}
	for place := range w.goes {
		w.requireGone(place)
	}
}

// carryOut carries a plan out, with a journal of its own.
func (w *e2eWorld) carryOut(plan *prune.Plan, ends apply.Ends, o apply.Options) *apply.Report {
	w.t.Helper()
	journal, err := apply.OpenJournal(filepath.Join(w.t.TempDir(), "journal"))
	require.NoError(w.t, err)
	o.Now, o.Grace, o.Journal = at(plan.Now), -1, journal
	report, err := apply.Run(w.t.Context(), plan, ends, o)
	require.NoError(w.t, err, report)
	require.NoError(w.t, journal.Close())
	return report
}

// requireAllDone: every action of the plan, and as many bytes as it promised.
func (w *e2eWorld) requireAllDone(plan *prune.Plan, report *apply.Report) {
	w.t.Helper()
	for result := range report.Results() {
		require.Equal(w.t, apply.Done, result.Status, result)
	}
	require.Equal(w.t, plan.Summary.FreedBytes, report.FreedBytes)
}

// drops returns the tags that a plan drops items of, one for each.
func drops(plan *prune.Plan) (tags []string) {
	for a := range plan.Actions() {
		if a.Kind == prune.DeleteTagItem {
			tags = append(tags, a.Stream+":"+a.Tag)
		}
	}
	return tags
}
