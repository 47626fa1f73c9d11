package prunetest

import (
	"reflect"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// lessEvidence: the less is known, the more stays. Objects of a kind that the
// policy needs may then be missing as well.
func (c *checker) lessEvidence() error {
	v := &violations{invariant: LessEvidence}
	needed := c.missable()
	for _, kind := range inventory.Kinds() {
		not := func(k inventory.Kind) bool { return k == kind }
		f := c.facts.clone()
		f.listed = slices.DeleteFunc(f.listed, not)
		if err := c.compare(v, f, c.policy, string(kind)+" not listed"); err != nil {
			return err
		}
		f = c.facts.clone()
		f.incomplete = append(f.incomplete, kind)
		if err := c.compare(v, f, c.policy, string(kind)+" not listed completely"); err != nil {
			return err
		}
		if !slices.Contains(needed, kind) || !f.forget(kind) {
			continue
		}
		if err := c.compare(v, f, c.policy, string(kind)+" missing, as it may be where it was not listed completely"); err != nil {
			return err
		}
	}
	f := c.facts.clone()
	f.allStored = false
	if err := c.compare(v, f, c.policy, "stored blobs not listed completely"); err != nil {
		return err
	}
	f = c.facts.clone()
	f.stored, f.allStored = everyOther(f.stored, nil), false
	if err := c.compare(v, f, c.policy, "stored blobs missing, as they may be where they were not listed completely"); err != nil {
		return err
	}
	if err := c.fewerLinks(v); err != nil {
		return err
	}
	f = c.facts.clone()
	f.imagesBehind = false
	if err := c.compare(v, f, c.policy, "Images not listed after the streams"); err != nil {
		return err
	}
	return v.err()
}

// fewerLinks takes away that the links of a repository were listed, and some of them,
// and then those of all.
func (c *checker) fewerLinks(v *violations) error {
	for _, r := range sample(c.facts.linksListed) {
		f := c.facts.clone()
		f.everywhere = false
		f.linksListed = slices.DeleteFunc(f.linksListed, func(other [2]string) bool { return other == r })
		name := inventory.RepositoryName(r[0], r[1])
		if err := c.compare(v, f, c.policy, "links of "+name+" not listed completely"); err != nil {
			return err
		}
		f.links = everyOther(f.links, func(l inventory.Link) bool { return l.Namespace == r[0] && l.Name == r[1] })
		if err := c.compare(v, f, c.policy, "links of "+name+" missing, as they may be where they were not listed completely"); err != nil {
			return err
		}
	}
	f := c.facts.clone()
	f.links, f.linksListed, f.everywhere = nil, nil, false
	return c.compare(v, f, c.policy, "no links listed")
}

// missable returns the kinds whose objects, where they are not known because
// their list broke off, must not make a difference.
func (c *checker) missable() (kinds []inventory.Kind) {
	if c.plan.failed {
		return nil // what made the plan fail may be missing
	}
	for _, kind := range c.policy.Needs() {
		switch {
		case kind == inventory.KindImage && c.policy.AcceptUnknownImages:
			// Nobody wants to know what a missing image owns.
		case kind == inventory.KindImage || kind == inventory.KindImageStream:
			// A missing image may be a referrer or own the subject of one, and a
			// missing stream may be what needs the subject.
			if c.policy.PeerReferencesOnly || !c.hasReferrers() {
				kinds = append(kinds, kind)
			}
		case slices.Contains(inventory.WorkloadKinds(), kind) && !(respectsUse(c.policy.TagItems) && respectsUse(c.policy.Images)):
			// Use alone keeps nothing.
		default:
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func (c *checker) hasReferrers() bool {
	if len(c.referrers) > 0 {
		return true
	}
	for _, s := range c.streams {
		if slices.ContainsFunc(s.Tags, func(t inventory.Tag) bool { return strings.HasPrefix(t.Name, "sha256-") }) {
			return true
		}
	}
	return false
}

// respectsUse reports whether rules delete nothing that is in use.
func respectsUse(rules []prune.Rule) bool {
	yes := true
	inUse := prune.Condition{DigestInUse: &yes}
	for i := range rules {
		if rules[i].Outcome == prune.Delete {
			return false
		}
		if reflect.DeepEqual(rules[i].When, inUse) {
			return true
		}
	}
	return true
}

// forget removes every other object of a kind. It is false where there is none.
func (f *facts) forget(kind inventory.Kind) bool {
	before := len(f.manifests) + len(f.streams) + len(f.limits) + len(f.workloads)
	switch kind {
	case inventory.KindImage:
		f.manifests = everyOther(f.manifests, nil)
	case inventory.KindImageStream:
		f.streams = everyOther(f.streams, nil)
	case inventory.KindLimitRange:
		f.limits = everyOther(f.limits, nil)
	default:
		f.workloads = everyOther(f.workloads, func(w inventory.Workload) bool { return w.Kind == kind })
	}
	return len(f.manifests)+len(f.streams)+len(f.limits)+len(f.workloads) < before
}

// everyOther returns the list without the first, third … of those that are
// meant; nil means all.
func everyOther[T any](list []T, meant func(T) bool) (left []T) {
	n := 0
	for _, e := range list {
		if meant == nil || meant(e) {
			if n++; n%2 == 1 {
				continue
			}
		}
		left = append(left, e)
	}
	return left
}
