package naiveplan

// workloadKinds are the kinds whose objects use images, and their API groups.
var workloadKinds = map[string]string{
	"Pod":                   "",
	"ReplicationController": "",
	"DeploymentConfig":      "apps.openshift.io",
	"ReplicaSet":            "apps",
	"Deployment":            "apps",
	"DaemonSet":             "apps",
	"StatefulSet":           "apps",
	"Job":                   "batch",
	"CronJob":               "batch",
	"Build":                 "build.openshift.io",
	"BuildConfig":           "build.openshift.io",
}

// usesAreKnown: a workload that was not listed could use any tag and any
// digest, a stream that was not listed could list any image.
func (p *planner) usesAreKnown() bool {
	if p.Strict {
		return true
	}
	for kind := range workloadKinds {
		if !p.Complete[kind] {
			return false
		}
	}
	return p.Complete["ImageStream"]
}

// missingIsGone: that an Image is not there says something only where all
// Images were listed, and later than what names them.
func (p *planner) missingIsGone() bool {
	return p.Strict || p.Complete["Image"] && p.ImagesAfterStreams
}

// unknown reports whether it is not known, or not fully, what an image is made
// of.
func (p *planner) unknown(digest string) bool {
	image := p.images[digest]
	return image == nil || image.partial()
}

// partial: an index owns something, and what is not an index has layers or a
// config; where they are not written down, they are not known.
func (i *image) partial() bool {
	if i.isIndex() {
		return len(i.children) == 0
	}
	return len(i.layers) == 0 && i.id == ""
}

// mayOwnMore reports whether an item's image may have a child that is not known,
// and that may be in use. An Image that surely is not there has none.
func (p *planner) mayOwnMore(itemImage string) bool {
	if p.Strict || p.AcceptUnknownImages {
		return false
	}
	for d := range p.withChildren(itemImage) {
		if p.unknown(d) && !(d == itemImage && p.images[d] == nil && p.missingIsGone()) {
			return true
		}
	}
	return false
}

// mayNeedAnything reports whether a digest that is needed, or a child of it, is
// unknown: such an image may own any image and need any blob.
func (p *planner) mayNeedAnything(digest string) bool {
	if p.Strict || p.AcceptUnknownImages {
		return false
	}
	for d := range p.withChildren(digest) {
		if p.unknown(d) {
			return true
		}
	}
	return false
}

// imagesHeldBack reports whether no image and no blob may go.
func (p *planner) imagesHeldBack() bool {
	if !p.Strict && !p.Complete["Image"] {
		return true
	}
	for _, digests := range p.needed {
		for d := range digests {
			if p.mayNeedAnything(d) {
				return true
			}
		}
	}
	for d := range p.uses.digests {
		if p.mayNeedAnything(d) {
			return true
		}
	}
	return false
}

// linksHeldBack reports whether no link of a repository may go: an Image that was
// not listed may own what is there.
func (p *planner) linksHeldBack(repository string) bool {
	if !p.Strict && !p.Complete["Image"] {
		return true
	}
	for d := range p.needed[repository] {
		if p.mayNeedAnything(d) {
			return true
		}
	}
	return false
}
