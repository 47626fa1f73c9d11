package apply

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/registrykit/registrykit/prune"
)

// RuleCondemned is the rule of a blob that goes since earlier plans condemned it
// and nothing that is there needs it.
const RuleCondemned = "condemned"

// condemnedMarks are the blobs that waited when this run condemned its own.
type condemnedMarks struct {
	before map[string]Condemnation
	words  sync.Map // by the instant since when blobs wait: what is said of them
}

// sweepsBlobs reports whether the run has anything to do with blobs: those of
// the plan, or those that an earlier one condemned.
func (r *run) sweepsBlobs() bool {
	return r.plan.Policy.PruneRegistry && r.plan.Policy.Namespace == "" && r.ends.Inventory != nil &&
		(r.plan.Summary.Blobs > 0 || r.waits())
}

// waits reports whether blobs wait for a later plan.
func (r *run) waits() bool { return r.ends.Condemned != nil && r.ends.Blobs != nil && r.o.Grace >= 0 }

// condemn writes down which blobs wait, before the Images go: after that no plan
// would know of them.
func (r *run) condemn(ctx context.Context) error {
	if ctx.Err() != nil || !r.sweepsBlobs() || !r.waits() {
		return nil
	}
	before, err := r.loadMarks(ctx)
	if err != nil {
		return err
	}
	r.marks = &condemnedMarks{before: before}
	now := maps.Clone(before)
	for n, a := range r.actions(Blobs) {
		if _, marked := before[a.Digest]; !marked && r.condemns(n, &a) {
			now[a.Digest] = Condemnation{Since: r.plan.Now, Bytes: a.Bytes, NoConfig: r.noConfig[n]}
		}
	}
	return r.storeMarks(ctx, now)
}

// condemns reports whether a blob is to wait. One that may be the config of an
// image that stays does, as once its own image is gone no plan knows of it.
func (r *run) condemns(n int, a *prune.Action) bool {
	why, stale := r.staleBlob(n, a)
	return (!stale || why.Rule == prune.RuleConfigUncertain) && r.holds.of(a) == ""
}

// findConfigs notes, while the images are there, which blobs are no configs.
func (r *run) findConfigs(known *prune.Recheck) {
	r.noConfig = make([]bool, len(r.report.entries))
	for n, a := range r.actions(Blobs) {
		r.noConfig[n] = known.NoConfig(a.Digest)
	}
}

// staleBlob reports whether a blob must stay. One that earlier plans condemned
// is no action of this one. While an image that stays does not say what its config
// is, only what is no config for certain may go.
func (r *run) staleBlob(n int, a *prune.Action) (prune.Reason, bool) {
	known := r.known.Load()
	var why prune.Reason
	var stale, noConfig bool
	if n < 0 {
		why, stale = known.NeedsBlob(a.Digest)
		noConfig = r.marks.before[a.Digest].NoConfig
	} else {
		why, stale = known.Stale(n)
		noConfig = r.noConfig[n] || r.marks != nil && r.marks.before[a.Digest].NoConfig
	}
	if !stale && known.HidesConfig() && !noConfig && !known.NoConfig(a.Digest) {
		return prune.Reason{Rule: prune.RuleConfigUncertain}, true
	}
	return why, stale
}

// unmark notes that a blob waits no more, being in use. One that stays since
// too little is known waits on.
func (r *run) unmark(a *prune.Action, inUse bool) {
	if a.Kind == prune.DeleteBlob && inUse {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.settled = append(r.settled, a.Digest)
	}
}

