package prune

import (
	"fmt"
	"slices"
)

// itemReason tells why an item stays or goes.
func (p *planner) itemReason(i int) Reason {
	v := p.items[i]
	item := p.inv.Item(i)
	tag := p.inv.Tag(item.Tag)
	stream := p.inv.Stream(tag.Stream)
	if v.rule < 0 {
		r := p.structuralReason(v.rule)
		switch {
		case v.rule == neededBySubject && v.cause >= 0:
			r.Path = append(p.imagePath(int(v.cause)), p.itemName(i))
		case v.rule == neededBySubject:
			r.Unknown = p.referrerDoubt(tag)
		}
		return r
	}
	f := itemFacts{planner: p, stream: tag.Stream, view: stream, repository: stream.Repository(), tag: tag, item: item}
	rule := &p.policy.TagItems[v.rule]
	r := Reason{Rule: rule.ID}
	if rule.Outcome == Delete {
		for k := range v.rule {
			f.missed(&p.policy.TagItems[k], &r)
		}
	}
	f.evidence(&rule.When, &r)
	r.Facts = f.facts(&rule.When)
	if v.cause >= 0 {
		r.Path = p.usePath(int(v.cause), i)
	} else if rule.Outcome == Keep {
		r.Unknown = f.doubt(&rule.When)
	}
	return r
}

// structuralReason is one that holds whatever the policy's rules.
func (p *planner) structuralReason(rule ruleIndex) Reason {
	r := Reason{Rule: structuralRules[rule]}
	switch rule {
	case outOfScope:
		r.Facts = []string{validUTF8(fmt.Sprintf("the policy plans namespace %q alone", p.policy.Namespace))}
	case streamsUnlisted:
		r.Unknown = "which streams list it: ImageStreams were not listed completely"
	case linksUnlisted:
		r.Unknown = p.holderDoubt(slices.Index(p.unlisted, true))
	case imagesUnlisted:
		r.Unknown = "which images own it or share its blobs: Images were not listed completely"
	}
	return r
}

// evidence fills in the numbers that a condition compares. An age of the stream
// is among the facts where the item's is asked for, too.
func (f *itemFacts) evidence(c *Condition, r *Reason) {
	if c.StreamYoungerThan != nil && c.YoungerThan == nil && c.OlderThan == nil {
		r.Age, r.YoungerThan = f.age(f.view.Created), c.StreamYoungerThan
	}
	if c.YoungerThan != nil {
		r.Age, r.YoungerThan = f.age(f.item.Created), c.YoungerThan
	}
	if c.OlderThan != nil {
		r.Age, r.OlderThan = f.age(f.item.Created), c.OlderThan
	}
	if c.RevisionBelow != nil {
		r.Revision, r.Revisions = f.item.Index+1, c.RevisionBelow
	}
	if c.RevisionFrom != nil {
		r.Revision, r.Revisions = f.item.Index+1, c.RevisionFrom
	}
	if c.OverLimit != nil {
		f.sizes(r)
	}
}

func (f *itemFacts) sizes(r *Reason) {
	if limit, _, ok := f.inv.MaxImageSize(f.view.Namespace); ok {
		r.Limit = &limit
	}
	if image := f.imageNumber(); image >= 0 {
		r.Size = f.inv.Image(image).Size
	}
}

// missed fills in, of something that goes, the numbers by which a rule that
// would have kept it did not: what else such a rule asks says nothing here.
func (f *itemFacts) missed(rule *Rule, r *Reason) {
	c := &rule.When
	if rule.Outcome != Keep {
		return
	}
	if c.YoungerThan != nil && f.youngerThan(f.item.Created, *c.YoungerThan) == no {
		r.Age, r.YoungerThan = f.age(f.item.Created), c.YoungerThan
	}
	if c.OlderThan != nil && r.Age == nil && f.olderThan(f.item.Created, *c.OlderThan, true) == no {
		r.Age = f.age(f.item.Created)
	}
	if c.RevisionBelow != nil && f.item.Index >= *c.RevisionBelow {
		r.Revision, r.Revisions = f.item.Index+1, c.RevisionBelow
	}
	if c.OverLimit != nil && !*c.OverLimit && f.overLimit() == yes {
		f.sizes(r)
	}
}

// imageReason tells why an image stays or goes.
func (p *planner) imageReason(i int) Reason {
	v := p.images[i]
	view := p.inv.Image(i)
	if v.rule < 0 {
		r := p.structuralReason(v.rule)
		switch {
		case v.rule == heldByUnknown:
			u := p.unknown.list[v.cause]
			r.Unknown = p.inv.DigestText(u.digest) + ", needed by " + p.needName(u.need)
		case v.rule == neededByItem || v.rule == namedByItem || v.rule == neededByParent || v.rule == neededBySubject || v.rule == linkedManifest:
			r.Path = p.imagePath(i)
		}
		if v.rule == neededBySubject && v.cause < 0 {
			r.Unknown = "the image that it refers to, " + p.inv.DigestText(view.Subject) + ", which is needed"
		}
		return r
	}
	rule := &p.policy.Images[v.rule]
	r := Reason{Rule: rule.ID}
	f := imageFacts{planner: p, number: i, image: view}
	if rule.Outcome == Delete {
		for k := range v.rule {
			f.missed(&p.policy.Images[k], &r)
		}
	}
	if c := &rule.When; c.YoungerThan != nil || c.OlderThan != nil {
		r.Age, r.OlderThan = p.age(view.Created), c.OlderThan
		if c.YoungerThan != nil {
			r.YoungerThan = c.YoungerThan
		}
	}
	r.Facts = f.facts(&rule.When, rule.Outcome)
	if v.cause >= 0 {
		r.Path = p.imagePath(i)
	} else if rule.Outcome == Keep {
		r.Unknown = f.doubt(&rule.When)
	}
	return r
}

// missed is that of items.
func (f *imageFacts) missed(rule *Rule, r *Reason) {
	c := &rule.When
	switch {
	case rule.Outcome != Keep:
	case c.YoungerThan != nil && f.youngerThan(f.image.Created, *c.YoungerThan) == no:
		r.Age, r.YoungerThan = f.age(f.image.Created), c.YoungerThan
	case c.OlderThan != nil && r.Age == nil && f.olderThan(f.image.Created, *c.OlderThan, true) == no:
		r.Age = f.age(f.image.Created)
	}
}
