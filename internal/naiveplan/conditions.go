package naiveplan

import (
	"path"
	"time"
)

// possible says which answers to a question are possible, for all that is known.
type possible struct{ yes, no bool }

var anything = possible{true, true}

func certainly(b bool) possible { return possible{b, !b} }

// is answers whether the answer is the wanted one.
func (p possible) is(want bool) possible {
	if want {
		return p
	}
	return possible{p.no, p.yes}
}

// ofItem answers all that a condition asks of a tag item.
func (p *planner) ofItem(c *Condition, it listedItem) (facts []possible) {
	ask := func(asked bool, answer func() possible) {
		if asked {
			facts = append(facts, answer())
		}
	}
	repository := it.stream.repository()
	image := p.images[it.image]
	ask(c.Repositories != nil, func() possible { return certainly(matches(c.Repositories, repository)) })
	ask(c.Tags != nil, func() possible { return certainly(matches(c.Tags, it.tag)) })
	ask(c.YoungerThan != nil, func() possible { return p.younger(it.created, *c.YoungerThan) })
	ask(c.OlderThan != nil, func() possible { return p.younger(it.created, *c.OlderThan).is(false) })
	ask(c.StreamYoungerThan != nil, func() possible { return p.younger(it.stream.created, *c.StreamYoungerThan) })
	ask(c.RevisionBelow != nil, func() possible { return certainly(it.index < *c.RevisionBelow) })
	ask(c.RevisionFrom != nil, func() possible { return certainly(it.index >= *c.RevisionFrom) })
	ask(c.TagInUse != nil, func() possible { return p.tagInUse(it).is(*c.TagInUse) })
	ask(c.DigestInUse != nil, func() possible { return p.digestInUse(it).is(*c.DigestInUse) })
	ask(c.ReferenceTag != nil, func() possible { return certainly(it.image == "").is(*c.ReferenceTag) })
	ask(c.Known != nil, func() possible { return p.known(it).is(*c.Known) })
	ask(c.OverLimit != nil, func() possible { return p.mayBeOverLimit(image, it.stream.namespace).is(*c.OverLimit) })
	return append(facts, p.ofAnyImage(c, image)...)
}

// ofImage answers all that a condition asks of an Image.
func (p *planner) ofImage(c *Condition, name string) (facts []possible) {
	image := p.images[name]
	if c.Repositories != nil {
		facts = append(facts, p.inRepositories(name, c.Repositories))
	}
	if c.YoungerThan != nil {
		facts = append(facts, p.younger(image.created, *c.YoungerThan))
	}
	if c.OlderThan != nil {
		facts = append(facts, p.younger(image.created, *c.OlderThan).is(false))
	}
	if c.DigestInUse != nil {
		used := p.unlessUsed(p.uses.digests[name])
		facts = append(facts, used.is(*c.DigestInUse))
	}
	if c.Dropped != nil {
		facts = append(facts, certainly(p.droppedHere()[name]).is(*c.Dropped))
	}
	return append(facts, p.ofAnyImage(c, image)...)
}

// ofAnyImage answers what may be asked of an Image as well as of an item that
// lists it. Of an Image that is not known anything is possible.
func (p *planner) ofAnyImage(c *Condition, image *image) (facts []possible) {
	if image == nil {
		if c.Managed != nil || c.Labels != nil || c.PulledWithin != nil || c.NotPulledFor != nil {
			return []possible{anything}
		}
		return nil
	}
	if c.Managed != nil {
		facts = append(facts, certainly(image.managed).is(*c.Managed))
	}
	for name, pattern := range c.Labels {
		facts = append(facts, p.label(image, name, pattern))
	}
	if c.PulledWithin != nil {
		facts = append(facts, p.pulledWithin(image, *c.PulledWithin))
	}
	if c.NotPulledFor != nil {
		facts = append(facts, p.pulledWithin(image, *c.NotPulledFor).is(false))
	}
	return facts
}

func matches(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if ok, _ := path.Match(pattern, name); ok {
			return true
		}
	}
	return false
}

// younger: created strictly later than that long ago.
func (p *planner) younger(created *time.Time, d Duration) possible {
	if created == nil {
		return possible{yes: !p.ancient, no: true}
	}
	return certainly(created.After(p.threshold(time.Duration(d))))
}

// pulledWithin: that no pull is known says nothing of when the last one was.
func (p *planner) pulledWithin(i *image, d Duration) possible {
	if i.pulled == nil {
		return anything
	}
	return certainly(i.pulled.After(p.threshold(time.Duration(d))))
}

// label: one that was not read may be there and have any value.
func (p *planner) label(i *image, name, pattern string) possible {
	if i.labels == nil {
		return anything
	}
	if p.Labels != nil && !p.Labels[name] {
		return anything
	}
	value, there := i.labels[name]
	return certainly(there && matches([]string{pattern}, value))
}

// unlessUsed answers whether something is in use, of which it is known whether a
// workload that is known uses it.
func (p *planner) unlessUsed(used bool) possible {
	return possible{yes: used || !p.usesAreKnown(), no: !used}
}

func (p *planner) tagInUse(it listedItem) possible {
	if it.index > 0 {
		return certainly(false)
	}
	return p.unlessUsed(p.uses.tags[it.stream.repository()+":"+it.tag])
}

func (p *planner) digestInUse(it listedItem) possible {
	if it.image == "" {
		return certainly(false)
	}
	used := p.unlessUsed(p.withChildren(it.image).meets(p.uses.through[it.stream.repository()]))
	if p.mayOwnMore(it.image) {
		used.yes = true
	}
	return used
}

// known: an item without an image has none that could be missing or there.
func (p *planner) known(it listedItem) possible {
	switch {
	case p.images[it.image] != nil:
		return certainly(true)
	case it.image != "" && p.missingIsGone():
		return certainly(false)
	}
	return anything
}

func (p *planner) mayBeOverLimit(i *image, namespace string) possible {
	switch {
	case i == nil:
		return anything
	case i.isIndex():
		return certainly(false)
	case p.overLimit(i, namespace):
		return certainly(true)
	case !p.Complete["LimitRange"], i.size.Sign() == 0 && len(p.limits[namespace]) > 0:
		return anything
	}
	return certainly(false)
}

// inRepositories: an image is in each repository that lists it. In some that
// match and some that do not, or in none, it is neither.
func (p *planner) inRepositories(name string, patterns []string) possible {
	if !p.Complete["ImageStream"] {
		return anything
	}
	answer := possible{}
	for _, s := range p.streams {
		for _, t := range s.tags {
			for _, it := range t.items {
				if it.image != name {
					continue
				}
				if matches(patterns, s.repository()) {
					answer.yes = true
				} else {
					answer.no = true
				}
			}
		}
	}
	if !answer.yes && !answer.no {
		return anything
	}
	return answer
}
