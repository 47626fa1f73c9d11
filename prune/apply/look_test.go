package apply_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// clockFrom goes on from an instant as the test's clock does.
func clockFrom(start time.Time) func() time.Time {
	began := time.Now()
	return func() time.Time { return start.Add(time.Since(began)) }
}

// The pace may keep a deletion waiting until the look is too old: it is judged by
// another then.
func TestNoDeletionByALookThatGrewOldAtThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		live := f.cluster.Live()
		const maxLook, every = 90 * time.Second, time.Minute
		var looked time.Time
		looks := 0
		live.Before = func(c prunetest.Call) error {
			switch c.Verb {
			case "List":
				looked = time.Now()
				looks++
			case "DeleteManifestLink", "DeleteLayerLink", "DeleteImage", "DeleteBlob":
				require.LessOrEqual(t, time.Since(looked), maxLook, c.Verb)
			}
			return nil
		}
		report, err := f.run(t, live, func(o *apply.Options) {
			o.Now, o.MaxLook, o.Rate, o.Workers = clockFrom(f.cluster.Now()), maxLook, 1/every.Seconds(), 1
		})
		require.NoError(t, err)
		require.LessOrEqual(t, report.Window, maxLook)
		require.Greater(t, looks, 5)
		require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.Done))
	})
}

// Whatever the pace, the pauses and the other workers: no deletion begins by a look
// that is older than it may be.
func TestNoDeletionByAnOldLook(t *testing.T) {
	n, deletions := uint64(20), 0
	if testing.Short() {
		n = 7
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(seed, 18))
		for cluster, plan := range plans(t, 2) {
			synctest.Test(t, func(t *testing.T) {
				live := cluster.Live()
				o := atOnce(cluster.Now())
				o.Now, o.Workers, o.MaxLook, o.Retry = clockFrom(cluster.Now()), 1+r.IntN(4), 10*time.Minute, apply.Retry{Most: 2 * time.Hour}
				o.Timeout = -1
				if r.IntN(2) == 0 {
					o.Rate = 1 / (1 + 1000*r.Float64())
				}
				looked := time.Now()
				oldest := time.Duration(0)
				live.Before = serialised(func(c prunetest.Call) error {
					switch {
					case c.Verb == "List":
						looked = time.Now()
					case c.Verb == "DeleteManifestLink", c.Verb == "DeleteLayerLink", c.Verb == "DeleteImage", c.Verb == "DeleteBlob":
						deletions++
						oldest = max(oldest, time.Since(looked))
						if r.IntN(3) == 0 {
							return later{time.Duration(r.IntN(3600)) * time.Second}
						}
					}
					return nil
				})
				_, err := apply.Run(t.Context(), plan, live.Ends(), o)
				if err != nil {
					require.ErrorIs(t, err, apply.ErrUnavailable, "all attempts of one")
				}
				require.LessOrEqual(t, oldest, o.MaxLook)
			})
		}
	}
	require.Greater(t, deletions, 10*int(n))
}

// What came into use while a deletion waited for its next try stays, and the report
// says so, with what the try before ended with: it may have deleted it all the same.
func TestNoSecondTryOfWhatIsInUseAgain(t *testing.T) {
	for _, verb := range []string{"DeleteManifestLink", "DeleteImage", "DeleteBlob"} {
		t.Run(verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				live := f.cluster.Live()
				tried := ""
				live.Before = func(c prunetest.Call) error {
					switch {
					case c.Verb != verb:
					case tried == "":
						tried = c.Object
						live.Tag("dev/app", "again", f.app.Digest(f.oldest), f.oldest.Digest(), f.cluster.Now())
						live.Tag("dev/app", "and", f.app.Digest(f.middle), f.middle.Digest(), f.cluster.Now())
						return later{apply.DefaultMaxLook + time.Second}
					case tried == c.Object:
						t.Errorf("%s %s is tried again", verb, tried)
					}
					return nil
				}
				report, err := f.run(t, live, func(o *apply.Options) {
					o.Now, o.Workers = clockFrom(f.cluster.Now()), 1
					o.Retry = apply.Retry{Most: time.Hour}
				})
				require.NoError(t, err)
				var kept []apply.Result
				for result := range report.Results() {
					if result.Err != nil {
						kept = append(kept, result)
					}
				}
				require.Len(t, kept, 1)
				require.Equal(t, apply.Stale, kept[0].Status)
				require.NotEmpty(t, kept[0].Why)
				require.ErrorIs(t, kept[0].Err, apply.ErrUnavailable)
				require.Equal(t, verb == "DeleteBlob", report.RestartRegistries || len(live.Told()) > 0)
			})
		})
	}
}

// A deletion that waits for its next try keeps no look, and no other deletion, waiting.
func TestNoLookWaitsForAPause(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // only where it fails
	defer cancel()
	var mu sync.Mutex
	now, looks, waiting := f.cluster.Now(), 0, ""
	live.Before = serialised(func(c prunetest.Call) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case c.Verb == "List":
			looks++
		case c.Verb == "DeleteBlob" && (waiting == "" || waiting == c.Object):
			waiting = c.Object
			now = now.Add(apply.DefaultMaxLook + 1) // the others look first
			return later{time.Hour}
		}
		return nil
	})
	o := atOnce(f.cluster.Now())
	o.Workers = 2
	o.Retry = apply.Retry{Most: time.Hour}
	o.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	done := 0
	o.OnEvent = func(e apply.Event) {
		if e.Kind == apply.ActionEnded && e.Result.Action.Kind == prune.DeleteBlob {
			if done++; done == f.plan.Summary.Blobs-1 {
				cancel()
			}
		}
	}
	report, err := apply.Run(ctx, f.plan, live.Ends(), o)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, looks)
	require.Equal(t, f.plan.Summary.Blobs-1, report.Count(prune.DeleteBlob, apply.Done))
}

