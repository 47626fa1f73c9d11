package prune

import (
	"github.com/registrykit/registrykit/prune/inventory"
)

// decideItems gives every tag item of the planned namespaces its verdict: rule
// 2 of the preset.
func (p *planner) decideItems() {
	for s := range p.inv.Streams() {
		stream := p.inv.Stream(s)
		inScope := p.policy.Namespace == "" || p.policy.Namespace == stream.Namespace
		f := itemFacts{planner: p, stream: s, view: stream, repository: stream.Repository()}
		for t := stream.FirstTag; t < stream.EndTag; t++ {
			f.tag = p.inv.Tag(t)
			for i := f.tag.FirstItem; i < f.tag.EndItem; i++ {
				if !inScope {
					p.items[i] = verdict{rule: outOfScope}
					continue
				}
				f.item = p.inv.Item(i)
				p.items[i] = f.decide()
			}
		}
	}
}

// itemFacts answers what conditions ask of one tag item.
type itemFacts struct {
	*planner
	stream     int
	view       inventory.ImageStream
	repository string
	tag        inventory.StreamTag
	item       inventory.Item
}

func (f *itemFacts) decide() verdict {
	for i := range f.policy.TagItems {
		rule := &f.policy.TagItems[i]
		if ok, cause := f.met(&rule.When, rule.Outcome); ok {
			return verdict{ruleIndex(i), cause}
		}
	}
	return verdict{rule: noRule}
}

// met reports whether the item meets a condition, and the use that decided, if
// one did, else -1.
func (f *itemFacts) met(c *Condition, o Outcome) (bool, int32) {
	cause := int32(-1)
	holds := func(t truth) bool { return t.met(o) }
	if c.ReferenceTag != nil && !holds(truthOf(f.item.Image == inventory.NoDigest).is(*c.ReferenceTag)) ||
		c.StreamYoungerThan != nil && !holds(f.youngerThan(f.view.Created, *c.StreamYoungerThan)) ||
		c.YoungerThan != nil && !holds(f.youngerThan(f.item.Created, *c.YoungerThan)) ||
		c.OlderThan != nil && !holds(f.olderThan(f.item.Created, *c.OlderThan, true)) ||
		c.RevisionBelow != nil && f.item.Index >= *c.RevisionBelow ||
		c.RevisionFrom != nil && f.item.Index < *c.RevisionFrom ||
		len(c.Tags) > 0 && !matchesAny(c.Tags, f.tag.Name) ||
		len(c.Repositories) > 0 && !matchesAny(c.Repositories, f.repository) {
		return false, cause
	}
	if c.TagInUse != nil {
		t, use := f.tagInUse()
		if !holds(t.is(*c.TagInUse)) {
			return false, cause
		}
		cause = use
	}
	if c.DigestInUse != nil {
		t, use := f.digestInUse()
		if !holds(t.is(*c.DigestInUse)) {
			return false, cause
		}
		cause = use
	}
	return (c.Known == nil || holds(f.known().is(*c.Known))) &&
		(c.OverLimit == nil || holds(f.overLimit().is(*c.OverLimit))) &&
		f.imageMeets(c, f.imageNumber(), holds), cause
}

func (f *itemFacts) imageNumber() int { return f.inv.ImageOf(f.item.Image) }

// tagInUse: the newest item of a tag that is named.
func (f *itemFacts) tagInUse() (truth, int32) {
	if f.item.Index != 0 {
		return no, -1
	}
	if use := f.tagUse[f.item.Tag]; use >= 0 {
		return yes, use
	}
	return f.ifUsesKnown(), -1
}

// digestInUse: the image, or what it owns at any depth, is named through this
// stream. What an index owns is known where its manifests are.
func (f *itemFacts) digestInUse() (truth, int32) {
	result, cause := f.ifUsesKnown(), int32(-1)
	if f.item.Image == inventory.NoDigest {
		return no, cause
	}
	f.walk.start()
	f.walk.visit(f.item.Image, func(d inventory.Digest, image int) bool {
		if use, ok := f.streamUse[streamDigest{int32(f.stream), d}]; ok {
			result, cause = yes, use
			return false
		}
		if f.mayOwnMore(d, image) {
			result = unknown
		}
		return true
	})
	return result, cause
}

// mayOwnMore reports whether a manifest may own something that is not known:
// a child that is not known, a manifest read in part, and an item's own image
// where it may be there all the same.
func (f *itemFacts) mayOwnMore(d inventory.Digest, image int) bool {
	switch {
	case f.policy.AcceptUnknownImages:
		return false
	case image >= 0:
		return f.inv.Image(image).Partial
	case d == f.item.Image:
		return f.known() == unknown
	}
	return true
}

func (p *planner) ifUsesKnown() truth {
	if p.usesKnown {
		return no
	}
	return unknown
}

func (f *itemFacts) known() truth {
	switch {
	case f.imageNumber() >= 0:
		return yes
	case f.item.Image == inventory.NoDigest:
		return unknown // of a reference tag nothing is missing
	case f.inv.Complete(inventory.KindImage) && f.inv.ImagesAfterStreams():
		return no
	}
	return unknown
}

func (f *itemFacts) overLimit() truth {
	image := f.imageNumber()
	limit, _, limited := f.inv.MaxImageSize(f.view.Namespace)
	complete := f.inv.Complete(inventory.KindLimitRange)
	if image < 0 {
		return unknown
	}
	view := f.inv.Image(image)
	switch {
	case view.Class == inventory.ClassIndex:
		return no
	case limited && view.Size > limit:
		return yes
	case !complete || limited && view.Size == 0 && limit >= 0:
		return unknown
	}
	return no
}

// imageMeets checks what conditions ask of an image, whichever object is
// judged by it.
func (p *planner) imageMeets(c *Condition, image int, holds func(truth) bool) bool {
	if c.Managed == nil && len(c.Labels) == 0 && c.PulledWithin == nil && c.NotPulledFor == nil {
		return true
	}
	if image < 0 {
		return holds(unknown)
	}
	view := p.inv.Image(image)
	return (c.Managed == nil || holds(truthOf(view.Managed).is(*c.Managed))) &&
		(len(c.Labels) == 0 || holds(labelsMatch(c.Labels, view.Labels, p.inv.LabelRead))) &&
		(c.PulledWithin == nil || holds(p.pulledWithin(view, *c.PulledWithin))) &&
		(c.NotPulledFor == nil || holds(p.pulledWithin(view, *c.NotPulledFor).is(false)))
}

// pulledWithin does not take an absent time for ancient: it is not known
// whether anybody looked.
func (p *planner) pulledWithin(view inventory.Image, d Duration) truth {
	if !view.Pulled.Known() {
		return unknown
	}
	return truthOf(view.Pulled > p.threshold(d))
}
