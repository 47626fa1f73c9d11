package lease_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/stretchr/testify/require"
)

var (
	start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	layer = digest.FromString("a layer")
)

// clock is one that a test sets.
type clock struct{ now time.Time }

func (c *clock) options(skewed time.Duration) lease.Options {
	return lease.Options{
		TTL: time.Hour, MaxSkew: time.Minute, SweepTime: 10 * time.Minute,
		Now: func() time.Time { return c.now.Add(skewed) },
	}
}

func newBook() (*lease.Book, *clock, *storage.Store) {
	store := storage.New(&memory.Driver{}, storage.Options{})
	c := &clock{start}
	return lease.New(store, c.options(0)), c, store
}

func TestARunningLeaseIsNotWrittenAgain(t *testing.T) {
	creates := 0
	driver := middleware.Observe(&memory.Driver{}, func(e middleware.Event) {
		if e.Op == "commit" {
			creates++
		}
	}, middleware.ObserveOptions{})
	c := &clock{start}
	book := lease.New(storage.New(driver, storage.Options{Trust: true}), c.options(0))
	until, err := book.Renew(t.Context(), layer)
	require.NoError(t, err)
	require.Equal(t, start.Add(time.Hour), until)
	after := creates

	c.now = start.Add(29 * time.Minute)
	until, err = book.Renew(t.Context(), layer)
	require.NoError(t, err)
	require.Equal(t, start.Add(time.Hour), until)
	require.Equal(t, after, creates, "more than half is left")

	c.now = start.Add(30 * time.Minute)
	until, err = book.Renew(t.Context(), layer)
	require.NoError(t, err)
	require.Equal(t, start.Add(90*time.Minute), until)
	require.Equal(t, after+1, creates)
}

func TestLeaseAndMarkCountForTwiceTheSkew(t *testing.T) {
	book, c, _ := newBook()
	until, err := book.Renew(t.Context(), layer)
	require.NoError(t, err)

	c.now = until.Add(2*time.Minute - 1)
	_, err = book.Condemn(t.Context(), layer, time.Time{})
	require.ErrorIs(t, err, lease.ErrHeld)
	_, held, err := book.Held(t.Context(), layer)
	require.NoError(t, err)
	require.True(t, held)

	c.now = until.Add(2 * time.Minute)
	_, held, err = book.Held(t.Context(), layer)
	require.NoError(t, err)
	require.False(t, held)
	condemned, err := book.Condemn(t.Context(), layer, time.Time{})
	require.NoError(t, err)
	require.Equal(t, c.now.Add(10*time.Minute), condemned.Deadline())
	_, err = book.Condemn(t.Context(), layer, time.Time{})
	require.ErrorIs(t, err, lease.ErrHeld, "by the other sweep")

	c.now = condemned.Deadline().Add(2*time.Minute - 1)
	_, err = book.Renew(t.Context(), layer)
	require.ErrorIs(t, err, lease.ErrCondemned)
	var named *lease.Error
	require.True(t, errors.As(err, &named))
	require.Equal(t, "renew", named.Op)
	require.Equal(t, layer, named.Digest)

	// The sweep has died: its mark runs out, and does not come back.
	c.now = condemned.Deadline().Add(2 * time.Minute)
	_, err = book.Renew(t.Context(), layer)
	require.NoError(t, err)
	require.NoError(t, condemned.Done(t.Context()), "it is somebody else's now")
	_, held, err = book.Held(t.Context(), layer)
	require.NoError(t, err)
	require.True(t, held)
}

// TestNoOrderLosesABlob runs the steps of a writer and a sweep in every order,
// with clocks that differ by almost MaxSkew either way. Whenever the writer has
// succeeded, its link is there and so is the blob.
func TestNoOrderLosesABlob(t *testing.T) {
	for _, skewed := range []time.Duration{-time.Minute + 1, 0, time.Minute - 1} {
		for _, pause := range []time.Duration{0, 20 * time.Minute, 62 * time.Minute} {
			won := 0
			for order := range 1 << 8 {
				r := newRace(t, skewed)
				for step := range 8 {
					r.step(order>>step&1 == 1)
					r.clock.now = r.clock.now.Add(pause / 8)
				}
				for range 4 {
					r.step(false)
					r.step(true)
				}
				if r.written {
					won++
					_, err := r.store.Stat(t.Context(), "link")
					require.NoError(t, err)
					_, err = r.store.Stat(t.Context(), "blob")
					require.NoError(t, err, "order %08b, skewed %v, pause %v", order, skewed, pause)
				}
			}
			require.NotZero(t, won)
		}
	}
}

type race struct {
	t             *testing.T
	store         *storage.Store
	clock         *clock
	writer, sweep *lease.Book
	w, s          int
	until         time.Time
	written       bool
	condemned     *lease.Condemned
	needed        bool
}

