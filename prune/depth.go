package prune

import (
	"maps"
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// depths holds, for the images that another owns or that refer to a subject, how many
// owners and subjects are above them at most, so that sorting by it puts parents and
// subjects first. Others are not in it. Images that own each other in a circle, which no
// hash lets happen, have some order, always the same one.
//
// A subject comes before its referrers since one that is tagged again at the last
// moment stays, and then so do they. That gives way to ownership: an index may refer to
// what it owns, itself or by a referrer of its own, and to go before a subject does no
// harm, but an index must not stay behind without a child.
type depths map[int]int

func (d depths) of(image int) int {
	if len(d) == 0 {
		return 0
	}
	return d[image]
}

// depths measures once.
func (p *planner) depths() depths {
	if p.depth == nil {
		p.depth = measureDepths(p.inv, !p.policy.PeerReferencesOnly)
	}
	return p.depth
}

func measureDepths(inv *inventory.Inventory, subjects bool) depths {
	owners, subjectOf := map[int][]int{}, map[int]int{}
	for i, view := range inv.ImagesUnordered() {
		if view.Subject != inventory.NoDigest && subjects {
			if s := inv.ImageOf(view.Subject); s >= 0 && s != i {
				subjectOf[i] = s
			}
		}
		for _, child := range view.Children {
			if c := inv.ImageOf(child); c >= 0 && c != i {
				owners[c] = append(owners[c], i)
			}
		}
	}
	addSubjects(owners, subjectOf)
	for _, above := range owners { // all of them before the first is measured: that walks up through others
		slices.Sort(above)
	}
	d := depths{}
	for _, i := range slices.Sorted(maps.Keys(owners)) {
		d.measure(i, owners)
	}
	return d
}

// addSubjects puts subjects above their referrers, like owners, unless they are below them.
func addSubjects(owners map[int][]int, subjectOf map[int]int) {
	var circle map[int]int
	if len(owners) > 0 && len(subjectOf) > 0 { // by subjects alone there is no honest circle
		circle = circles(owners, subjectOf)
	}
	for i, s := range subjectOf {
		if circle[i] == 0 || circle[i] != circle[s] {
			owners[i] = append(owners[i], s)
		}
	}
}

// measure finds the depth of an image and of those above it, without recursion:
// nothing bounds how deep indexes are nested in a made-up dump.
func (d depths) measure(image int, owners map[int][]int) {
	const open = -1
	stack := []int{image}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		if known, ok := d[i]; ok && known != open {
			stack = stack[:len(stack)-1]
			continue
		}
		first := d[i] != open
		d[i] = open
		deepest, waiting := 0, false
		for _, o := range owners[i] {
			switch known, ok := d[o]; {
			case !ok && first:
				stack = append(stack, o)
				waiting = true
			case ok && known != open:
				deepest = max(deepest, known+1)
			}
		}
		if !waiting {
			d[i] = deepest
			stack = stack[:len(stack)-1]
		}
	}
}
