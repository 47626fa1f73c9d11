package apply

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/registrykit/registrykit/prune"
)

// condemnedMarks are the blobs that wait: those that did before this run, and those
// that it condemned. Once it has, only what it found of each changes.
type condemnedMarks struct {
	blobs   *Condemnations
	earlier int                // how many the plan has no action for
	noted   int                // how many have a note
	beside  map[digestKey]note // of blobs that did not wait
	words   sync.Map           // by the instant since when blobs wait: what is said of them
}

// A note says what a run found of a blob.
type note uint8

const (
	settled note = 1 + iota // it waits no more: it is gone, or in use
	leased                  // a writer holds it
)

// waits reports whether blobs wait for a later plan.
func (r *run) waits() bool { return r.ends.Condemned != nil && r.ends.Blobs != nil && r.o.Grace >= 0 }

// condemn writes down which blobs wait, before the Images go: after that no plan
// would know of them.
func (r *run) condemn(ctx context.Context) error {
	if ctx.Err() != nil || !r.sweepsBlobs() || !r.waits() {
		return nil
	}
	blobs, err := r.loadMarks(ctx)
	if err != nil {
		return err
	}
	r.marks = &condemnedMarks{blobs: blobs, earlier: blobs.Len(), beside: map[digestKey]note{}}
	for n, a := range r.actions(Blobs) {
		k := keyOf(a.Digest)
		m := blobs.marks.get(&k)
		switch {
		case m != nil && !m.ofPlan:
			m.ofPlan = true
			r.marks.earlier--
		case m == nil && r.condemns(n, &a):
			m, _ = blobs.set(&k, Condemnation{Since: r.plan.Now, Bytes: a.Bytes, NoConfig: r.noConfig[n]})
			m.ofPlan = true
		}
	}
	if r.marks.earlier > 0 {
		r.report.earlier = blobs
	}
	return r.storeMarks(ctx, blobs)
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
	if a.Kind == prune.DeleteBlob && inUse && r.marks != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.marks.note(a.Digest, settled)
	}
}

// note remembers what this run found of a blob, also of one that does not wait yet. It is
// called with the run's lock held.
func (c *condemnedMarks) note(digest string, n note) {
	c.noted++
	k := keyOf(digest)
	if m := c.blobs.marks.get(&k); m != nil {
		m.note = n
	} else {
		c.beside[k] = n
	}
}

func (c *condemnedMarks) noteOf(k *digestKey) note {
	if m := c.blobs.marks.get(k); m != nil {
		return m.note
	}
	return c.beside[*k]
}

// noConfig reports whether a blob that waits is certainly no config.
func (c *condemnedMarks) noConfig(digest string) bool {
	if c == nil {
		return false
	}
	waiting, _ := c.blobs.Get(digest)
	return waiting.NoConfig
}

// loadMarks returns what waits. What does not say since when waits from now on.
func (r *run) loadMarks(ctx context.Context) (*Condemnations, error) {
	var blobs *Condemnations
	err := r.caller.call(ctx, func(ctx context.Context) error {
		var err error
		blobs, err = r.ends.Condemned.LoadCondemned(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load condemned blobs: %w", err)
	}
	if blobs == nil {
		blobs = new(Condemnations)
	}
	blobs.marks.filter(func(k *digestKey, m *mark) bool {
		if blobs.instants[m.since].IsZero() {
			m.since = blobs.instant(r.plan.Now)
		}
		*m = mark{bytes: max(m.bytes, 0), since: m.since, noConfig: m.noConfig}
		return k.isSum || k.other != ""
	})
	return blobs, nil
}

func (r *run) storeMarks(ctx context.Context, blobs *Condemnations) error {
	err := r.caller.call(ctx, func(ctx context.Context) error { return r.ends.Condemned.StoreCondemned(ctx, blobs) })
	if err != nil {
		return fmt.Errorf("store condemned blobs: %w", err)
	}
	return nil
}

// settleMarks takes out what waits no more, and lets what a writer holds wait
// anew. Others may have condemned blobs meanwhile: what waits is read again.
func (r *run) settleMarks(ctx context.Context) error {
	if r.marks == nil || r.marks.noted == 0 {
		return nil
	}
	blobs, err := r.loadMarks(ctx)
	if err != nil {
		return err
	}
	blobs.marks.filter(func(k *digestKey, m *mark) bool {
		note := r.marks.noteOf(k)
		if note == leased {
			m.since = blobs.instant(r.plan.Now)
		}
		return note != settled
	})
	return r.storeMarks(ctx, blobs)
}

// waitOf says until when a blob waits, "" where it has waited enough.
func (r *run) waitOf(a *prune.Action) string {
	if r.marks == nil {
		return ""
	}
	since := r.plan.Now
	if waiting, ok := r.marks.blobs.Get(a.Digest); ok {
		since = waiting.Since
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