// loadMarks returns what waits. What does not say since when waits from now on.
func (r *run) loadMarks(ctx context.Context) (map[string]Condemnation, error) {
	var marks map[string]Condemnation
	err := r.caller.call(ctx, func(ctx context.Context) error {
		loaded, err := r.ends.Condemned.LoadCondemned(ctx)
		marks = map[string]Condemnation{}
		for digest, mark := range loaded {
			if mark.Since.IsZero() {
				mark.Since = r.plan.Now
			}
			mark.Bytes = max(mark.Bytes, 0)
			if digest != "" {
				marks[digest] = mark
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load condemned blobs: %w", err)
	}
	return marks, nil
}

func (r *run) storeMarks(ctx context.Context, marks map[string]Condemnation) error {
	err := r.caller.call(ctx, func(ctx context.Context) error { return r.ends.Condemned.StoreCondemned(ctx, marks) })
	if err != nil {
		return fmt.Errorf("store condemned blobs: %w", err)
	}
	return nil
}

// settleMarks takes out what waits no more, and lets what a writer holds wait
// anew. Others may have condemned blobs meanwhile: what waits is read again.
func (r *run) settleMarks(ctx context.Context) error {
	if r.marks == nil || len(r.settled)+len(r.leased) == 0 {
		return nil
	}
	marks, err := r.loadMarks(ctx)
	if err != nil {
		return err
	}
	for _, digest := range r.settled {
		delete(marks, digest)
	}
	for _, digest := range r.leased {
		if mark, marked := marks[digest]; marked {
			mark.Since = r.plan.Now
			marks[digest] = mark
		}
	}
	return r.storeMarks(ctx, marks)
}

// deleteBlobs deletes the plan's blobs, and those that an earlier plan
// condemned, as far as they have waited.
func (r *run) deleteBlobs(ctx context.Context) error {
	do := func(ctx context.Context, a *prune.Action) error { return r.ends.Blobs.DeleteBlob(ctx, a.Digest) }
	if r.ends.Blobs == nil {
		do = func(context.Context, *prune.Action) error { return errNoEnd }
	}
	earlier := r.condemnedEarlier()
	r.start(Blobs, r.plan.Summary.Blobs+len(earlier))
	each(ctx, r.o.Workers, r.blobs(earlier), func(b numbered) {
		if wait := r.waitOf(&b.a); wait != "" && !r.before[b.n].frees() {
			r.wait(ctx, b.n, &b.a, wait)
			return
		}
		r.delete(ctx, b.n, &b.a, do)
	})
	r.finish(Blobs)
	return r.settleBlobs(ctx)
}

// settleBlobs stores what still waits, and tells the caches what is gone, also
// where the run was cancelled.
func (r *run) settleBlobs(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	err := r.settleMarks(ctx)
	if len(r.gone) == 0 || r.o.DryRun {
		return err
	}
	if r.ends.Caches == nil {
		r.report.RestartRegistries = true
		return err
	}
	slices.Sort(r.gone)
	told := r.caller.call(ctx, func(ctx context.Context) error { return r.ends.Caches.ForgetBlobs(ctx, r.gone) })
	if told != nil {
		r.report.RestartRegistries = true
		r.o.Logger.Warn("caches were not told which blobs are gone", "blobs", len(r.gone), "err", told)
	}
	return err
}

// blobs yields the plan's, and then those condemned earlier.
func (r *run) blobs(earlier []prune.Action) iter.Seq[numbered] {
	return func(yield func(numbered) bool) {
		for n, a := range r.actions(Blobs) {
			if !yield(numbered{n, a}) {
				return
			}
		}
		for _, a := range earlier {
			if !yield(numbered{-1, a}) {
				return
			}
		}
	}
}

// condemnedEarlier returns, sorted, the blobs that earlier plans condemned and
// this one does not know.
func (r *run) condemnedEarlier() []prune.Action {
	if r.marks == nil {
		return nil
	}
	unknown := maps.Clone(r.marks.before)
	for _, a := range r.actions(Blobs) {
		delete(unknown, a.Digest)
	}
	var list []prune.Action
	for _, digest := range slices.Sorted(maps.Keys(unknown)) {
		list = append(list, prune.Action{
			Kind: prune.DeleteBlob, Digest: digest, Bytes: unknown[digest].Bytes, Reason: prune.Reason{Rule: RuleCondemned},
		})
	}
	return list
}

// waitOf says until when a blob waits, "" where it has waited enough.
func (r *run) waitOf(a *prune.Action) string {
	if r.marks == nil {
		return ""
	}
	since := r.plan.Now
	if mark, marked := r.marks.before[a.Digest]; marked {
		since = mark.Since
	}
	due := since.Add(r.o.Grace)
	if !r.plan.Now.Before(due) && since.Before(r.plan.Now) {
		return ""
	}
	words, ok := r.marks.words.Load(since)
	if !ok { // one text for the many that wait since then
		words, _ = r.marks.words.LoadOrStore(since, fmt.Sprintf("condemned at %s, goes with a plan of %s or later",
			since.UTC().Format(time.RFC3339), due.UTC().Format(time.RFC3339)))
	}
	return words.(string)
}

// wait ends an action on a blob that waits, unless it is not to go at all.
func (r *run) wait(ctx context.Context, n int, a *prune.Action, why string) {
	if ctx.Err() == nil && !r.skip(n, a) {
		r.ended(&Result{Number: n, Action: *a, Status: Condemned, Why: why})
	}
}
