package benchmark

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/clustergen"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
)

// registrySizes are numbers of deletions that a registry is asked for at least. CI passes
// over the large one by its name.
var registrySizes = []int{10_000, 100_000}

// BenchmarkRegistry carries plans out on OpenShift's integrated registry, in the process
// and over HTTP on loopback, beside the same deletions sent bare by as many goroutines.
// The registry really has the links and blobs, and says 404 to what it has not. The two
// differ by what apply and registryclient do on top. Streams and Images are in memory.
// With -short, as in CI, only apply's own number of workers is tried.
func BenchmarkRegistry(b *testing.B) {
	concurrency := []int{apply.DefaultWorkers, registryclient.DefaultConcurrency}
	if testing.Short() {
		concurrency = concurrency[:1]
	}
	for _, n := range registrySizes {
		for _, workers := range concurrency {
			b.Run(fmt.Sprintf("%s/workers=%d", sizeName(n), workers), func(b *testing.B) {
				w := newHeld(b, n, workers)
				var bare, run time.Duration
				bestBare, bestRun := time.Hour, time.Hour
				for b.Loop() {
					w.refill()
					one := timed(func() { w.sendBare(b) })
					require.Zero(b, w.left())
					w.refill()
					two := timed(func() { w.run(b, nil) })
					require.Zero(b, w.left())
					bare, run = bare+one, run+two
					bestBare, bestRun = min(bestBare, one), min(bestRun, two)
				}
				b.ReportMetric(float64(run)/float64(bare), "x-bare")
				b.ReportMetric(float64(bestRun)/float64(bestBare), "best-x-best-bare")
				b.ReportMetric(float64(len(w.paths)*b.N)/bare.Seconds(), "bare/s")
				b.ReportMetric(float64(len(w.paths)*b.N)/run.Seconds(), "deletions/s")
			})
		}
	}
}

// BenchmarkSlowRegistry is BenchmarkRegistry on a registry that takes its time for each
// deletion, as real ones do: both then wait for the same, and the ratio says what is left
// of the difference. With -short, as in CI, a few are tried.
func BenchmarkSlowRegistry(b *testing.B) {
	times, sizes := []time.Duration{time.Millisecond, 5 * time.Millisecond}, registrySizes
	if testing.Short() {
		times, sizes = times[:1], []int{1000}
	}
	for _, n := range sizes {
		for _, takes := range times {
			b.Run(fmt.Sprintf("%s/takes=%s", sizeName(n), takes), func(b *testing.B) {
				w := newHeld(b, n, apply.DefaultWorkers)
				w.takes = takes
				var bare, run time.Duration
				for b.Loop() {
					w.refill()
					bare += timed(func() { w.sendBare(b) })
					w.refill()
					run += timed(func() { w.run(b, nil) })
					require.Zero(b, w.left())
				}
				b.ReportMetric(float64(run)/float64(bare), "x-bare")
				b.ReportMetric(float64(len(w.paths)*b.N)/bare.Seconds(), "bare/s")
				b.ReportMetric(float64(len(w.paths)*b.N)/run.Seconds(), "deletions/s")
			})
		}
	}
}

// BenchmarkRegistryMemory tells how much lives during such a run, beyond what did before:
// the plan, the inventory, what the end lists, and the registry. The garbage is collected
// before each look.
func BenchmarkRegistryMemory(b *testing.B) {
	for _, n := range registrySizes {
		b.Run(sizeName(n), func(b *testing.B) {
			w := newHeld(b, n, apply.DefaultWorkers)
			w.refill()
			w.run(b, nil) // connections and buffers
			var most, after uint64
			for b.Loop() {
				peak, left := w.memory(b)
				most, after = max(most, peak), max(after, left)
			}
			actions := float64(w.plan.Summary.Actions())
			b.ReportMetric(float64(most)/1024, "peak-KiB")
			b.ReportMetric(float64(most)/actions, "peak-B/action")
			b.ReportMetric(float64(after)/actions, "report-B/action")
		})
	}
}

// memory makes a run and returns how much lived at most meanwhile, and how much does
// with the report alone.
func (w *held) memory(t testing.TB) (most, after uint64) {
	w.refill()
	before, seen := lives(), 0
	report := w.run(t, func(apply.Event) {
		if seen++; seen%(w.plan.Summary.Actions()/25) == 0 {
			most = max(most, lives()-min(before, lives()))
		}
	})
	after = lives() - min(before, lives())
	runtime.KeepAlive(report)
	return most, after
}

// TestRegistryMemoryIsFlat: an action of a run costs no more than a few words, however
// many there are.
func TestRegistryMemoryIsFlat(t *testing.T) {
	w := newHeld(t, 4000, apply.DefaultWorkers)
	w.refill()
	w.run(t, nil) // connections and buffers
	most, after := w.memory(t)
	actions := uint64(w.plan.Summary.Actions())
	t.Logf("%d actions: %d bytes each at most, %d in the report", actions, most/actions, after/actions)
	require.Less(t, most/actions, uint64(128))
	require.Less(t, after/actions, uint64(64))
}

