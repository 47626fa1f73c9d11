package naiveplan_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// TestSameGarbage compares the planners on random clusters with a registry's
// storage, and on policies that collect what nothing names there. The numbers are
// TestSame's.
func TestSameGarbage(t *testing.T) {
	first, n := number(t, "REGISTRYKIT_FIRST_SEED", 0), number(t, "REGISTRYKIT_SEEDS", 600)
	for seed := first; seed < first+n; seed++ {
		requireNoDifference(t, seed, garbageQuestion(t, rand.New(rand.NewPCG(seed, 3))))
	}
}

func garbageQuestion(t testing.TB, r *rand.Rand) question {
	t.Helper()
	q := question{policy: garbagePolicy(t, r), evidence: randomEvidence(r)}
	if r.IntN(3) > 0 { // of nearly all that is not known, nothing goes
		q.evidence.Complete = everything()
	}
	g := newGenerator(r, time.Hour, false)
	q.objects = g.onVolume(g.objects())
	return q
}

// garbagePolicy makes the policy that collects a registry's garbage, or any other
// that does so as well.
func garbagePolicy(t testing.TB, r *rand.Rand) prune.Policy {
	t.Helper()
	if r.IntN(2) == 0 {
		p := prune.Garbage(prune.GarbageOptions{Untagged: r.IntN(2) == 0})
		p.AcceptUnknownImages = r.IntN(4) == 0
		return p
	}
	p := policyGenerator{r}.policy(t)
	if p.PruneRegistry {
		p.Orphans = r.IntN(8) > 0
		p.Untagged = p.Orphans && r.IntN(2) == 0
	}
	require.NoError(t, p.Validate())
	return p
}

// TestGarbageHoldsLookedAtAgain: nothing that a plan deletes turns out stale where
// nothing has changed.
func TestGarbageHoldsLookedAtAgain(t *testing.T) {
	first, n := number(t, "REGISTRYKIT_FIRST_SEED", 0), number(t, "REGISTRYKIT_SEEDS", 300)
	for seed := first; seed < first+n; seed++ {
		q := garbageQuestion(t, rand.New(rand.NewPCG(seed, 3)))
		if len(q.policy.TagItems) > 0 || len(q.policy.Images) != 1 || q.policy.Images[0].ID != "unneeded" {
			continue // may let go what is in use, which a second look then keeps
		}
		inv, err := factsOf(t, q.objects, q.evidence)
		require.NoError(t, err)
		if manifestsAreLayers(inv) { // so that the link of one may stay for the other
			continue
		}
		plan, err := prune.New(inv, q.policy, now)
		if err != nil { // references that do not parse
			continue
		}
		again := plan.Recheck(inv, func(*prune.Action) bool { return true })
		i := -1
		for a := range plan.Actions() {
			i++
			why, stale := again.Stale(i)
			if why.Rule == prune.RuleConfigUncertain {
				continue // what is a layer here and a config there can be taken for either
			}
			require.False(t, stale, "seed %d: %s %s %s%s: %s", seed, a.Kind, a.Repository, a.Digest, a.Image, why)
		}
	}
}

// TestGarbageInvariants checks package prunetest's invariants on the same.
func TestGarbageInvariants(t *testing.T) {
	first, n := number(t, "REGISTRYKIT_FIRST_SEED", 0), number(t, "REGISTRYKIT_SEEDS", 40)
	for seed := first; seed < first+n; seed++ {
		q := garbageQuestion(t, rand.New(rand.NewPCG(seed, 3)))
		inv, err := factsOf(t, q.objects, q.evidence)
		require.NoError(t, err)
		require.NoError(t, prunetest.Check(inv, q.policy, now), "seed %d", seed)
	}
}

func manifestsAreLayers(inv *inventory.Inventory) bool {
	for _, image := range inv.ImagesUnordered() {
		if slices.ContainsFunc(append(slices.Clone(image.Layers), image.Config), func(d inventory.Digest) bool { return inv.ImageOf(d) >= 0 }) {
			return true
		}
	}
	return false
}
