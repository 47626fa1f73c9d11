package registrylayout_test

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// TestCollectMemory plans a collection of a hundred thousand blobs, and goes through
// it as a dry run.
func TestCollectMemory(t *testing.T) { collectMemory(t, 20_000, 120<<20) }

func BenchmarkCollectMemory(b *testing.B) {
	b.Run("1_000_000", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(float64(collectMemory(b, 200_000, 300<<20)>>20), "MiB")
		}
	})
}

// collectMemory returns the most memory that the process had from the system, less
// what it had before.
func collectMemory(t testing.TB, images int, most uint64) uint64 {
	store := storage.New(newSynthetic(images), storage.Options{Trust: true})
	ends, err := fromlayout.NewEnds(store, registrylayout.New(store, registrylayout.Options{}), fromlayout.EndsOptions{Alone: true})
	require.NoError(t, err)
	runtime.GC()
	taken := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.Sys - m.HeapReleased
	}
	before := taken()
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // as examples/collectgarbage does
	var peak atomic.Uint64
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			peak.Store(max(peak.Load(), taken()))
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	}()
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	inv, volume, err := ends.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5*images, volume.Blobs)
	plan, err := prune.New(inv, prune.Garbage(prune.GarbageOptions{Untagged: true}), now)
	require.NoError(t, err)
	require.Zero(t, plan.Summary.Actions())
	_, err = apply.Run(t.Context(), plan, ends.Ends(), apply.Options{Now: func() time.Time { return now }, DryRun: true, Grace: -1})
	require.NoError(t, err)
	close(done)
	<-ended
	used := peak.Load() - min(before, peak.Load())
	t.Logf("%d blobs: %d MiB", volume.Blobs, used>>20)
	require.Less(t, used, most)
	return used
}