func newRace(t *testing.T, skewed time.Duration) *race {
	r := &race{t: t, store: storage.New(&memory.Driver{}, storage.Options{Trust: true}), clock: &clock{start}}
	r.writer = lease.New(r.store, r.clock.options(0))
	r.sweep = lease.New(r.store, r.clock.options(skewed))
	r.write("blob")
	return r
}

func (r *race) write(key string) {
	_, err := r.store.WriteFile(r.t.Context(), key, []byte("x"), storage.CreateOptions{})
	require.NoError(r.t, err)
}

func (r *race) has(key string) bool {
	_, err := r.store.Stat(r.t.Context(), key)
	if !errors.Is(err, storage.ErrNotExist) {
		require.NoError(r.t, err)
	}
	return err == nil
}

func (r *race) step(sweep bool) {
	if sweep {
		r.sweepStep()
	} else {
		r.writeStep()
	}
}

func (r *race) writeStep() {
	ctx := r.t.Context()
	switch r.w {
	case 0:
		until, err := r.writer.Renew(ctx, layer)
		if errors.Is(err, lease.ErrCondemned) {
			return // tries again
		}
		require.NoError(r.t, err)
		r.until = until
	case 1:
		if !r.has("blob") {
			r.write("blob")
		}
	case 2:
		if !r.clock.now.Before(r.until) {
			r.w = 0 // too late: from the start
			return
		}
		r.write("link")
	case 3:
		r.written = true
	}
	r.w++
}

func (r *race) sweepStep() {
	ctx := r.t.Context()
	switch r.s {
	case 0:
		var err error
		if r.condemned, err = r.sweep.Condemn(ctx, layer, time.Time{}); errors.Is(err, lease.ErrHeld) {
			return // asks again
		}
		require.NoError(r.t, err)
	case 1:
		r.needed = r.has("link")
	case 2:
		limited, cancel := r.condemned.Context(ctx)
		defer cancel()
		if limited.Err() == nil && !r.needed && r.has("blob") && r.inTime() {
			require.NoError(r.t, r.store.Delete(ctx, "blob", storage.DeleteOptions{}))
		}
	case 3:
		require.NoError(r.t, r.condemned.Done(ctx))
	}
	r.s++
}

func (r *race) inTime() bool {
	ctx, cancel := r.condemned.Context(r.t.Context())
	defer cancel()
	return ctx.Err() == nil
}

// between calls a function before the nth upload is made.
type between struct {
	storage.Driver
	calls int
	do    func(call int)
}

func (b *between) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	b.calls++
	b.do(b.calls)
	return b.Driver.Create(ctx, key, o)
}

// TestASwapSeesWhoCameInBetween: another process changes the record after it was
// read and before it is written.
func TestASwapSeesWhoCameInBetween(t *testing.T) {
	memoryDriver := &memory.Driver{}
	c := &clock{start}
	other := lease.New(storage.New(memoryDriver, storage.Options{Trust: true}), c.options(0))
	driver := &between{Driver: memoryDriver, do: func(int) {}}
	store := storage.New(driver, storage.Options{})
	_, err := store.Capabilities(t.Context()) // these uploads are not counted
	require.NoError(t, err)
	book := lease.New(store, c.options(0))

	driver.calls, driver.do = 0, func(call int) {
		if call == 1 {
			_, err := other.Renew(t.Context(), layer)
			require.NoError(t, err)
		}
	}
	_, err = book.Condemn(t.Context(), layer, time.Time{})
	require.ErrorIs(t, err, lease.ErrHeld)

	c.now = c.now.Add(3 * time.Hour)
	driver.calls, driver.do = 0, func(call int) {
		if call == 1 {
			_, err := other.Condemn(t.Context(), layer, time.Time{})
			require.NoError(t, err)
		}
	}
	_, err = book.Renew(t.Context(), layer)
	require.ErrorIs(t, err, lease.ErrCondemned)

	// Somebody is always quicker: an error in the end, and no lease.
	driver.do = func(int) {
		c.now = c.now.Add(3 * time.Hour)
		_, err := other.Renew(t.Context(), layer)
		require.NoError(t, err)
	}
	c.now = c.now.Add(3 * time.Hour)
	moving := lease.New(store, lease.Options{Now: func() time.Time { return c.now.Add(24 * 365 * time.Hour) }})
	_, err = moving.Condemn(t.Context(), layer, time.Time{})
	require.ErrorIs(t, err, lease.ErrContended)
}

