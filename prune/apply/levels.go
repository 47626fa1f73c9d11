package apply

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/registrykit/registrykit/prune"
)

// maxPasses is for how many levels the plan is read once for each, so that no action is in
// memory. Real images are two or three deep; what is made up may be as deep as it likes.
const maxPasses = 16

// levels yields the images of the plan by their depth: none is above another of its level.
func (r *run) levels(known *prune.Recheck) iter.Seq[iter.Seq[numbered]] {
	return func(yield func(iter.Seq[numbered]) bool) {
		sizes := map[int]int{}
		for _, a := range r.actions(Images) {
			sizes[known.Depth(a.Image)]++
		}
		if len(sizes) > maxPasses {
			r.manyLevels(known, yield)
			return
		}
		for _, depth := range slices.Sorted(maps.Keys(sizes)) {
			if !yield(r.imagesAt(known, depth)) {
				return
			}
		}
	}
}

// imagesAt yields the images at a depth.
func (r *run) imagesAt(known *prune.Recheck, depth int) iter.Seq[numbered] {
	return func(yield func(numbered) bool) {
		for n, a := range r.actions(Images) {
			if known.Depth(a.Image) == depth && !yield(numbered{n, a}) {
				return
			}
		}
	}
}

// manyLevels sorts the actions, since to read the plan for each level takes the square of
// its time.
func (r *run) manyLevels(known *prune.Recheck, yield func(iter.Seq[numbered]) bool) {
	type deep struct {
		numbered
		depth int
	}
	var all []deep
	for n, a := range r.actions(Images) {
		all = append(all, deep{numbered{n, a}, known.Depth(a.Image)})
	}
	slices.SortStableFunc(all, func(a, b deep) int { return cmp.Compare(a.depth, b.depth) })
	for len(all) > 0 {
		end := slices.IndexFunc(all, func(d deep) bool { return d.depth != all[0].depth })
		if end < 0 {
			end = len(all)
		}
		level := all[:end]
		all = all[end:]
		next := func(yield func(numbered) bool) {
			for _, d := range level {
				if !yield(d.numbered) {
					return
				}
			}
		}
		if !yield(next) {
			return
		}
	}
}
