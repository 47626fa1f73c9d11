package imagestream

import (
	"slices"
	"strings"
)

// The parts of an edit that find tags and replace them. A tag that the old
// stream has too is never changed in place.

// specTags returns the spec tags, the edit's own.
func (e *edit) specTags() []TagReference {
	if !e.ownSpec {
		e.s.Spec.Tags, e.ownSpec = slices.Clone(e.s.Spec.Tags), true
	}
	return e.s.Spec.Tags
}

func (e *edit) statusTags() []NamedTagEventList {
	if !e.ownStatus {
		e.s.Status.Tags, e.ownStatus = slices.Clone(e.s.Status.Tags), true
	}
	return e.s.Status.Tags
}

func findSpec(tags []TagReference, name string) (int, bool) {
	return slices.BinarySearchFunc(tags, name, func(t TagReference, name string) int { return strings.Compare(t.Name, name) })
}

func findStatus(tags []NamedTagEventList, name string) (int, bool) {
	return slices.BinarySearchFunc(tags, name, func(t NamedTagEventList, name string) int { return strings.Compare(t.Tag, name) })
}

// spec returns a spec tag to read; nil where there is none.
func (e *edit) spec(name string) *TagReference {
	if i, ok := findSpec(e.s.Spec.Tags, name); ok {
		return &e.s.Spec.Tags[i]
	}
	return nil
}

// status returns a tag of the status to read; nil where there is none.
func (e *edit) status(name string) *NamedTagEventList {
	if i, ok := findStatus(e.s.Status.Tags, name); ok {
		return &e.s.Status.Tags[i]
	}
	return nil
}

func (e *edit) latest(name string) (TagEvent, bool) {
	if list := e.status(name); list != nil && len(list.Items) > 0 {
		return list.Items[0], true
	}
	return TagEvent{}, false
}

func (e *edit) putSpec(t TagReference) {
	i, ok := findSpec(e.s.Spec.Tags, t.Name)
	if ok {
		e.unfollow(&e.s.Spec.Tags[i])
		e.specTags()[i] = t
	} else {
		e.s.Spec.Tags = slices.Insert(e.specTags(), i, t)
	}
	e.follow(&t)
}

func (e *edit) dropSpec(name string) {
	if i, ok := findSpec(e.s.Spec.Tags, name); ok {
		e.unfollow(&e.s.Spec.Tags[i])
		e.s.Spec.Tags = slices.Delete(e.specTags(), i, i+1)
	}
}

// follow and unfollow keep followerOf true, where it is known.
func (e *edit) follow(t *TagReference) {
	if target, ok := e.targetOf(t); ok && e.followerOf != nil {
		names := e.followerOf[target]
		if i, known := slices.BinarySearch(names, t.Name); !known {
			e.followerOf[target] = slices.Insert(names, i, t.Name)
		}
	}
}

func (e *edit) unfollow(t *TagReference) {
	if target, ok := e.targetOf(t); ok && e.followerOf != nil {
		names := e.followerOf[target]
		if i, known := slices.BinarySearch(names, t.Name); known {
			e.followerOf[target] = slices.Delete(names, i, i+1)
		}
	}
}

// putStatus stores a tag of the status, or removes it where neither item nor
// condition is left, as the server does.
func (e *edit) putStatus(list NamedTagEventList) {
	i, ok := findStatus(e.s.Status.Tags, list.Tag)
	empty := len(list.Items) == 0 && len(list.Conditions) == 0
	switch {
	case ok && empty:
		e.s.Status.Tags = slices.Delete(e.statusTags(), i, i+1)
		e.changes = append(e.changes, Change{Kind: HistoryRemoved, Tag: list.Tag})
	case ok:
		e.statusTags()[i] = list
	case !empty:
		e.s.Status.Tags = slices.Insert(e.statusTags(), i, list)
	}
}

// ownList returns a tag of the status whose items and conditions may be changed
// and stored again.
func (e *edit) ownList(name string) NamedTagEventList {
	list := NamedTagEventList{Tag: name}
	if known := e.status(name); known != nil {
		list = *known
		list.Items, list.Conditions = slices.Clone(list.Items), slices.Clone(list.Conditions)
	}
	return list
}

func (e *edit) note(c Change) { e.changes = append(e.changes, c) }
