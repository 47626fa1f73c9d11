package apply

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// Errors of [Run], for errors.Is, beside [ErrBrake] and [ErrJournal].
var (
	// ErrExpired: the plan is past its lifetime.
	ErrExpired = errors.New("the plan has expired, make a new one")
	// ErrEnds: an end is missing that the plan cannot be carried out without.
	ErrEnds = errors.New("an end is missing")
	// ErrIncomplete: some actions failed, or the run ended before its end. What
	// is left resolves; the journal lets the run be finished.
	ErrIncomplete = errors.New("the plan was not carried out completely")
)

// Run carries a plan out. The report is never nil and says what was done, also
// where there is an error.
//
// The error is ErrExpired, ErrEnds, ErrBrake or ErrJournal before anything is
// deleted. Later it wraps ErrIncomplete: with the errors of failed actions, with
// that of a listing, or with that of the context, which ends the run between two
// actions. Actions that are stale, held, condemned or unsupported are no errors.
func Run(ctx context.Context, plan *prune.Plan, ends Ends, o Options) (*Report, error) {
	o = o.withDefaults()
	r := &run{
		plan: plan, ends: ends, o: o, caller: newCaller(&o), holds: newHolds(),
		report: newReport(plan, &o), journal: o.Journal,
	}
	if o.DryRun {
		r.ends, r.journal = recording(ends), nil
	}
	defer func() { r.report.Ended = o.Now() }()
	if err := r.begin(); err != nil {
		return r.report, err
	}
	if r.finished {
		r.recall()
		return r.report, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.stop = cancel
	err := r.carryOut(ctx)
	if err == nil {
		err = context.Cause(ctx)
	}
	if failed := r.failures(); err != nil || failed != nil {
		return r.report, fmt.Errorf("%w: %w", ErrIncomplete, errors.Join(err, failed))
	}
	return r.report, r.end()
}

// A run is one call of Run.
type run struct {
	plan     *prune.Plan
	ends     Ends
	o        Options
	caller   *caller
	holds    *holds
	journal  Journal                       // nil: none, or a dry run
	before   map[int]Status                // what the journal says of an earlier run
	finished bool                          // the journal says that there is nothing to do
	late     bool                          // it is an earlier run that is finished, past the plan's lifetime
	known    atomic.Pointer[prune.Recheck] // what was there at the last look
	listed   *inventory.Inventory          // by which that was told
	looking  sync.Mutex                    // held while looking
	judging  sync.RWMutex                  // held for reading from the judgement of a try to its end, and while looking
	marks    *condemnedMarks               // nil: no blob waits
	noConfig []bool                        // by action: a blob that is certainly no config
	stop     context.CancelCauseFunc

	mu      sync.Mutex // guards what follows, the journal and the listener
	report  *Report
	drops   []Result // tag items that are not gone
	phase   Phase
	done    int
	total   int
	assumed map[int]bool // in a dry run: tag items dropped
	deleted int          // blobs that this run deleted, or may have
	gone    []string     // these, where there are caches to tell
}

// begin checks everything that can be checked before the first deletion.
func (r *run) begin() error {
	if err := r.replay(); err != nil || r.finished {
		return err
	}
	if now := r.o.Now(); now.After(r.plan.Expires) {
		if len(r.before) == 0 {
			return fmt.Errorf("%w: it was good until %s, now is %s", ErrExpired, r.plan.Expires.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		}
		r.late = true
	}
	if err := r.checkEnds(); err != nil {
		return err
	}
	if len(r.before) == 0 {
		if err := r.o.Brakes.Check(r.plan); err != nil {
			return err
		}
		return r.record(Record{Plan: r.report.Plan})
	}
	return nil
}

func (r *run) checkEnds() error {
	s := r.plan.Summary
	switch {
	case r.ends.Inventory == nil && s.Actions() > s.TagItems:
		return fmt.Errorf("%w: Inventory, to look at what is there before links, images and blobs go", ErrEnds)
	case r.ends.Inventory == nil && s.TagItems > 0 && r.o.KeepLastTag && r.ends.Streams == nil:
		return fmt.Errorf("%w: Inventory, to know a repository's last tag", ErrEnds)
	case r.ends.Condemned == nil && s.Blobs > 0 && r.ends.Blobs != nil && r.o.Grace >= 0:
		return fmt.Errorf("%w: Condemned, in which blobs wait for a later plan; or say with a negative Grace that none waits", ErrEnds)
	}
	return nil
}

// carryOut goes through the phases. Its error is that of a listing or of the
// condemned blobs.
func (r *run) carryOut(ctx context.Context) error {
	if err := r.dropTagItems(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	if s := r.plan.Summary; s.Actions() == s.TagItems && !r.sweepsBlobs() {
		return nil
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	r.deleteLinks(ctx, ManifestLinks, r.ends.Manifests != nil, func(ctx context.Context, a *prune.Action) error {
		return r.ends.Manifests.DeleteManifestLink(ctx, a.Repository, a.Digest)
	})
	r.deleteLinks(ctx, LayerLinks, r.ends.Layers != nil, func(ctx context.Context, a *prune.Action) error {
		return r.ends.Layers.DeleteLayerLink(ctx, a.Repository, a.Digest)
	})
	if err := r.condemn(ctx); err != nil {
		return err
	}
	r.deleteImages(ctx)
	if ctx.Err() != nil || !r.sweepsBlobs() {
		return nil
	}
	if r.plan.Summary.Images > 0 {
		if err := r.look(ctx); err != nil {
			return err
		}
		r.holdUndeleted()
	}
	return r.deleteBlobs(ctx)
}

// actions yields the actions of a phase with their numbers.
func (r *run) actions(phase Phase) iter.Seq2[int, prune.Action] {
	return r.plan.ActionsOf(kindOf[phase])
}

// start begins a phase of so many actions.
func (r *run) start(phase Phase, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase, r.done, r.total = phase, 0, total
	r.tell(Event{Kind: PhaseStarted, Phase: phase, Total: total})
}

func (r *run) finish(phase Phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(Event{Kind: PhaseEnded, Phase: phase, Done: r.done, Total: r.total})
}

// tell is called with the lock held.
func (r *run) tell(e Event) {
	if r.o.OnEvent != nil {
		r.o.OnEvent(e)
	}
}

// skip reports whether an action must not be carried out, and ends it then: a
// run before did it, it is stale, or held. Of one that was tried, failed says how
// that ended.
func (r *run) skip(n int, a *prune.Action, failed error) bool {
	result := Result{Number: n, Action: *a}
	if status := r.before[n]; status.frees() {
		result.Status = status
		r.mu.Lock()
		defer r.mu.Unlock()
		r.report.Resumed++
		r.note(&result)
		return true
	}
	if a.Kind != prune.DeleteTagItem {
		if why, stale := r.stale(n, a); stale {
			result.Status, result.Why = Stale, why.String()
			r.unmark(a, why.Rule == prune.RuleInUse)
		} else if why := r.holds.of(a); why != "" {
			result.Status, result.Why = Held, why
		}
	}
	if result.Status == "" {
		return false
	}
	result.Err = failed
	r.ended(&result)
	return true
}

// stale reports whether an action holds no more.
func (r *run) stale(n int, a *prune.Action) (prune.Reason, bool) {
	if a.Kind == prune.DeleteBlob {
		return r.staleBlob(n, a)
	}
	return r.known.Load().Stale(n)
}

// delete carries out one action whose end is there. What must stay by the last look
// takes no turn of the pace; what may go is judged again once its turn has come.
func (r *run) delete(ctx context.Context, n int, a *prune.Action, do func(ctx context.Context, a *prune.Action) error) {
	if ctx.Err() != nil || r.skip(n, a, nil) {
		return
	}
	var failed error // of the last try
	err := r.caller.tries(ctx, func() error {
		failed = r.try(ctx, n, a, do, failed)
		return failed
	})
	switch {
	case err == nil: // it has ended, or the run has before it began
	case ctx.Err() == nil:
		r.ended(&Result{Number: n, Action: *a, Status: Failed, Err: err})
	case failed != nil:
		r.cutOff(&Result{Number: n, Action: *a, Status: NotRun, Why: cutOffWords, Err: failed})
	}
}

const cutOffWords = "the run ended before the answer was known, it may be done"

// try judges an action by a look that is not too old, carries it out once, and ends it.
// Its error is that of the end where that failed, and the action has not ended then.
// before is the error of the try before.
func (r *run) try(ctx context.Context, n int, a *prune.Action, do func(ctx context.Context, a *prune.Action) error, before error) error {
	if a.Kind != prune.DeleteTagItem {
		r.lookAgain(ctx)
	}
	// A look that came between the judgement and the deletion would make the end take
	// the older look for the newer.
	r.judging.RLock()
	defer r.judging.RUnlock()
	if ctx.Err() != nil {
		return before
	}
	if r.skip(n, a, before) {
		return nil
	}
	result := resultOf(r.caller.once(ctx, func(ctx context.Context) error { return do(ctx, a) }))
	if a.Kind != prune.DeleteTagItem && (result.Status == Done || result.unclear()) {
		r.widen()
	}
	if result.Status == Failed {
		return result.Err
	}
	result.Number, result.Action = n, *a
	r.ended(&result)
	return nil
}

// widen makes the window reach to now, where something was deleted, or may have been. It is
// called before another look can come.
func (r *run) widen() {
	if r.o.DryRun {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Window = max(r.report.Window, r.o.Now().Sub(r.report.Looked))
}

// resultOf tells what an end's answer means.
func resultOf(err error) Result {
	switch {
	case err == nil:
		return Result{Status: Done}
	case errors.Is(err, ErrNotFound):
		return Result{Status: Gone}
	case errors.Is(err, ErrConflict):
		return Result{Status: Stale, Why: "it is another or was changed", Err: err}
	case errors.Is(err, ErrInUse):
		return Result{Status: Stale, Why: "it is needed again", Err: err}
	case errors.Is(err, ErrUnsupported):
		return Result{Status: Unsupported, Err: err}
	}
	return Result{Status: Failed, Err: err}
}

// errNoEnd is the cause of what no end was given for.
var errNoEnd = fmt.Errorf("%w: no end was given for it", ErrUnsupported)

// ended writes down what became of an action and holds what it would have freed.
func (r *run) ended(result *Result) {
	result.DryRun = r.o.DryRun
	if !result.Status.frees() && result.Status != Condemned && result.Action.Kind != prune.DeleteTagItem {
		r.holds.keeps(r.known.Load(), result)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if result.Number >= 0 {
		if err := r.record(Record{Number: result.Number, Status: result.Status}); err != nil {
			r.stop(err)
		}
	}
	r.note(result)
	if result.Err != nil {
		r.o.Logger.Warn("prune action not done", "action", string(result.Action.Kind), "object", objectOf(&result.Action),
			"status", string(result.Status), "err", result.Err)
	}
}

// note is called with the lock held.
func (r *run) note(result *Result) {
	r.report.add(result)
	switch result.Action.Kind {
	case prune.DeleteTagItem:
		if !result.Status.frees() {
			r.drops = append(r.drops, *result)
		} else if r.o.DryRun {
			r.assumed[result.Number] = true
		}
	case prune.DeleteBlob:
		r.mayBeGone(result)
		switch {
		case r.marks == nil:
		case result.Status.frees() || result.Status == Unsupported:
			r.marks.note(result.Action.Digest, settled)
		case errors.Is(result.Err, ErrInUse):
			r.marks.note(result.Action.Digest, leased)
		}
	}
	r.done++
	r.tell(Event{Kind: ActionEnded, Phase: r.phase, Done: r.done, Total: r.total, Result: result})
}

// mayBeGone notes a blob for the caches where it is gone, or may be although its end
// failed. It is called with the lock held.
func (r *run) mayBeGone(result *Result) {
	if result.Status != Done && !result.unclear() {
		return
	}
	r.deleted++
	if r.ends.Caches != nil {
		r.gone = append(r.gone, result.Action.Digest)
	}
}

// cutOff reports an action that has not ended when the run does, though its end was
// called. The journal knows nothing of it, so that it is done when the run is finished.
func (r *run) cutOff(result *Result) {
	result.DryRun = r.o.DryRun
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.add(result)
	if result.Action.Kind == prune.DeleteBlob {
		r.mayBeGone(result)
	}
}

// failures joins the errors of failed actions, the first few of them.
func (r *run) failures() error {
	if !slices.ContainsFunc(phases, func(p Phase) bool { return r.report.Count(kindOf[p], Failed) > 0 }) {
		return nil // a look at each action takes its time
	}
	var errs []error
	for result := range r.report.Results() {
		if result.Status == Failed {
			errs = append(errs, fmt.Errorf("%s %s: %w", result.Action.Kind, objectOf(&result.Action), result.Err))
		}
	}
	return firstOf(errs)
}
