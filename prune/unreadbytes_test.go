package prune_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// What a tag, an index, a link or a workload needs is a blob of its own, also where
// nobody has read it and the policy accepts that: its bytes are no orphan, and those
// of no image that goes.
func TestBytesOfManifestsThatAreNotKnown(t *testing.T) {
	bytes := func() *volume { return newVolume(t).image("app", "conf", "base").store("unread", "lost") }
	for _, c := range []struct {
		name   string
		volume *volume
		why    string // names what needs it
	}{
		{"a tag", bytes().tag("dev/app", "odd", "unread").links("dev/app", "*unread"), "dev/app:odd#0"},
		{"an index", bytes().index("all", "unread").tag("dev/app", "latest", "all"), "dev/app:latest#0"},
		{"a link", bytes().links("dev/app", "*unread"), "repository dev/app"},
		{"a workload", uses(t, bytes(), "unread"), "Pod dev/web spec.containers[0].image"},
		{"a tag, and a layer of an image that goes", bytes().image("old", "oldconf", "unread").tag("dev/app", "odd", "unread"), "dev/app:odd#0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			policy := prune.Garbage(prune.GarbageOptions{})
			policy.AcceptUnknownImages = true
			policy.Images = slices.Insert(policy.Images, 0, prune.Rule{
				ID: "used", Outcome: prune.Keep, When: prune.Condition{DigestInUse: ptr(true)},
			})
			c.volume.b.Listed(inventory.WorkloadKinds()...)
			inv := c.volume.build()
			require.NoError(t, prunetest.Check(inv, policy, collectAt))
			plan, err := prune.New(inv, policy, collectAt)
			require.NoError(t, err)
			goes := map[string]bool{}
			for a := range plan.Actions() {
				goes[a.Digest] = a.Kind == prune.DeleteBlob
			}
			require.True(t, goes[word("lost")])
			require.False(t, goes[word("unread")])
			text := explained(t, plan, word("unread"))
			require.Contains(t, text, "in-use")
			require.Contains(t, text, c.why)
			require.Contains(t, text, "nothing needed it as a manifest")

			why, needed := plan.Recheck(inv, nil).NeedsBlob(word("unread"))
			require.True(t, needed, "condemned by an earlier plan")
			require.Equal(t, c.why, why.Path[0])
			require.Equal(t, word("unread"), why.Path[len(why.Path)-1])
		})
	}
}

// uses adds a pod that uses an image by its digest.
func uses(t *testing.T, v *volume, name string) *volume {
	require.NoError(t, v.b.AddWorkload(inventory.Workload{
		Kind: inventory.KindPod, Namespace: "dev", Name: "web",
		References: []inventory.Reference{{Field: "spec.containers[0].image", Digest: word(name)}},
	}))
	return v
}

func explained(t *testing.T, plan *prune.Plan, what string) string {
	t.Helper()
	list, err := plan.Explain(what)
	require.NoError(t, err)
	text, err := json.Marshal(list)
	require.NoError(t, err)
	return string(text)
}

// An image that stays by a rule alone is needed in no repository; what it owns is,
// and where that was not read it may need any blob.
func TestBytesThatAnImageOwnsByItself(t *testing.T) {
	for _, accept := range []bool{false, true} {
		v := newVolume(t).index("all", "unread").image("old", "conf", "unread").store("lost")
		policy := prune.Garbage(prune.GarbageOptions{})
		policy.AcceptUnknownImages = accept
		policy.Images = slices.Insert(policy.Images, 0, prune.Rule{
			ID: "labelled", Outcome: prune.Keep, When: prune.Condition{Labels: map[string]string{"keep": "*"}},
		})
		require.NoError(t, v.b.ReplaceManifest(inventory.Manifest{
			Digest: word("old"), MediaType: imageType, Config: word("conf"), Labels: map[string]string{},
			Layers: []inventory.Blob{{Digest: word("unread")}},
		}))
		inv := v.build()
		require.NoError(t, prunetest.Check(inv, policy, collectAt))
		plan, err := prune.New(inv, policy, collectAt)
		require.NoError(t, err)
		require.Equal(t, 1, plan.Summary.Images)
		require.Equal(t, map[bool]int{false: 2, true: 3}[accept], plan.Summary.Blobs, "old, its config, and lost if that is sure")
		require.Contains(t, explained(t, plan, word("unread")), `"in-use","path":["index `+word("all")+`","`+word("unread")+`"]`)
		if !accept {
			require.Contains(t, explained(t, plan, word("lost")), `"unknown-image","unknown":"all that index `+word("all")+` may need`)
		}
	}
}

// A plan that fails says so of the blobs that no image has, as of everything else.
func TestOrphansOfFailedPlan(t *testing.T) {
	v := newVolume(t).store("lost")
	require.NoError(t, v.b.AddWorkload(inventory.Workload{
		Kind: inventory.KindPod, Namespace: "dev", Name: "web",
		References: []inventory.Reference{{Field: "spec.containers[0].image", Value: "https://a/b", Err: "it has a scheme"}},
	}))
	policy := prune.Garbage(prune.GarbageOptions{})
	policy.Images[0].When = prune.Condition{DigestInUse: ptr(false)}
	_, err := prune.New(v.build(), policy, collectAt)
	var failed *prune.InvalidReferencesError
	require.ErrorAs(t, err, &failed)
	for v := range failed.Plan.Verdicts() {
		require.Equal(t, prune.Keep, v.Outcome)
		require.Equal(t, prune.Reason{Rule: prune.RuleInvalidReferences}, v.Reason)
	}
	require.Contains(t, explained(t, failed.Plan, word("lost")), "every reference of a workload parsed")
}

// A referrer's tag stays while its repository needs an image that is not known,
// also where that is surely not there: the reason is that doubt, and not that its
// subject is needed, which nothing does.
func TestReasonOfReferrerBesideTagToNowhere(t *testing.T) {
	v := newVolume(t).image("app", "conf", "base").referrer("sig", "other", "payload").
		tag("dev/app", "broken", "gone").tag("dev/app", "signature", "sig")
	policy := prune.Garbage(prune.GarbageOptions{})
	policy.TagItems = []prune.Rule{{ID: "signatures", Outcome: prune.Delete, When: prune.Condition{Tags: []string{"signature"}}}}
	plan, err := prune.New(v.build(), policy, collectAt)
	require.NoError(t, err)
	text := explained(t, plan, "dev/app:signature")
	require.Contains(t, text, "an image that its repository needs is not known, and may own it")
	require.Zero(t, plan.Summary.TagItems)
}
