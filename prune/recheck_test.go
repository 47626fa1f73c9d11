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

// replaced is a cluster of one tag whose first image gave way to a second, and the
// plan that lets it go.
func replaced(t testing.TB, change func(*prune.Policy)) (*prunetest.Cluster, *prunetest.Stream, *prunetest.Image, *prune.Plan) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	old := app.Push("latest", c.Image(), 30*24*time.Hour)
	app.Push("latest", c.Image(), 20*24*time.Hour)
	policy := recheckPolicies(t)[0]
	policy.IgnoreInvalidReferences = false
	if change != nil {
		change(&policy)
	}
	plan, err := prune.New(c.Inventory(), policy, c.Now())
	require.NoError(t, err)
	require.Equal(t, 1, plan.Summary.Images)
	return c, app, old, plan
}

// requireAllStale: no link, image or blob goes, nor a blob of earlier plans.
func requireAllStale(t testing.TB, plan *prune.Plan, r *prune.Recheck, rule string) {
	n := -1
	for a := range plan.Actions() {
		n++
		why, stale := r.Stale(n)
		require.Equal(t, a.Kind != prune.DeleteTagItem, stale, "%+v", a)
		if stale {
			require.Equal(t, rule, why.Rule)
			require.NotEmpty(t, why.Unknown)
		}
	}
	why, needed := r.NeedsBlob("sha256:elsewhere")
	require.True(t, needed)
	require.Equal(t, rule, why.Rule)
}

// A reference that does not parse would have failed the plan.
func TestRecheckWithInvalidReferences(t *testing.T) {
	c, _, _, plan := replaced(t, nil)
	live := afterItems(t, c, plan)
	live.Run("dev/odd", "not a pull spec")
	inv, err := live.List(t.Context())
	require.NoError(t, err)
	requireAllStale(t, plan, plan.Recheck(inv, nil), prune.RuleInvalidReferences)

	_, _, _, plan = replaced(t, func(p *prune.Policy) { p.IgnoreInvalidReferences = true })
	_, stale := plan.Recheck(inv, nil).Stale(plan.Summary.Actions() - 1)
	require.False(t, stale)
}

// A kind of which the plan knew everything and the look does not may use
// anything, also one that the preset does not ask for.
func TestRecheckOfLessThanThePlanKnew(t *testing.T) {
	list := func(kinds ...inventory.Kind) *inventory.Inventory {
		c, _, _, _ := replaced(t, nil)
		var b inventory.Builder
		for _, s := range c.ImageStreams() {
			require.NoError(t, b.AddImageStream(&s))
		}
		for _, i := range c.Images() {
			require.NoError(t, b.AddImage(&i))
		}
		b.Listed(kinds...)
		b.ImagesAfterStreams(true)
		return b.Build()
	}
	all := append(inventory.Kinds(), "Rollout")
	plan, err := prune.New(list(all...), recheckPolicies(t)[0], prunetest.NewCluster(prunetest.Options{}).Now())
	require.NoError(t, err)
	dropped := func(*prune.Action) bool { return true }
	_, stale := plan.Recheck(list(all...), dropped).Stale(plan.Summary.Actions() - 1)
	require.False(t, stale)
	requireAllStale(t, plan, plan.Recheck(list(inventory.Kinds()...), dropped), prune.RuleUsersNotListed)
	requireAllStale(t, plan, plan.Recheck(list(all[1:]...), dropped), prune.RuleUsersNotListed)
}

// A blob that an earlier plan condemned may be needed by a workload of a kind that
// neither that plan nor the look knows: its image is not known any more.
func TestRecheckNeedsBlobsOfUnknownUsers(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	c.Stream("dev/app").Push("latest", c.Image(), time.Hour)
	c.NotListed(inventory.KindPod)
	plan, err := prune.New(c.Inventory(), recheckPolicies(t)[0], c.Now())
	require.NoError(t, err)
	why, needed := plan.Recheck(c.Inventory(), nil).NeedsBlob("sha256:elsewhere")
	require.True(t, needed)
	require.Equal(t, prune.RuleUsersNotListed, why.Rule)
	require.Contains(t, why.Unknown, "Pod")
}

// A pod that uses a tag, of which the plan dropped the first item meanwhile, runs
// the image that was there.
func TestRecheckOfTagThatCameIntoUse(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	image := app.Push("latest", c.Image(), 30*24*time.Hour)
	policy := recheckPolicies(t)[0]
	policy.TagItems = []prune.Rule{
		{ID: "used", Outcome: prune.Keep, When: prune.Condition{TagInUse: ptr(true)}},
		{ID: "rest", Outcome: prune.Delete, When: prune.Condition{Always: true}},
	}
	plan, err := prune.New(c.Inventory(), policy, c.Now())
	require.NoError(t, err)
	require.Equal(t, 1, plan.Summary.TagItems)
	live := afterItems(t, c, plan)
	live.Run("dev/web", app.Tag("latest"))
	inv, err := live.List(t.Context())
	require.NoError(t, err)
	r := plan.Recheck(inv, nil)
	n := -1
	for a := range plan.Actions() {
		n++
		_, stale := r.Stale(n)
		require.Equal(t, a.Kind != prune.DeleteTagItem, stale, "%+v", a)
	}
	who, named := r.NamedBy(image.Digest())
	require.True(t, named)
	require.Contains(t, who, "Pod dev/web")
}

// NamedBy sees what an index owns, also where the policy accepts that it is not
// known.
func TestNamedByAnIndex(t *testing.T) {
	c, app, old, plan := replaced(t, func(p *prune.Policy) { p.AcceptUnknownImages = true })
	index := c.Index(old)
	_, named := plan.Recheck(c.Inventory(), func(*prune.Action) bool { return true }).NamedBy(old.Digest())
	require.False(t, named)
	app.Push("all", index, time.Hour)
	old.Missing = true
	who, named := plan.Recheck(c.Inventory(), func(*prune.Action) bool { return true }).NamedBy(old.Digest())
	require.True(t, named)
	require.Contains(t, who, "dev/app:all#0")
}
