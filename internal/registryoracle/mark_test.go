package registryoracle

import (
	"fmt"
	"testing"

	distribution "github.com/distribution/distribution/v3/registry/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// mark runs the mark phase of distribution's collector, and says how many calls to its
// driver that took.
func mark(t testing.TB, dir string, deleteUntagged bool) int64 {
	driver := newCounting(dir)
	registry, err := distribution.NewRegistry(t.Context(), driver)
	require.NoError(t, err)
	require.NoError(t, distribution.MarkAndSweep(t.Context(), driver, registry, distribution.GCOpts{
		DryRun: true, RemoveUntagged: deleteUntagged, Quiet: true,
	}))
	return driver.calls.Load()
}

// TestCalls compares what the two ask of their drivers for the same volume.
func TestCalls(t *testing.T) {
	v := newVolume(t)
	for i := range 100 {
		v.push(t, "team/app", fmt.Sprint(i), fmt.Sprintf("v%d", i))
	}
	v.calls.Store(0)
	s, err := v.Check(t.Context(), registrylayout.CheckOptions{}, nil)
	require.NoError(t, err)
	require.True(t, s.Sound())
	ours := v.calls.Load()
	theirs := mark(t, v.dir, false)
	untagged := mark(t, v.dir, true)
	v.calls.Store(0)
	_, err = collection{untagged: true}.collect(t, v)
	require.NoError(t, err)
	collected := v.calls.Load()
	t.Logf("%d tags, %d blobs: check %d calls, mark %d, mark with --delete-untagged %d, collection with it %d", s.Tags, s.Blobs, ours, theirs, untagged, collected)
	most := int64(2*(s.Blobs+s.LayerLinks+s.ManifestLinks+2*s.Tags) + 2)
	require.LessOrEqual(t, ours, most)
	require.LessOrEqual(t, collected, most+20, "and what the listings take")
	require.Less(t, ours, theirs)
	require.Less(t, collected, theirs)
	require.Greater(t, untagged, 2*theirs, "which grows with tags times manifests")
}

// TestAnEmptyVolume: the collector fails on it.
func TestAnEmptyVolume(t *testing.T) {
	v := newVolume(t)
	driver := newCounting(v.dir)
	registry, err := distribution.NewRegistry(t.Context(), driver)
	require.NoError(t, err)
	require.Error(t, distribution.MarkAndSweep(t.Context(), driver, registry, distribution.GCOpts{DryRun: true, Quiet: true}))
	findings, s := v.check(t)
	require.Empty(t, findings)
	require.True(t, s.Sound())
}

// BenchmarkMark runs, on the same volume on disk, the check and the mark phase of the
// collector, as it is and with --delete-untagged.
func BenchmarkMark(b *testing.B) {
	for _, tags := range []int{100, 400} {
		v := newVolume(b)
		v.fill(b, tags)
		size := fmt.Sprintf("tags=%d/", tags)
		b.Run(size+"check", func(b *testing.B) {
			b.ReportAllocs()
			v.calls.Store(0)
			for b.Loop() {
				s, err := v.Check(b.Context(), registrylayout.CheckOptions{}, nil)
				require.NoError(b, err)
				require.True(b, s.Sound())
			}
			b.ReportMetric(float64(v.calls.Load())/float64(b.N), "calls/op")
		})
		for _, deleteUntagged := range []bool{false, true} {
			b.Run(fmt.Sprintf("%sdistribution/untagged=%v", size, deleteUntagged), func(b *testing.B) {
				b.ReportAllocs()
				calls := int64(0)
				for b.Loop() {
					calls += mark(b, v.dir, deleteUntagged)
				}
				b.ReportMetric(float64(calls)/float64(b.N), "calls/op")
			})
		}
	}
}
