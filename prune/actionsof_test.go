package prune_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// TestActionsOf: the actions of each kind are those among all, with their numbers, of a
// plan that was made and of one that was read.
func TestActionsOf(t *testing.T) {
	kinds := []prune.ActionKind{prune.DeleteTagItem, prune.DeleteManifestLink, prune.DeleteLayerLink, prune.DeleteImage, prune.DeleteBlob}
	one, seen := 1, map[prune.ActionKind]int{}
	options := prune.DefaultOpenShiftOptions()
	options.KeepTagRevisions = &one
	policy, err := prune.OpenShift(options)
	require.NoError(t, err)
	policy.IgnoreInvalidReferences = true
	for seed := range uint64(20) {
		cluster := prunetest.Random(seed)
		made, err := prune.New(cluster.Inventory(), policy, cluster.Now())
		require.NoError(t, err)
		written, err := json.Marshal(made)
		require.NoError(t, err)
		var read prune.Plan
		require.NoError(t, json.Unmarshal(written, &read))
		for _, plan := range []*prune.Plan{made, &read} {
			var all []prune.Action
			for a := range plan.Actions() {
				all = append(all, a)
			}
			next := 0
			for _, kind := range kinds {
				for n, a := range plan.ActionsOf(kind) {
					require.Equal(t, next, n)
					require.Equal(t, all[n], a)
					require.Equal(t, kind, a.Kind)
					next++
					seen[kind]++
				}
				for range plan.ActionsOf(kind) {
					break
				}
			}
			require.Len(t, all, next)
		}
	}
	require.Len(t, seen, len(kinds))
}
