package imagestream

import (
	"slices"
	"strconv"
	"time"
)

// HistoryPolicy says how much of the history of a tag stays when something is
// added to it. The zero value keeps everything, and histories then grow without
// bound, as OpenShift's do. The newest item always stays.
//
// What is forgotten here is what a prune may delete next: an image that no item
// lists any more is kept by nothing but its users.
type HistoryPolicy struct {
	// MaxItems is the most items that stay; 0 is no limit.
	MaxItems int
	// MaxAge is the age up to which items stay: older ones are forgotten,
	// counted from when the tag came to point to the image. An item without
	// a time is of no known age and stays. 0 is no limit.
	MaxAge time.Duration
	// InUse keeps items of which it returns true, whatever the limits; nil
	// keeps none. It must not change the item.
	InUse func(tag string, item *TagEvent) bool
}

// Trim returns the items of a tag that the policy keeps and those that it
// forgets, both in their order. The argument is not changed.
func (p HistoryPolicy) Trim(tag string, items []TagEvent, now time.Time) (kept, forgotten []TagEvent) {
	for i := range items {
		switch forget := p.forgets(tag, items, i, now); {
		case forget && forgotten == nil:
			kept = slices.Clone(items[:i])
			fallthrough
		case forget:
			forgotten = append(forgotten, items[i])
		case forgotten != nil:
			kept = append(kept, items[i])
		}
	}
	if forgotten == nil {
		return items, nil
	}
	return kept, forgotten
}

func (p HistoryPolicy) forgets(tag string, items []TagEvent, i int, now time.Time) bool {
	if i == 0 {
		return false
	}
	created := items[i].Created
	tooMany := p.MaxItems > 0 && i >= p.MaxItems
	tooOld := p.MaxAge > 0 && !created.IsZero() && now.Sub(created.Time) > p.MaxAge
	return (tooMany || tooOld) && (p.InUse == nil || !p.InUse(tag, &items[i]))
}

func (p HistoryPolicy) check(field string) error {
	if p.MaxItems < 0 || p.MaxAge < 0 {
		return invalidf(field, "a history of less than nothing")
	}
	return nil
}

// eventRule is what becomes of a history when the tag comes to point to an
// image.
type eventRule int

const (
	ruleNothing    eventRule = iota // the newest item says it all
	ruleGeneration                  // the newest item, with another generation
	ruleReference                   // the same image is found elsewhere now
	ruleImage                       // a bare reference turned out to be an image
	rulePrepend                     // something new
)

// ruleFor compares with the newest item alone, as upstream does. One rule
// differs: where the same reference leads to another image, upstream overwrites
// the image, and nothing keeps the former one any more; here both stay.
func ruleFor(newest, added *TagEvent) eventRule {
	sameReference := newest.DockerImageReference == added.DockerImageReference
	switch {
	case newest.Image == added.Image && sameReference && newest.Generation == added.Generation:
		return ruleNothing
	case newest.Image == added.Image && sameReference:
		return ruleGeneration
	case newest.Image == added.Image && added.Image != "":
		return ruleReference
	case newest.Image == "" && sameReference:
		return ruleImage
	}
	return rulePrepend
}

// addEvent makes a tag point to something. A change removes the conditions of
// the tag, which spoke of what it pointed to before, and applies the history
// policy.
func (e *edit) addEvent(tag string, added TagEvent) {
	newest, ok := e.latest(tag)
	rule := rulePrepend
	if ok {
		rule = ruleFor(&newest, &added)
	}
	if e.rolling != rollingNot {
		e.roll(tag, rule, &added)
		return
	}
	if rule == ruleNothing {
		return
	}
	list := e.ownList(tag)
	e.dropConditions(&list, func(*TagEventCondition) bool { return true })
	if rule == rulePrepend {
		list.Items = slices.Insert(list.Items, 0, added)
		e.note(Change{Kind: EventAdded, Tag: tag, Old: newest.DockerImageReference, New: added.DockerImageReference, Event: added})
	} else {
		e.amend(tag, &list.Items[0], &added, rule)
	}
	e.trim(&list, e.rules.History)
	e.putStatus(list)
}

// amend changes the newest item in its place.
func (e *edit) amend(tag string, item, added *TagEvent, rule eventRule) {
	before := *item
	item.Generation = added.Generation
	item.DockerImageReference = added.DockerImageReference
	item.Image = added.Image
	if rule == ruleImage {
		item.Created = added.Created // only now does the tag point to it
	}
	for _, f := range []struct{ field, old, new string }{
		{"image", before.Image, item.Image},
		{"dockerImageReference", before.DockerImageReference, item.DockerImageReference},
		{"generation", strconv.FormatInt(before.Generation, 10), strconv.FormatInt(item.Generation, 10)},
	} {
		if f.old != f.new {
			e.note(Change{Kind: EventChanged, Tag: tag, Field: f.field, Old: f.old, New: f.new, Event: *item})
		}
	}
}

// trim applies a policy to a list that is the edit's own.
func (e *edit) trim(list *NamedTagEventList, policy HistoryPolicy) {
	kept, forgotten := policy.Trim(list.Tag, list.Items, e.now.Time)
	list.Items = kept
	for _, item := range forgotten {
		e.forgot(list.Tag, item)
	}
}

func (e *edit) forgot(tag string, item TagEvent) {
	e.note(Change{Kind: EventRemoved, Tag: tag, Old: item.DockerImageReference, Event: item})
}
