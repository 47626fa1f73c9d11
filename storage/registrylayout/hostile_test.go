package registrylayout_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// A manifest whose every layer is wrong: the error stays small.
func TestAManifestOfNothingButFaults(t *testing.T) {
	tree := newTree(t)
	raw := `{"schemaVersion":2,"layers":[{}` + strings.Repeat(",{}", 5000) + `]}`
	_, err := tree.PutManifest(t.Context(), "a", []byte(raw), registrylayout.PutManifestOptions{})
	require.ErrorIs(t, err, registrylayout.ErrManifest)
	require.ErrorContains(t, err, "layers[0]")
	require.Less(t, len(err.Error()), 2000)
}

// A manifest with more descriptors than fit into one with digests is not taken, and a
// check tells of one that is there.
func TestAManifestOfTooMuch(t *testing.T) {
	tree := newTree(t)
	raw := `{"schemaVersion":2,"layers":[{}` + strings.Repeat(",{}", 50_000) + `]}`
	_, err := tree.PutManifest(t.Context(), "a", []byte(raw), registrylayout.PutManifestOptions{})
	require.ErrorIs(t, err, registrylayout.ErrManifest)
	require.ErrorContains(t, err, "layers: the manifest has more than 50000 descriptors")

	d := tree.blob("a", raw)
	tree.write(key(registrylayout.ManifestLinkKey("a", d)), string(d))
	findings, _ := tree.check(registrylayout.CheckOptions{})
	require.Len(t, findings, 1)
	require.Contains(t, findings[0], "unreadable")
}

// Indexes without links that own each other, one after the other: a check goes down
// without holding those above.
func TestAChainOfIndexes(t *testing.T) {
	tree := newTree(t)
	last := tree.image("a", "{}", []string{"layer"}, "v1")
	for range 2000 {
		raw := fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"digest":%q,"size":1}]}`, last)
		last = digest.FromString(raw)
		tree.write(key(registrylayout.BlobKey(last)), raw)
	}
	tree.write(key(registrylayout.TagKey("a", "chain")), string(last))
	defer debug.SetMaxStack(debug.SetMaxStack(256 << 10))
	summary, err := tree.Check(t.Context(), registrylayout.CheckOptions{}, nil)
	require.NoError(t, err)
	require.Zero(t, summary.Orphans, "all of the chain is needed")
	require.Equal(t, 1, summary.Dangling, "the tag: its manifest has no link")
}
