package prune

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// OpenShiftOptions are the knobs of `oc adm prune images`, by their names
// there. The zero value is not the peer's defaults, which
// [DefaultOpenShiftOptions] returns: without an age and a number of revisions
// there is no policy.
type OpenShiftOptions struct {
	// KeepYoungerThan protects what is younger. Required, but in over-size
	// mode, where it must be nil.
	KeepYoungerThan *Duration
	// KeepTagRevisions is how many of the newest items each tag keeps.
	// Required, but in over-size mode, where it must be nil.
	KeepTagRevisions *int
	// PruneOverSizeLimit deletes images above the namespace's size limit,
	// whatever their age and revision.
	PruneOverSizeLimit bool
	// AllImages: images that were imported go as well, not only those pushed
	// to the integrated registry.
	AllImages bool
	// PruneRegistry: links and blobs go as well, not only API objects.
	PruneRegistry bool
	// IgnoreInvalidRefs: references that do not parse are passed over.
	IgnoreInvalidRefs bool
	// Namespace plans that namespace's streams alone.
	Namespace string

	// These are the policy's fields of the same names.
	AcceptUnknownImages   bool
	PeerReferencesOnly    bool
	IgnoreSources         []string
	AbsentTimesAreAncient bool
	Lifetime              Duration
}

// DefaultOpenShiftOptions returns the peer's defaults: 60 minutes, 3 revisions,
// all images, and the registry's data with them.
func DefaultOpenShiftOptions() OpenShiftOptions {
	age, revisions := Duration(60*time.Minute), 3
	return OpenShiftOptions{KeepYoungerThan: &age, KeepTagRevisions: &revisions, AllImages: true, PruneRegistry: true}
}

// The rules of the OpenShift preset. Their IDs do not change.
const (
	RuleYoungStream    = "young-stream"
	RuleReferenceTag   = "reference-tag"
	RuleYoung          = "young"
	RuleTagInUse       = "tag-in-use"
	RuleDigestInUse    = "digest-in-use"
	RuleImageMissing   = "image-missing"
	RuleImageUnknown   = "image-unknown"
	RuleWithinLimit    = "within-limit"
	RuleOverLimit      = "over-limit"
	RuleRevision       = "revision"
	RuleOldRevision    = "old-revision"
	RuleNotManaged     = "not-managed"
	RuleNotDropped     = "not-dropped"
	RuleNothingNeedsIt = "nothing-needs-it"
)

// OpenShift returns the policy of `oc adm prune images`, with what that breaks
// put right. The error wraps [ErrPolicy] where a knob is negative, missing, or
// contradicts another.
func OpenShift(o OpenShiftOptions) (Policy, error) {
	if err := o.check(); err != nil {
		return Policy{}, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	p := Policy{
		TagItems:                o.tagItemRules(),
		Images:                  o.imageRules(),
		Namespace:               o.Namespace,
		PruneRegistry:           o.PruneRegistry,
		FinishedPodsCountFor:    clone(o.KeepYoungerThan),
		IgnoreInvalidReferences: o.IgnoreInvalidRefs,
		AcceptUnknownImages:     o.AcceptUnknownImages,
		PeerReferencesOnly:      o.PeerReferencesOnly,
		IgnoreSources:           slices.Clone(o.IgnoreSources),
		AbsentTimesAreAncient:   o.AbsentTimesAreAncient,
		Lifetime:                o.Lifetime,
	}
	o.KeepYoungerThan, o.KeepTagRevisions = clone(o.KeepYoungerThan), clone(o.KeepTagRevisions)
	o.IgnoreSources = slices.Clone(o.IgnoreSources)
	p.preset = &o
	if err := p.Validate(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

func (o *OpenShiftOptions) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.PruneOverSizeLimit && (o.KeepYoungerThan != nil || o.KeepTagRevisions != nil) {
		wrong("pruneOverSizeLimit has no ages and no revisions: keepYoungerThan and keepTagRevisions must not be set with it")
	}
	if !o.PruneOverSizeLimit && o.KeepYoungerThan == nil {
		wrong("keepYoungerThan is missing")
	}
	if !o.PruneOverSizeLimit && o.KeepTagRevisions == nil {
		wrong("keepTagRevisions is missing")
	}
	if o.KeepYoungerThan != nil && *o.KeepYoungerThan < 0 {
		wrong("keepYoungerThan is negative: %s", *o.KeepYoungerThan)
	}
	if o.KeepTagRevisions != nil && *o.KeepTagRevisions < 0 {
		wrong("keepTagRevisions is negative: %d", *o.KeepTagRevisions)
	}
	if o.Lifetime < 0 {
		wrong("lifetime is negative: %s", o.Lifetime)
	}
	return errors.Join(errs...)
}

func (o *OpenShiftOptions) tagItemRules() []Rule {
	yes, no := true, false
	inUse := []Rule{
		{RuleTagInUse, Keep, Condition{TagInUse: &yes}},
		{RuleDigestInUse, Keep, Condition{DigestInUse: &yes}},
	}
	if o.PruneOverSizeLimit {
		return slices.Concat(
			[]Rule{{RuleReferenceTag, Keep, Condition{ReferenceTag: &yes}}},
			inUse,
			[]Rule{
				{RuleImageUnknown, Keep, Condition{Known: &no}},
				{RuleWithinLimit, Keep, Condition{OverLimit: &no}},
				{RuleOverLimit, Delete, Condition{Always: true}},
			})
	}
	age, revisions := *o.KeepYoungerThan, *o.KeepTagRevisions
	return slices.Concat(
		[]Rule{
			{RuleYoungStream, Keep, Condition{StreamYoungerThan: &age}},
			{RuleReferenceTag, Keep, Condition{ReferenceTag: &yes}},
			{RuleYoung, Keep, Condition{YoungerThan: &age}},
		},
		inUse,
		[]Rule{
			{RuleImageMissing, Delete, Condition{Known: &no}},
			// Where the rule above cannot tell, this one keeps.
			{RuleImageUnknown, Keep, Condition{Known: &no}},
			{RuleRevision, Keep, Condition{RevisionBelow: &revisions}},
			{RuleOldRevision, Delete, Condition{Always: true}},
		})
}

func (o *OpenShiftOptions) imageRules() []Rule {
	yes, no := true, false
	rules := []Rule{{RuleDigestInUse, Keep, Condition{DigestInUse: &yes}}}
	if o.KeepYoungerThan != nil {
		rules = append(rules, Rule{RuleYoung, Keep, Condition{YoungerThan: clone(o.KeepYoungerThan)}})
	}
	if !o.AllImages {
		rules = append(rules, Rule{RuleNotManaged, Keep, Condition{Managed: &no}})
	}
	if o.PruneOverSizeLimit {
		rules = append(rules, Rule{RuleNotDropped, Keep, Condition{Dropped: &no}})
	}
	return append(rules, Rule{RuleNothingNeedsIt, Delete, Condition{Always: true}})
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
