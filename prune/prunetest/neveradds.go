package prunetest

import (
	"math"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// compare plans once more, with other facts or another policy, and reports what
// that deletes and the plan does not.
func (c *checker) compare(v *violations, f *facts, policy prune.Policy, change string) error {
	inv := c.inv
	if f != nil {
		var err error
		if inv, err = f.build(); err != nil {
			return err
		}
	}
	plan, err := c.make(inv, policy, c.now)
	if err != nil {
		return err
	}
	for i := range plan.actions {
		a := &plan.actions[i]
		if o := objectOf(a); !c.deleted[o] {
			v.add(o.name, "%s adds %s (%s)", change, a.Kind, a.Reason.Rule)
		}
	}
	return nil
}

// mostVariants is how many objects of one sort are tried.
const mostVariants = 8

// sample returns some elements of a list, evenly spread.
func sample[T any](list []T) []T {
	if len(list) <= mostVariants {
		return list
	}
	var some []T
	for i := range mostVariants {
		some = append(some, list[i*len(list)/mostVariants])
	}
	return some
}

// moreRoots: a workload that uses what the plan deletes, or anything else, never
// makes it delete more.
func (c *checker) moreRoots() error {
	if !usesProtect(&c.policy) {
		return nil
	}
	v := &violations{invariant: MoreRoots}
	var roots []inventory.Reference
	for _, it := range sample(c.items()) {
		namespace, name := repositoryOf(it.stream)
		roots = append(roots, inventory.Reference{Namespace: namespace, Stream: name, Tag: it.tag})
		for _, digest := range it.roots {
			roots = append(roots, inventory.Reference{Namespace: namespace, Stream: name, Digest: digest})
		}
	}
	for _, m := range sample(c.facts.manifests) {
		roots = append(roots, inventory.Reference{Digest: m.Digest})
	}
	for i := range sample(c.facts.streams) {
		s := &c.facts.streams[i]
		roots = append(roots, inventory.Reference{Namespace: s.Namespace, Stream: s.Name, Digest: unknownDigest})
	}
	for _, root := range roots {
		root.Field = "spec.containers[0].image"
		f := c.facts.clone()
		f.workloads = append(f.workloads, inventory.Workload{
			Kind: inventory.KindPod, Namespace: "prunetest", Name: "one-more", References: []inventory.Reference{root},
		})
		used := linkName(inventory.RepositoryName(root.Namespace, root.Stream)+":"+root.Tag, root.Digest)
		if err := c.compare(v, f, c.policy, "a Pod that uses "+used); err != nil {
			return err
		}
	}
	return v.err()
}

var unknownDigest = "sha256:" + strings.Repeat("0", 64)

// usesProtect reports whether use speaks for an object in every rule.
func usesProtect(p *prune.Policy) bool {
	for _, rules := range [][]prune.Rule{p.TagItems, p.Images} {
		for i := range rules {
			c, keeps := &rules[i].When, rules[i].Outcome == prune.Keep
			if c.TagInUse != nil && *c.TagInUse != keeps || c.DigestInUse != nil && *c.DigestInUse != keeps {
				return false
			}
		}
	}
	return true
}

// moreRules: whatever a rule in front keeps, nothing more is deleted.
func (c *checker) moreRules() error {
	v := &violations{invariant: MoreRules}
	for _, rule := range c.keepRules() {
		rule.ID, rule.Outcome = "prunetest-one-more", prune.Keep
		policy := c.policy
		policy.TagItems = append([]prune.Rule{rule}, policy.TagItems...)
		if err := c.compare(v, nil, policy, "a rule for tag items that keeps"); err != nil {
			return err
		}
		if rule.When.Tags != nil || rule.When.RevisionBelow != nil {
			continue
		}
		policy = c.policy
		policy.Images = append([]prune.Rule{rule}, policy.Images...)
		if err := c.compare(v, nil, policy, "a rule for images that keeps"); err != nil {
			return err
		}
	}
	return v.err()
}

func (c *checker) keepRules() []prune.Rule {
	yes, three, day := true, 3, prune.Duration(24*3600e9)
	conditions := []prune.Condition{
		{}, {YoungerThan: &day}, {OlderThan: &day}, {Managed: &yes}, {DigestInUse: &yes}, {RevisionBelow: &three},
	}
	for _, s := range sample(c.facts.streams) {
		conditions = append(conditions, prune.Condition{
			Repositories: []string{literal(inventory.RepositoryName(s.Namespace, s.Name))},
		})
		if len(s.Tags) > 0 {
			conditions = append(conditions, prune.Condition{Tags: []string{literal(s.Tags[0].Name)}})
		}
	}
	var rules []prune.Rule
	for _, when := range conditions {
		rules = append(rules, prune.Rule{When: when})
	}
	return rules
}

// literal returns the pattern that matches just the name.
func literal(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// longerAges: whoever has to be older before it goes, does not go sooner.
func (c *checker) longerAges() error {
	v := &violations{invariant: LongerAges}
	for _, longer := range []func(prune.Duration) prune.Duration{
		func(d prune.Duration) prune.Duration { return add(d, 1) },
		func(d prune.Duration) prune.Duration { return add(d, 3600e9) },
		func(d prune.Duration) prune.Duration { return add(d, d) },
		func(prune.Duration) prune.Duration { return math.MaxInt64 },
	} {
		policy := c.policy
		policy.TagItems = withLongerAges(policy.TagItems, longer)
		policy.Images = withLongerAges(policy.Images, longer)
		if policy.FinishedPodsCountFor != nil && usesProtect(&policy) {
			d := longer(*policy.FinishedPodsCountFor)
			policy.FinishedPodsCountFor = &d
		}
		if err := c.compare(v, nil, policy, "a longer age"); err != nil {
			return err
		}
	}
	return v.err()
}

func add(a, b prune.Duration) prune.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// withLongerAges returns the rules with those ages longer that have to be
// reached before something goes.
func withLongerAges(rules []prune.Rule, longer func(prune.Duration) prune.Duration) []prune.Rule {
	rules = slices.Clone(rules)
	change := func(age **prune.Duration) {
		if *age != nil {
			d := longer(**age)
			*age = &d
		}
	}
	for i := range rules {
		c := &rules[i].When
		if rules[i].Outcome == prune.Keep {
			change(&c.YoungerThan)
			change(&c.StreamYoungerThan)
			change(&c.PulledWithin)
		} else {
			change(&c.OlderThan)
			change(&c.NotPulledFor)
		}
	}
	return rules
}

// lessEvidence: the less is known, the more stays. Objects of a kind that the
// policy needs may be missing where that was not listed completely. Images are
// left out: what a missing one would own, or refer to, is not known.
func (c *checker) lessEvidence() error {
	v := &violations{invariant: LessEvidence}
	needed := c.policy.Needs()
	if c.plan.failed {
		needed = nil // what made the plan fail may be missing as well
	}
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
		if !slices.Contains(needed, kind) || kind == inventory.KindImage || !f.forget(kind) {
			continue
		}
		if err := c.compare(v, f, c.policy, string(kind)+" missing, as it may be where it was not listed completely"); err != nil {
			return err
		}
	}
	f := c.facts.clone()
	f.imagesBehind = false
	if err := c.compare(v, f, c.policy, "Images not listed after the streams"); err != nil {
		return err
	}
	return v.err()
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
