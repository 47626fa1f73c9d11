package registryoracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/stretchr/testify/require"
)

// A steppingClock stands still but for its steps. A step waits for the requests that
// are under way, and holds up those that come: a request that lasts no longer than a
// lease is what the registry promises. In between all go on as they like.
type steppingClock struct {
	mu  sync.Mutex
	now time.Time

	requests sync.RWMutex
}

func (c *steppingClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// step lets all leases run out.
func (c *steppingClock) step() {
	c.requests.Lock()
	defer c.requests.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(rushStep)
}

func (c *steppingClock) serve(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests.RLock()
		defer c.requests.RUnlock()
		h.ServeHTTP(w, r)
	})
}

// A rush is writers at work on one registry, and the collections beside them.
type rush struct {
	volume  *volume
	clock   *steppingClock
	book    *lease.Book
	writers []*writer
	shared  []string // the layers that all push

	collections atomic.Int64
	deleted     map[digest.Digest]int // blobs, while the writers ran: how often
}

const (
	rushWriters = 8
	rushLayers  = 48

	// A step ends all leases, and not the life of a plan, which is an hour.
	rushTTL   = 20 * time.Minute
	rushStep  = 30 * time.Minute
	rushGrace = 10 * time.Minute
)

func newRush(t *testing.T, seed uint64, leased bool) *rush {
	r := &rush{volume: newVolume(t), clock: &steppingClock{now: time.Now()}, deleted: map[digest.Digest]int{}}
	if leased {
		r.book = lease.New(r.volume.store, lease.Options{TTL: rushTTL, Now: r.clock.Now})
	}
	server := httptest.NewServer(r.clock.serve(registry(t, r.volume.leased(r.book))))
	t.Cleanup(server.Close)
	for n := range rushLayers {
		r.shared = append(r.shared, fmt.Sprintf("shared layer %d", n))
	}
	repositories := []string{"shop/web", "shop/api", "base", "tools/deep/er"}
	for n := range rushWriters {
		own := n % len(repositories)
		r.writers = append(r.writers, &writer{
			url: server.URL, number: n, repository: repositories[own],
			others: slices.Delete(slices.Clone(repositories), own, own+1), pool: r.shared, season: r.collections.Load,
			random: rand.New(rand.NewPCG(seed, uint64(n))), tags: map[string]image{}, did: map[string]int{},
		})
	}
	return r
}

// run has the writers work, and collects over and over beside them, until so long has
// passed and enough is true. The first error of a writer ends it.
func (r *rush) run(t *testing.T, seed uint64, atLeast time.Duration, enough func() bool) error {
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	ended, done := make(chan struct{}), sync.WaitGroup{}
	for _, w := range r.writers {
		done.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				if err := w.step(ctx); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(seed, rushWriters))
	for start := time.Now(); ctx.Err() == nil && (time.Since(start) < atLeast || !enough()); {
		require.Less(t, time.Since(start), 5*time.Minute, "it does not happen: %v", r)
		report, err := r.collect(t, random.IntN(4) == 0)
		require.NoError(t, err)
		r.note(report)
	}
	close(ended)
	done.Wait()
	return context.Cause(ctx)
}

// collect runs a collection once all leases have run out: a blob goes with the second
// that finds it unneeded. Leases run out anew between a plan and the look before its
// deletions, where that is asked.
func (r *rush) collect(t *testing.T, late bool) (*apply.Report, error) {
	r.collections.Add(1)
	r.clock.step()
	c := collection{untagged: true, leases: r.book, grace: rushGrace, clock: r.clock.Now, workers: apply.DefaultWorkers}
	if late {
		c.planned = r.clock.step
	}
	return c.collect(t, r.volume)
}

func (r *rush) note(report *apply.Report) {
	for result := range report.Results() {
		if result.Status == apply.Done && result.Action.Kind == prune.DeleteBlob {
			r.deleted[digest.Digest(result.Action.Digest)]++
		}
	}
}

