package dump_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/dump"
)

// BenchmarkLongHistory reads a single stream of so many items.
func BenchmarkLongHistory(b *testing.B) {
	for _, size := range []struct {
		name  string
		items int
	}{{"10_000", 10_000}, {"1_000_000", 1_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			text, err := io.ReadAll(longHistory(size.items))
			require.NoError(b, err)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				v, err := dump.Read(bytes.NewReader(text), &dump.Options{MaxObjectBytes: 1 << 30})
				require.NoError(b, err)
				require.Equal(b, size.items, v.Items())
			}
		})
	}
}

// BenchmarkYAML reads the small cluster as YAML.
func BenchmarkYAML(b *testing.B) {
	text := yamlCluster(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := dump.Read(bytes.NewReader([]byte(text)), nil)
		require.NoError(b, err)
	}
}
