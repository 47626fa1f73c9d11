package prune_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// An Image that stays and does not say what its config is may have that of any
// Image that goes. The peer takes it for one without.
func TestConfigOfAnImageThatDoesNotSay(t *testing.T) {
	const goes = `
		image old l2 config=c2
		tag shop/web:v1 old`
	const all = `
		items shop/web:v1#0=old
		manifests shop/web old
		layers shop/web c2 l2
		images old
		blobs c2 l2 old`
	const noBlob = `
		items shop/web:v1#0=old
		manifests shop/web old
		layers shop/web c2 l2
		images old
		blobs l2 old`
	const neither = `
		items shop/web:v1#0=old
		manifests shop/web old
		layers shop/web l2
		images old
		blobs l2 old`
	runPlanCases(t, "ancient revisions=0", []planCase{
		{name: "all say", cluster: goes + "\n image web l1 config=c1 \n tag shop/web:latest web~1m", want: all},
		{name: "in the same repository", cluster: goes + "\n image web l1 \n tag shop/web:latest web~1m", want: neither},
		{name: "of no known type", cluster: goes + "\n image web l1 type=none \n tag shop/web:latest web~1m", want: neither},
		{name: "in another repository", cluster: goes + "\n image web l1 \n tag shop/api:latest web~1m", want: noBlob},
		{name: "in none", cluster: goes + "\n image web l1 age=1m", want: noBlob},
		{name: "with unknown images accepted", policy: "accept-unknown", cluster: goes + "\n image web l1 age=1m", want: noBlob},
		{name: "a child", cluster: goes + "\n image idx type=index children=web \n image web l1 \n tag shop/web:latest idx~1m", want: neither},
		{name: "an index has none", cluster: goes + "\n image idx type=index children=web \n image web l1 config=c1 \n tag shop/web:latest idx~1m", want: all},
		{name: "it goes as well", cluster: goes + "\n image web l1", want: `
			items shop/web:v1#0=old
			manifests shop/web old
			layers shop/web c2 l2
			images old web
			blobs c2 l1 l2 old web`},
		{name: "as the peer sees it", policy: "peer", cluster: goes + "\n image web l1 \n tag shop/web:latest web~1m", want: all},
	})
}

// A dump may say any size: sums stay at the largest number, and never wrap.
func TestSizesThatOverflow(t *testing.T) {
	var b inventory.Builder
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, b.AddManifest(inventory.Manifest{
			Digest: digestOf(name), Config: digestOf(name + "c"), Layers: []inventory.Blob{{Digest: digestOf(name + "l"), Size: math.MaxInt64 - 5}},
		}))
	}
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	policy := prune.Policy{Images: []prune.Rule{always("all", prune.Delete)}, PruneRegistry: true}
	plan, err := prune.New(b.Build(), policy, clusterTime)
	require.NoError(t, err)
	require.EqualValues(t, math.MaxInt64, plan.Summary.FreedBytes)
	var text strings.Builder
	require.NoError(t, plan.WriteText(&text, 0))
	require.NotContains(t, text.String(), "-9")
	require.NoError(t, prunetest.Check(b.Build(), policy, clusterTime))
}

// An action and a verdict name the same image for a blob, and one that goes.
func TestActionsAndVerdictsNameTheSameImage(t *testing.T) {
	for _, cluster := range []string{
		shopToPrune,
		"image a x \n image b x c1 \n image c c1 config=x",
		"image a l1 config=shared type=none \n image b l2 config=shared \n image c l3 config=shared type=v1",
		"image idx type=index children=leaf config=c age=1m \n image leaf l config=d \n image b l2 config=c",
		"image idx type=index children=leaf config=c \n image leaf l config=d \n image b l2 config=c \n image d l2 config=c type=none",
	} {
		for _, knob := range []string{"ancient revisions=0", "ancient revisions=0 peer"} {
			c := parseCluster(t, cluster)
			k := parseKnobs(t, knob)
			policy, err := prune.OpenShift(k.options)
			require.NoError(t, err)
			plan, err := prune.New(c.inventory(k), policy, clusterTime)
			require.NoError(t, err)
			byAction, byVerdict, gone := map[string]string{}, map[string]string{}, []string{}
			for a := range plan.Actions() {
				switch a.Kind {
				case prune.DeleteBlob:
					byAction[a.Digest] = a.Reason.Image
				case prune.DeleteImage:
					gone = append(gone, a.Image)
				}
			}
			for v := range plan.Verdicts() {
				if v.Kind == prune.BlobVerdict && v.Outcome == prune.Delete {
					byVerdict[v.Object] = v.Reason.Image
				}
			}
			require.NotEmpty(t, byAction)
			require.Equal(t, byAction, byVerdict, cluster)
			for _, image := range byAction {
				require.True(t, slices.Contains(gone, image), "%s stays", image)
			}
		}
	}
}
