package naiveplan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/naiveplan"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// randomKnobs returns strict knobs.
func randomKnobs(r *rand.Rand) naiveplan.Knobs {
	k := naiveplan.Knobs{
		Strict:            true,
		AllImages:         r.IntN(4) > 0,
		PruneRegistry:     r.IntN(8) > 0,
		IgnoreInvalidRefs: r.IntN(2) > 0,
	}
	if r.IntN(6) == 0 {
		k.Namespace = []string{"a", "a-b", "absent"}[r.IntN(3)]
	}
	if r.IntN(3) == 0 {
		k.PruneOverSizeLimit = true
		return k
	}
	revisions := r.IntN(4)
	age := []time.Duration{0, time.Hour, 90 * time.Minute, 48 * time.Hour}[r.IntN(4)]
	k.KeepTagRevisions, k.KeepYoungerThan = &revisions, &age
	return k
}

// loseEvidence says which kinds were listed, often nearly all: whatever depends
// on workloads is kept as soon as one kind of them is missing.
func loseEvidence(r *rand.Rand, k *naiveplan.Knobs) {
	k.Strict = false
	k.Complete = map[string]bool{}
	for _, kind := range inventory.Kinds() {
		k.Complete[string(kind)] = r.IntN(100) > 0
	}
	k.Complete["Image"] = r.IntN(5) > 0
	k.Complete["LimitRange"] = r.IntN(2) > 0
	k.ImagesAfterStreams = r.IntN(5) > 0
	k.AcceptUnknownImages = r.IntN(2) > 0
}

// inventoryOf lets package dump read the objects, and tells it what the knobs
// say of the evidence.
func inventoryOf(t testing.TB, objects []obj, k naiveplan.Knobs) (*inventory.Inventory, error) {
	t.Helper()
	var text bytes.Buffer
	opts := dump.Options{Listed: inventory.Kinds(), ImagesAfterStreams: true, PhaselessPodsFinished: true}
	if k.Strict {
		writeJSON(t, &text, obj{"apiVersion": "v1", "kind": "List", "items": objects})
	} else {
		for _, o := range objects { // one by one, which says nothing of what else there is
			writeJSON(t, &text, o)
		}
		opts = dump.Options{ImagesAfterStreams: k.ImagesAfterStreams}
		for _, kind := range inventory.Kinds() {
			if k.Complete[string(kind)] {
				opts.Listed = append(opts.Listed, kind)
			}
		}
	}
	return dump.Read(&text, &opts)
}

func writeJSON(t testing.TB, b *bytes.Buffer, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	b.Write(text)
}

// realPlan reads and plans with package prune.
func realPlan(t testing.TB, objects []obj, k naiveplan.Knobs) *prune.Plan {
	t.Helper()
	inv, err := inventoryOf(t, objects, k)
	require.NoError(t, err)
	return planOf(t, inv, k)
}

// policyOf returns the policy of package prune that the knobs make.
func policyOf(t testing.TB, k naiveplan.Knobs) prune.Policy {
	t.Helper()
	policy, err := prune.OpenShift(prune.OpenShiftOptions{
		KeepYoungerThan:       (*prune.Duration)(k.KeepYoungerThan),
		KeepTagRevisions:      k.KeepTagRevisions,
		PruneOverSizeLimit:    k.PruneOverSizeLimit,
		AllImages:             k.AllImages,
		PruneRegistry:         k.PruneRegistry,
		IgnoreInvalidRefs:     k.IgnoreInvalidRefs,
		Namespace:             k.Namespace,
		AcceptUnknownImages:   k.Strict || k.AcceptUnknownImages,
		PeerReferencesOnly:    k.Strict,
		AbsentTimesAreAncient: k.Strict,
	})
	require.NoError(t, err)
	return policy
}

// planOf plans with package prune. Where references do not parse the plan has no
// actions.
func planOf(t testing.TB, inv *inventory.Inventory, k naiveplan.Knobs) *prune.Plan {
	t.Helper()
	plan, err := prune.New(inv, policyOf(t, k), now)
	var invalid *prune.InvalidReferencesError
	if errors.As(err, &invalid) {
		return invalid.Plan
	}
	require.NoError(t, err)
	return plan
}