// TestManyAtOnce: of many sweeps one gets the mark, and with writers among them
// nobody has both, on every store with a compare-and-swap.
func TestManyAtOnce(t *testing.T) {
	files, err := filesystem.Open(t.TempDir(), filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer files.Close()
	for name, driver := range map[string]storage.Driver{"memory": &memory.Driver{}, "filesystem": files} {
		t.Run(name, func(t *testing.T) {
			for round := range 20 {
				d := digest.FromString(fmt.Sprint(round))
				var condemned, leased atomic.Int32
				var all sync.WaitGroup
				for n := range 8 {
					book := lease.New(storage.New(driver, storage.Options{Trust: true}), lease.Options{})
					all.Go(func() {
						var err error
						if n%2 == 0 {
							if _, err = book.Condemn(t.Context(), d, time.Time{}); err == nil {
								condemned.Add(1)
							}
						} else if _, err = book.Renew(t.Context(), d); err == nil {
							leased.Add(1)
						}
						if err != nil && !errors.Is(err, lease.ErrHeld) && !errors.Is(err, lease.ErrCondemned) {
							t.Error(err)
						}
					})
				}
				all.Wait()
				require.True(t, condemned.Load() == 1 && leased.Load() == 0 || condemned.Load() == 0 && leased.Load() == 4,
					"%d condemned, %d leased", condemned.Load(), leased.Load())
			}
		})
	}
}

// noSwap passes over preconditions, as some servers do.
type noSwap struct{ storage.Driver }

func (d noSwap) Create(ctx context.Context, key string, _ storage.CreateOptions) (storage.Upload, error) {
	return d.Driver.Create(ctx, key, storage.CreateOptions{})
}

func (d noSwap) Delete(ctx context.Context, key string, _ storage.DeleteOptions) error {
	return d.Driver.Delete(ctx, key, storage.DeleteOptions{})
}

func TestAStoreWithoutCompareAndSwapIsNotSwept(t *testing.T) {
	c := &clock{start}
	book := lease.New(storage.New(noSwap{&memory.Driver{}}, storage.Options{}), c.options(0))
	_, err := book.Renew(t.Context(), layer)
	require.NoError(t, err)
	_, held, err := book.Held(t.Context(), layer)
	require.NoError(t, err)
	require.True(t, held)
	c.now = c.now.Add(24 * time.Hour)
	_, err = book.Condemn(t.Context(), layer, time.Time{})
	require.ErrorIs(t, err, storage.ErrUnsupported)
	_, err = book.Clean(t.Context(), c.now)
	require.ErrorIs(t, err, storage.ErrUnsupported)
}

// noConditionalDelete is a store as several S3 servers are.
type noConditionalDelete struct{ storage.Driver }

func (d noConditionalDelete) Delete(ctx context.Context, key string, _ storage.DeleteOptions) error {
	return d.Driver.Delete(ctx, key, storage.DeleteOptions{})
}

func TestAStoreThatIgnoresConditionalDeletion(t *testing.T) {
	store := storage.New(noConditionalDelete{&memory.Driver{}}, storage.Options{})
	c := &clock{start}
	book := lease.New(store, c.options(0))
	condemned, err := book.Condemn(t.Context(), layer, time.Time{})
	require.NoError(t, err)
	_, err = book.Renew(t.Context(), layer)
	require.ErrorIs(t, err, lease.ErrCondemned)
	require.NoError(t, condemned.Done(t.Context()))
	require.NoError(t, condemned.Done(t.Context()))
	_, err = book.Renew(t.Context(), layer)
	require.NoError(t, err)
	for e, err := range book.All(t.Context()) {
		require.NoError(t, err)
		require.False(t, e.Condemned)
	}
}

func TestClean(t *testing.T) {
	book, c, store := newBook()
	old, marked, fresh := digest.FromString("old"), digest.FromString("marked"), digest.SHA512.FromString("fresh")
	_, err := book.Renew(t.Context(), old)
	require.NoError(t, err)
	_, err = book.Condemn(t.Context(), marked, time.Time{})
	require.NoError(t, err)
	c.now = c.now.Add(62 * time.Minute)
	_, err = book.Renew(t.Context(), fresh)
	require.NoError(t, err)

	n, err := book.Clean(t.Context(), c.now)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	var left []lease.Entry
	for e, err := range book.All(t.Context()) {
		require.NoError(t, err)
		left = append(left, e)
	}
	require.Equal(t, []lease.Entry{{Digest: fresh, Until: c.now.Add(time.Hour)}}, left)

	_, err = store.WriteFile(t.Context(), lease.DefaultPrefix+"/README", []byte("x"), storage.CreateOptions{})
	require.NoError(t, err)
	_, err = book.Clean(t.Context(), c.now)
	require.ErrorIs(t, err, lease.ErrRecord)
	require.ErrorContains(t, err, "README")
}

// TestHostileRecords: what cannot be read is no lease and is no leave to delete
// either.
func TestHostileRecords(t *testing.T) {
	book, c, store := newBook()
	key, err := book.Key(layer)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"empty":          "",
		"garbage":        "\x00\xff",
		"another schema": `{"schema":"x","state":"free","nonce":""}`,
		"another state":  `{"schema":"registrykit/lease/v1","state":"x","nonce":""}`,
		"no end":         `{"schema":"registrykit/lease/v1","state":"held","nonce":""}`,
		"unknown field":  `{"schema":"registrykit/lease/v1","state":"free","nonce":"","x":1}`,
		"two":            `{"schema":"registrykit/lease/v1","state":"free","nonce":""}{}`,
		"huge":           fmt.Sprintf("%5000d", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.WriteFile(t.Context(), key, []byte(text), storage.CreateOptions{})
			require.NoError(t, err)
			_, err = book.Renew(t.Context(), layer)
			require.ErrorIs(t, err, lease.ErrRecord)
			require.ErrorContains(t, err, key)
			_, err = book.Condemn(t.Context(), layer, time.Time{})
			require.ErrorIs(t, err, lease.ErrRecord)
			_, _, err = book.Held(t.Context(), layer)
			require.ErrorIs(t, err, lease.ErrRecord)
			_, err = book.Clean(t.Context(), c.now)
			require.ErrorIs(t, err, lease.ErrRecord)
			for e, err := range book.All(t.Context()) {
				require.ErrorIs(t, err, lease.ErrRecord)
				require.Zero(t, e)
			}
		})
	}
}

