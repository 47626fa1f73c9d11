package naiveplan

// A listedItem is an entry in the history of a tag.
type listedItem struct {
	item
	stream *stream
	tag    string
	index  int
}

// planItems decides for every item of every tag whether it goes.
func (p *planner) planItems() {
	for _, s := range p.streams {
		alone := p.Namespace != "" && s.namespace != p.Namespace || p.young(s.created)
		for _, t := range s.tags {
			for i, it := range t.items {
				listed := listedItem{it, s, t.name, i}
				if alone || p.keepItem(listed) {
					p.left = append(p.left, listed)
				} else {
					p.dropped = append(p.dropped, listed)
				}
			}
		}
	}
}

// keepItem: the first case that matches decides.
func (p *planner) keepItem(it listedItem) bool {
	repository := it.stream.repository()
	image, known := p.images[it.image]
	switch {
	case it.image == "": // a reference tag
		return true
	case p.young(it.created):
		return true
	case it.index == 0 && p.uses.tags[repository+":"+it.tag]:
		return true
	case p.withChildren(it.image).meets(p.uses.through[repository]) || p.mayOwnMore(it.image):
		return true
	case !known && p.PruneOverSizeLimit: // its size is unknown
		return true
	case !known:
		return !p.missingIsGone()
	case p.PruneOverSizeLimit:
		return !p.overLimit(image, it.stream.namespace)
	default:
		return it.index < *p.KeepTagRevisions
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
