package prune

import (
	"fmt"
	"maps"
	"slices"
)

// matchedFacts says, for a person, how an object met what only policies of
// one's own ask: patterns, labels, pulls.
func (p *planner) matchedFacts(c *Condition, image int, tag string) []string {
	var facts []string
	say := func(format string, args ...any) {
		facts = append(facts, validUTF8(fmt.Sprintf(format, args...)))
	}
	if len(c.Repositories) > 0 {
		say("its repository matches %s", oneOf(c.Repositories))
	}
	if len(c.Tags) > 0 {
		say("tag %q matches %s", tag, oneOf(c.Tags))
	}
	if image < 0 {
		return facts
	}
	view := p.inv.Image(image)
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		if value, ok := view.Labels[name]; ok {
			say("label %s=%q matches %q", name, value, c.Labels[name])
		}
	}
	if pulled := p.age(view.Pulled); pulled != nil {
		if c.PulledWithin != nil {
			say("pulled %s ago, within %s", ageText(*pulled), *c.PulledWithin)
		}
		if c.NotPulledFor != nil {
			say("pulled %s ago, not for %s", ageText(*pulled), *c.NotPulledFor)
		}
	}
	return facts
}

// doubtOfImage names what conditions ask of an image and is not known, "" for
// nothing.
func (p *planner) doubtOfImage(c *Condition, image int) string {
	asked := len(c.Labels) > 0 || c.PulledWithin != nil || c.NotPulledFor != nil || c.Managed != nil
	if !asked {
		return ""
	}
	if image < 0 {
		return "its image"
	}
	view := p.inv.Image(image)
	if len(c.Labels) > 0 && labelsMatch(c.Labels, view.Labels, p.inv.LabelRead) == unknown {
		return "its labels"
	}
	if (c.PulledWithin != nil || c.NotPulledFor != nil) && !view.Pulled.Known() {
		return "when it was last pulled"
	}
	return ""
}

// oneOf lists patterns.
func oneOf(patterns []string) string {
	if len(patterns) == 1 {
		return fmt.Sprintf("%q", patterns[0])
	}
	return fmt.Sprintf("one of %q", patterns)
}
