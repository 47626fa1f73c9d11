package apply

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/registrykit/registrykit/prune"
)

// condemnedMarks are the blobs that waited when this run condemned its own.
type condemnedMarks struct {
	before map[string]Condemnation
	words  sync.Map // by the instant since when blobs wait: what is said of them
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
