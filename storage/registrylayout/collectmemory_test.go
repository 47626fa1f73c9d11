package registrylayout_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// collections are what a collection may find and do, by name.
var collections = map[string]collection{
	"NothingGoes":     {grace: -1},
	"ATenthGoes":      {oneIn: 10, grace: -1},
	"HalfGoes":        {oneIn: 2, grace: -1},
	"ATenthCondemned": {oneIn: 10, grace: time.Hour, runs: 2},
	"HalfCondemned":   {oneIn: 2, grace: time.Hour, runs: 2},
}

// TestCollectMemory collects the garbage among 25,000 blobs, with -short 5,000: checks the
// tree, reads it, plans, and carries the plan out.
func TestCollectMemory(t *testing.T) {
	images := 5_000
	if testing.Short() {
		images = 1_000
	}
	for name, c := range collections {
		t.Run(name, func(t *testing.T) { c.memory(t, images, 60<<20) })
	}
}

// BenchmarkCollectMemory does the same with a million blobs; with -short, as in CI, with
// no more than the test.
func BenchmarkCollectMemory(b *testing.B) {
	size, images, most := "1_000_000", 200_000, uint64(300<<20)
	if testing.Short() {
		size, images, most = "25_000", 5_000, 60<<20
	}
	for name, c := range collections {
		b.Run(name+"/"+size, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(float64(c.memory(b, images, most)>>20), "MiB")
			}
		})
	}
}

type collection struct {
	oneIn int // of so many images has no tag; 0: all have
	grace time.Duration
	runs  int // 0 is 1
}

// memory returns the most memory that the process had from the system, less what it
// had before.
func (c collection) memory(t testing.TB, images int, most uint64) uint64 {
	driver := newSynthetic(images)
	beside, err := filesystem.Open(t.TempDir(), filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer beside.Close()
	driver.beside = beside
	if c.oneIn > 0 {
		driver.untagged = func(i int) bool { return i%c.oneIn == 0 }
	}
	store := storage.New(driver, storage.Options{Trust: true})
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // as examples/collectgarbage does
	deleted, used := 0, uint64(0)
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for range max(c.runs, 1) { // each is a process of its own, elsewhere
		debug.FreeOSMemory()
		before := fromSystem()
		peak := watch(t.Context())
		report := collectAll(t, store, now, c.grace, images)
		used = max(used, peak()-before)
		deleted += report.Count(prune.DeleteBlob, apply.Done)
		now = now.Add(24 * time.Hour)
	}
	t.Logf("%d blobs, of which %d went: %d MiB", 5*images, deleted, used>>20)
	if c.oneIn > 0 {
		require.Equal(t, 5*images/c.oneIn, deleted)
	}
	require.Less(t, used, most)
	return used
}

// collectAll does what examples/collectgarbage does.
func collectAll(t testing.TB, store *storage.Store, now time.Time, grace time.Duration, images int) *apply.Report {
	layout := registrylayout.New(store, registrylayout.Options{})
	_, err := layout.Check(t.Context(), registrylayout.CheckOptions{}, func(registrylayout.Finding) {})
	require.NoError(t, err)
	clock := func() time.Time { return now }
	ends, err := fromlayout.NewEnds(store, layout, fromlayout.EndsOptions{Alone: true, Now: clock})
	require.NoError(t, err)
	inv, volume, err := ends.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5*images, volume.Blobs)
	plan, err := prune.New(inv, prune.Garbage(prune.GarbageOptions{Untagged: true}), now)
	require.NoError(t, err)
	report, err := apply.Run(t.Context(), plan, ends.Ends(), apply.Options{Now: clock, Grace: grace})
	require.NoError(t, err)
	return report
}

// watch returns what tells the most memory that the process had since.
func watch(ctx context.Context) func() uint64 {
	ctx, stop := context.WithCancel(ctx)
	var peak atomic.Uint64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			peak.Store(max(peak.Load(), fromSystem()))
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() uint64 {
		stop()
		<-ended
		return peak.Load()
	}
}

func fromSystem() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}
