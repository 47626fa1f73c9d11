package naiveplan

// Evidence says how the objects were listed.
type Evidence struct {
	// Complete are the kinds of which all objects are known.
	Complete map[string]bool
	// ImagesAfterStreams: the Images were listed after the ImageStreams.
	ImagesAfterStreams bool
	// Labels are the names of those that were read; nil: all of them.
	Labels map[string]bool
	// PhaselessPodsFinished: a Pod that does not say its phase has finished.
	PhaselessPodsFinished bool
}

// everything is the evidence that says all.
func everything() Evidence {
	e := Evidence{Complete: map[string]bool{"ImageStream": true, "Image": true, "LimitRange": true}, ImagesAfterStreams: true}
	for kind := range workloadKinds {
		e.Complete[kind] = true
	}
	return e
}

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
	return p.Complete["Image"] && p.ImagesAfterStreams
}

// unknown reports whether it is not known, or not fully, what an image is made
// of.
func (p *planner) unknown(digest string) bool {
	image := p.images[digest]
	return image == nil || image.partial()
}

// partial: an index owns something, and what is not called an index has layers,
// a config or children all the same; where none is written down, they are not
// known.
func (i *image) partial() bool {
	return len(i.children) == 0 && (i.isIndex() || len(i.layers) == 0 && i.id == "")
}

// mayOwnMore reports whether an item's image may have a child that is not known,
// and that may be in use. An Image that surely is not there has none. Items are
// judged by the Images, whatever was listed of the storage.
func (p *planner) mayOwnMore(itemImage string) bool {
	if p.acceptUnknown {
		return false
	}
	for d := range p.withChildren(itemImage) {
		if p.unknown(d) && !(d == itemImage && p.images[d] == nil && p.missingIsGone()) {
			return true
		}
	}
	return false
}

// mayNeedMore reports whether a stream, an index or a workload that was not
// listed may need anything.
func (p *planner) mayNeedMore() bool {
	return !p.Complete["ImageStream"] || !p.Complete["Image"] || p.asksForUse && !p.usesAreKnown()
}

// mayNeedAnything reports whether a digest that is needed, or what belongs to
// it, is unknown: such an image may own any image and need any blob.
func (p *planner) mayNeedAnything(digest string) bool {
	if p.acceptUnknown {
		return false
	}
	for d := range p.withAll(digest) {
		if p.unknown(d) && !p.nowhere(d) {
			return true
		}
	}
	return false
}

// imagesHeldBack reports whether an unknown image is needed somewhere, so that
// no image and no blob may go.
func (p *planner) imagesHeldBack() bool {
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

// linksHeldBack reports whether an unknown image is needed in a repository, so
// that none of its links may go.
func (p *planner) linksHeldBack(repository string) bool {
	for d := range p.needed[repository] {
		if p.mayNeedAnything(d) {
			return true
		}
	}
	return false
}
