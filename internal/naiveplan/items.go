package naiveplan

import "fmt"

// A listedItem is an entry in the history of a tag.
type listedItem struct {
	item
	stream *stream
	tag    string
	index  int
}

func (it listedItem) String() string {
	return fmt.Sprintf("%s:%s#%d", it.stream.repository(), it.tag, it.index)
}

// planItems decides for every item of every tag whether it goes.
func (p *planner) planItems() {
	for _, it := range p.everyItem() {
		p.planItem(it)
	}
}

func (p *planner) planItem(it listedItem) {
	if p.namespace != "" && it.stream.namespace != p.namespace {
		p.whyItem[it.String()] = set{"out-of-scope": true}
		p.left = append(p.left, it)
		return
	}
	rule, goes := p.rules.item(p, it)
	p.whyItem[it.String()] = set{rule: true}
	if goes {
		p.dropped = append(p.dropped, it)
	} else {
		p.left = append(p.left, it)
	}
}

// overLimit reports whether an image is larger than one of the limits on images
// of the namespace. An index has no size of its own.
func (p *planner) overLimit(image *image, namespace string) bool {
	if image.isIndex() {
		return false
	}
	for _, limit := range p.limits[namespace] {
		if limit.Cmp(image.size) < 0 {
			return true
		}
	}
	return false
}

// withChildren returns a digest and, at every depth, the children of it.
func (p *planner) withChildren(digest string) set {
	found := set{digest: true}
	for grown := true; grown; {
		grown = false
		for d := range p.images {
			if !found[d] {
				continue
			}
			for _, child := range p.images[d].children {
				if !found[child] {
					found[child], grown = true, true
				}
			}
		}
	}
	return found
}
