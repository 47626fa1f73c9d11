package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// look lists what is there and holds the plan against it. What the tag items
// that are not gone need is held with that.
func (r *run) look(ctx context.Context) error {
	inv, looked, err := r.list(ctx)
	if err != nil {
		return err
	}
	known := r.recheck(inv)
	r.holdNamed(known)
	if r.known.Load() == nil {
		r.findConfigs(known)
	}
	r.known.Store(known)
	r.listed = inv
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Looked = looked
	for i := range r.drops {
		r.holds.keeps(known, &r.drops[i])
	}
	r.tell(Event{Kind: Rechecked, Phase: r.phase})
	return nil
}

// recheck holds the plan against what is there. Where that is the very inventory of
// the look before, as of a volume on which nobody else writes, it says the same, and
// is not made a second time beside the first.
func (r *run) recheck(inv *inventory.Inventory) *prune.Recheck {
	if known := r.known.Load(); known != nil && r.listed == inv {
		return known
	}
	var assume func(a *prune.Action) bool
	if r.o.DryRun {
		assume = r.assume()
	}
	return r.plan.Recheck(inv, assume)
}

// list lists what is there, and tells since when.
func (r *run) list(ctx context.Context) (inv *inventory.Inventory, since time.Time, err error) {
	err = r.caller.again(ctx, func() (err error) {
		since = r.o.Now()
		inv, err = r.ends.Inventory.List(ctx)
		return err
	})
	if err == nil && inv == nil {
		err = errors.New("the end gave no inventory")
	}
	if err != nil {
		return nil, since, fmt.Errorf("list what is there: %w", err)
	}
	return inv, since, nil
}

// holdNamed holds what an image needed that is named again by now, as far as the
// look before knew that: the image itself may be gone. At the first look, of a run
// that is finished, it may be gone, too, and what it needed is not known.
func (r *run) holdNamed(now *prune.Recheck) {
	before := r.known.Load()
	for _, a := range r.actions(Images) {
		who, named := now.NamedBy(a.Image)
		switch {
		case !named:
		case before == nil && !now.Closure(a.Image, func(string) {}):
			r.holds.closure(now, a.Image, who+" names "+a.Image+" again")
		case before != nil:
			if _, known := before.NamedBy(a.Image); !known {
				r.holds.closure(before, a.Image, who+" names "+a.Image+" again")
			}
		}
	}
}

// lookAgain looks again where the last look is too old for a deletion. Others
// wait for it, and it waits for what was judged by the look before.
func (r *run) lookAgain(ctx context.Context) {
	r.looking.Lock()
	defer r.looking.Unlock()
	r.mu.Lock()
	age := r.o.Now().Sub(r.report.Looked)
	r.mu.Unlock()
	if r.o.MaxLook < 0 || age <= r.o.MaxLook || r.o.DryRun || ctx.Err() != nil {
		return
	}
	r.judging.Lock()
	defer r.judging.Unlock()
	if err := r.look(ctx); err != nil {
		r.stop(err)
	}
}

// assume tells the tag items that a dry run has dropped, as if.
func (r *run) assume() func(a *prune.Action) bool {
	dropped := map[string]bool{}
	for n, a := range r.actions(TagItems) {
		if r.assumed[n] {
			dropped[objectOf(&a)] = true
		}
	}
	return func(a *prune.Action) bool { return dropped[objectOf(a)] }
}
