package naiveplan

import "time"

// preset are the rules of the OpenShift preset.
type preset Knobs

func (k Knobs) setting() setting {
	s := setting{
		Evidence:            Evidence{Complete: k.Complete, ImagesAfterStreams: k.ImagesAfterStreams},
		namespace:           k.Namespace,
		pruneRegistry:       k.PruneRegistry,
		ignoreInvalid:       k.IgnoreInvalidRefs,
		acceptUnknown:       k.Strict || k.AcceptUnknownImages,
		peerOnly:            k.Strict,
		ancient:             k.Strict,
		finishedPodsCount:   k.KeepYoungerThan,
		asksForUse:          true,
		nothingWithoutUsers: true,
	}
	if k.Strict {
		s.Evidence = everything()
		s.PhaselessPodsFinished = true
	}
	return s
}

// item: the first case that matches decides.
func (k preset) item(p *planner, it listedItem) (rule string, goes bool) {
	repository := it.stream.repository()
	image, known := p.images[it.image]
	switch {
	case k.young(p, it.stream.created):
		return "young-stream", false
	case it.image == "":
		return "reference-tag", false
	case k.young(p, it.created):
		return "young", false
	case it.index == 0 && p.uses.tags[repository+":"+it.tag]:
		return "tag-in-use", false
	case p.withChildren(it.image).meets(p.uses.through[repository]) || p.mayOwnMore(it.image):
		return "digest-in-use", false
	case !known && (k.PruneOverSizeLimit || !p.missingIsGone()): // its size is unknown, or it may be there
		return "image-unknown", false
	case !known:
		return "image-missing", true
	case k.PruneOverSizeLimit && !p.overLimit(image, it.stream.namespace):
		return "within-limit", false
	case k.PruneOverSizeLimit:
		return "over-limit", true
	case it.index < *k.KeepTagRevisions:
		return "revision", false
	default:
		return "old-revision", true
	}
}

func (k preset) image(p *planner, name string, i *image) (rule string, goes bool) {
	switch {
	case p.uses.digests[name]:
		return "digest-in-use", false
	case k.young(p, i.created):
		return "young", false
	case !k.AllImages && !i.managed:
		return "not-managed", false
	case k.PruneOverSizeLimit && !p.droppedHere()[name]:
		return "not-dropped", false
	}
	return "nothing-needs-it", true
}

// young reports whether something is protected by its age: created strictly
// later than the threshold. Over-size mode has no ages.
func (k preset) young(p *planner, created *time.Time) bool {
	if k.PruneOverSizeLimit {
		return false
	}
	if created == nil { // unknown, which keeps; to the peer, ancient
		return !p.ancient
	}
	return created.After(p.threshold(*k.KeepYoungerThan))
}
