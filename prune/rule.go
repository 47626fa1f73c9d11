package prune

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
)

// An Outcome is what a rule decides.
type Outcome string

// The outcomes. The zero Outcome is neither and makes a rule invalid.
const (
	Keep   Outcome = "keep"
	Delete Outcome = "delete"
)

// A Rule decides what becomes of the tag items or images that meet its
// condition. In a list of rules the first that matches wins; where none does,
// the object is kept.
type Rule struct {
	// ID names the rule in reasons. It must be unique in its list.
	ID      string    `json:"id"`
	Outcome Outcome   `json:"outcome"`
	When    Condition `json:"when"`
}

// A Condition is met where every field that is set holds. A fact that is not
// known counts as true for a rule that keeps and as false for one that
// deletes. The zero Condition is met by everything in a rule that keeps; a rule
// that deletes must say [Condition.Always], so that a forgotten condition is no
// deletion.
type Condition struct {
	// Always says that a rule without another condition is meant so.
	Always bool `json:"always,omitempty"`

	// Repositories are patterns of path.Match over "namespace/name", one of
	// which must match. An image is in each repository that lists it; where
	// only some of them match, or none lists it, it is not known.
	Repositories []string `json:"repositories,omitzero"`
	// Tags are patterns of path.Match over the tag's name. Tag items only.
	Tags []string `json:"tags,omitzero"`

	// YoungerThan: created strictly later than the instant less this.
	YoungerThan *Duration `json:"youngerThan,omitempty"`
	// OlderThan: created at the instant less this, or before.
	OlderThan *Duration `json:"olderThan,omitempty"`
	// StreamYoungerThan is YoungerThan of the item's stream. Tag items only.
	StreamYoungerThan *Duration `json:"streamYoungerThan,omitempty"`
	// PulledWithin: last pulled strictly later than the instant less this.
	PulledWithin *Duration `json:"pulledWithin,omitempty"`
	// NotPulledFor: last pulled at the instant less this, or before.
	NotPulledFor *Duration `json:"notPulledFor,omitempty"`

	// RevisionBelow: fewer than this many items of the tag are newer. Tag
	// items only, as is RevisionFrom, its opposite.
	RevisionBelow *int `json:"revisionBelow,omitempty"`
	RevisionFrom  *int `json:"revisionFrom,omitempty"`

	// TagInUse: the newest item of a tag that a workload names. Tag items
	// only. Use can only keep: a rule says keep with true, or delete with
	// false; the same is true of DigestInUse.
	TagInUse *bool `json:"tagInUse,omitempty"`
	// DigestInUse: of an item, a workload names its image, or what that owns
	// at any depth, by digest through the item's stream; of an image, a
	// workload names it by digest, through whatever stream or registry.
	DigestInUse *bool `json:"digestInUse,omitempty"`
	// ReferenceTag: the item has no image. Tag items only.
	ReferenceTag *bool `json:"referenceTag,omitempty"`
	// Known: the item's image is in the inventory. It is known not to be where
	// Images were listed completely, and after the streams. A reference tag has
	// no image that could be there or missing, so it is unknown. Tag items only.
	Known *bool `json:"known,omitempty"`
	// OverLimit: the image's size is above the smallest limit of the item's
	// namespace. An index has no size and never is. Tag items only.
	OverLimit *bool `json:"overLimit,omitempty"`
	// Managed: the image was pushed to the integrated registry.
	Managed *bool `json:"managed,omitempty"`
	// Labels of the image, each of which must match its pattern of path.Match.
	Labels map[string]string `json:"labels,omitzero"`
	// Dropped: an item that this plan drops listed the image, itself or
	// through an index. Images only.
	Dropped *bool `json:"dropped,omitempty"`
}

func (c *Condition) empty() bool {
	return len(c.Repositories) == 0 && len(c.Tags) == 0 && len(c.Labels) == 0 &&
		c.YoungerThan == nil && c.OlderThan == nil && c.StreamYoungerThan == nil &&
		c.PulledWithin == nil && c.NotPulledFor == nil && c.RevisionBelow == nil && c.RevisionFrom == nil &&
		c.TagInUse == nil && c.DigestInUse == nil && c.ReferenceTag == nil && c.Known == nil &&
		c.OverLimit == nil && c.Managed == nil && c.Dropped == nil
}

