package prune

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A factList says in words, for a person, how an object met what a rule asks
// besides the numbers that a Reason has fields for. What is not known is no fact:
// [Reason.Unknown] says that.
type factList []string

func (l *factList) say(format string, args ...any) {
	*l = append(*l, validUTF8(fmt.Sprintf(format, args...)))
}

// facts are those of a tag item.
func (f *itemFacts) facts(c *Condition) []string {
	var l factList
	if len(c.Repositories) > 0 {
		l.say("repository %q matches %s", f.repository, oneOf(c.Repositories))
	}
	if len(c.Tags) > 0 {
		l.say("tag %q matches %s", f.tag.Name, oneOf(c.Tags))
	}
	if age := f.age(f.view.Created); age != nil && c.StreamYoungerThan != nil && (c.YoungerThan != nil || c.OlderThan != nil) {
		l.say("age of the stream %s, less than %s", ageText(*age), *c.StreamYoungerThan)
	}
	f.imageOfItem(c, &l)
	if c.TagInUse != nil && !*c.TagInUse {
		l.say("no workload uses %s by that tag", f.repository+":"+f.tag.Name)
	}
	if c.DigestInUse != nil && !*c.DigestInUse {
		l.say("no workload uses its image, or what that owns, by digest through %s", f.repository)
	}
	f.ofImage(c, f.imageNumber(), &l)
	return l
}

// imageOfItem says whether an item's image is there, and what of its size is no
// number.
func (f *itemFacts) imageOfItem(c *Condition, l *factList) {
	switch {
	case c.ReferenceTag == nil:
	case *c.ReferenceTag:
		l.say("it has no image: the tag refers to a pull spec elsewhere")
	default:
		l.say("it has an image, unlike a reference tag")
	}
	switch {
	case c.Known == nil:
	case f.known() == yes:
		l.say("its Image is in the inventory")
	case f.known() == no:
		l.say("its Image is not in the inventory, and all Images were listed, after the streams")
	}
	if c.OverLimit == nil || f.overLimit() == unknown {
		return
	}
	if _, _, limited := f.inv.MaxImageSize(f.view.Namespace); !limited {
		l.say("namespace %s has no limit on the size of images", f.view.Namespace)
	} else if f.inv.Image(f.imageNumber()).Class == inventory.ClassIndex {
		l.say("an index has no size of its own")
	}
}

// facts are those of an image.
func (f *imageFacts) facts(c *Condition, o Outcome) []string {
	var l factList
	if len(c.Repositories) > 0 && f.inRepositories(c.Repositories) == yes {
		matching, _ := f.splitRepositories(c.Repositories)
		l.say("in repository %s, which matches %s", someOf(matching), oneOf(c.Repositories))
	}
	if c.DigestInUse != nil && !*c.DigestInUse {
		l.say("no workload uses it by digest")
	}
	switch {
	case c.Dropped == nil:
	case o == Keep:
		l.say("no item that goes listed it, itself or through an index")
	default:
		l.say("an item that goes listed it, itself or through an index")
	}
	f.ofImage(c, f.number, &l)
	return l
}

// ofImage says what is asked of an image, whichever object is judged by it.
func (p *planner) ofImage(c *Condition, image int, l *factList) {
	if image < 0 {
		return
	}
	view := p.inv.Image(image)
	switch {
	case c.Managed == nil:
	case *c.Managed:
		l.say("annotation %s is \"true\": it was pushed to the integrated registry", imagestream.ManagedByOpenShiftAnnotation)
	default:
		l.say("annotation %s is not \"true\": it was imported", imagestream.ManagedByOpenShiftAnnotation)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		if value, ok := view.Labels[name]; ok {
			l.say("label %s=%q matches %q", name, value, c.Labels[name])
		}
	}
	if pulled := p.age(view.Pulled); pulled != nil {
		if c.PulledWithin != nil {
			l.say("pulled %s ago, within %s", ageText(*pulled), *c.PulledWithin)
		}
		if c.NotPulledFor != nil {
			l.say("pulled %s ago, not for %s", ageText(*pulled), *c.NotPulledFor)
		}
	}
}

// oneOf lists patterns.
func oneOf(patterns []string) string {
	if len(patterns) == 1 {
		return fmt.Sprintf("%q", patterns[0])
	}
	return fmt.Sprintf("one of %q", patterns)
}

// someOf lists names, not all of very many.
func someOf(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
