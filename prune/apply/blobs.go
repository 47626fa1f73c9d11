package apply

import (
	"context"
	"iter"
	"slices"

	"github.com/registrykit/registrykit/prune"
)

// RuleCondemned is the rule of a blob that goes since earlier plans condemned it
// and nothing that is there needs it.
const RuleCondemned = "condemned"

// sweepsBlobs reports whether the run has anything to do with blobs: those of
// the plan, or those that an earlier one condemned.
func (r *run) sweepsBlobs() bool {
	return r.plan.Policy.PruneRegistry && r.plan.Policy.Namespace == "" && r.ends.Inventory != nil &&
		(r.plan.Summary.Blobs > 0 || r.waits())
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
		noConfig = r.marks.noConfig(a.Digest)
	} else {
		why, stale = known.Stale(n)
		noConfig = r.noConfig[n] || r.marks.noConfig(a.Digest)
	}
	if !stale && known.HidesConfig() && !noConfig && !known.NoConfig(a.Digest) {
		return prune.Reason{Rule: prune.RuleConfigUncertain}, true
	}
	return why, stale
}

// deleteBlobs deletes the plan's blobs, and those that an earlier plan
// condemned, as far as they have waited.
func (r *run) deleteBlobs(ctx context.Context) error {
	do := func(ctx context.Context, a *prune.Action) error { return r.ends.Blobs.DeleteBlob(ctx, a.Digest) }
	if r.ends.Blobs == nil {
		do = func(context.Context, *prune.Action) error { return errNoEnd }
	}
	total := r.plan.Summary.Blobs
	if r.marks != nil {
		total += r.marks.earlier
	}
	r.start(Blobs, total)
	each(ctx, r.o.Workers, r.blobs(), func(b numbered) {
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
	if r.deleted == 0 || r.o.DryRun {
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

// blobs yields the plan's, and then, sorted, those that earlier plans condemned and
// this one does not know.
func (r *run) blobs() iter.Seq[numbered] {
	return func(yield func(numbered) bool) {
		for n, a := range r.actions(Blobs) {
			if !yield(numbered{n, a}) {
				return
			}
		}
		if r.marks == nil || r.marks.earlier == 0 {
			return
		}
		for k, m := range r.marks.blobs.marks.all() {
			if !m.ofPlan && !yield(numbered{-1, earlierAction(k, m)}) {
				return
			}
		}
	}
}

// earlierAction is the one on a blob that an earlier plan condemned.
func earlierAction(k *digestKey, m *mark) prune.Action {
	return prune.Action{Kind: prune.DeleteBlob, Digest: k.String(), Bytes: m.bytes, Reason: prune.Reason{Rule: RuleCondemned}}
}

// wait ends an action on a blob that waits, unless it is not to go at all.
func (r *run) wait(ctx context.Context, n int, a *prune.Action, why string) {
	if ctx.Err() == nil && !r.skip(n, a, nil) {
		r.ended(&Result{Number: n, Action: *a, Status: Condemned, Why: why})
	}
}