// ofNothing names the lists and maps that are there and empty.
func (c *Condition) ofNothing() (fields []string) {
	if c.Repositories != nil && len(c.Repositories) == 0 {
		fields = append(fields, "repositories")
	}
	if c.Tags != nil && len(c.Tags) == 0 {
		fields = append(fields, "tags")
	}
	if c.Labels != nil && len(c.Labels) == 0 {
		fields = append(fields, "labels")
	}
	return fields
}

// itemsOnly names a field that is set and has a meaning for tag items alone.
func (c *Condition) itemsOnly() string {
	switch {
	case len(c.Tags) > 0:
		return "tags"
	case c.StreamYoungerThan != nil:
		return "streamYoungerThan"
	case c.RevisionBelow != nil:
		return "revisionBelow"
	case c.RevisionFrom != nil:
		return "revisionFrom"
	case c.TagInUse != nil:
		return "tagInUse"
	case c.ReferenceTag != nil:
		return "referenceTag"
	case c.Known != nil:
		return "known"
	case c.OverLimit != nil:
		return "overLimit"
	}
	return ""
}

// unsettled names a field with which carrying a plan out changes what the rule
// says of what stayed: dropping items moves others up in their history, and
// leaves none that is dropped. Such a rule would delete more with each plan.
func (c *Condition) unsettled(o Outcome) string {
	switch {
	case c.RevisionFrom != nil && *c.RevisionFrom >= 0 && o == Keep:
		return "revisionFrom"
	case c.RevisionBelow != nil && *c.RevisionBelow >= 0 && o == Delete:
		return "revisionBelow"
	case c.Dropped != nil && *c.Dropped == (o == Keep):
		return "dropped"
	}
	return ""
}

// perverse names a field by which being in use would have something deleted.
func (c *Condition) perverse(o Outcome) string {
	switch {
	case c.TagInUse != nil && *c.TagInUse == (o == Delete):
		return "tagInUse"
	case c.DigestInUse != nil && *c.DigestInUse == (o == Delete):
		return "digestInUse"
	}
	return ""
}

// check returns everything that is wrong with the rule.
func (r *Rule) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	c := &r.When
	if r.ID == "" {
		wrong("it has no id")
	}
	for _, own := range structuralRules {
		if r.ID == own {
			wrong("its id is that of a reason which holds whatever the policy")
		}
	}
	if r.Outcome != Keep && r.Outcome != Delete {
		wrong("outcome is %q, want keep or delete", r.Outcome)
	}
	if r.Outcome == Delete && c.empty() && !c.Always {
		wrong("it deletes without a condition: say always")
	}
	for _, field := range c.ofNothing() {
		wrong("%s is empty: leave it out, or say what must match", field)
	}
	if c.Always && !c.empty() {
		wrong("always goes with no other condition")
	}
	if field := c.unsettled(r.Outcome); field != "" {
		wrong("%s in a rule that says %s would decide otherwise once the plan was carried out", field, r.Outcome)
	}
	if field := c.perverse(r.Outcome); field != "" {
		wrong("%s in a rule that says %s would have what is in use deleted", field, r.Outcome)
	}
	for _, d := range []struct {
		name string
		age  *Duration
	}{
		{"youngerThan", c.YoungerThan}, {"olderThan", c.OlderThan}, {"streamYoungerThan", c.StreamYoungerThan},
		{"pulledWithin", c.PulledWithin}, {"notPulledFor", c.NotPulledFor},
	} {
		if d.age != nil && *d.age < 0 {
			wrong("%s is negative", d.name)
		}
	}
	if c.RevisionBelow != nil && *c.RevisionBelow < 0 {
		wrong("revisionBelow is negative")
	}
	if c.RevisionFrom != nil && *c.RevisionFrom < 0 {
		wrong("revisionFrom is negative")
	}
	patterns := append(append([]string{}, c.Repositories...), c.Tags...)
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		patterns = append(patterns, c.Labels[name])
	}
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			wrong("pattern %q: %w", p, err)
		}
	}
	return errors.Join(errs...)
}
