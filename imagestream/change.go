package imagestream

import (
	"strconv"
	"strings"
)

// ChangeKind says what a [Change] is about.
type ChangeKind string

// The kinds of changes.
const (
	// StreamCreated: the stream is new. Every stream that has neither
	// generation, UID nor resourceVersion is.
	StreamCreated ChangeKind = "StreamCreated"
	// StreamChanged: Field, of the stream's metadata or spec, but for tags.
	StreamChanged ChangeKind = "StreamChanged"
	// SpecTagAdded: the spec has a tag that it did not have. New is what it
	// is made from.
	SpecTagAdded ChangeKind = "SpecTagAdded"
	// SpecTagChanged: one field of a spec tag; Field says which.
	SpecTagChanged ChangeKind = "SpecTagChanged"
	// SpecTagRemoved: Old is what it was made from.
	SpecTagRemoved ChangeKind = "SpecTagRemoved"
	// EventAdded: the tag points to something else. Old and New are the pull
	// specs, Old empty where the tag pointed to nothing.
	EventAdded ChangeKind = "EventAdded"
	// EventChanged: Field of the newest item, whose place in the history
	// stays.
	EventChanged ChangeKind = "EventChanged"
	// EventRemoved: an item of the history is forgotten; Old is its pull spec.
	EventRemoved ChangeKind = "EventRemoved"
	// HistoryRemoved: the tag is gone from the status, its conditions too. An
	// EventRemoved for each of its items comes before it.
	HistoryRemoved ChangeKind = "HistoryRemoved"
	// ConditionSet: Field is the type of the condition; Old and New are its
	// status, reason and message.
	ConditionSet ChangeKind = "ConditionSet"
	// ConditionRemoved: as ConditionSet.
	ConditionRemoved ChangeKind = "ConditionRemoved"
)

// Change is one thing that [Apply] did.
type Change struct {
	Kind ChangeKind
	// Tag is the tag that changed; empty for the stream as a whole.
	Tag string
	// Field is the field that changed, where Kind speaks of one, within the
	// spec tag (from.kind, importPolicy.scheduled, generation), the item
	// (image, dockerImageReference, generation) or the stream
	// (metadata.generation, spec.lookupPolicy.local).
	Field string
	// Old and New are the values as text, empty where there is none.
	Old, New string
	// Import is true where the change makes the server import the tag.
	Import bool
	// Event is the item of the history, where Kind speaks of one, as it is
	// now or was when it was removed. It shares nothing that can be changed.
	Event TagEvent
}

// String returns the change in one line, for people and logs.
func (c Change) String() string {
	var b strings.Builder
	b.WriteString(string(c.Kind))
	for _, part := range []string{c.Tag, c.Field} {
		if part != "" {
			b.WriteByte(' ')
			b.WriteString(part)
		}
	}
	if c.Old != "" || c.New != "" {
		b.WriteString(": ")
		b.WriteString(strconv.Quote(c.Old))
		b.WriteString(" -> ")
		b.WriteString(strconv.Quote(c.New))
	}
	if c.Import {
		b.WriteString(" (import)")
	}
	return b.String()
}
