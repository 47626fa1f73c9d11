package prune_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A rule of one's own tells as much as the preset's do: how what it asked was
// met, or what is not known.
func TestReasonsOfOwnRules(t *testing.T) {
	inv := func(pulled time.Time, labels map[string]string) *inventory.Inventory {
		var b inventory.Builder
		require.NoError(t, b.AddManifest(inventory.Manifest{
			Digest: digestOf("web"), Created: clusterTime.Add(-5 * time.Hour), LastPulled: pulled, Labels: labels,
			Layers: []inventory.Blob{{Digest: digestOf("l"), Size: 1}},
		}))
		require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web", Created: clusterTime.Add(-9 * time.Hour), Tags: []inventory.Tag{
			{Name: "v1", Items: []inventory.TagItem{{Image: digestOf("web"), Created: clusterTime.Add(-3 * time.Hour)}}},
		}}))
		b.Listed(inventory.Kinds()...)
		b.ImagesAfterStreams(true)
		return b.Build()
	}
	pulled, team := clusterTime.Add(-26*time.Hour), map[string]string{"team": "red"}
	for _, c := range []struct {
		outcome prune.Outcome
		when    prune.Condition
		pulled  time.Time
		labels  map[string]string
		want    string
	}{
		{prune.Delete, prune.Condition{OlderThan: hours(2)}, pulled, team, "r: age 3h0m0s >= 2h0m0s"},
		{prune.Keep, prune.Condition{StreamYoungerThan: hours(10)}, pulled, team, "r: age 9h0m0s < 10h0m0s"},
		{prune.Keep, prune.Condition{StreamYoungerThan: hours(10), RevisionBelow: ptr(2)}, pulled, team, "r: age 9h0m0s < 10h0m0s; revision 1 <= 2"},
		{prune.Delete, prune.Condition{OlderThan: hours(2), RevisionFrom: ptr(0)}, pulled, team, "r: age 3h0m0s >= 2h0m0s; revision 1 > 0"},
		{prune.Delete, prune.Condition{Tags: []string{"v*"}}, pulled, team, `r: tag "v1" matches "v*"`},
		{prune.Delete, prune.Condition{Repositories: []string{"x", "shop/*"}}, pulled, team, `r: its repository matches one of ["x" "shop/*"]`},
		{prune.Delete, prune.Condition{Labels: map[string]string{"team": "r*"}}, pulled, team, `r: label team="red" matches "r*"`},
		{prune.Keep, prune.Condition{Labels: map[string]string{"team": "r*"}}, pulled, nil, "r: unknown: its labels"},
		{prune.Delete, prune.Condition{NotPulledFor: hours(24)}, pulled, team, "r: pulled 26h0m0s ago, not for 24h0m0s"},
		{prune.Keep, prune.Condition{PulledWithin: hours(27)}, pulled, team, "r: pulled 26h0m0s ago, within 27h0m0s"},
		{prune.Keep, prune.Condition{PulledWithin: hours(27)}, time.Time{}, team, "r: unknown: when it was last pulled"},
	} {
		plan, err := prune.New(inv(c.pulled, c.labels), prune.Policy{TagItems: []prune.Rule{{ID: "r", Outcome: c.outcome, When: c.when}}}, clusterTime)
		require.NoError(t, err)
		explanations, err := plan.Explain("shop/web:v1")
		require.NoError(t, err)
		require.Equal(t, c.outcome, explanations[0].Outcome)
		require.Equal(t, c.want, explanations[0].Reason.String())

		// The JSON holds all of it, and decodes again.
		var b strings.Builder
		require.NoError(t, plan.WriteJSON(&b, true))
		var back prune.Plan
		require.NoError(t, back.UnmarshalJSON([]byte(b.String())))
		require.True(t, back.Equal(plan))
	}
}

// A plan of nothing speaks of what its policy asks, and of nothing else.
func TestWhyThereIsNothingToDo(t *testing.T) {
	for words, want := range map[string]string{
		"ancient revisions=1": "everything is young, in use, among the newest revisions, or otherwise kept by a rule",
		"ancient over-size":   "everything is in use, within the limits of its namespace, or otherwise kept by a rule",
	} {
		k := parseKnobs(t, words)
		policy, err := prune.OpenShift(k.options)
		require.NoError(t, err)
		plan, err := prune.New(parseCluster(t, "image web l1 config=c1 \n tag shop/web:latest web \n limits shop/l 200").inventory(k), policy, clusterTime)
		require.NoError(t, err)
		var b strings.Builder
		require.NoError(t, plan.WriteText(&b, 0))
		require.Contains(t, b.String(), want)
	}
}
