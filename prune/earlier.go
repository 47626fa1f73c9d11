package prune

import (
	"slices"
)

// An earlierPlan is what a recheck needs to know of the plan that it looks at
// again.
type earlierPlan struct {
	dropped []droppedItem
	images  map[string]bool      // that go
	links   map[earlierLink]bool // that go, of a policy that asks for orphans
	firsts  map[tagOf]string     // images that tags pointed to until it dropped them
}

type earlierLink struct {
	repository, digest string
	manifest           bool
}

type tagOf struct{ repository, tag string }

type droppedItem struct{ repository, image string }

func (p *Plan) earlier() *earlierPlan {
	e := &earlierPlan{images: map[string]bool{}, links: map[earlierLink]bool{}, firsts: map[tagOf]string{}}
	asksForTags := p.Policy.asks(func(c *Condition) bool { return c.TagInUse != nil })
	for a := range p.Actions() {
		switch a.Kind {
		case DeleteTagItem:
			e.dropped = append(e.dropped, droppedItem{a.Stream, a.Image})
			if a.Index == 0 && asksForTags {
				e.firsts[tagOf{a.Stream, a.Tag}] = a.Image
			}
		case DeleteManifestLink, DeleteLayerLink:
			if p.Policy.Orphans {
				e.links[earlierLink{a.Repository, a.Digest, a.Kind == DeleteManifestLink}] = true
			}
		case DeleteImage:
			e.images[a.Image] = true
		}
	}
	return e
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
