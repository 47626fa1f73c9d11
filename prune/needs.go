package prune

import (
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A need says why a repository needs a manifest: a remaining item, of this or
// another stream, a use by a workload, or that its own link is enough.
type need struct {
	item   int32 // or -1
	use    int32 // or -1
	linked int32 // the stream of the repository, or -1
}

func itemNeed(item int) need   { return need{int32(item), -1, -1} }
func useNeed(use int32) need   { return need{-1, use, -1} }
func linkNeed(stream int) need { return need{-1, -1, int32(stream)} }

// repositoryNeeds are the needs that come to a repository from elsewhere.
type repositoryNeeds struct {
	items [][2]int32                   // stream, item of another stream that names it; by stream
	uses  map[int32][]use              // by stream
	refs  map[inventory.Digest][]int32 // by subject: images that refer to it
}

type use struct {
	digest inventory.Digest
	number int32
}

// visitNeeds calls f for every manifest that the repository of stream s needs,
// with all that those own and all that refers to them, less what the walk has
// met. A remaining item needs its image, and the digest in its
// dockerImageReference, in its own repository and in the one that it names; a
// workload needs the digest that it uses through the stream; a manifest without
// a tag may be needed for its own sake. It ends early where f returns false.
func (p *planner) visitNeeds(s int, f func(d inventory.Digest, image int, n need) bool) {
	elsewhere := p.elsewhere()
	stream := p.inv.Stream(s)
	for t := stream.FirstTag; t < stream.EndTag; t++ {
		tag := p.inv.Tag(t)
		for i := tag.FirstItem; i < tag.EndItem; i++ {
			if !p.dropped(i) && !p.visitItem(i, f) {
				return
			}
		}
	}
	from, _ := slices.BinarySearchFunc(elsewhere.items, int32(s), func(e [2]int32, s int32) int { return int(e[0] - s) })
	for _, e := range elsewhere.items[from:] {
		if e[0] != int32(s) {
			break
		}
		if !p.dropped(int(e[1])) && !p.visitItem(int(e[1]), f) {
			return
		}
	}
	for _, u := range elsewhere.uses[int32(s)] {
		if !p.visitWithReferrers(u.digest, useNeed(u.number), f) {
			return
		}
	}
	p.visitLinked(s, func(d inventory.Digest) bool { return p.visitWithReferrers(d, linkNeed(s), f) })
}

func (p *planner) visitItem(i int, f func(inventory.Digest, int, need) bool) bool {
	item := p.inv.Item(i)
	n := itemNeed(i)
	return p.visitWithReferrers(item.Image, n, f) && p.visitWithReferrers(item.Named, n, f)
}

// visitWithReferrers visits a manifest, what it owns and, unless only the
// peer's references count, what refers to any of these.
func (p *planner) visitWithReferrers(root inventory.Digest, n need, f func(inventory.Digest, int, need) bool) bool {
	return p.walk.visitWithReferrers(root, p.elsewhere().refs, func(d inventory.Digest, image int) bool { return f(d, image, n) })
}

// elsewhere finds, once, the needs that cross repositories.
func (p *planner) elsewhere() *repositoryNeeds {
	if p.crossing != nil {
		return p.crossing
	}
	n := &repositoryNeeds{uses: map[int32][]use{}, refs: map[inventory.Digest][]int32{}}
	p.crossing = n
	for s := range p.inv.Streams() {
		stream := p.inv.Stream(s)
		for t := stream.FirstTag; t < stream.EndTag; t++ {
			tag := p.inv.Tag(t)
			for i := tag.FirstItem; i < tag.EndItem; i++ {
				if named := p.inv.Item(i).NamedStream; named >= 0 && named != s {
					n.items = append(n.items, [2]int32{int32(named), int32(i)})
				}
			}
		}
	}
	slices.SortFunc(n.items, func(a, b [2]int32) int { return slices.Compare(a[:], b[:]) })
	for key, number := range p.streamUse {
		n.uses[key.stream] = append(n.uses[key.stream], use{key.digest, number})
	}
	for _, uses := range n.uses {
		slices.SortFunc(uses, func(a, b use) int { return p.inv.Rank(a.digest) - p.inv.Rank(b.digest) })
	}
	if !p.policy.PeerReferencesOnly {
		for i, view := range p.inv.ImagesUnordered() {
			if view.Subject != inventory.NoDigest {
				n.refs[view.Subject] = append(n.refs[view.Subject], int32(i))
			}
		}
		for _, images := range n.refs {
			slices.Sort(images)
		}
	}
	return n
}
