package apply

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// An index that is known no more, and that an image claims for a layer, is not held whole
// with that image: what it needs is still not known.
func TestALayerThatIsAnIndexWhichIsKnownNoMore(t *testing.T) {
	digest := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	var b inventory.Builder
	require.NoError(t, b.AddManifest(inventory.Manifest{
		Digest: digest("a"), MediaType: "application/vnd.oci.image.manifest.v1+json", Config: digest("c"),
		Layers: []inventory.Blob{{Digest: digest("1")}},
	}))
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	inv := b.Build()
	plan, err := prune.New(inv, prune.Policy{}, time.Unix(0, 0))
	require.NoError(t, err)
	known := plan.Recheck(inv, nil)
	failed := func(link string) *Result {
		return &Result{Action: prune.Action{Kind: prune.DeleteManifestLink, Repository: "dev/" + link, Digest: digest(link)}, Status: Failed}
	}
	h := newHolds()
	h.keeps(known, failed("a"))
	child := &prune.Action{Kind: prune.DeleteManifestLink, Repository: "dev/1", Digest: digest("2")}
	require.Empty(t, h.of(child))
	h.keeps(known, failed("1"))
	require.NotEmpty(t, h.of(child), "the index may own it")
}
