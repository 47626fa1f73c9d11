package imagestream

import (
	"iter"
	"maps"
	"slices"
)

// TagGraph is which tags follow which, across any number of streams. It is not
// changed after it was made, and may be used concurrently.
//
// A controller asks it what else to bring up to date when a tag has moved:
// within the stream that happened already ([Apply]), in the streams that
// [TagGraph.Affected] names, [FollowAliases] does it.
type TagGraph struct {
	target    map[TagName]TagName
	followers map[TagName][]TagName
}

// NewTagGraph returns the graph of the tags of these streams. It keeps nothing
// of them, and passes over those that are nil.
func NewTagGraph(streams iter.Seq[*ImageStream]) *TagGraph {
	g := &TagGraph{target: map[TagName]TagName{}, followers: map[TagName][]TagName{}}
	for s := range streams {
		if s == nil {
			continue
		}
		for i := range s.Spec.Tags {
			if target, ok := s.Target(&s.Spec.Tags[i]); ok {
				g.target[s.tagName(s.Spec.Tags[i].Name)] = target
			}
		}
	}
	for n, target := range g.target {
		g.followers[target] = append(g.followers[target], n)
	}
	for _, names := range g.followers {
		slices.SortFunc(names, TagName.Compare)
	}
	return g
}

// Target returns the tag that a tag follows; ok is false where it follows none.
func (g *TagGraph) Target(n TagName) (target TagName, ok bool) {
	target, ok = g.target[n]
	return target, ok
}

// Followers returns the tags that follow a tag directly, sorted.
func (g *TagGraph) Followers(n TagName) []TagName { return slices.Clone(g.followers[n]) }

// Affected returns every tag that follows a tag, directly or through others: the
// nearer first, those of one distance sorted. Each comes after its target, so
// that is the order in which to bring them up to date. The tag itself is not
// among them, also where it is part of a cycle.
func (g *TagGraph) Affected(n TagName) []TagName {
	var all []TagName
	seen := map[TagName]bool{n: true}
	for level := []TagName{n}; len(level) > 0; {
		var next []TagName
		for _, at := range level {
			for _, follower := range g.followers[at] {
				if !seen[follower] {
					seen[follower] = true
					next = append(next, follower)
				}
			}
		}
		slices.SortFunc(next, TagName.Compare)
		all = append(all, next...)
		level = next
	}
	return all
}

// Cycles returns every cycle of tags, sorted by their first tags.
func (g *TagGraph) Cycles() []*CycleError {
	var cycles []*CycleError
	done := map[TagName]bool{}
	for _, start := range slices.SortedFunc(maps.Keys(g.target), TagName.Compare) {
		var path []TagName
		places := map[TagName]int{}
		for at, ok := start, true; ok && !done[at]; at, ok = g.target[at] {
			if i, again := places[at]; again {
				cycles = append(cycles, newCycleError(path[i:]))
				break
			}
			places[at] = len(path)
			path = append(path, at)
		}
		for _, n := range path {
			done[n] = true
		}
	}
	slices.SortFunc(cycles, func(a, b *CycleError) int { return a.Path[0].Compare(b.Path[0]) })
	return cycles
}