// A run that is cancelled during a call does not say that nothing was done: it says
// that nobody knows, and takes the blob for gone where a cache would believe in it.
func TestCancelledDuringACall(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ends := live.Ends()
	ends.Blobs = blobsEnd(func(ctx context.Context, _ string) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	o := atOnce(f.cluster.Now())
	o.Workers = 1
	report, err := apply.Run(ctx, f.plan, ends, o)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, f.plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.NotRun))
	var unclear []apply.Result
	for result := range report.Results() {
		if result.Status == apply.NotRun && result.Err != nil {
			unclear = append(unclear, result)
		}
	}
	require.Len(t, unclear, 1)
	require.ErrorIs(t, unclear[0].Err, context.Canceled)
	require.Contains(t, report.String(), "it may be done")
	require.Equal(t, []string{unclear[0].Action.Digest}, live.Told())

	// An end that does not heed its context is waited for: nothing is deleted once Run
	// has returned, and the report has what was done.
	live = f.cluster.Live()
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	ends = live.Ends()
	entered, leave, returned := make(chan struct{}), make(chan struct{}), make(chan struct{})
	ends.Blobs = blobsEnd(func(ctx context.Context, digest string) error {
		close(entered)
		<-leave
		return live.DeleteBlob(context.WithoutCancel(ctx), digest)
	})
	o.Timeout = -1
	go func() {
		defer close(returned)
		report, err = apply.Run(ctx, f.plan, ends, o)
	}()
	<-entered
	cancel()
	select {
	case <-returned:
		t.Error("Run has returned before its call")
	default:
	}
	close(leave)
	<-returned
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, report.Count(prune.DeleteBlob, apply.Done))
	require.Empty(t, report.Problems())
}

type blobsEnd func(ctx context.Context, digest string) error

func (f blobsEnd) DeleteBlob(ctx context.Context, digest string) error { return f(ctx, digest) }

// An action that must stay takes no turn: a thousand of them wait for nobody.
func TestWhatStaysTakesNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		live := f.cluster.Live()
		live.Before = on("UpdateStreamStatus", apply.ErrForbidden)
		began := time.Now()
		report, err := f.run(t, live, func(o *apply.Options) { o.Rate = 1 })
		require.ErrorIs(t, err, apply.ErrForbidden)
		require.Positive(t, report.Count(prune.DeleteManifestLink, apply.Held)+report.Count(prune.DeleteManifestLink, apply.Stale))
		require.LessOrEqual(t, time.Since(began), 2*time.Second, "reading the stream, and writing it")
	})
}

// So it is of a blob that an earlier plan condemned, which is no action of this one.
func TestCancelledDuringACallForWhatWaited(t *testing.T) {
	f := newFixture(t)
	live := f.cluster.Live()
	_, err := apply.Run(t.Context(), f.plan, live.Ends(), apply.Options{Now: at(f.cluster.Now())})
	require.NoError(t, err)
	now := f.cluster.Now().Add(25 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ends := live.Ends()
	ends.Blobs = blobsEnd(func(ctx context.Context, _ string) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})
	report, err := apply.Run(ctx, planAgain(t, live, now), ends, apply.Options{Now: at(now), Workers: 1})
	require.ErrorIs(t, err, context.Canceled)
	var unclear []apply.Result
	for result := range report.Results() {
		if result.Status == apply.NotRun && result.Err != nil {
			unclear = append(unclear, result)
		}
	}
	require.Len(t, unclear, 1)
	require.Equal(t, -1, unclear[0].Number)
	require.ErrorIs(t, unclear[0].Err, context.Canceled)
	require.Equal(t, []string{unclear[0].Action.Digest}, live.Told())
}

// The window reaches to the end of each deletion that was done though its answer was lost,
// whether the next try finds it gone or the run gives up.
func TestWindowOfWhatMayBeDone(t *testing.T) {
	for _, attempts := range []int{1, 2} {
		t.Run(fmt.Sprint(attempts, " attempts"), func(t *testing.T) {
			f := newFixture(t)
			live := f.cluster.Live()
			ends := live.Ends()
			now := f.cluster.Now()
			lost := false
			ends.Blobs = blobsEnd(func(ctx context.Context, digest string) error {
				err := live.DeleteBlob(ctx, digest)
				if !lost {
					lost = true
					now = now.Add(apply.DefaultMaxLook + time.Minute) // so that what follows is judged by another look
					return apply.ErrUnavailable
				}
				return err
			})
			o := atOnce(now)
			o.Now = func() time.Time { return now }
			o.Workers = 1
			o.Retry = apply.Retry{Attempts: attempts, Wait: time.Nanosecond}
			report, err := apply.Run(t.Context(), f.plan, ends, o)
			require.Equal(t, attempts == 1, errors.Is(err, apply.ErrUnavailable))
			require.Equal(t, apply.DefaultMaxLook+time.Minute, report.Window)
		})
	}
}
