package inventory_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

func blobNamed(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

func TestStoredBlobs(t *testing.T) {
	var b inventory.Builder
	require.NoError(t, b.AddManifest(inventory.Manifest{Digest: blobNamed("a"), Layers: []inventory.Blob{{Digest: blobNamed("b"), Size: 7}}}))
	require.NoError(t, b.AddStoredBlob(inventory.Blob{Digest: blobNamed("b"), Size: 9}))
	require.NoError(t, b.AddStoredBlob(inventory.Blob{Digest: blobNamed("c"), Size: 0}))
	require.NoError(t, b.AddManifest(inventory.Manifest{Digest: blobNamed("d"), Layers: []inventory.Blob{{Digest: blobNamed("b"), Size: 8}}}))
	v := b.Build()
	require.False(t, v.Stored(v.Digest(blobNamed("a"))))
	require.True(t, v.Stored(v.Digest(blobNamed("b"))))
	require.True(t, v.Stored(v.Digest(blobNamed("c"))))
	require.EqualValues(t, 9, v.Size(v.Digest(blobNamed("b"))))
	require.False(t, v.Stored(inventory.NoDigest))
	for _, bad := range []inventory.Blob{{}, {Digest: blobNamed("e"), Size: -1}} {
		require.ErrorIs(t, b.AddStoredBlob(bad), inventory.ErrInvalid)
	}
	require.NotContains(t, v.FindDigests("", 10), v.Digest(blobNamed("e")))
}

func TestStoredBlobsInTheFingerprint(t *testing.T) {
	print := func(add func(b *inventory.Builder)) string {
		var b inventory.Builder
		require.NoError(t, b.AddManifest(inventory.Manifest{Digest: blobNamed("a")}))
		add(&b)
		return b.Build().Fingerprint()
	}
	add := func(letter string, size int64) func(b *inventory.Builder) {
		return func(b *inventory.Builder) {
			require.NoError(t, b.AddStoredBlob(inventory.Blob{Digest: blobNamed(letter), Size: size}))
		}
	}
	none := print(func(*inventory.Builder) {})
	all := []string{none, print(add("a", 1)), print(add("a", 2)), print(add("b", 1)), print(func(b *inventory.Builder) { add("a", 1)(b); add("b", 1)(b) })}
	for i := range all {
		require.NotContains(t, all[i+1:], all[i])
	}
	require.Equal(t, all[4], print(func(b *inventory.Builder) { add("b", 1)(b); add("a", 1)(b) }))
	require.Equal(t, none, print(func(b *inventory.Builder) {
		add("b", 1)(b)
		b.ForgetStoredBlob(blobNamed("b"))
		b.ForgetStoredBlob(blobNamed("c"))
	}))
}

func TestStoredBlobsAndLinksSurviveCompaction(t *testing.T) {
	var b inventory.Builder
	require.NoError(t, b.AddStream(inventory.Stream{Namespace: "dev", Name: "app"}))
	require.NoError(t, b.AddStoredBlob(inventory.Blob{Digest: blobNamed("a"), Size: 3}))
	require.NoError(t, b.AddLink(inventory.Link{Namespace: "dev", Name: "app", Digest: blobNamed("a")}))
	require.NoError(t, b.AddLink(inventory.Link{Namespace: "dev", Name: "other", Digest: blobNamed("a")}))
	require.NoError(t, b.AddLink(inventory.Link{Namespace: "dev", Name: "app", Digest: blobNamed("b"), Manifest: true}))
	require.Empty(t, slices.Collect(b.Build().ListedLinks()))
	b.LinksListed("dev", "app")
	b.LinksListed("dev", "other")
	b.RepositoriesListed(true)
	first := b.Build()
	for range 2000 {
		b.ForgetManifest(blobNamed("f"))
	}
	again := b.Build()
	require.Equal(t, first.Fingerprint(), again.Fingerprint())
	for _, v := range []*inventory.Inventory{first, again} {
		require.True(t, v.Stored(v.Digest(blobNamed("a"))))
		require.EqualValues(t, 3, v.Size(v.Digest(blobNamed("a"))))
		require.True(t, v.RepositoriesListed())
		require.ElementsMatch(t, []inventory.ListedLink{
			{Stream: 0, Digest: v.Digest(blobNamed("a"))}, {Stream: 0, Digest: v.Digest(blobNamed("b")), Manifest: true},
		}, slices.Collect(v.ListedLinks()))
	}
}
