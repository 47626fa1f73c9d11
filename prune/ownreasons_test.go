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
		{prune.Delete, prune.Condition{Repositories: []string{"x", "shop/*"}}, pulled, team, `r: repository "shop/web" matches one of ["x" "shop/*"]`},
		{prune.Delete, prune.Condition{Labels: map[string]string{"team": "r*"}}, pulled, team, `r: label team="red" matches "r*"`},
		{prune.Keep, prune.Condition{Labels: map[string]string{"team": "r*"}}, pulled, nil, "r: unknown: its label team, which was not read"},
		{prune.Delete, prune.Condition{Managed: ptr(false)}, pulled, team, `r: annotation openshift.io/image.managed is not "true": it was imported`},
		{prune.Delete, prune.Condition{Known: ptr(true), ReferenceTag: ptr(false)}, pulled, team, "r: it has an image, unlike a reference tag; its Image is in the inventory"},
		{prune.Delete, prune.Condition{TagInUse: ptr(false)}, pulled, team, "r: no workload uses shop/web:v1 by that tag"},
		{prune.Delete, prune.Condition{DigestInUse: ptr(false)}, pulled, team, "r: no workload uses its image, or what that owns, by digest through shop/web"},
		{
			prune.Keep, prune.Condition{StreamYoungerThan: hours(10), YoungerThan: hours(4)}, pulled, team,
			"r: age 3h0m0s < 4h0m0s; age of the stream 9h0m0s, less than 10h0m0s",
		},
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

// What goes by one rule tells by which numbers others did not keep it, and not
// those that say nothing: the tag was the wrong one here, not the age.
func TestReasonsTellWhatWasMissed(t *testing.T) {
	const goes = "image web l1 managed=true age=3h \n tag shop/web:v1 web~3h web~3h \n stream shop/web 9h"
	all := prune.Rule{ID: "all", Outcome: prune.Delete, When: prune.Condition{Always: true}}
	for _, c := range []struct {
		when  prune.Condition
		item  string // the reason of the second item
		image string
	}{
		{prune.Condition{YoungerThan: hours(2)}, "all: age 3h0m0s >= 2h0m0s", "all: age 3h0m0s >= 2h0m0s"},
		{prune.Condition{OlderThan: hours(4)}, "all: age 3h0m0s", "all: age 3h0m0s"},
		{prune.Condition{Repositories: []string{"x"}, YoungerThan: hours(9)}, "all", "all"},
		{prune.Condition{RevisionBelow: ptr(1)}, "all: revision 2 > 1", ""},
		{prune.Condition{RevisionBelow: ptr(2), Tags: []string{"x"}}, "all", ""},
		{prune.Condition{OverLimit: ptr(true)}, "all", ""},
	} {
		keep := prune.Rule{ID: "keep", Outcome: prune.Keep, When: c.when}
		policy := prune.Policy{TagItems: []prune.Rule{keep, all}}
		if c.image != "" {
			policy.Images = policy.TagItems
		}
		plan, err := prune.New(parseCluster(t, goes).inventory(parseKnobs(t, "")), policy, clusterTime)
		require.NoError(t, err)
		items, err := plan.Explain("shop/web:v1#1")
		require.NoError(t, err)
		require.Equal(t, c.item, items[0].Reason.String())
		if c.image != "" {
			images, err := plan.Explain(digestOf("web"))
			require.NoError(t, err)
			require.Equal(t, c.image, images[0].Reason.String())
		}
	}
}

func TestReasonsOfOwnRulesForImages(t *testing.T) {
	const cluster = `
		image web l1 managed=true age=3h
		image both l2 age=3h
		image loose l3 age=3h
		tag shop/web:v1 web~9h both~9h
		tag shop/api:v1 both~9h
		tag shop/db:v1 web~9h
		stream shop/web 9h
		stream shop/api 9h
		stream shop/db 9h`
	drop := []prune.Rule{{ID: "all", Outcome: prune.Delete, When: prune.Condition{Always: true}}}
	for _, c := range []struct {
		image, knobs string
		outcome      prune.Outcome
		when         prune.Condition
		want         string
	}{
		{"web", "", prune.Delete, prune.Condition{Managed: ptr(true)}, `r: annotation openshift.io/image.managed is "true": it was pushed to the integrated registry`},
		{"loose", "", prune.Keep, prune.Condition{Managed: ptr(false)}, `r: annotation openshift.io/image.managed is not "true": it was imported`},
		{"loose", "", prune.Delete, prune.Condition{OlderThan: hours(2)}, "r: age 3h0m0s >= 2h0m0s"},
		{"loose", "", prune.Keep, prune.Condition{YoungerThan: hours(4)}, "r: age 3h0m0s < 4h0m0s"},
		{"web", "", prune.Delete, prune.Condition{Repositories: []string{"shop/[dw]*"}}, `r: in repository shop/db, shop/web, which matches "shop/[dw]*"`},
		{"both", "", prune.Keep, prune.Condition{Repositories: []string{"shop/w*"}}, "r: unknown: which repository counts: shop/web matches, and shop/api does not"},
		{"loose", "", prune.Keep, prune.Condition{Repositories: []string{"shop/w*"}}, "r: unknown: which repository it is in: no stream lists it"},
		{"web", "", prune.Delete, prune.Condition{Dropped: ptr(true)}, "r: an item that goes listed it, itself or through an index"},
		{"loose", "", prune.Keep, prune.Condition{Dropped: ptr(false)}, "r: no item that goes listed it, itself or through an index"},
		{"web", "", prune.Delete, prune.Condition{DigestInUse: ptr(false)}, "r: no workload uses it by digest"},
		{"loose", "", prune.Keep, prune.Condition{Labels: map[string]string{"b": "*", "a": "*"}}, "r: unknown: its label a, b, which was not read"},
	} {
		policy := prune.Policy{TagItems: drop, Images: []prune.Rule{{ID: "r", Outcome: c.outcome, When: c.when}}}
		plan, err := prune.New(parseCluster(t, cluster).inventory(parseKnobs(t, c.knobs)), policy, clusterTime)
		require.NoError(t, err)
		explanations, err := plan.Explain(digestOf(c.image))
		require.NoError(t, err)
		require.Equal(t, c.outcome, explanations[0].Outcome, c.want)
		require.Equal(t, c.want, explanations[0].Reason.String())
	}
}
