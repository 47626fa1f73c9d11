package prune

import (
	"maps"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// doubt names the fact that is not known and that a keep rule took as true.
func (f *itemFacts) doubt(c *Condition) string {
	switch {
	case c.StreamYoungerThan != nil && f.doubtful(f.view.Created):
		return "when the stream was made"
	case (c.YoungerThan != nil || c.OlderThan != nil) && f.doubtful(f.item.Created):
		return "when the item was made"
	case (c.TagInUse != nil || c.DigestInUse != nil) && !f.usesKnown:
		return f.missingKinds() + " not listed completely, and may use it"
	case c.DigestInUse != nil && f.known() == unknown && f.item.Image != inventory.NoDigest:
		return "whether its Image exists, and owns what is in use: Images were not listed completely, after the streams"
	case c.DigestInUse != nil && *c.DigestInUse:
		return "whether it owns what is in use: what it owns is not known, or not all of it"
	case c.Known != nil && f.item.Image == inventory.NoDigest:
		return "its image, of which a reference tag has none"
	case c.Known != nil && f.known() == unknown:
		return "whether its Image exists: Images were not listed completely, after the streams"
	case c.OverLimit != nil && f.overLimit() == unknown:
		return f.limitDoubt()
	}
	return f.doubtOfImage(c, f.imageNumber())
}

// limitDoubt says why it is not known whether an image is over a limit.
func (f *itemFacts) limitDoubt() string {
	switch {
	case f.imageNumber() < 0:
		return "its size: its Image is not in the inventory"
	case f.inv.Image(f.imageNumber()).Size == 0:
		return "its size: dockerImageMetadata does not say it"
	}
	return "all limits of namespace " + f.view.Namespace + ": LimitRange not listed completely"
}

// referrerDoubt says why an item that may be a referrer stays although nothing
// that is known needs its subject.
func (p *planner) referrerDoubt(tag inventory.StreamTag) string {
	switch {
	case p.mayHold(tag.Stream):
		return "whether what it refers to is still there: " + p.holderDoubt(tag.Stream)
	case p.mayNeedMore():
		return "whether what it refers to is still needed: " + p.missingEvidence() + " not listed completely"
	case !p.policy.AcceptUnknownImages:
		return "whether what it refers to is still needed: an image that its repository needs is not known, and may own it"
	}
	return "the Image that it refers to, which is still needed"
}

// holderDoubt says of a repository that it may hold anything.
func (p *planner) holderDoubt(stream int) string {
	return "what repository " + p.inv.Stream(stream).Repository() + " holds: its links were not listed completely"
}

// doubtful reports whether a time is unknown, and not taken for ancient.
func (p *planner) doubtful(t inventory.Instant) bool {
	return !t.Known() && !p.policy.AbsentTimesAreAncient
}

// missingKinds names the kinds that could use an image and were not listed
// completely.
func (p *planner) missingKinds() string {
	return p.incomplete(append(inventory.WorkloadKinds(), inventory.KindImageStream))
}

// missingEvidence names the kinds that could need a manifest and were not listed
// completely.
func (p *planner) missingEvidence() string {
	kinds := []inventory.Kind{inventory.KindImageStream, inventory.KindImage}
	if p.policy.asksForUse() {
		kinds = append(inventory.WorkloadKinds(), kinds...)
	}
	return p.incomplete(kinds)
}

func (p *planner) incomplete(kinds []inventory.Kind) string {
	var names []string
	for _, kind := range kinds {
		if !p.inv.Complete(kind) {
			names = append(names, string(kind))
		}
	}
	return strings.Join(names, ", ")
}

// doubt names the fact of an image that is not known and that a keep rule took as
// true.
func (f *imageFacts) doubt(c *Condition) string {
	switch {
	case c.DigestInUse != nil && !f.usesKnown:
		return f.missingKinds() + " not listed completely, and may use it"
	case (c.YoungerThan != nil || c.OlderThan != nil) && f.doubtful(f.image.Created):
		return "when the image was made"
	case len(c.Repositories) > 0 && f.inRepositories(c.Repositories) == unknown:
		return f.repositoryDoubt(c.Repositories)
	}
	return f.doubtOfImage(c, f.number)
}

// repositoryDoubt says why it is not known whether the repositories match that
// an image is in.
func (f *imageFacts) repositoryDoubt(patterns []string) string {
	matching, others := f.splitRepositories(patterns)
	switch {
	case !f.inv.Complete(inventory.KindImageStream):
		return "all repositories that it is in: ImageStream not listed completely"
	case len(matching) > 0:
		return "which repository counts: " + someOf(matching) + " matches, and " + someOf(others) + " does not"
	}
	return "which repository it is in: no stream lists it"
}

// doubtOfImage names what conditions ask of an image and is not known, "" for
// nothing.
func (p *planner) doubtOfImage(c *Condition, image int) string {
	asked := len(c.Labels) > 0 || c.PulledWithin != nil || c.NotPulledFor != nil || c.Managed != nil
	if !asked {
		return ""
	}
	if image < 0 {
		return "its image, which is not in the inventory"
	}
	view := p.inv.Image(image)
	if len(c.Labels) > 0 && labelsMatch(c.Labels, view.Labels, p.inv.LabelRead) == unknown {
		return p.labelDoubt(c, view.Labels)
	}
	if (c.PulledWithin != nil || c.NotPulledFor != nil) && !view.Pulled.Known() {
		return "when it was last pulled"
	}
	return ""
}

// labelDoubt names the labels that were not read.
func (p *planner) labelDoubt(c *Condition, labels map[string]string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		if _, there := labels[name]; !there && (labels == nil || !p.inv.LabelRead(name)) {
			names = append(names, name)
		}
	}
	return validUTF8("its label " + strings.Join(names, ", ") + ", which was not read")
}
