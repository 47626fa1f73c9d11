package registrylayout_test

import (
	"testing"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// TestATagThatIsMadeAnewMeanwhile: a writer, like the registry, puts a manifest into a tag's
// index before the tag becomes it. A sweep of the tag that comes between the two takes away
// what the tag was, and not what it is about to be.
func TestATagThatIsMadeAnewMeanwhile(t *testing.T) {
	tree := newTree(t)
	older := tree.image("a", "older", nil, "v1")
	old := tree.image("a", "old", nil, "v1")
	fresh := tree.image("a", "new", nil, "v2")
	tag, index := key(registrylayout.TagKey("a", "v1")), key(registrylayout.TagIndexKey("a", "v1", fresh))
	write := func(key string) {
		_, err := storage.New(tree.driver, storage.Options{}).WriteFile(t.Context(), key, []byte(fresh), storage.CreateOptions{})
		require.NoError(t, err)
	}
	driver := middleware.Observe(tree.driver, func(e middleware.Event) {
		if e.Op == "delete" && e.Key == tag {
			write(index)
		}
	}, middleware.ObserveOptions{})
	sweep, err := registrylayout.New(storage.New(driver, storage.Options{}), registrylayout.Options{}).Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.NoError(t, sweep.DeleteTag(t.Context(), "a", "v1", string(old)))
	write(tag)

	links := collect(t, tree.TagIndex(t.Context(), "a", "v1"))
	require.Len(t, links, 1)
	require.Equal(t, fresh, links[0].Digest)
	require.NotContains(t, tree.keys(), key(registrylayout.TagIndexKey("a", "v1", older)))
}

// TestAloneDoesNotAskForLeases: who says that nobody writes is believed.
func TestAloneDoesNotAskForLeases(t *testing.T) {
	tree, now := leasedTree(t)
	d := tree.image("a", "{}", []string{"layer"}, "v1") // leased just now
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Since: *now})
	require.NoError(t, err)
	require.ErrorIs(t, sweep.DeleteTag(t.Context(), "a", "v1", string(d)), registrylayout.ErrInUse)
	sweep, err = tree.Sweep(registrylayout.SweepOptions{Since: *now, Alone: true})
	require.NoError(t, err)
	require.NoError(t, hardPrune(t.Context(), sweep, d, "{}", "layer"))
}
