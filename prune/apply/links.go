package apply

import (
	"context"
	"iter"

	"github.com/registrykit/registrykit/prune"
)

// A numbered action has its number in the plan.
type numbered struct {
	n int
	a prune.Action
}

// deleteLinks deletes the links of one kind. Those of manifests go one after the other
// in a repository, an index before what it owns and a subject before what refers to
// it; those of layers in no order.
func (r *run) deleteLinks(ctx context.Context, phase Phase, able bool, do func(context.Context, *prune.Action) error) {
	if ctx.Err() != nil {
		return
	}
	if !able {
		do = func(context.Context, *prune.Action) error { return errNoEnd }
	}
	total := r.plan.Summary.ManifestLinks
	inOrder := func(a *prune.Action) string { return a.Repository }
	if phase == LayerLinks {
		total = r.plan.Summary.LayerLinks
		inOrder = func(a *prune.Action) string { return a.Digest } // of which a repository has one link
	}
	r.start(phase, total)
	each(ctx, r.o.Workers, groups(r.actions(phase), inOrder), func(links []numbered) {
		for i := range links {
			r.delete(ctx, links[i].n, &links[i].a, do)
		}
	})
	r.finish(phase)
}

// groups yields the runs of actions that have the same key.
func groups(actions iter.Seq2[int, prune.Action], key func(a *prune.Action) string) iter.Seq[[]numbered] {
	return func(yield func([]numbered) bool) {
		var group []numbered
		for n, a := range actions {
			if len(group) > 0 && key(&group[0].a) != key(&a) {
				if !yield(group) {
					return
				}
				group = nil
			}
			group = append(group, numbered{n, a})
		}
		if len(group) > 0 {
			yield(group)
		}
	}
}
