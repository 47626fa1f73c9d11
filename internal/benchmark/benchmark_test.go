package benchmark

import (
	"io"
	"os"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/clustergen"
	"github.com/registrykit/registrykit/prune"
)

// step reads a dump as a tokenizer must, and does nothing with it: the measure
// of all reading.
func step(tb testing.TB, name string) {
	tb.Helper()
	f, err := os.Open(name)
	require.NoError(tb, err)
	defer func() { _ = f.Close() }()
	tokens := jsontext.NewDecoder(f)
	for {
		token, err := tokens.ReadToken()
		require.NoError(tb, err)
		if token.Kind() == '[' {
			break
		}
	}
	for tokens.PeekKind() != ']' {
		if _, err := tokens.ReadValue(); err != nil {
			require.NoError(tb, err)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	for _, n := range sizes {
		b.Run(sizeName(n), func(b *testing.B) {
			name := dumpOf(b, n)
			setBytes(b, name)
			for b.Loop() {
				step(b, name)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range sizes {
		b.Run(sizeName(n), func(b *testing.B) {
			setBytes(b, dumpOf(b, n))
			for b.Loop() {
				inventoryOf(b, n)
			}
		})
	}
}

func BenchmarkPlan(b *testing.B) {
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(b, err)
	for _, n := range sizes {
		b.Run(sizeName(n), func(b *testing.B) {
			inv := inventoryOf(b, n)
			inv.Fingerprint() // is computed once for an inventory
			for b.Loop() {
				_, err := prune.New(inv, policy, clustergen.Now())
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkWriteJSON(b *testing.B) {
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(b, err)
	for _, n := range sizes {
		b.Run(sizeName(n), func(b *testing.B) {
			plan, err := prune.New(inventoryOf(b, n), policy, clustergen.Now())
			require.NoError(b, err)
			for b.Loop() {
				require.NoError(b, plan.WriteJSON(io.Discard, false))
			}
		})
	}
}

func setBytes(b *testing.B, name string) {
	b.Helper()
	info, err := os.Stat(name)
	require.NoError(b, err)
	b.SetBytes(info.Size())
}
