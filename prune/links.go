package prune

import (
	"cmp"
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A linkVerdict is a link that goes: with the item that brought it there and
// the image, that item's or what it owns, that it belonged to.
type linkVerdict struct {
	stream   int32
	digest   inventory.Digest
	manifest bool
	item     int32
	image    int32
}

// decideLinks plans away, in each repository that loses items, the links of
// their images that nothing there needs any more: rule 4 of the preset.
func (p *planner) decideLinks() {
	if p.mayNeedMore() {
		return
	}
	l := linkPlanner{planner: p, marks: make([]uint32, p.inv.Digests())}
	for _, s := range p.streamsByRepository() {
		if !p.unknown.streams[s] && !p.mayHold(s) && (p.losesItems(s) || len(p.linksOf(s)) > 0 && p.inScope(s)) {
			l.repository(s)
		}
	}
	p.links = append(l.manifests, l.layers...)
}

// inScope reports whether the policy plans a stream.
func (p *planner) inScope(s int) bool {
	return p.policy.Namespace == "" || p.policy.Namespace == p.inv.Stream(s).Namespace
}

func (p *planner) losesItems(s int) bool {
	stream := p.inv.Stream(s)
	for t := stream.FirstTag; t < stream.EndTag; t++ {
		tag := p.inv.Tag(t)
		for i := tag.FirstItem; i < tag.EndItem; i++ {
			if p.dropped(i) {
				return true
			}
		}
	}
	return false
}

// A linkPlanner plans one repository after the other. Digests are marked with
// the number of the repository, from 1.
type linkPlanner struct {
	*planner
	stream            int
	needed, going     uint32   // marks of this repository: the second is the first and 1
	marks             []uint32 // by digest
	configHidden      bool     // something needed here may have any config
	manifests, layers []linkVerdict
}

func (l *linkPlanner) repository(s int) {
	l.stream, l.needed, l.going = s, uint32(2*s)+1, uint32(2*s)+2
	l.configHidden = false
	l.walk.start()
	l.visitNeeds(s, func(d inventory.Digest, image int, _ need) bool {
		l.marks[d] = l.needed
		if image >= 0 {
			view := l.inv.Image(image)
			mayHave(&view, func(d inventory.Digest) { l.marks[d] = l.needed })
			l.configHidden = l.configHidden || l.hidesConfig(&view)
		}
		return true
	})
	manifests, layers := len(l.manifests), len(l.layers)
	l.walk.start()
	stream := l.inv.Stream(s)
	for t := stream.FirstTag; t < stream.EndTag; t++ {
		tag := l.inv.Tag(t)
		for i := tag.FirstItem; i < tag.EndItem; i++ {
			if l.dropped(i) {
				l.item(i)
			}
		}
	}
	l.orphans(l.manifests[manifests:])
	l.sort(l.manifests[manifests:])
	l.sort(l.layers[layers:])
}

// item plans away the links of a dropped item's image and of what it owns. An
// image that is not known has no links to speak of.
func (l *linkPlanner) item(i int) {
	l.walk.visit(l.inv.Item(i).Image, func(d inventory.Digest, image int) bool {
		if image < 0 {
			return true
		}
		view := l.inv.Image(image)
		v := linkVerdict{stream: int32(l.stream), item: int32(i), image: int32(image)}
		l.drop(v, d, true)
		for _, layer := range view.Layers {
			l.drop(v, layer, false)
		}
		if config := certainConfig(&view); config != inventory.NoDigest && !l.configHidden {
			l.drop(v, config, false)
		}
		return true
	})
}

// drop plans a link away unless it is needed. A digest that is a layer and a
// manifest has two links.
func (l *linkPlanner) drop(v linkVerdict, d inventory.Digest, manifest bool) {
	if l.marks[d] == l.needed || !l.inv.HasLink(l.stream, d, manifest) {
		return
	}
	v.digest, v.manifest = d, manifest
	if manifest {
		l.manifests = append(l.manifests, v)
	} else if l.marks[d] != l.going {
		l.marks[d] = l.going
		l.layers = append(l.layers, v)
	}
}

// sort puts the links of one repository in the order of their actions: an index
// before what it owns and a subject before what refers to it, then by digest.
func (l *linkPlanner) sort(links []linkVerdict) {
	depth := l.depths()
	slices.SortFunc(links, func(a, b linkVerdict) int {
		d := 0
		if a.manifest {
			d = depth.of(int(a.image)) - depth.of(int(b.image))
		}
		return cmp.Or(d, l.inv.Rank(a.digest)-l.inv.Rank(b.digest))
	})
}

// streamsByRepository returns the streams in the order of the names of their
// repositories, which is not that of namespace and name where one namespace's
// name begins with another's.
func (p *planner) streamsByRepository() []int {
	names := make([]string, p.inv.Streams())
	order := make([]int, len(names))
	for s := range names {
		names[s], order[s] = p.inv.Stream(s).Repository(), s
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(names[a], names[b]) })
	return order
}
