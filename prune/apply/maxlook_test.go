package apply_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// What comes into use while a deletion waits to be tried again stays, though it was
// judged before the wait: the answer says which try went before.
func TestATryIsJudgedAnew(t *testing.T) {
	f := newFixture(t)
	synctest.Test(t, func(t *testing.T) {
		live := f.cluster.Live()
		tried := 0
		live.Before = func(c prunetest.Call) error {
			if c.Verb != "DeleteManifestLink" {
				return nil
			}
			if tried++; tried > 1 {
				return nil
			}
			live.Run("dev/back", "registry/dev/app@"+f.middle.Digest())
			live.Run("dev/too", "registry/dev/app@"+f.oldest.Digest())
			return later{20 * time.Minute}
		}
		report, err := f.run(t, live, func(o *apply.Options) {
			o.Now, o.Workers, o.Retry = clockFrom(f.cluster.Now()), 1, apply.Retry{Most: time.Hour}
		})
		require.NoError(t, err)
		require.Equal(t, 1, tried)
		require.Equal(t, 2, report.Count(prune.DeleteManifestLink, apply.Held))
		require.Empty(t, live.Missing())
		var errs []error
		for result := range report.Results() {
			if result.Action.Kind == prune.DeleteManifestLink {
				errs = append(errs, result.Err)
			}
		}
		require.Equal(t, []error{later{20 * time.Minute}, nil}, errs)
	})
}

// clockFrom runs as the bubble's does, from another start.
func clockFrom(start time.Time) func() time.Time {
	began := time.Now()
	return func() time.Time { return start.Add(time.Since(began)) }
}

// Whatever the pace, the pauses and the other workers: no deletion begins by a look
// that is older than it may be. Nor does one that waits keep the others from looking.
func TestNoDeletionByAnOldLook(t *testing.T) {
	for seed := range uint64(20) {
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
}

// A deletion that waits for an hour does not keep another, which is long under way,
// from being followed by a look.
func TestALookDoesNotWaitForAPause(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	for _, name := range []string{"dev/app", "dev/web"} {
		stream := c.Stream(name)
		for age := range 5 {
			stream.Push("latest", c.Image(), time.Duration(90-age)*24*time.Hour)
		}
	}
	plan, err := prune.New(c.Inventory(), oneRevision(t), c.Now())
	require.NoError(t, err)
	live := c.Live()
	var late atomic.Int64
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	live.Before = func(call prunetest.Call) error {
		switch {
		case call.Verb == "DeleteManifestLink" && strings.HasPrefix(call.Object, "dev/app"):
			return later{3 * time.Hour}
		case call.Verb == "DeleteManifestLink":
			late.Add(int64(apply.DefaultMaxLook) + 1)
		}
		return nil
	}
	o := atOnce(c.Now())
	o.Now = func() time.Time { return c.Now().Add(time.Duration(late.Load())) }
	o.Workers, o.Retry = 2, apply.Retry{Most: 4 * time.Hour}
	done := 0
	o.OnEvent = func(e apply.Event) {
		if e.Kind == apply.ActionEnded && e.Result.Action.Repository == "dev/web" && e.Result.Status == apply.Done {
			if done++; done == 4 {
				cancel()
			}
		}
	}
	_, err = apply.Run(ctx, plan, live.Ends(), o)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 4, done)
}
