package registrylayout_test

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// fill puts n images of three blobs, each with a tag, into a tenth as many
// repositories.
func fill(t *testing.T, l *registrylayout.Layout, n int) {
	tree := &tree{Layout: l, t: t}
	for i := range n {
		tree.image(fmt.Sprintf("team/app-%d", i%(n/10)), fmt.Sprintf("config %d", i), []string{fmt.Sprintf("layer %d", i)}, fmt.Sprintf("v%d", i))
	}
}

// TestCheckCost counts the calls to the driver: at most two for each blob and link,
// and the listings; and in proportion to the tree.
func TestCheckCost(t *testing.T) {
	calls := map[int]map[string]int{}
	for _, images := range []int{400, 800} {
		d := &memory.Driver{}
		fill(t, registrylayout.New(storage.New(d, storage.Options{}), registrylayout.Options{}), images)
		count := map[string]int{}
		var counting sync.Mutex
		observed := middleware.Observe(d, func(e middleware.Event) {
			counting.Lock()
			defer counting.Unlock()
			count[e.Op]++
		}, middleware.ObserveOptions{})
		layout := registrylayout.New(storage.New(observed, storage.Options{}), registrylayout.Options{})
		summary, err := layout.Check(t.Context(), registrylayout.CheckOptions{}, nil)
		require.NoError(t, err)
		require.True(t, summary.Sound())
		require.Equal(t, images, summary.Tags)
		require.Equal(t, 3*images, summary.Blobs)

		links := summary.ManifestLinks + summary.LayerLinks + 2*summary.Tags
		require.Equal(t, 2, count["list"])
		require.Equal(t, links+summary.ManifestLinks, count["open"], "each link once, and each manifest")
		require.Zero(t, count["stat"])
		all := 0
		for _, n := range count { // the reads of Bodies among them
			all += n
		}
		require.LessOrEqual(t, all, 2*(summary.Blobs+links)+count["list"])
		t.Logf("%d tags, %d blobs, %d links: %v", images, summary.Blobs, links, count)
		calls[images] = maps.Clone(count)
	}
	require.Equal(t, 2*calls[400]["open"], calls[800]["open"])
	require.Equal(t, 2*calls[400]["read"], calls[800]["read"])
}

// TestCheckCostOfWhatIsMissing: a tree full of holes costs no more than a few calls
// for each.
func TestCheckCostOfWhatIsMissing(t *testing.T) {
	d := &memory.Driver{}
	fill(t, registrylayout.New(storage.New(d, storage.Options{}), registrylayout.Options{}), 100)
	for i := range 100 {
		require.NoError(t, d.Delete(t.Context(), key(registrylayout.BlobKey(digest.FromString(fmt.Sprintf("layer %d", i)))), storage.DeleteOptions{}))
	}
	var count atomic.Int64
	observed := middleware.Observe(d, func(middleware.Event) { count.Add(1) }, middleware.ObserveOptions{})
	summary, err := registrylayout.New(storage.New(observed, storage.Options{}), registrylayout.Options{}).Check(t.Context(), registrylayout.CheckOptions{}, nil)
	require.NoError(t, err)
	require.Equal(t, 200, summary.Dangling)
	require.Less(t, count.Load(), int64(6*500))
}
