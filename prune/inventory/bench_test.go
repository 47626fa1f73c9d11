package inventory_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

// BenchmarkBuild adds images of 8 layers, 5 of them shared with 49 others, and
// builds. The facts are made beforehand.
func BenchmarkBuild(b *testing.B) {
	for _, size := range []struct {
		name   string
		images int
	}{{"1_000", 1000}, {"10_000", 10_000}, {"100_000", 100_000}} {
		b.Run(size.name, func(b *testing.B) {
			facts := benchmarkImages(size.images)
			b.ReportAllocs()
			b.ResetTimer()
			var v *inventory.Inventory
			for b.Loop() {
				var builder inventory.Builder
				for i := range facts {
					if err := builder.AddManifest(facts[i]); err != nil {
						b.Fatal(err)
					}
				}
				v = builder.Build()
			}
			require.Equal(b, size.images, v.Images())
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size.images), "ns/image")
		})
	}
}

func BenchmarkFingerprint(b *testing.B) {
	for _, size := range []struct {
		name   string
		images int
	}{{"1_000", 1000}, {"10_000", 10_000}, {"100_000", 100_000}} {
		b.Run(size.name, func(b *testing.B) {
			var builder inventory.Builder
			for _, m := range benchmarkImages(size.images) {
				require.NoError(b, builder.AddManifest(m))
			}
			for b.Loop() {
				b.StopTimer()
				v := builder.Build()
				b.StartTimer()
				v.Fingerprint()
			}
		})
	}
}

func benchmarkImages(n int) []inventory.Manifest {
	facts := make([]inventory.Manifest, n)
	for i := range facts {
		m := inventory.Manifest{
			Digest: digest("image " + strconv.Itoa(i)), MediaType: mediaTypeImage, Config: digest("config " + strconv.Itoa(i)),
			Created: day(1 + i%28), UID: fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i), ResourceVersion: strconv.Itoa(i),
		}
		for layer := range 8 {
			of := i
			if layer < 5 {
				of = -1 - i/50
			}
			m.Layers = append(m.Layers, inventory.Blob{Digest: digest(fmt.Sprint("layer ", of, layer)), Size: int64(1000 + layer)})
		}
		facts[i] = m
	}
	return facts
}
