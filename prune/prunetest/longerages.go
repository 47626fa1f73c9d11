package prunetest

import (
	"math"
	"slices"

	"github.com/registrykit/registrykit/prune"
)

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
		if policy.FinishedPodsCountFor != nil {
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
