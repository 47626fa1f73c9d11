package prune_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// always is a rule without a condition.
func always(id string, outcome prune.Outcome) prune.Rule {
	return prune.Rule{ID: id, Outcome: outcome, When: prune.Condition{Always: true}}
}

// rulePlan plans a cluster of which everything is known.
func rulePlan(t *testing.T, cluster string, policy prune.Policy) (*cluster, *prune.Plan) {
	t.Helper()
	c := parseCluster(t, cluster)
	plan, err := prune.New(c.inventory(parseKnobs(t, "")), policy, clusterTime)
	require.NoError(t, err)
	return c, plan
}

func TestZeroPolicyDeletesNothing(t *testing.T) {
	_, plan := rulePlan(t, shopToPrune, prune.Policy{})
	require.Zero(t, plan.Summary)
	for v := range plan.Verdicts() {
		require.Equal(t, prune.Keep, v.Outcome)
	}
	require.Empty(t, (&prune.Policy{}).Needs())
	require.NoError(t, (&prune.Policy{}).Validate())
}

func TestFirstRuleThatMatchesWins(t *testing.T) {
	young := prune.Condition{YoungerThan: hours(1)}
	for _, r := range []struct {
		name  string
		rules []prune.Rule
		goes  string
	}{
		{"no rule", nil, ""},
		{"none matches", []prune.Rule{{ID: "young", Outcome: prune.Delete, When: young}}, ""},
		{"keep before delete", []prune.Rule{always("k", prune.Keep), always("d", prune.Delete)}, ""},
		{"delete before keep", []prune.Rule{always("d", prune.Delete), always("k", prune.Keep)}, "items shop/web:latest#0=new shop/web:latest#1=old"},
		{"the first misses", []prune.Rule{{ID: "young", Outcome: prune.Keep, When: young}, always("d", prune.Delete), always("k", prune.Keep)}, "items shop/web:latest#0=new shop/web:latest#1=old"},
		{"the zero condition keeps", []prune.Rule{{ID: "k", Outcome: prune.Keep}, always("d", prune.Delete)}, ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			const cluster = "image new l1 \n image old l2 \n tag shop/web:latest new~3h old~4h"
			c, plan := rulePlan(t, cluster, prune.Policy{TagItems: r.rules})
			require.Equal(t, r.goes, c.deletionLines(plan))
		})
	}
}

// Without rules for images none goes; without PruneRegistry no link or blob does.
func TestWhatAPolicyLeavesAlone(t *testing.T) {
	items, images := []prune.Rule{always("d", prune.Delete)}, []prune.Rule{always("d", prune.Delete)}
	const itemLine = "items shop/web:latest#0=new shop/web:latest#1=old"
	for _, p := range []struct {
		name   string
		policy prune.Policy
		goes   string
	}{
		{"items", prune.Policy{TagItems: items}, itemLine},
		{"images", prune.Policy{Images: images}, "images loose"},
		{"items and images", prune.Policy{TagItems: items, Images: images}, itemLine + "\n images loose new old"},
		{"items and links", prune.Policy{TagItems: items, PruneRegistry: true}, itemLine + `
			manifests shop/web new old
			layers shop/web base c1 c2 l1 l2`},
		{"images and blobs", prune.Policy{Images: images, PruneRegistry: true}, "images loose \n blobs c3 l3 loose"},
		{"all", prune.Policy{TagItems: items, Images: images, PruneRegistry: true}, itemLine + `
			manifests shop/web new old
			layers shop/web base c1 c2 l1 l2
			images loose new old
			blobs base c1 c2 c3 l1 l2 l3 loose new old`},
		{"all of one namespace", prune.Policy{TagItems: items, Images: images, PruneRegistry: true, Namespace: "shop"}, itemLine + `
			manifests shop/web new old
			layers shop/web base c1 c2 l1 l2`},
		{"all of another namespace", prune.Policy{TagItems: items, Images: images, PruneRegistry: true, Namespace: "else"}, ""},
	} {
		t.Run(p.name, func(t *testing.T) {
			c, plan := rulePlan(t, shopToPrune, p.policy)
			require.Equal(t, lines(p.goes), c.deletionLines(plan))
		})
	}
}

