package imagestream

import (
	"errors"
	"slices"
)

// RollBack makes a tag point to what it pointed to earlier: an item of its
// history, or an image of any tag of the stream. The history gets a new item at
// its front, so that it tells what happened; [RollForward] takes it back. The
// conditions of the tag, which speak of its import, stay. Tags that follow this
// one follow at once.
//
// A tag that follows another cannot be rolled back without Pin, since it would
// be brought forward again: it is of class [ErrInvalidOperation]. Nor can a tag
// without a history ([ErrTagNotFound]), or to what is not in it
// ([ErrImageNotFound], or an [*AmbiguousImageError]).
type RollBack struct {
	Tag string
	// Revision is the item to go back to, as it is counted now: 1 is the one
	// before the newest. 0 means 1, unless Image is set.
	Revision int
	// Image is the digest to go back to, or the start of one; not together
	// with Revision. An image of the tag's own history goes before one of
	// another tag.
	Image string
	// Pin makes the spec tag name that image, so that the next import does
	// not bring the tag forward again. What it was made from is lost from the
	// spec; the change list has it.
	Pin bool
}

func (RollBack) verb() string { return "roll back" }

func (o RollBack) apply(e *edit) error {
	list := e.status(o.Tag)
	if list == nil || len(list.Items) == 0 {
		return refuse(statusField(o.Tag, ""), ErrTagNotFound, "the tag has no history")
	}
	if target, ok := e.localTarget(o.Tag); !o.Pin && (ok || e.followsElsewhere(o.Tag)) {
		if !ok {
			target = sourceText(e.spec(o.Tag))
		}
		return invalidf(specField(o.Tag, "from"), "the tag follows %s; roll that back, or pin this one", target)
	}
	target, err := o.target(e, list)
	if err != nil {
		return err
	}
	if o.Pin && target.Image == "" {
		return refuse(statusField(o.Tag, "items"), ErrImageNotFound, "a bare reference cannot be pinned")
	}
	if o.Pin {
		if err := e.pin(o.Tag, target.Image); err != nil {
			return err
		}
	}
	e.rolling = rollingBack
	defer func() { e.rolling = rollingNot }()
	e.addEvent(o.Tag, TagEvent{
		Created: e.now, DockerImageReference: target.DockerImageReference, Image: target.Image, Generation: e.unimported(o.Tag),
	})
	return e.settleFollowers(o.Tag, nil)
}

// followsElsewhere: a tag that follows one of another stream.
func (e *edit) followsElsewhere(tag string) bool {
	t := e.spec(tag)
	if t == nil {
		return false
	}
	_, ok := e.s.Target(t)
	return ok
}

// target finds the item to go back to.
func (o RollBack) target(e *edit, list *NamedTagEventList) (TagEvent, error) {
	field := statusField(o.Tag, "items")
	if o.Image == "" {
		revision := o.Revision
		if revision == 0 {
			revision = 1
		}
		if revision < 0 || revision >= len(list.Items) {
			return TagEvent{}, refuse(field, ErrImageNotFound, "there is no revision %d: the history has %d items", revision, len(list.Items))
		}
		return list.Items[revision], nil
	}
	if o.Revision != 0 {
		return TagEvent{}, invalidf("revision", "give a revision or an image, not both")
	}
	own := ImageStream{ObjectMeta: e.s.ObjectMeta, Status: ImageStreamStatus{Tags: []NamedTagEventList{*list}}}
	item, err := own.FindImage(o.Image)
	if errors.Is(err, ErrImageNotFound) {
		item, err = e.s.FindImage(o.Image)
	}
	if err != nil {
		return TagEvent{}, &editError{field: field, reason: err.Error(), class: err}
	}
	return *item, nil
}

// pin makes the spec tag name an image of this stream.
func (e *edit) pin(tag, image string) error {
	t := TagReference{Name: tag}
	if known := e.spec(tag); known != nil {
		t = *known.Clone()
	}
	t.From = &ObjectReference{Kind: KindImageStreamImage, Name: e.s.Name + "@" + image}
	t.Reference = false
	t.ImportPolicy.Scheduled = false
	t.Generation = nil
	return e.setTag(t)
}

// roll puts an item at the front, whatever would collapse with the newest
// otherwise: forward must lead back to that. Conditions stay.
func (e *edit) roll(tag string, rule eventRule, item *TagEvent) {
	if rule == ruleNothing || rule == ruleGeneration {
		return
	}
	list := e.ownList(tag)
	before := ""
	if len(list.Items) > 0 {
		before = list.Items[0].DockerImageReference
	}
	list.Items = slices.Insert(list.Items, 0, *item)
	e.note(Change{Kind: EventAdded, Tag: tag, Old: before, New: item.DockerImageReference, Event: *item})
	e.trim(&list, e.rules.History)
	e.putStatus(list)
}

// RollForward takes the last rollback of a tag back: the newest item goes, and
// the tag points to what it pointed to before, with the same time and
// generation. Tags of the stream that followed the rollback go forward with it.
// (Tags of other streams see no newer item; there, roll back to the image
// instead.)
//
// It only takes back an item that is in the history a second time, so that no
// image is lost from it: otherwise it is of class [ErrImageNotFound].
type RollForward struct {
	Tag string
}

func (RollForward) verb() string { return "roll forward" }

func (o RollForward) apply(e *edit) error {
	list := e.status(o.Tag)
	if list == nil || len(list.Items) == 0 {
		return refuse(statusField(o.Tag, ""), ErrTagNotFound, "the tag has no history")
	}
	undone := list.Items[0]
	if !rolledBack(list.Items) {
		return refuse(statusField(o.Tag, "items"), ErrImageNotFound, "the newest item is not of a rollback: its image is in the history only once")
	}
	e.rolling = rollingForward
	defer func() { e.rolling = rollingNot }()
	e.pop(o.Tag)
	e.popFollowers(o.Tag, undone)
	return e.settleFollowers(o.Tag, nil)
}

// rolledBack says whether the newest item repeats one further back.
func rolledBack(items []TagEvent) bool {
	return len(items) > 2 && slices.ContainsFunc(items[2:], func(known TagEvent) bool {
		return known.Image == items[0].Image && known.DockerImageReference == items[0].DockerImageReference
	})
}

func (e *edit) pop(tag string) {
	list := e.ownList(tag)
	e.forgot(tag, list.Items[0])
	list.Items = slices.Delete(list.Items, 0, 1)
	e.putStatus(list)
}

// popFollowers takes the item from the followers that took it in the same
// instant.
func (e *edit) popFollowers(tag string, undone TagEvent) {
	for _, follower := range e.followers()[tag] {
		if item, ok := e.latest(follower); ok && sameItem(&item, &undone) {
			e.pop(follower)
			e.popFollowers(follower, undone)
		}
	}
}
