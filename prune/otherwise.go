package prune

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// otherwise says what would turn round what a list of rules decided: whatever
// makes a rule that keeps hold, before the first that deletes; or all that makes
// no such rule hold.
func otherwise(rules []Rule, o Outcome, met func(*Rule) bool, change func(*Condition, bool) []string) []string {
	var list []string
	for k := range rules {
		rule := &rules[k]
		switch holds := met(rule); {
		case rule.Outcome == Delete && holds:
			return list
		case rule.Outcome == Keep && holds == (o == Keep):
			list = append(list, together(change(&rule.When, !holds), !holds)...)
		}
	}
	return append(list, "a rule of the policy deleted it")
}

// together makes one of the changes of one rule: it holds where all of its
// condition does, and does not where any of that does not.
func together(changes []string, hold bool) []string {
	if len(changes) < 2 {
		return changes
	}
	word := ", or "
	if hold {
		word = ", and "
	}
	return []string{strings.Join(changes, word)}
}

// change says how a condition comes to hold, or to hold no more.
func (f *itemFacts) change(c *Condition, hold bool) []string {
	var list []string
	say := func(yes, no string, args ...any) {
		format := no
		if hold {
			format = yes
		}
		if format != "" {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	if c.StreamYoungerThan != nil {
		say("the stream were younger than %s", "the stream is not younger than %s"+f.when(f.view.Created, *c.StreamYoungerThan, hold), *c.StreamYoungerThan)
	}
	if c.YoungerThan != nil {
		say("it were younger than %s", "it is not younger than %s"+f.when(f.item.Created, *c.YoungerThan, hold), *c.YoungerThan)
	}
	if c.RevisionBelow != nil && *c.RevisionBelow > 0 {
		say("it were among the newest %d of its tag", "at least %d items of its tag are newer", *c.RevisionBelow)
	}
	if c.TagInUse != nil && (f.item.Index == 0 || !hold) {
		say("a workload used %s", f.noUse("no workload uses %s"), f.repository+":"+f.tag.Name)
	}
	if c.DigestInUse != nil {
		say("a workload used its image, or what that owns, by digest through %s",
			f.noUse("no workload uses its image, or what that owns, by digest through %s"), f.repository)
	}
	if c.ReferenceTag != nil {
		say("", "it had an image of its own: a reference tag is never dropped")
	}
	switch {
	case c.Known == nil || f.item.Image == inventory.NoDigest:
	case f.known() == unknown:
		say("", "its Image is known, or Images were listed completely and after the streams")
	case f.known() == no:
		say("", "its Image is known")
	}
	if c.OverLimit != nil {
		say("its image were not above the limit of namespace %s", "its image is above a limit of namespace %s", f.view.Namespace)
	}
	return append(list, f.otherConditions(c, f.imageNumber(), hold)...)
}

// otherConditions are those that only policies of one's own have.
func (p *planner) otherConditions(c *Condition, image int, hold bool) []string {
	var labels map[string]string
	if image >= 0 {
		labels = p.inv.Image(image).Labels
	}
	var list []string
	say := func(yes, no, format string, args ...any) {
		verb := no
		if hold {
			verb = yes
		}
		list = append(list, fmt.Sprintf("%s "+format, append([]any{verb}, args...)...))
	}
	if c.OlderThan != nil {
		say("it were at least", "it were less than", "%s old", *c.OlderThan)
	}
	if c.RevisionFrom != nil {
		say("at least", "fewer than", "%d items of its tag were newer", *c.RevisionFrom)
	}
	if len(c.Repositories) > 0 {
		say("its repository matched", "its repository did not match", "%s", oneOf(c.Repositories))
	}
	if len(c.Tags) > 0 {
		say("its tag matched", "its tag did not match", "%s", oneOf(c.Tags))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		say("it had", "it did not have", "a label %s that matches %q%s", name, c.Labels[name], isNow(labels, name))
	}
	if c.PulledWithin != nil {
		say("it had been", "it had not been", "pulled within %s", *c.PulledWithin)
	}
	if c.NotPulledFor != nil {
		say("it had not been", "it had been", "pulled for %s", *c.NotPulledFor)
	}
	if c.Managed != nil {
		if *c.Managed == hold {
			list = append(list, "its image were managed, that is, pushed to the integrated registry")
		} else {
			list = append(list, "its image were not managed, that is, imported")
		}
	}
	return list
}

// isNow says what a label is.
func isNow(labels map[string]string, name string) string {
	value, there := labels[name]
	switch {
	case there:
		return fmt.Sprintf(" (it is %q)", value)
	case labels == nil:
		return ""
	}
	return " (it has none)"
}

// when says how long it takes until something is not young any more.
func (p *planner) when(t inventory.Instant, d Duration, hold bool) string {
	age := p.age(t)
	if hold || age == nil {
		return ""
	}
	return fmt.Sprintf(" (in %s)", (d - *age))
}

// noUse adds to what must not be used whose uses are not even known.
func (p *planner) noUse(text string) string {
	if kinds := p.missingKinds(); kinds != "" {
		return text + " (which is not known: " + kinds + " not listed completely)"
	}
	return text
}

func (p *planner) structuralOtherwise(rule ruleIndex) []string {
	switch rule {
	case outOfScope:
		return []string{"the policy planned all namespaces, or this one, and all else let it go"}
	case invalidReferences:
		bad := p.invalid[0]
		return []string{fmt.Sprintf("every reference of a workload parsed (of which %d do not, as %s %s), or the policy ignored those, and all else let it go",
			len(p.invalid), bad.Object, bad.Field)}
	case noRule:
		return []string{"the policy had a rule that deletes it"}
	case neededBySubject:
		return []string{"what it refers to went"}
	case streamsUnlisted:
		return []string{"ImageStreams were listed completely, and none listed it"}
	case linksUnlisted:
		return []string{"the links of all repositories were listed completely, and no repository held it, or the policy let go of manifests without a tag"}
	case imagesUnlisted:
		return []string{"Images were listed completely, and none that stays owned it"}
	case heldByUnknown:
		return []string{"every image that something needs were known, or the policy accepted unknown images"}
	}
	return nil
}

func (p *planner) imageOtherwise(i int) []string {
	v := p.images[i]
	view := p.inv.Image(i)
	f := imageFacts{planner: p, number: i, image: view}
	if p.policy.asks(func(c *Condition) bool { return c.Dropped != nil }) {
		f.findDropped()
	}
	byRules := func(o Outcome) []string {
		return otherwise(p.policy.Images, o, func(r *Rule) bool { met, _ := f.met(&r.When, r.Outcome); return met }, f.change)
	}
	switch v.rule {
	case linkedManifest:
		return []string{"the policy let untagged manifests go, or its links were gone"}
	case neededByItem, namedByItem:
		return append([]string{"no remaining item listed or named it: " + p.whoNeeds(view.Digest)}, byRules(Keep)...)
	case neededByParent:
		parent := p.imageName(p.inv.Image(int(v.cause)).Digest)
		return append([]string{"every index that owns it went: " + parent + " stays"}, byRules(Keep)...)
	case neededBySubject:
		subject := p.inv.DigestText(view.Subject)
		return append([]string{"nothing needed what it refers to: " + subject}, byRules(Keep)...)
	}
	if v.rule < 0 {
		return p.structuralOtherwise(v.rule)
	}
	if p.deleted(i) {
		return append([]string{"a remaining tag item listed it, itself or through an index"}, byRules(Delete)...)
	}
	return byRules(Keep)
}

// whoNeeds names the remaining items that list or name an image.
func (p *planner) whoNeeds(d inventory.Digest) string {
	var names []string
	for i := range p.inv.Items() {
		if item := p.inv.Item(i); (item.Image == d || item.Named == d) && !p.dropped(i) {
			names = append(names, p.itemName(i))
		}
	}
	verb := " do"
	if len(names) == 1 {
		verb = " does"
	}
	return someOf(names) + verb
}

// change says how a condition on an image comes to hold, or to hold no more.
func (f *imageFacts) change(c *Condition, hold bool) []string {
	var list []string
	say := func(yes, no string) {
		if hold {
			list = append(list, yes)
		} else {
			list = append(list, no)
		}
	}
	if c.YoungerThan != nil {
		say(fmt.Sprintf("it were younger than %s", *c.YoungerThan),
			fmt.Sprintf("it is not younger than %s", *c.YoungerThan)+f.when(f.image.Created, *c.YoungerThan, hold))
	}
	if c.DigestInUse != nil {
		say("a workload used it by digest", f.noUse("no workload uses it by digest"))
	}
	if c.Dropped != nil {
		say("no item that goes had listed it", "an item that goes lists it, itself or through an index")
	}
	return append(list, f.otherConditions(c, f.number, hold)...)
}

func (p *planner) blobOtherwise(v Verdict, d inventory.Digest) []string {
	switch v.Reason.Rule {
	case RuleOrphan, RuleImageDeleted:
		return []string{"an image that stays had it"}
	case RuleConfigUncertain:
		if i := p.configHidden; i >= 0 {
			return []string{"every image that stays said what its config is: " + p.imageName(p.inv.Image(i).Digest) + " does not, and may share it"}
		}
		return []string{"the image were an OCI or Docker schema 2 image, which has its config for certain"}
	case RuleOutOfScope:
		return []string{"the policy planned all namespaces"}
	case RuleInvalidReferences:
		return p.structuralOtherwise(invalidReferences)
	case RuleNoRule:
		return []string{"the policy asked for orphans, as no image that is known has it"}
	case RuleUnknownImage, RuleStreamsNotListed, RuleImagesNotListed, RuleLinksNotListed:
		return []string{"everything that may need it was listed and known"}
	case RuleRegistryKept:
		return []string{"the policy pruned the registry"}
	}
	if stream, linked := p.stillLinked[d]; linked {
		return []string{"no link of it stayed in " + p.needName(linkNeed(int(stream)))}
	}
	stay := 0
	for i := range p.images {
		view := p.inv.Image(i)
		if !p.deleted(i) && (view.Digest == d || view.Config == d || contains(view.Layers, d)) {
			stay++
		}
	}
	_, needed := p.unknown.accepted[d]
	_, owned := p.unknown.owned[d]
	if (needed || owned) && stay == 0 {
		return []string{"nothing needed it as a manifest, which nobody has read"}
	}
	if stay == 1 {
		return []string{"every image that has it went: one stays"}
	}
	return []string{fmt.Sprintf("every image that has it went: %d stay", stay)}
}

func contains(list []inventory.Digest, d inventory.Digest) bool {
	for _, l := range list {
		if l == d {
			return true
		}
	}
	return false
}
