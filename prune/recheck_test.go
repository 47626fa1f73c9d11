package prune_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// afterItems is the cluster once the plan's tag items are dropped, as the API
// server and nobody else changed it.
func afterItems(t testing.TB, cluster *prunetest.Cluster, plan *prune.Plan) *prunetest.Live {
	live := cluster.Live()
	gone := map[string]map[string]map[int]bool{}
	for a := range plan.Actions() {
		if a.Kind != prune.DeleteTagItem {
			break
		}
		if gone[a.Stream] == nil {
			gone[a.Stream] = map[string]map[int]bool{}
		}
		if gone[a.Stream][a.Tag] == nil {
			gone[a.Stream][a.Tag] = map[int]bool{}
		}
		gone[a.Stream][a.Tag][a.Index] = true
	}
	for _, s := range cluster.ImageStreams() {
		stream := s.Clone()
		tags := gone[inventory.RepositoryName(s.Namespace, s.Name)]
		for i := range stream.Status.Tags {
			history := &stream.Status.Tags[i]
			items := history.Items
			history.Items = nil
			for n, item := range items {
				if !tags[history.Tag][n] {
					history.Items = append(history.Items, item)
				}
			}
		}
		if len(tags) > 0 {
			require.NoError(t, live.UpdateStreamStatus(t.Context(), stream))
		}
	}
	return live
}

// Where nothing else has changed, everything that was planned still holds.
func TestRecheckOfWhatNobodyChanged(t *testing.T) {
	for seed := range 120 {
		cluster := prunetest.Random(uint64(seed))
		for _, policy := range recheckPolicies(t) {
			plan, err := prune.New(cluster.Inventory(), policy, cluster.Now())
			require.NoError(t, err)
			inv, err := afterItems(t, cluster, plan).List(t.Context())
			require.NoError(t, err)
			dropped := plan.Recheck(inv, nil)
			assumed := plan.Recheck(cluster.Inventory(), func(*prune.Action) bool { return true })
			n := 0
			for a := range plan.Actions() {
				why, stale := dropped.Stale(n)
				require.False(t, stale, "seed %d: %+v: %s", seed, a, why)
				why, stale = assumed.Stale(n)
				require.False(t, stale, "seed %d, assumed: %+v: %s", seed, a, why)
				n++
			}
		}
	}
}

// Where the items are still there, nothing that they need may go; and nothing at
// all where a kind was not listed completely.
func TestRecheckOfItemsThatStayed(t *testing.T) {
	for seed := range 80 {
		cluster := prunetest.Random(uint64(seed))
		policy := recheckPolicies(t)[0]
		plan, err := prune.New(cluster.Inventory(), policy, cluster.Now())
		require.NoError(t, err)
		r := plan.Recheck(cluster.Inventory(), nil)
		n := -1
		for a := range plan.Actions() {
			n++
			if _, stale := r.Stale(n); a.Kind == prune.DeleteManifestLink || a.Kind == prune.DeleteLayerLink {
				require.True(t, stale, "seed %d: %+v", seed, a)
			}
		}
		for _, kind := range []inventory.Kind{inventory.KindImage, inventory.KindImageStream, inventory.KindPod} {
			less := prunetest.Random(uint64(seed))
			less.Incomplete(kind)
			r := plan.Recheck(less.Inventory(), func(*prune.Action) bool { return true })
			n := -1
			for a := range plan.Actions() {
				n++
				_, stale := r.Stale(n)
				require.Equal(t, a.Kind != prune.DeleteTagItem, stale, "seed %d without %s: %+v", seed, kind, a)
			}
		}
	}
}

// recheckPolicies are the preset in both modes, and one of rules that look at
// what was dropped and where images are.
func recheckPolicies(t testing.TB) []prune.Policy {
	one := 1
	o := prune.DefaultOpenShiftOptions()
	o.KeepTagRevisions = &one
	policy, err := prune.OpenShift(o)
	require.NoError(t, err)
	over, err := prune.OpenShift(prune.OpenShiftOptions{PruneOverSizeLimit: true, AllImages: true, PruneRegistry: true})
	require.NoError(t, err)
	day := prune.Duration(24 * time.Hour)
	own := prune.Policy{
		TagItems: []prune.Rule{{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: &day}}},
		Images: []prune.Rule{
			{ID: "elsewhere", Outcome: prune.Delete, When: prune.Condition{Repositories: []string{"dev/*"}}},
		},
		PruneRegistry: true,
	}
	policies := []prune.Policy{policy, over, own}
	for i := range policies {
		policies[i].IgnoreInvalidReferences = true
	}
	return policies
}
