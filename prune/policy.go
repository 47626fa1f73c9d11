package prune

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/registrykit/registrykit/prune/inventory"
)

// DefaultLifetime is how long after its instant a plan may be carried out
// where the policy does not say.
const DefaultLifetime = time.Hour

// A Policy says what may go. The zero Policy deletes nothing. A policy is data:
// it can be printed, compared with [Policy.Equal], and goes through JSON and
// back. [OpenShift] makes the one that `oc adm prune images` follows.
type Policy struct {
	// TagItems decide on the entries of tag histories, Images on images that
	// no remaining item needs. What is needed by what remains is kept, whatever
	// the rules say. What workloads use is kept by the rules that ask for it: a
	// policy in which none does, TagInUse or DigestInUse, passes over workloads.
	TagItems []Rule
	Images   []Rule

	// Namespace, where set, plans that namespace's streams alone, and no images
	// or blobs; every namespace's workloads and streams still protect.
	Namespace string
	// PruneRegistry: links and blobs that nothing needs any more go as well.
	PruneRegistry bool

	// Orphans: what was listed of a registry's storage and nothing names goes as
	// well: links that no manifest of their repository needs, and stored blobs
	// that no manifest has. It does nothing without PruneRegistry. It is for an
	// inventory with listed links, as of a registry's storage: a repository whose
	// links were not listed may hold any image and blob, so that all of these stay,
	// and its links.
	Orphans bool
	// Untagged: a manifest that is in a repository, though no tag there needs
	// it, is an orphan as well. Otherwise it stays for its own sake.
	Untagged bool

	// FinishedPodsCountFor is the age up to which a finished pod still uses
	// its images. Nil: it always does.
	FinishedPodsCountFor *Duration
	// IgnoreInvalidReferences: a reference that does not parse uses nothing,
	// rather than failing the plan.
	IgnoreInvalidReferences bool

	// AcceptUnknownImages: an image that is needed but not known holds nothing
	// back. Otherwise it may need any blob and own any image, so its
	// repository keeps its links and all images and blobs stay.
	AcceptUnknownImages bool
	// PeerReferencesOnly: only what `oc adm prune images` reads uses an image;
	// references that this library finds beyond it, and signatures and other
	// referrers of what is kept, are passed over.
	PeerReferencesOnly bool
	// IgnoreSources are sources of references that are passed over, by their
	// names in package workload. What the peer reads cannot be.
	IgnoreSources []string
	// AbsentTimesAreAncient: what has no time is older than everything, as the
	// peer reads it, rather than of unknown age.
	AbsentTimesAreAncient bool

	// Lifetime is how long after its instant the plan may be carried out. Zero:
	// [DefaultLifetime].
	Lifetime Duration

	preset *OpenShiftOptions
}

// ErrPolicy is in the chain of the error for a policy that cannot be followed.
var ErrPolicy = errors.New("invalid policy")

// Validate returns everything that is wrong with the policy, each with its
// place, or nil. The error wraps [ErrPolicy].
func (p *Policy) Validate() error {
	var errs []error
	check := func(list string, rules []Rule, images bool) {
		seen := map[string]bool{}
		for i := range rules {
			r := &rules[i]
			err := r.check()
			if seen[r.ID] {
				err = errors.Join(err, errors.New("its id is another rule's, too"))
			}
			seen[r.ID] = true
			if field := r.When.itemsOnly(); images && field != "" {
				err = errors.Join(err, fmt.Errorf("%s has no meaning for images", field))
			}
			if !images && r.When.Dropped != nil {
				err = errors.Join(err, errors.New("dropped has no meaning for tag items"))
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s[%d] (%s): %w", list, i, r.ID, err))
			}
		}
	}
	check("tagItems", p.TagItems, false)
	check("images", p.Images, true)
	if p.FinishedPodsCountFor != nil && *p.FinishedPodsCountFor < 0 {
		errs = append(errs, errors.New("finishedPodsCountFor is negative"))
	}
	if slices.Contains(p.IgnoreSources, "") {
		errs = append(errs, errors.New("ignoreSources: what the peer reads cannot be passed over"))
	}
	if p.Orphans && !p.PruneRegistry {
		errs = append(errs, errors.New("orphans are links and blobs, which go with pruneRegistry alone"))
	}
	if p.Untagged && !p.Orphans {
		errs = append(errs, errors.New("untagged manifests are orphans, which the policy does not ask for"))
	}
	if p.Lifetime < 0 {
		errs = append(errs, errors.New("lifetime is negative"))
	}
	for _, text := range p.texts() {
		if !utf8.ValidString(text) { // JSON could not hold it
			errs = append(errs, fmt.Errorf("%q is not UTF-8", text))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrPolicy, errors.Join(errs...))
}

// texts returns all that the policy names.
func (p *Policy) texts() []string {
	texts := append([]string{p.Namespace}, p.IgnoreSources...)
	for _, r := range slices.Concat(p.TagItems, p.Images) {
		texts = append(texts, r.ID)
		texts = append(texts, r.When.Repositories...)
		texts = append(texts, r.When.Tags...)
		for name, pattern := range r.When.Labels {
			texts = append(texts, name, pattern)
		}
	}
	return texts
}

// deletes reports whether any rule can.
func (p *Policy) deletes() bool {
	if p.Orphans {
		return true
	}
	for _, r := range append(append([]Rule{}, p.TagItems...), p.Images...) {
		if r.Outcome == Delete {
			return true
		}
	}
	return false
}

// asks reports whether any rule's condition asks for what f looks at.
func (p *Policy) asks(f func(*Condition) bool) bool {
	for _, rules := range [][]Rule{p.TagItems, p.Images} {
		for i := range rules {
			if f(&rules[i].When) {
				return true
			}
		}
	}
	return false
}

// keepsWhatIs names, for a person, what the policy's rules ask about.
func (p *Policy) keepsWhatIs() (words []string) {
	for _, q := range []struct {
		word string
		asks func(c *Condition) bool
	}{
		{"young", func(c *Condition) bool {
			return c.YoungerThan != nil || c.StreamYoungerThan != nil || c.OlderThan != nil
		}},
		{"in use", func(c *Condition) bool { return c.TagInUse != nil || c.DigestInUse != nil }},
		{"among the newest revisions", func(c *Condition) bool { return c.RevisionBelow != nil || c.RevisionFrom != nil }},
		{"within the limits of its namespace", func(c *Condition) bool { return c.OverLimit != nil }},
		{"pulled of late", func(c *Condition) bool { return c.PulledWithin != nil || c.NotPulledFor != nil }},
	} {
		if p.asks(q.asks) {
			words = append(words, q.word)
		}
	}
	return words
}

// asksForUse reports whether workloads are evidence for this policy.
func (p *Policy) asksForUse() bool {
	return p.asks(func(c *Condition) bool { return c.TagInUse != nil || c.DigestInUse != nil })
}

// Needs returns the kinds that must be listed completely before the policy can
// delete anything.
func (p *Policy) Needs() []inventory.Kind {
	var kinds []inventory.Kind
	if !p.deletes() {
		return nil
	}
	if p.asksForUse() {
		kinds = append(kinds, inventory.WorkloadKinds()...)
	}
	if p.asks(func(c *Condition) bool { return c.OverLimit != nil }) {
		kinds = append(kinds, inventory.KindLimitRange)
	}
	return append(kinds, inventory.KindImageStream, inventory.KindImage)
}