// returned is how many layers went and were pushed again, as often as they went again.
func (r *rush) returned() (n int) {
	for _, layer := range r.shared {
		n += max(0, r.deleted[digest.FromString(layer)]-1)
	}
	return n
}

func (r *rush) String() string {
	did, again := map[string]int{}, 0
	for _, w := range r.writers {
		for name, n := range w.did {
			did[name] += n
		}
		again += w.again
	}
	all := 0
	for _, n := range r.deleted {
		all += n
	}
	return fmt.Sprintf("%d collections deleted %d blobs, shared layers that had come back %d times; writers: %v, %d tried again",
		r.collections.Load(), all, r.returned(), did, again)
}

// expected returns the tags that the writers left, and what those need.
func (r *rush) expected() (tags []string, blobs, links map[string]bool) {
	blobs, links = map[string]bool{}, map[string]bool{}
	for _, w := range r.writers {
		var need func(i image)
		need = func(i image) {
			blobs[string(i.digest())] = true
			links[w.repository+"@"+string(i.digest())] = true
			for _, blob := range i.blobs {
				blobs[string(digest.FromString(blob))] = true
			}
			for _, child := range i.children {
				need(child)
			}
		}
		for tag, i := range w.tags {
			tags = append(tags, w.repository+":"+tag)
			need(i)
		}
	}
	return tags, blobs, links
}

// Writers push, delete and push again what all of them share, by distribution 3 on our
// driver, and garbage is collected all the while. What the registry took is there, at
// any time; at the end each tag pulls, and nothing is left that nobody references.
func TestWritersBesideCollections(t *testing.T) {
	const seed = 7
	atLeast, enough := 6*time.Second, 6
	if testing.Short() {
		atLeast, enough = time.Second, 2
	}
	r := newRush(t, seed, true)
	require.NoError(t, r.run(t, seed, atLeast, func() bool { return r.returned() >= enough }))
	t.Log(r)

	tags, blobs, links := r.expected()
	for _, w := range r.writers {
		for tag := range w.tags {
			require.NoError(t, w.pull(t.Context(), tag))
		}
	}
	for range 2 {
		_, err := r.collect(t, false)
		require.NoError(t, err)
	}
	r.volume.requireServed(t, tags)
	for _, w := range r.writers {
		for tag := range w.tags {
			require.NoError(t, w.pull(t.Context(), tag))
		}
	}
	left, manifests := map[string]bool{}, map[string]bool{}
	for b, err := range r.volume.Blobs(t.Context()) {
		require.NoError(t, err)
		left[string(b.Digest)] = true
	}
	require.Equal(t, blobs, left)
	for _, w := range r.writers {
		for m, err := range r.volume.Manifests(t.Context(), w.repository) {
			require.NoError(t, err)
			manifests[w.repository+"@"+string(m.Digest)] = true
		}
	}
	require.Equal(t, links, manifests)
}

// What the writers look for is what a registry without leases does beside the same
// collection: a push finds layers to be there that are condemned, and is told that all is
// well, and then they go.
func TestWritersWithoutLeases(t *testing.T) {
	for _, leased := range []bool{true, false} {
		r := newRush(t, 7, leased)
		w, pushed := r.writers[0], imageOf("pushed", r.shared...)
		require.NoError(t, w.push(t.Context(), "v1", pushed))
		require.NoError(t, w.deleteTag(t.Context(), "v1"))
		_, err := r.collect(t, false)
		require.NoError(t, err)

		r.clock.step()
		pushes := 0
		_, err = collection{untagged: true, leases: r.book, grace: rushGrace, clock: r.clock.Now, deletes: func() {
			if pushes++; pushes == 1 {
				require.NoError(t, w.push(t.Context(), "v1", pushed))
			}
		}}.collect(t, r.volume)
		require.NoError(t, err)
		require.NotZero(t, pushes)
		if leased {
			require.NoError(t, w.pull(t.Context(), "v1"))
			r.volume.requireServed(t, []string{"shop/web:v1"})
		} else {
			require.ErrorIs(t, w.pull(t.Context(), "v1"), errLost)
			require.NotEmpty(t, r.volume.dangling(t))
		}
	}
}
