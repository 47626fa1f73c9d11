package naiveplan

// planImages decides for every Image whether it goes.
func (p *planner) planImages() {
	if p.Namespace != "" || p.imagesHeldBack() {
		return
	}
	kept := set{}
	for _, root := range p.imageRoots() {
		for d := range p.withChildren(root) {
			kept[d] = true
		}
	}
	for name := range p.images {
		if !kept[name] {
			p.gone[name] = true
		}
	}
}

// imageRoots returns the digests that are kept for their own sake.
func (p *planner) imageRoots() []string {
	var roots []string
	for _, it := range p.left {
		roots = append(roots, it.needs()...)
	}
	for d := range p.uses.digests {
		roots = append(roots, d)
	}
	droppedHere := set{}
	for _, it := range p.dropped {
		for d := range p.withChildren(it.image) {
			droppedHere[d] = true
		}
	}
	for name, image := range p.images {
		notManaged := !p.AllImages && !image.managed
		notDropped := p.PruneOverSizeLimit && !droppedHere[name]
		if p.young(image.created) || notManaged || notDropped {
			roots = append(roots, name)
		}
	}
	return roots
}

// needs returns the digests that an item needs while it is there: its image,
// and the one that its dockerImageReference names.
func (it listedItem) needs() []string {
	var list []string
	if it.image != "" {
		list = append(list, it.image)
	}
	if it.named.digest != "" {
		list = append(list, it.named.digest)
	}
	return list
}

// repositories returns where it needs them: in its stream's own repository, and
// in the one that its dockerImageReference names, whatever the host there.
func (it listedItem) repositories() []string {
	list := []string{it.stream.repository()}
	if elsewhere := it.named.repository(); elsewhere != "" {
		list = append(list, elsewhere)
	}
	return list
}