func TestHostileDigests(t *testing.T) {
	book, _, _ := newBook()
	for _, d := range []digest.Digest{"", "sha256:", "sha256:../../x", "md5:d41d8cd98f00b204e9800998ecf8427e", layer + "0", "/etc:passwd"} {
		_, err := book.Renew(t.Context(), d)
		require.Error(t, err, d)
		_, err = book.Condemn(t.Context(), d, time.Time{})
		require.Error(t, err, d)
		_, _, err = book.Held(t.Context(), d)
		require.Error(t, err, d)
	}
}

// TestALookThatIsTooOld: what was written under a lease that has ended since the
// sweep began to look may not have been seen.
func TestALookThatIsTooOld(t *testing.T) {
	book, c, _ := newBook()
	until, err := book.Renew(t.Context(), layer)
	require.NoError(t, err)
	c.now = until.Add(24 * time.Hour)
	for _, since := range []time.Time{start.Add(-time.Hour), start, until, until.Add(2*time.Minute - 1)} {
		_, err = book.Condemn(t.Context(), layer, since)
		require.ErrorIs(t, err, lease.ErrHeld, since)
	}
	n, err := book.Clean(t.Context(), until)
	require.NoError(t, err)
	require.Zero(t, n, "a look of that time would not see it")
	_, err = book.Condemn(t.Context(), layer, until.Add(2*time.Minute))
	require.NoError(t, err)
}

// TestTwoSweepsWithTwoLooks: what the one has asked for and left, or died over, the other
// may not have seen.
func TestTwoSweepsWithTwoLooks(t *testing.T) {
	for _, died := range []bool{false, true} {
		book, c, _ := newBook()
		until, err := book.Renew(t.Context(), layer)
		require.NoError(t, err)
		c.now = until.Add(24 * time.Hour)
		newer, err := book.Condemn(t.Context(), layer, until.Add(time.Hour))
		require.NoError(t, err)
		if died {
			c.now = c.now.Add(24 * time.Hour)
		} else {
			require.NoError(t, newer.Done(t.Context()))
			require.NoError(t, newer.Done(t.Context()))
		}
		_, err = book.Condemn(t.Context(), layer, until)
		require.ErrorIs(t, err, lease.ErrHeld)
		_, held, err := book.Held(t.Context(), layer)
		require.NoError(t, err)
		require.False(t, held)
		last, err := book.Condemn(t.Context(), layer, c.now)
		require.NoError(t, err)
		require.NoError(t, last.Done(t.Context()))
		_, err = book.Renew(t.Context(), layer)
		require.NoError(t, err)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"schema":"registrykit/lease/v1","state":"held","until":"2026-11-01T12:00:00Z","nonce":"x"}`))
	f.Add([]byte(`{"schema":"registrykit/lease/v1","state":"free","nonce":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		book, c, store := newBook()
		key, err := book.Key(layer)
		require.NoError(t, err)
		_, err = store.WriteFile(t.Context(), key, text, storage.CreateOptions{})
		require.NoError(t, err)
		until, held, err := book.Held(t.Context(), layer)
		if err != nil {
			require.ErrorIs(t, err, lease.ErrRecord)
			return
		}
		_, err = book.Condemn(t.Context(), layer, time.Time{})
		require.False(t, held && err == nil)
		require.False(t, held && !until.After(c.now))
	})
}
