package apply_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
)

var nestedNow = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// nested is a cluster of indexes, each in the one before, and an image in each, that no tag
// lists.
func nested(t *testing.T, n int) *inventory.Inventory {
	var b inventory.Builder
	for i := range n {
		m := inventory.Manifest{Digest: nestedIndex(i), MediaType: "application/vnd.oci.image.index.v1+json", Managed: true}
		m.Children = append(m.Children, inventory.Blob{Digest: nestedImage(i)})
		if i+1 < n {
			m.Children = append(m.Children, inventory.Blob{Digest: nestedIndex(i + 1)})
		}
		require.NoError(t, b.AddManifest(m))
		require.NoError(t, b.AddManifest(inventory.Manifest{Digest: nestedImage(i), MediaType: "application/vnd.oci.image.manifest.v1+json", Config: nestedImage(-i - 1), Managed: true}))
	}
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	return b.Build()
}

// The digests of the outer ones are greater, so that they do not order themselves.
func nestedIndex(i int) string { return fmt.Sprintf("sha256:%064x", 1<<30-i) }
func nestedImage(i int) string { return fmt.Sprintf("sha256:%064x", 1<<20-i) }

// unchanging lists an inventory that does not change.
func unchanging(inv *inventory.Inventory) lister {
	return func(context.Context) (*inventory.Inventory, error) { return inv, nil }
}

// goneImages notes which image went when, or refuses all.
type goneImages struct {
	mu      sync.Mutex
	when    map[string]int
	refusal error
	only    string // is refused; "" is all
}

func (g *goneImages) DeleteImage(_ context.Context, image string, _ apply.Preconditions) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refusal != nil && (g.only == "" || g.only == image) {
		return g.refusal
	}
	g.when[image] = len(g.when)
	return nil
}

func planOf(t *testing.T, inv *inventory.Inventory) (*prune.Plan, apply.Options) {
	o := prune.DefaultOpenShiftOptions()
	o.AbsentTimesAreAncient = true
	policy, err := prune.OpenShift(o)
	require.NoError(t, err)
	plan, err := prune.New(inv, policy, nestedNow)
	require.NoError(t, err)
	return plan, atOnce(nestedNow)
}

// TestIndexesInIndexes: an index goes before what it owns, however deep, with many workers.
func TestIndexesInIndexes(t *testing.T) {
	for _, n := range []int{5, 200} { // read level by level, and sorted
		inv := nested(t, n)
		plan, o := planOf(t, inv)
		require.Equal(t, 2*n, plan.Summary.Images)
		images := &goneImages{when: map[string]int{}}
		o.Workers = 4
		_, err := apply.Run(t.Context(), plan, apply.Ends{Images: images, Inventory: unchanging(inv)}, o)
		require.NoError(t, err)
		require.Len(t, images.when, 2*n)
		for i := range n - 1 {
			require.Less(t, images.when[nestedIndex(i)], images.when[nestedIndex(i+1)])
			require.Less(t, images.when[nestedIndex(i)], images.when[nestedImage(i)])
		}
	}
}

// TestNestedIndexesThatStay: where the outermost is not deleted, none of the others is.
func TestNestedIndexesThatStay(t *testing.T) {
	const n = 200
	inv := nested(t, n)
	plan, o := planOf(t, inv)
	images := &goneImages{when: map[string]int{}, refusal: apply.ErrForbidden}
	report, err := apply.Run(t.Context(), plan, apply.Ends{Images: images, Inventory: unchanging(inv)}, o)
	require.ErrorIs(t, err, apply.ErrIncomplete)
	require.Equal(t, 1, report.Count(prune.DeleteImage, apply.Failed))
	require.Equal(t, 2*n-1, report.Count(prune.DeleteImage, apply.Held))
}

// TestWorkOfNestedIndexes: twice as many, one in the other, are twice the work, not four
// times, deleted or held. Nothing bounds how deep a made-up dump is nested.
func TestWorkOfNestedIndexes(t *testing.T) {
	for name, refusal := range map[string]error{"deleted": nil, "held": apply.ErrForbidden} {
		work := func(n int) uint64 {
			inv := nested(t, n)
			plan, o := planOf(t, inv)
			ends := apply.Ends{Images: &goneImages{when: map[string]int{}, refusal: refusal}, Inventory: unchanging(inv)}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := apply.Run(t.Context(), plan, ends, o)
			runtime.ReadMemStats(&after)
			require.Equal(t, refusal != nil, err != nil, err)
			return after.Mallocs - before.Mallocs
		}
		require.Less(t, work(800), 3*work(400), name)
	}
}

// TestALayerThatIsAnIndex: what stays may need it whole, with all that it owns.
func TestALayerThatIsAnIndex(t *testing.T) {
	image, index, child := nestedImage(3), nestedImage(2), nestedImage(1)
	var b inventory.Builder
	require.NoError(t, b.AddManifest(inventory.Manifest{
		Digest: image, MediaType: "application/vnd.oci.image.manifest.v1+json", Managed: true, Config: nestedImage(-1), Layers: []inventory.Blob{{Digest: index}},
	}))
	require.NoError(t, b.AddManifest(inventory.Manifest{
		Digest: index, MediaType: "application/vnd.oci.image.index.v1+json", Managed: true, Children: []inventory.Blob{{Digest: child}},
	}))
	require.NoError(t, b.AddManifest(inventory.Manifest{
		Digest: child, MediaType: "application/vnd.oci.image.manifest.v1+json", Managed: true, Config: nestedImage(-2),
	}))
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	inv := b.Build()
	plan, o := planOf(t, inv)
	require.Equal(t, 3, plan.Summary.Images)
	images := &goneImages{when: map[string]int{}, refusal: apply.ErrForbidden, only: image}
	report, err := apply.Run(t.Context(), plan, apply.Ends{Images: images, Inventory: unchanging(inv)}, o)
	require.ErrorIs(t, err, apply.ErrIncomplete)
	require.Equal(t, 2, report.Count(prune.DeleteImage, apply.Held), images.when)
}
