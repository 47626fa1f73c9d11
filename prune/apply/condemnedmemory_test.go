package apply_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
)

// How many bytes live for each at most. It takes some 50 while it waits, and twice
// that where blobs go, as what waits is read again then.
const (
	mostWhileWaiting = 64
	mostWhileGoing   = 128
)

// TestMemoryOfWaitingBlobs bounds what lives for each blob that waits while a run
// condemns them, finds them waiting, deletes them, or, where its plan knows nothing of
// them, does so by what is written of them alone.
func TestMemoryOfWaitingBlobs(t *testing.T) {
	if testing.Short() {
		t.Skip("a small number or the race detector would be measured")
	}
	const blobs = 20_000
	all, none := orphans(t, blobs), orphans(t, 0)
	file := filepath.Join(t.TempDir(), "condemned.json")
	for i, step := range []struct {
		there *inventory.Inventory
		day   int
		ended apply.Status
		most  int64
	}{
		{all, 0, apply.Condemned, mostWhileWaiting},
		{all, 0, apply.Condemned, mostWhileWaiting},
		{none, 0, apply.Condemned, mostWhileWaiting},
		{all, 1, apply.Done, mostWhileGoing},
		{all, 1, apply.Condemned, mostWhileWaiting},
		{none, 2, apply.Done, mostWhileGoing},
	} {
		now := time.Date(2026, 11, 1+step.day, i%2, 0, 0, 0, time.UTC)
		plan, err := prune.New(step.there, prune.Garbage(prune.GarbageOptions{}), now)
		require.NoError(t, err)
		var most memoryPeak
		ends := apply.Ends{
			Blobs: yesBlobs{}, Condemned: measuredCondemned{file, &most},
			Inventory: lister(func(context.Context) (*inventory.Inventory, error) { return step.there, nil }),
		}
		report, err := apply.Run(t.Context(), plan, ends, apply.Options{Now: at(now), OnEvent: func(e apply.Event) {
			switch {
			case e.Kind == apply.PhaseEnded && e.Phase == apply.LayerLinks:
				most.begin()
			case e.Kind == apply.PhaseEnded && e.Phase == apply.Blobs:
				most.look()
			}
		}})
		require.NoError(t, err)
		require.Equal(t, blobs, report.Count(prune.DeleteBlob, step.ended), i)
		t.Logf("%d: %d bytes a blob", i, most.most/blobs)
		require.Less(t, most.most/blobs, step.most, i)
		require.Greater(t, most.most/blobs, int64(32), "%d: measured too late", i)
	}
}

// TestSameInventoryIsLookedAtOnce: a look at the very inventory of the look before makes
// nothing anew.
func TestSameInventoryIsLookedAtOnce(t *testing.T) {
	const blobs = 200
	one, other := orphans(t, blobs), orphans(t, blobs)
	mallocs := func(listed ...*inventory.Inventory) uint64 {
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		plan, err := prune.New(one, prune.Garbage(prune.GarbageOptions{}), now)
		require.NoError(t, err)
		looks := 0
		ends := apply.Ends{Blobs: yesBlobs{}, Inventory: lister(func(context.Context) (*inventory.Inventory, error) {
			looks++
			return listed[looks%len(listed)], nil
		})}
		clock := func() time.Time { now = now.Add(time.Millisecond); return now }
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		report, err := apply.Run(t.Context(), plan, ends, apply.Options{Now: clock, Grace: -1, MaxLook: 1, Workers: 1})
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Equal(t, blobs, report.Count(prune.DeleteBlob, apply.Done))
		require.Equal(t, blobs+1, looks)
		return after.Mallocs - before.Mallocs
	}
	require.Less(t, mallocs(one), mallocs(one, other)/4)
}

// orphans are what is known of a volume with so many blobs that nothing names.
func orphans(t *testing.T, blobs int) *inventory.Inventory {
	var b inventory.Builder
	for n := range blobs {
		require.NoError(t, b.AddStoredBlob(inventory.Blob{Digest: sha(n), Size: 1000}))
	}
	b.BlobsListed()
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	return b.Build()
}

type yesBlobs struct{}

func (yesBlobs) DeleteBlob(context.Context, string) error { return nil }

// A memoryPeak is the most that lived, beyond what did at its beginning.
type memoryPeak struct {
	before, most int64
	unseen       int // bytes since the last look
}

func (p *memoryPeak) begin() { p.before = living() }
func (p *memoryPeak) look()  { p.most = max(p.most, living()-p.before) }

func living() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Write looks now and then while condemned blobs are read or written.
func (p *memoryPeak) Write(b []byte) (int, error) {
	if p.unseen += len(b); p.unseen > 1<<19 {
		p.unseen = 0
		p.look()
	}
	return len(b), nil
}

// measuredCondemned is a FileCondemned that is looked at while it reads and writes.
type measuredCondemned struct {
	file string
	most *memoryPeak
}

func (c measuredCondemned) LoadCondemned(context.Context) (*apply.Condemnations, error) {
	file, err := os.Open(c.file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return apply.DecodeCondemned(io.TeeReader(file, c.most))
}

func (c measuredCondemned) StoreCondemned(_ context.Context, blobs *apply.Condemnations) error {
	file, err := os.Create(c.file)
	if err != nil {
		return err
	}
	defer file.Close()
	return apply.EncodeCondemned(io.MultiWriter(file, c.most), blobs)
}
