package inventory_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

// TestFingerprintOfManyLinks takes no more room than each link needs once.
func TestFingerprintOfManyLinks(t *testing.T) {
	const links = 50_000
	var b inventory.Builder
	for n := range links {
		require.NoError(t, b.AddLink(inventory.Link{Namespace: "dev", Name: "app", Digest: fmt.Sprintf("sha256:%064x", n)}))
	}
	b.LinksListed("dev", "app")
	v := b.Build()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v.Fingerprint()
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/links, uint64(30))
}
