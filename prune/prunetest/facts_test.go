package prunetest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What the invariants change is the whole inventory, with the labels that were
// not read.
func TestFactsKnowWhichLabelsWereRead(t *testing.T) {
	for seed := range uint64(5) {
		f := factsOf(Random(seed).Inventory())
		for _, names := range [][]string{nil, {"stage"}, {"stage", "team"}} {
			f.labels, f.allLabels = names, false
			inv, err := f.build()
			require.NoError(t, err)
			again, err := factsOf(inv).build()
			require.NoError(t, err)
			require.Equal(t, inv.Fingerprint(), again.Fingerprint())
			require.Equal(t, len(names) == 2, again.LabelRead("team"))
		}
	}
}
