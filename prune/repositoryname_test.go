package prune_test

import (
	"testing"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/stretchr/testify/require"
)

// TestRepositoryWithoutANamespace is planned for, looked at again and explained as any
// other, as is one of many parts.
func TestRepositoryWithoutANamespace(t *testing.T) {
	const digest = "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
	for _, name := range [][2]string{{"", "top"}, {"org", "app"}, {"org", "team/app"}} {
		var b inventory.Builder
		created := testNow().Add(-48 * time.Hour)
		require.NoError(t, b.AddStream(inventory.Stream{Namespace: name[0], Name: name[1], Tags: []inventory.Tag{
			{Name: "v1", Items: []inventory.TagItem{{Image: digest, Created: created}}},
		}}))
		require.NoError(t, b.AddManifest(inventory.Manifest{
			Digest: digest, MediaType: "application/vnd.oci.image.manifest.v1+json", Config: "sha256:" + digest[len("sha256:")+1:] + "0", Created: created,
		}))
		b.Listed(inventory.Kinds()...)
		b.ImagesAfterStreams(true)
		day := prune.Duration(24 * time.Hour)
		rules := []prune.Rule{{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: &day}}}
		plan, err := prune.New(b.Build(), prune.Policy{TagItems: rules, Images: rules, PruneRegistry: true}, testNow())
		require.NoError(t, err)

		repository := inventory.RepositoryName(name[0], name[1])
		explained, err := plan.Explain(repository + ":v1")
		require.NoError(t, err)
		require.Len(t, explained, 1)

		again := plan.Recheck(b.Build(), func(a *prune.Action) bool { return a.Kind == prune.DeleteTagItem })
		links, n := 0, 0
		for a := range plan.Actions() {
			why, stale := again.Stale(n)
			require.False(t, stale, "%s %s: %v", a.Kind, repository, why)
			if a.Kind == prune.DeleteManifestLink {
				links++
			}
			n++
		}
		require.Equal(t, 1, links)
	}
}

func testNow() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
