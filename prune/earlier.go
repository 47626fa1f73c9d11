package prune

import (
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// An earlierPlan is what a recheck needs to know of the plan that it looks at
// again, as far as the inventory of the recheck knows it.
type earlierPlan struct {
	dropped []droppedItem
	images  []bool           // by digest: that go
	links   []bool           // by the number of the listed link: that go, of a policy that asks for orphans
	firsts  map[tagOf]string // images that tags pointed to until it dropped them
}

type tagOf struct{ repository, tag string }

type droppedItem struct{ repository, image string }

// findEarlier reads the plan that is looked at again, once the links were found.
func (p *planner) findEarlier(plan *Plan) {
	e := &earlierPlan{images: make([]bool, p.inv.Digests()), firsts: map[tagOf]string{}}
	if p.listed != nil {
		e.links = make([]bool, len(p.listed.links))
	}
	asksForTags := p.policy.asks(func(c *Condition) bool { return c.TagInUse != nil })
	repository, stream := "", -1
	for a := range plan.Actions() {
		switch a.Kind {
		case DeleteTagItem:
			e.dropped = append(e.dropped, droppedItem{a.Stream, a.Image})
			if a.Index == 0 && asksForTags {
				e.firsts[tagOf{a.Stream, a.Tag}] = a.Image
			}
		case DeleteManifestLink, DeleteLayerLink:
			if a.Repository != repository {
				repository, stream = a.Repository, p.inv.FindStream(splitRepository(a.Repository))
			}
			if n := p.numberOfLink(stream, p.inv.Digest(a.Digest), a.Kind == DeleteManifestLink); n >= 0 {
				e.links[n] = true
			}
		case DeleteImage:
			if d := p.inv.Digest(a.Image); d != inventory.NoDigest {
				e.images[d] = true
			}
		}
	}
	p.earlier = e
}

// keepItems decides on the items of a recheck: those that are there stay.
func (p *planner) keepItems(plan *Plan, assume func(a *Action) bool) {
	for i := range p.items {
		p.items[i] = verdict{noRule, -1}
	}
	if assume == nil {
		return
	}
	drop := slices.IndexFunc(p.policy.TagItems, func(r Rule) bool { return r.Outcome == Delete })
	for a := range plan.Actions() {
		if a.Kind != DeleteTagItem {
			return
		}
		if i := p.findItem(&a); i >= 0 && drop >= 0 && assume(&a) {
			p.items[i] = verdict{ruleIndex(drop), -1}
		}
	}
}

// findItem returns the item that an action drops, -1 where it is not there.
func (p *planner) findItem(a *Action) int {
	namespace, name := splitRepository(a.Stream)
	s := p.inv.FindStream(namespace, name)
	if s < 0 {
		return -1
	}
	t := p.inv.FindTag(s, a.Tag)
	if t < 0 {
		return -1
	}
	tag := p.inv.Tag(t)
	for i := tag.FirstItem; i < tag.EndItem; i++ {
		item := p.inv.Item(i)
		if p.inv.DigestText(item.Image) == a.Image && writable(item.Created.Time()).Equal(a.Created) &&
			p.inv.ItemReference(i) == a.DockerImageReference && !p.dropped(i) {
			return i
		}
	}
	return -1
}
