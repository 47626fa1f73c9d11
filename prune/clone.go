package prune

import (
	"maps"
	"slices"
)

// clone returns a copy that shares nothing that can be changed.
func (p *Policy) clone() Policy {
	c := *p
	c.TagItems, c.Images = cloneRules(p.TagItems), cloneRules(p.Images)
	c.FinishedPodsCountFor = clonePointer(p.FinishedPodsCountFor)
	c.IgnoreSources = slices.Clone(p.IgnoreSources)
	return c // the preset's options are out of anybody's reach
}

func cloneRules(rules []Rule) []Rule {
	rules = slices.Clone(rules)
	for i := range rules {
		rules[i].When = rules[i].When.clone()
	}
	return rules
}

func (c *Condition) clone() Condition {
	return Condition{
		Always:            c.Always,
		Repositories:      slices.Clone(c.Repositories),
		Tags:              slices.Clone(c.Tags),
		YoungerThan:       clonePointer(c.YoungerThan),
		OlderThan:         clonePointer(c.OlderThan),
		StreamYoungerThan: clonePointer(c.StreamYoungerThan),
		PulledWithin:      clonePointer(c.PulledWithin),
		NotPulledFor:      clonePointer(c.NotPulledFor),
		RevisionBelow:     clonePointer(c.RevisionBelow),
		RevisionFrom:      clonePointer(c.RevisionFrom),
		TagInUse:          clonePointer(c.TagInUse),
		DigestInUse:       clonePointer(c.DigestInUse),
		ReferenceTag:      clonePointer(c.ReferenceTag),
		Known:             clonePointer(c.Known),
		OverLimit:         clonePointer(c.OverLimit),
		Managed:           clonePointer(c.Managed),
		Labels:            maps.Clone(c.Labels),
		Dropped:           clonePointer(c.Dropped),
	}
}

func clonePointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
