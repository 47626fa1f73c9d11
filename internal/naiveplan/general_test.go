package naiveplan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/naiveplan"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// TestSameForAnyPolicy compares the planners on random clusters and random
// policies: what goes, what stays, and by which rule. The numbers are
// TestSame's.
func TestSameForAnyPolicy(t *testing.T) {
	first, n := number(t, "REGISTRYKIT_FIRST_SEED", 0), number(t, "REGISTRYKIT_SEEDS", 600)
	for seed := first; seed < first+n; seed++ {
		compareOnPolicy(t, seed, rand.New(rand.NewPCG(seed, 2)))
	}
}

// A question is what the planners are asked.
type question struct {
	objects  []obj
	policy   prune.Policy
	evidence naiveplan.Evidence
	dumped   bool // read by package dump, which knows of no pulls
}

func compareOnPolicy(t testing.TB, seed uint64, r *rand.Rand) {
	t.Helper()
	q := question{policy: randomPolicy(t, r), evidence: randomEvidence(r), dumped: r.IntN(3) == 0}
	q.objects = newGenerator(r, []time.Duration{0, time.Hour, 90 * time.Minute, 48 * time.Hour}[r.IntN(4)], false).objects()
	if q.dumped {
		for _, o := range q.objects {
			delete(o, "lastPulled")
		}
	}
	requireNoDifference(t, seed, q)
}

// requireNoDifference shows, of a question that the planners answer differently,
// the smallest cluster that still tells them apart.
func requireNoDifference(t testing.TB, seed uint64, q question) {
	t.Helper()
	differences, err := q.differences(t)
	require.NoError(t, err, "seed %d", seed)
	if len(differences) == 0 {
		return
	}
	q.shrink(t)
	differences, err = q.differences(t)
	require.NoError(t, err)
	text, err := json.MarshalIndent(q.objects, "", " ")
	require.NoError(t, err)
	require.Empty(t, differences, "seed %d: policy\n%s\nevidence %+v, dumped %t, of\n%s", seed, q.policy, q.evidence, q.dumped, text)
}

// randomEvidence is often nearly all.
func randomEvidence(r *rand.Rand) naiveplan.Evidence {
	var k naiveplan.Knobs
	loseEvidence(r, &k)
	e := naiveplan.Evidence{Complete: k.Complete, ImagesAfterStreams: k.ImagesAfterStreams, PhaselessPodsFinished: r.IntN(4) == 0}
	if r.IntN(15) == 0 {
		e.Complete["ImageStream"] = false
	}
	switch r.IntN(4) {
	case 0:
		e.Labels = map[string]bool{"team": true}
	case 1:
		e.Labels = map[string]bool{"stage": true, "other": true}
	}
	return e
}

// shrink leaves the smallest cluster and the fewest rules that still tell the
// planners apart.
func (q *question) shrink(t testing.TB) {
	t.Helper()
	fails := func(q question) bool {
		differences, err := q.differences(t)
		return err == nil && len(differences) > 0
	}
	for _, rules := range []*[]prune.Rule{&q.policy.TagItems, &q.policy.Images} {
		for i := len(*rules) - 1; i >= 0; i-- {
			all := *rules
			if *rules = slices.Delete(slices.Clone(all), i, i+1); !fails(*q) {
				*rules = all
			}
		}
	}
	q.objects = shrink(decoded(t, q.objects), func(objects []obj) bool {
		smaller := *q
		smaller.objects = objects
		return fails(smaller)
	})
}

// differences are what only one of the planners says.
func (q question) differences(t testing.TB) (list []string, err error) {
	t.Helper()
	read := factsOf
	if q.dumped {
		read = dumpOf
	}
	inv, err := read(t, q.objects, q.evidence)
	if err != nil {
		return nil, err
	}
	q.evidence.ImagesAfterStreams = inv.ImagesAfterStreams()
	sets, verdicts, err := naiveplan.Judge(decoded(t, q.objects), naivePolicy(t, q.policy), q.evidence, now)
	if err != nil {
		return nil, err
	}
	plan, err := prune.New(inv, q.policy, now)
	var invalid *prune.InvalidReferencesError
	if errors.As(err, &invalid) {
		plan, err = invalid.Plan, nil
	}
	if err != nil {
		return nil, err
	}
	naive, real := lines(sets), lines(setsOf(plan))
	for _, line := range naive {
		if !slices.Contains(real, line) {
			list = append(list, "only the naive planner: "+line)
		}
	}
	for _, line := range real {
		if !slices.Contains(naive, line) {
			list = append(list, "only the real planner: "+line)
		}
	}
	return append(list, verdictDifferences(plan, verdicts)...), nil
}

// verdictDifferences compares what becomes of every object, and whether the
// reason that is told is one that holds.
func verdictDifferences(plan *prune.Plan, naive map[string]naiveplan.Verdict) (list []string) {
	met := 0
	for v := range plan.Verdicts() {
		name := string(v.Kind) + " " + v.Object
		want, ok := naive[name]
		switch {
		case !ok:
			list = append(list, "only the real planner judges "+name)
			continue
		case want.Goes != (v.Outcome == prune.Delete):
			list = append(list, fmt.Sprintf("%s: the real planner says %s", name, v.Outcome))
		case !want.Rules[v.Reason.Rule]:
			list = append(list, fmt.Sprintf("%s: %s by %q, which does not hold, but %v does", name, v.Outcome, v.Reason.Rule, want.Rules))
		}
		met++
	}
	if met != len(naive) {
		list = append(list, fmt.Sprintf("the real planner judges %d of %d objects", met, len(naive)))
	}
	return list
}

// The policies and clusters that are compared are none that decide little.
func TestPoliciesDecideMuch(t *testing.T) {
	rules := map[string]int{}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		policy := randomPolicy(t, r)
		evidence := randomEvidence(r)
		evidence.Complete = everything()
		objects := newGenerator(r, time.Hour, false).objects()
		_, verdicts, err := naiveplan.Judge(decoded(t, objects), naivePolicy(t, policy), evidence, now)
		require.NoError(t, err)
		for name, v := range verdicts {
			kind, _, _ := strings.Cut(name, " ")
			for rule := range v.Rules {
				rules[fmt.Sprintf("%s %t %s", kind, v.Goes, rule)]++
			}
		}
	}
	for _, rule := range []string{
		"TagItem true rest", "TagItem false no-rule", "TagItem false referrer", "TagItem false out-of-scope", "TagItem true A", "TagItem false A",
		"Image true rest", "Image false listed", "Image false named", "Image false owned", "Image false referrer", "Image true A", "Image false A",
		"Image false unknown-image", "Blob true image-deleted", "Blob false in-use", "Blob false registry-kept",
	} {
		require.Greater(t, rules[rule], 20, rule)
	}
}

// everything are all kinds.
func everything() map[string]bool {
	all := map[string]bool{}
	for _, kind := range inventory.Kinds() {
		all[string(kind)] = true
	}
	return all
}
