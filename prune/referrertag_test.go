package prune_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A signature is found by its tag, whatever the algorithm of its subject. A tag
// is too short for all of a sha512.
func TestReferrerTagsOfOtherAlgorithms(t *testing.T) {
	for _, c := range []struct {
		subject, tag string
		keeps        bool
	}{
		{"sha256:" + strings.Repeat("a", 64), "sha256-" + strings.Repeat("a", 64) + ".sig", true},
		{"sha384:" + strings.Repeat("a", 96), "sha384-" + strings.Repeat("a", 96) + ".att", true},
		{"sha512:" + strings.Repeat("a", 128), "sha512-" + strings.Repeat("a", 64), true},
		{"sha512:" + strings.Repeat("a", 128), "sha512-" + strings.Repeat("a", 64) + ".sig", true},
		{"sha512:" + strings.Repeat("a", 128), "sha512-" + strings.Repeat("a", 128) + ".sbom", true},
		{"sha512:" + strings.Repeat("a", 128), "sha512-" + strings.Repeat("a", 63), false},
		{"sha512:" + strings.Repeat("a", 128), "sha512-" + strings.Repeat("b", 64), false},
		{"sha256:" + strings.Repeat("a", 64), "sha512-" + strings.Repeat("a", 64), false},
		{"sha256:" + strings.Repeat("a", 64), "sha256-" + strings.Repeat("a", 64) + ".tar", false},
		{"sha256:" + strings.Repeat("a", 64), "sha256-" + strings.Repeat("a", 64) + ".", false},
	} {
		var b inventory.Builder
		old := clusterTime.Add(-100 * time.Hour)
		item := func(image string, created time.Time) []inventory.TagItem {
			return []inventory.TagItem{{Image: image, Created: created}}
		}
		for n, d := range []string{c.subject, digestOf("sig")} {
			require.NoError(t, b.AddManifest(inventory.Manifest{
				Digest: d, Created: old, Config: digestOf(fmt.Sprint("config", n)), Layers: []inventory.Blob{{Digest: digestOf("l" + d), Size: 1}},
			}))
		}
		require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web", Created: old, Tags: []inventory.Tag{
			{Name: "latest", Items: item(c.subject, clusterTime)}, {Name: c.tag, Items: item(digestOf("sig"), old)},
		}}))
		b.Listed(inventory.Kinds()...)
		b.ImagesAfterStreams(true)
		policy, err := prune.OpenShift(prune.OpenShiftOptions{KeepYoungerThan: hours(1), KeepTagRevisions: ptr(0), AllImages: true})
		require.NoError(t, err)
		plan, err := prune.New(b.Build(), policy, clusterTime)
		require.NoError(t, err)
		require.Equal(t, c.keeps, plan.Summary.TagItems == 0, c.tag)
		require.Equal(t, c.keeps, plan.Summary.Images == 0, c.tag)
	}
}