// lives returns the bytes of the heap that are in use.
func lives() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestRegistryIsAskedForDeletionsAlone bounds what apply and registryclient add by counts:
// each deletion is sent once, one ping goes before the first, and nothing is looked up in
// the registry. The cluster's API is asked for each stream twice, and for two listings.
func TestRegistryIsAskedForDeletionsAlone(t *testing.T) {
	w := newHeld(t, 2000, apply.DefaultWorkers)
	w.refill()
	report := w.run(t, nil)
	require.Zero(t, w.left())
	require.EqualValues(t, len(w.paths), w.deletions.Load())
	require.EqualValues(t, 1, w.others.Load(), "the ping")
	require.EqualValues(t, 2, w.api.looks.Load())
	for r := range report.Results() {
		require.Equal(t, apply.Done, r.Status, r)
	}

	// Once more: every deletion is sent, and finds nothing.
	w.deletions.Store(0)
	report = w.run(t, nil)
	require.EqualValues(t, len(w.paths), w.deletions.Load())
	for _, kind := range []prune.ActionKind{prune.DeleteManifestLink, prune.DeleteLayerLink, prune.DeleteBlob} {
		require.Zero(t, report.Count(kind, apply.Done), report)
	}
	require.Zero(t, report.FreedBytes)
}

// held is a registry that has what a plan deletes, with the plan.
type held struct {
	plan     *prune.Plan
	workers  int
	api      *yesAPI
	url      string
	bare     *http.Client
	client   *registryclient.Client
	registry name.Registry
	takes    time.Duration // for one deletion, beside what it takes anyway

	paths     []string
	mu        sync.Mutex
	there     map[[sha256.Size]byte]bool // by path; what is gone is false, and takes as much
	deletions atomic.Int64
	others    atomic.Int64
}

// newHeld makes a cluster of so many images that the registry is asked for at least n
// deletions.
func newHeld(b testing.TB, n, workers int) *held {
	inv := clusterOf(b, n*45/100)
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(b, err)
	plan, err := prune.New(inv, policy, clustergen.Now())
	require.NoError(b, err)
	w := &held{plan: plan, workers: workers, api: newYesAPI(b, plan, inv), there: map[[sha256.Size]byte]bool{}}
	for a := range plan.Actions() {
		switch a.Kind {
		case prune.DeleteManifestLink:
			w.paths = append(w.paths, "/v2/"+a.Repository+"/manifests/"+a.Digest)
		case prune.DeleteLayerLink:
			w.paths = append(w.paths, "/v2/"+a.Repository+"/blobs/"+a.Digest)
		case prune.DeleteBlob:
			w.paths = append(w.paths, "/admin/blobs/"+a.Digest)
		}
	}
	require.GreaterOrEqual(b, len(w.paths), n)
	server := httptest.NewServer(w)
	b.Cleanup(server.Close)
	w.url = server.URL
	w.bare = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	b.Cleanup(w.bare.CloseIdleConnections)
	w.client = registryclient.New(registryclient.Options{Host: func(string) registryclient.HostOptions {
		return registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly}
	}})
	b.Cleanup(w.client.Close)
	w.registry, err = name.NewRegistry(strings.TrimPrefix(server.URL, "http://"))
	require.NoError(b, err)
	return w
}

// refill puts everything back.
func (w *held) refill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range w.paths {
		w.there[sha256.Sum256([]byte(path))] = true
	}
	w.deletions.Store(0)
	w.others.Store(0)
}

// left is how much is still there.
func (w *held) left() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, is := range w.there {
		if is {
			n++
		}
	}
	return n
}

// ServeHTTP is the registry.
func (w *held) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodDelete {
		w.others.Add(1)
		rw.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(rw, "{}")
		return
	}
	w.deletions.Add(1)
	time.Sleep(w.takes)
	key := sha256.Sum256([]byte(r.URL.Path))
	w.mu.Lock()
	was := w.there[key]
	if was {
		w.there[key] = false
	}
	w.mu.Unlock()
	if !was {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(rw, `{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}`)
		return
	}
	rw.WriteHeader(http.StatusAccepted)
}

// run carries the plan out.
func (w *held) run(b testing.TB, hear func(apply.Event)) *apply.Report {
	ends := fromregistry.IntegratedEnds{Client: w.client, Registry: w.registry}
	w.api.looks.Store(0)
	report, err := apply.Run(b.Context(), w.plan, ends.In(apply.Ends{Streams: w.api, Images: w.api, Inventory: w.api}),
		apply.Options{Now: clustergen.Now, Grace: -1, Workers: w.workers, OnEvent: hear})
	require.NoError(b, err)
	return report
}

// sendBare sends the deletions.
func (w *held) sendBare(b testing.TB) {
	paths := make(chan string)
	var wg sync.WaitGroup
	for range w.workers {
		wg.Go(func() {
			for path := range paths {
				if err := w.sendOne(b.Context(), path); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for _, path := range w.paths {
		paths <- path
	}
	close(paths)
	wg.Wait()
}

func (w *held) sendOne(ctx context.Context, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, w.url+path, nil)
	if err != nil {
		return err
	}
	response, err := w.bare.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	return nil
}

// clusterOf makes a cluster of so many images up, past a dump's file.
func clusterOf(b testing.TB, images int) *inventory.Inventory {
	r, w := io.Pipe()
	go func() { w.CloseWithError(clustergen.Write(w, images, 1)) }()
	inv, err := dump.Read(r, &dump.Options{Listed: inventory.Kinds()})
	require.NoError(b, err)
	return inv
}
