package apply

import (
	"context"

	"github.com/registrykit/registrykit/prune"
)

// deleteImages deletes Image objects: all that nothing else owns, then what
// those own, and so on, so that an image whose index stays can be held.
func (r *run) deleteImages(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	do := func(ctx context.Context, a *prune.Action) error {
		return r.ends.Images.DeleteImage(ctx, a.Image, Preconditions{a.UID, a.ResourceVersion})
	}
	if r.ends.Images == nil {
		do = func(context.Context, *prune.Action) error { return errNoEnd }
	}
	r.start(Images, r.plan.Summary.Images)
	known := r.known.Load() // as before the first of them is gone
	for level := range r.levels(known) {
		if ctx.Err() != nil {
			break
		}
		each(ctx, r.o.Workers, level, func(i numbered) { r.delete(ctx, i.n, &i.a, do) })
	}
	r.finish(Images)
}

// holdUndeleted holds what the images need that are there, whatever the end said
// of their deletion. An end for which an image is no object says nothing, and
// a dry run deletes none.
func (r *run) holdUndeleted() {
	if _, none := r.ends.Images.(NoImages); none || r.o.DryRun {
		return
	}
	known := r.known.Load()
	for _, a := range r.actions(Images) {
		if known.HasImage(a.Image) {
			r.holds.image(known, a.Image, a.Image+" is still there")
		}
	}
}
