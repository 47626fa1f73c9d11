package naiveplan_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/naiveplan"
)

// TestSame compares the planners on random clusters. REGISTRYKIT_SEEDS says on
// how many, REGISTRYKIT_FIRST_SEED from where on; a failure names its seed.
func TestSame(t *testing.T) {
	first, n := number(t, "REGISTRYKIT_FIRST_SEED", 0), number(t, "REGISTRYKIT_SEEDS", 300)
	for seed := first; seed < first+n; seed++ {
		comparePlanners(t, seed, rand.New(rand.NewPCG(seed, 0)))
	}
}

func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	s := os.Getenv(variable)
	if s == "" {
		if testing.Short() {
			return otherwise / 5
		}
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	require.NoError(t, err, variable)
	return n
}

// comparePlanners plans clusters that r makes with both planners.
func comparePlanners(t testing.TB, seed uint64, r *rand.Rand) {
	t.Helper()
	knobs := randomKnobs(r)
	threshold := time.Hour
	if knobs.KeepYoungerThan != nil {
		threshold = *knobs.KeepYoungerThan
	}

	// As the peer sees it, a cluster with more than that reads.
	objects := newGenerator(r, threshold, true).objects()
	requireSame(t, seed, objects, knobs)
	requireNoOrder(t, seed, r, objects, knobs)

	// As this library sees it, one of which it may not know all.
	objects = newGenerator(r, threshold, false).objects()
	partly := knobs
	loseEvidence(r, &partly)
	requireSame(t, seed, objects, partly)
	requireNoMore(t, seed, objects, partly, knobs)
}

// requireSame checks that both planners delete the same. Where they do not, it
// shows the smallest cluster that still tells them apart.
func requireSame(t testing.TB, seed uint64, objects []obj, k naiveplan.Knobs) {
	t.Helper()
	naive, real, err := bothPlans(t, objects, k)
	require.NoError(t, err, "seed %d", seed)
	if slices.Equal(naive, real) {
		return
	}
	small := shrink(decoded(t, objects), func(objects []obj) bool {
		naive, real, err := bothPlans(t, objects, k)
		return err == nil && !slices.Equal(naive, real)
	})
	naive, real, _ = bothPlans(t, small, k)
	knobs, err := json.Marshal(k)
	require.NoError(t, err)
	text, err := json.MarshalIndent(small, "", " ")
	require.NoError(t, err)
	require.Equal(t, naive, real, "seed %d: expected is what the naive planner says, of\n%s\n%s", seed, knobs, text)
}

// bothPlans returns what both planners delete. The error is that of the one
// that failed: an object that is there with two contents, for one.
func bothPlans(t testing.TB, objects []obj, k naiveplan.Knobs) (naive, real []string, err error) {
	t.Helper()
	inv, err := inventoryOf(t, objects, k)
	if err != nil {
		return nil, nil, err
	}
	if !k.Strict {
		k.ImagesAfterStreams = inv.ImagesAfterStreams() // the order in the text may say so, too
	}
	sets, err := naiveplan.Plan(decoded(t, objects), k, now)
	return lines(sets), lines(setsOf(planOf(t, inv, k))), err
}

// requireNoOrder checks that the order of the objects says nothing: the plan is
// the same to the byte.
func requireNoOrder(t testing.TB, seed uint64, r *rand.Rand, objects []obj, k naiveplan.Knobs) {
	t.Helper()
	var one, other bytes.Buffer
	require.NoError(t, realPlan(t, objects, k).WriteJSON(&one, true))
	objects = slices.Clone(objects)
	r.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
	require.NoError(t, realPlan(t, objects, k).WriteJSON(&other, true))
	require.Equal(t, one.String(), other.String(), "seed %d", seed)
}

// requireNoMore checks that nothing goes of which only more evidence says that
// it stays.
func requireNoMore(t testing.TB, seed uint64, objects []obj, less, more naiveplan.Knobs) {
	t.Helper()
	deletions := func(k naiveplan.Knobs) []string {
		sets := setsOf(realPlan(t, objects, k))
		sets.InvalidReferences, sets.IgnoredReferences = 0, 0
		return lines(sets)
	}
	all := map[string]bool{}
	for _, line := range deletions(more) {
		all[line] = true
	}
	for _, line := range deletions(less) {
		require.True(t, all[line], "seed %d: less evidence deletes %s", seed, line)
	}
}

// decoded returns objects as encoding/json reads them.
func decoded(t testing.TB, objects []obj) []obj {
	t.Helper()
	text, err := json.Marshal(objects)
	require.NoError(t, err)
	var list []obj
	require.NoError(t, json.Unmarshal(text, &list))
	return list
}
