package naiveplan

// planImages decides for every Image whether it goes.
func (p *planner) planImages() {
	if p.namespace != "" {
		for name := range p.images {
			p.because(name, "out-of-scope")
		}
		return
	}
	for name, image := range p.images {
		rule, goes := p.rules.image(p, name, image)
		if goes {
			p.whyGone[name] = rule
		} else {
			p.because(name, rule)
		}
	}
	p.keepNeeded()
	p.keepDoubtful()
	if !p.peerOnly {
		p.noteReferrers()
	}
	p.noteChildren()
	for name := range p.images {
		if p.whyKept[name] == nil {
			p.gone[name] = true
		}
	}
}

// because notes one of the reasons for which an image stays.
func (p *planner) because(name, rule string) {
	if p.whyKept[name] == nil {
		p.whyKept[name] = set{}
	}
	p.whyKept[name][rule] = true
}

// keepNeeded keeps what remaining items list or name, what kept images own, and
// what refers to that. What a workload uses has its referrers as well, also where
// it is not known itself.
func (p *planner) keepNeeded() {
	roots := set{}
	for _, it := range p.left {
		for _, d := range it.needs() {
			roots[d] = true
			switch {
			case p.images[d] == nil:
			case d == it.image:
				p.because(d, "listed")
			}
			if p.images[d] != nil && d == it.named.digest {
				p.because(d, "named")
			}
		}
	}
	for _, s := range p.streams {
		for d := range p.linkedFor(s) {
			roots[d] = true
			if p.images[d] != nil {
				p.because(d, "linked")
			}
		}
	}
	for name := range p.whyKept {
		roots[name] = true
	}
	for d := range p.uses.digests {
		if p.images[d] == nil {
			roots[d] = true
		}
	}
	for root := range roots {
		for d := range p.withAll(root) {
			p.kept[d] = true
		}
	}
	for name := range p.images {
		if p.kept[name] && p.whyKept[name] == nil {
			p.whyKept[name] = set{} // for what stays and has to do with it
		}
	}
}

// noteReferrers and noteChildren say of what stays that it refers to something
// that does, known or not, or is owned by it.
func (p *planner) noteReferrers() {
	stays := set{}
	for d := range p.kept {
		stays[d] = true
	}
	for name := range p.whyKept {
		for d := range p.withChildren(name) {
			stays[d] = true
		}
	}
	for name, image := range p.images {
		if p.whyKept[name] != nil && stays[image.subject] {
			p.because(name, "referrer")
		}
	}
}

func (p *planner) noteChildren() {
	for name, image := range p.images {
		if p.whyKept[name] == nil {
			continue
		}
		for _, child := range image.children {
			if p.whyKept[child] != nil {
				p.because(child, "owned")
			}
		}
	}
}

// keepDoubtful keeps what something that is not known may need.
func (p *planner) keepDoubtful() {
	heldBack := p.imagesHeldBack()
	for name := range p.images {
		if !p.Complete["ImageStream"] {
			p.because(name, "streams-not-listed")
		}
		if !p.Complete["Image"] {
			p.because(name, "images-not-listed")
		}
		if p.anyMayLink() {
			p.because(name, "links-not-listed")
		}
		if heldBack {
			p.because(name, "unknown-image")
		}
	}
}

// droppedHere returns what items that go list, themselves or through an index.
func (p *planner) droppedHere() set {
	all := set{}
	for _, it := range p.dropped {
		for d := range p.withChildren(it.image) {
			all[d] = true
		}
	}
	return all
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