// What is needed stays, whatever the rules for images say.
func TestRulesForImagesDeleteNothingNeeded(t *testing.T) {
	policy := prune.Policy{Images: []prune.Rule{always("d", prune.Delete)}, PruneRegistry: true}
	c, plan := rulePlan(t, `
		image web l1
		image named l2
		image idx type=index children=leaf
		image leaf l3
		image sig l4 subject=leaf
		image loose l5
		tag shop/web:latest web>reg.example/shop/web@named idx
	`, policy)
	require.Equal(t, lines("images loose \n blobs l5 loose"), c.deletionLines(plan))
}

func TestValidate(t *testing.T) {
	rule := func(when prune.Condition) []prune.Rule {
		return []prune.Rule{{ID: "r", Outcome: prune.Keep, When: when}}
	}
	negative, minus := ptr(prune.Duration(-1)), ptr(-1)
	for _, v := range []struct {
		want   string
		policy prune.Policy
	}{
		{`tagItems[0] (): it has no id`, prune.Policy{TagItems: []prune.Rule{{Outcome: prune.Keep}}}},
		{`tagItems[0] (r): outcome is "", want keep or delete`, prune.Policy{TagItems: []prune.Rule{{ID: "r"}}}},
		{`images[0] (r): outcome is "Delete", want keep or delete`, prune.Policy{Images: []prune.Rule{{ID: "r", Outcome: "Delete"}}}},
		{`images[0] (r): it deletes without a condition: say always`, prune.Policy{Images: []prune.Rule{{ID: "r", Outcome: prune.Delete}}}},
		{`tagItems[0] (r): repositories is empty: leave it out, or say what must match`, prune.Policy{TagItems: rule(prune.Condition{Known: ptr(true), Repositories: []string{}})}},
		{`tagItems[0] (r): tags is empty: leave it out, or say what must match`, prune.Policy{TagItems: rule(prune.Condition{Known: ptr(true), Tags: []string{}})}},
		{`images[0] (r): labels is empty: leave it out, or say what must match`, prune.Policy{Images: rule(prune.Condition{Managed: ptr(true), Labels: map[string]string{}})}},
		{`tagItems[0] (r): it deletes without a condition: say always`, prune.Policy{TagItems: []prune.Rule{
			{ID: "r", Outcome: prune.Delete},
		}}},
		{`tagItems[0] (r): always goes with no other condition`, prune.Policy{TagItems: rule(prune.Condition{Always: true, Managed: ptr(true)})}},
		{`tagItems[0] (listed): its id is that of a reason which holds whatever the policy`, prune.Policy{TagItems: []prune.Rule{always("listed", prune.Keep)}}},
		{`tagItems[0] (r): revisionFrom in a rule that says keep would decide otherwise once the plan was carried out`, prune.Policy{TagItems: rule(prune.Condition{RevisionFrom: ptr(3)})}},
		{`tagItems[0] (r): revisionBelow in a rule that says delete would decide otherwise once the plan was carried out`, prune.Policy{TagItems: []prune.Rule{
			{ID: "r", Outcome: prune.Delete, When: prune.Condition{RevisionBelow: ptr(3)}},
		}}},
		{`images[0] (r): dropped in a rule that says keep would decide otherwise once the plan was carried out`, prune.Policy{Images: rule(prune.Condition{Dropped: ptr(true)})}},
		{`images[0] (r): digestInUse in a rule that says keep would have what is in use deleted`, prune.Policy{Images: rule(prune.Condition{DigestInUse: ptr(false)})}},
		{`tagItems[0] (r): tagInUse in a rule that says delete would have what is in use deleted`, prune.Policy{TagItems: []prune.Rule{
			{ID: "r", Outcome: prune.Delete, When: prune.Condition{TagInUse: ptr(true)}},
		}}},
		{`tagItems[1] (r): its id is another rule's, too`, prune.Policy{TagItems: []prune.Rule{always("r", prune.Keep), always("r", prune.Keep)}}},
		{`tagItems[0] (r): youngerThan is negative`, prune.Policy{TagItems: rule(prune.Condition{YoungerThan: negative})}},
		{`tagItems[0] (r): olderThan is negative`, prune.Policy{TagItems: rule(prune.Condition{OlderThan: negative})}},
		{`tagItems[0] (r): streamYoungerThan is negative`, prune.Policy{TagItems: rule(prune.Condition{StreamYoungerThan: negative})}},
		{`images[0] (r): pulledWithin is negative`, prune.Policy{Images: rule(prune.Condition{PulledWithin: negative})}},
		{`images[0] (r): notPulledFor is negative`, prune.Policy{Images: rule(prune.Condition{NotPulledFor: negative})}},
		{`tagItems[0] (r): revisionBelow is negative`, prune.Policy{TagItems: rule(prune.Condition{RevisionBelow: minus})}},
		{`tagItems[0] (r): revisionFrom is negative`, prune.Policy{TagItems: rule(prune.Condition{RevisionFrom: minus})}},
		{`tagItems[0] (r): pattern "[": syntax error in pattern`, prune.Policy{TagItems: rule(prune.Condition{Repositories: []string{"ok", "["}})}},
		{`tagItems[0] (r): pattern "a[": syntax error in pattern`, prune.Policy{TagItems: rule(prune.Condition{Tags: []string{"a["}})}},
		{`images[0] (r): pattern "\\": syntax error in pattern`, prune.Policy{Images: rule(prune.Condition{Labels: map[string]string{"a": `\`}})}},
		{`tagItems[0] (r): dropped has no meaning for tag items`, prune.Policy{TagItems: rule(prune.Condition{Dropped: ptr(false)})}},
		{`images[0] (r): tags has no meaning for images`, prune.Policy{Images: rule(prune.Condition{Tags: []string{"v*"}})}},
		{`images[0] (r): streamYoungerThan has no meaning for images`, prune.Policy{Images: rule(prune.Condition{StreamYoungerThan: hours(1)})}},
		{`images[0] (r): revisionBelow has no meaning for images`, prune.Policy{Images: rule(prune.Condition{RevisionBelow: ptr(1)})}},
		{`images[0] (r): tagInUse has no meaning for images`, prune.Policy{Images: rule(prune.Condition{TagInUse: ptr(true)})}},
		{`images[0] (r): referenceTag has no meaning for images`, prune.Policy{Images: rule(prune.Condition{ReferenceTag: ptr(false)})}},
		{`images[0] (r): known has no meaning for images`, prune.Policy{Images: rule(prune.Condition{Known: ptr(true)})}},
		{`images[0] (r): overLimit has no meaning for images`, prune.Policy{Images: rule(prune.Condition{OverLimit: ptr(true)})}},
		{`finishedPodsCountFor is negative`, prune.Policy{FinishedPodsCountFor: negative}},
		{`ignoreSources: what the peer reads cannot be passed over`, prune.Policy{IgnoreSources: []string{"trigger", ""}}},
		{`lifetime is negative`, prune.Policy{Lifetime: -1}},
	} {
		t.Run(v.want, func(t *testing.T) {
			err := v.policy.Validate()
			require.EqualError(t, err, "invalid policy: "+v.want)
			require.ErrorIs(t, err, prune.ErrPolicy)
			_, err = prune.New(new(inventory.Builder).Build(), v.policy, clusterTime)
			require.ErrorIs(t, err, prune.ErrPolicy, "no plan is made of it")
		})
	}

	several := prune.Policy{TagItems: []prune.Rule{{}}, Images: []prune.Rule{{ID: "x"}}, Lifetime: -1}
	err := several.Validate()
	for _, want := range []string{"tagItems[0] (): it has no id", `outcome is ""`, "images[0] (x)", "lifetime is negative"} {
		require.ErrorContains(t, err, want)
	}
}

func TestOpenShiftRefuses(t *testing.T) {
	day, three := hours(24), ptr(3)
	for _, o := range []struct {
		want    string
		options prune.OpenShiftOptions
	}{
		{"keepYoungerThan is missing", prune.OpenShiftOptions{KeepTagRevisions: three}},
		{"keepTagRevisions is missing", prune.OpenShiftOptions{KeepYoungerThan: day}},
		{"keepYoungerThan is negative: -1ns", prune.OpenShiftOptions{KeepYoungerThan: ptr(prune.Duration(-1)), KeepTagRevisions: three}},
		{"keepTagRevisions is negative: -3", prune.OpenShiftOptions{KeepYoungerThan: day, KeepTagRevisions: ptr(-3)}},
		{"must not be set with it", prune.OpenShiftOptions{PruneOverSizeLimit: true, KeepYoungerThan: day}},
		{"must not be set with it", prune.OpenShiftOptions{PruneOverSizeLimit: true, KeepTagRevisions: three}},
		{"lifetime is negative: -1h0m0s", prune.OpenShiftOptions{KeepYoungerThan: day, KeepTagRevisions: three, Lifetime: -*hours(1)}},
		{"what the peer reads cannot be passed over", prune.OpenShiftOptions{KeepYoungerThan: day, KeepTagRevisions: three, IgnoreSources: []string{""}}},
	} {
		policy, err := prune.OpenShift(o.options)
		require.ErrorContains(t, err, o.want)
		require.ErrorIs(t, err, prune.ErrPolicy)
		require.NotContains(t, strings.TrimPrefix(err.Error(), "invalid policy: "), "invalid policy", "said twice")
		require.Empty(t, policy.TagItems)
	}
}

// A policy keeps nothing of its options: they may change afterwards.
func TestOpenShiftKeepsNothingOfItsOptions(t *testing.T) {
	o := prune.DefaultOpenShiftOptions()
	o.IgnoreSources = []string{"trigger"}
	policy, err := prune.OpenShift(o)
	require.NoError(t, err)
	before := policy.String()
	*o.KeepYoungerThan, *o.KeepTagRevisions, o.IgnoreSources[0] = 0, 0, "table"
	require.Equal(t, before, policy.String())
	require.True(t, policy.Equal(ptr(parsedPolicy(t, before))))
}

func parsedPolicy(t *testing.T, text string) prune.Policy {
	t.Helper()
	var policy prune.Policy
	require.NoError(t, json.Unmarshal([]byte(text), &policy))
	return policy
}

// Rules are numbered; there may be many.
func TestManyRules(t *testing.T) {
	var rules []prune.Rule
	for i := range 1<<16 + 1 {
		rules = append(rules, prune.Rule{
			ID: fmt.Sprint(i), Outcome: prune.Delete, When: prune.Condition{Tags: []string{"never"}},
		})
	}
	for at, last := range map[int]prune.Outcome{1 << 15: prune.Delete, 1 << 16: prune.Keep} {
		_, plan := rulePlan(t, "image web l1 \n tag shop/web:latest web~3h", prune.Policy{TagItems: append(rules[:at:at], always("last", last))})
		for v := range plan.Verdicts() {
			if v.Kind == prune.TagItemVerdict {
				require.Equal(t, "last", v.Reason.Rule, "%d rules", at+1)
				require.Equal(t, last, v.Outcome)
			}
		}
	}
}

func TestLifetime(t *testing.T) {
	for _, l := range []struct{ lifetime, want prune.Duration }{
		{0, prune.Duration(prune.DefaultLifetime)}, {*hours(36), *hours(36)}, {1, 1}, {math.MaxInt64, math.MaxInt64},
	} {
		_, plan := rulePlan(t, "", prune.Policy{Lifetime: l.lifetime})
		require.Equal(t, clusterTime, plan.Now)
		require.Equal(t, l.want, prune.Duration(plan.Expires.Sub(plan.Now)))
	}
}
