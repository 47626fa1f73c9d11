package naiveplan_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/naiveplan"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/workload"
)

// randomPolicy makes a policy that can be followed: now and then the preset, as
// rules, else any rules.
func randomPolicy(t testing.TB, r *rand.Rand) prune.Policy {
	t.Helper()
	if r.IntN(4) == 0 {
		knobs := randomKnobs(r)
		knobs.Strict = r.IntN(4) == 0
		return policyOf(t, knobs)
	}
	return policyGenerator{r}.policy(t)
}

type policyGenerator struct{ *rand.Rand }

// policy makes one of any rules.
func (g policyGenerator) policy(t testing.TB) prune.Policy {
	t.Helper()
	r := g.Rand
	p := prune.Policy{
		PruneRegistry:           r.IntN(6) > 0,
		IgnoreInvalidReferences: r.IntN(3) > 0,
		AcceptUnknownImages:     r.IntN(2) > 0,
		PeerReferencesOnly:      r.IntN(6) == 0,
		AbsentTimesAreAncient:   r.IntN(4) == 0,
	}
	for _, source := range workload.Sources() {
		if r.IntN(8) == 0 {
			p.IgnoreSources = append(p.IgnoreSources, string(source))
		}
	}
	if r.IntN(8) == 0 {
		p.Namespace = []string{"a", "a-b", "absent"}[r.IntN(3)]
	}
	if r.IntN(2) == 0 {
		p.FinishedPodsCountFor = g.age()
	}
	p.TagItems = g.rules(false)
	p.Images = g.rules(true)
	require.NoError(t, p.Validate())
	return p
}

func (g policyGenerator) one(n int) bool { return g.IntN(n) == 0 }

func (g policyGenerator) age() *prune.Duration {
	return ptr(prune.Duration([]time.Duration{0, time.Hour, 90 * time.Minute, 48 * time.Hour}[g.IntN(4)]))
}

func ptr[T any](v T) *T { return &v }

// rules makes some rules, of which the last often deletes whatever is left.
func (g policyGenerator) rules(images bool) []prune.Rule {
	var rules []prune.Rule
	for range g.IntN(6) {
		r := prune.Rule{ID: string(rune('A' + len(rules))), Outcome: prune.Keep}
		if g.one(2) {
			r.Outcome = prune.Delete
		}
		for range 1 + g.IntN(2) {
			g.condition(&r, images)
		}
		policy := prune.Policy{TagItems: []prune.Rule{r}}
		if images {
			policy = prune.Policy{Images: []prune.Rule{r}}
		}
		if policy.Validate() == nil { // it may delete what is in use, or what is newest
			rules = append(rules, r)
		}
	}
	if !g.one(3) {
		rules = append(rules, prune.Rule{ID: "rest", Outcome: prune.Delete, When: prune.Condition{Always: true}})
	}
	return rules
}

// condition sets one field of a rule's condition.
func (g policyGenerator) condition(r *prune.Rule, images bool) {
	c, yes := &r.When, r.Outcome == prune.Keep
	anything := ptr(g.one(2))
	fields := []func(){
		func() { c.Repositories = [][]string{{"a/*"}, {"*/b*"}, {"a/a", "b/*"}, {"*"}}[g.IntN(4)] },
		func() { c.YoungerThan = g.age() },
		func() { c.OlderThan = g.age() },
		func() { c.OlderThan = g.age() },
		func() { c.PulledWithin = g.age() },
		func() { c.NotPulledFor = g.age() },
		func() { c.DigestInUse = &yes },
		func() { c.Managed = anything },
		func() {
			c.Labels = []map[string]string{{"team": "a*"}, {"team": "?", "stage": "*"}, {"stage": "b"}}[g.IntN(3)]
		},
	}
	if images {
		fields = append(fields, func() { c.Dropped = ptr(!yes) })
	} else {
		fields = append(fields,
			func() { c.Tags = [][]string{{"latest"}, {"v*", "V*"}, {"sha256-*"}, {"[!l]*"}}[g.IntN(4)] },
			func() { c.StreamYoungerThan = g.age() },
			func() {
				if yes {
					c.RevisionBelow = ptr(g.IntN(4))
				} else {
					c.RevisionFrom = ptr(g.IntN(4))
				}
			},
			func() { c.TagInUse = &yes },
			func() { c.ReferenceTag = anything },
			func() { c.Known = anything },
			func() { c.OverLimit = anything },
		)
	}
	fields[g.IntN(len(fields))]()
}

// naivePolicy is the same policy for the naive planner: rule by rule, so that
// the preset is one of rules, too.
func naivePolicy(t testing.TB, p prune.Policy) naiveplan.Policy {
	t.Helper()
	return naiveplan.Policy{
		TagItems: naiveRules(t, p.TagItems), Images: naiveRules(t, p.Images),
		Namespace: p.Namespace, PruneRegistry: p.PruneRegistry, Orphans: p.Orphans, Untagged: p.Untagged,
		FinishedPodsCountFor:    (*naiveplan.Duration)(p.FinishedPodsCountFor),
		IgnoreInvalidReferences: p.IgnoreInvalidReferences,
		AcceptUnknownImages:     p.AcceptUnknownImages,
		PeerReferencesOnly:      p.PeerReferencesOnly,
		IgnoreSources:           p.IgnoreSources,
		AbsentTimesAreAncient:   p.AbsentTimesAreAncient,
	}
}

func naiveRules(t testing.TB, rules []prune.Rule) (list []naiveplan.Rule) {
	t.Helper()
	text, err := json.Marshal(rules)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &list))
	return list
}
