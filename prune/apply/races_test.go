package apply_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// A change is what somebody does to a cluster while a plan is carried out.
type change struct {
	name string
	do   func(l *prunetest.Live, plan *prune.Plan, now time.Time)
}

// doomed returns an image that the plan deletes, and the stream of a tag item
// that it drops.
func doomed(plan *prune.Plan) (digest, stream string) {
	for a := range plan.Actions() {
		switch a.Kind {
		case prune.DeleteTagItem:
			stream = a.Stream
		case prune.DeleteImage:
			return a.Image, stream
		}
	}
	return "", stream
}

const host = prunetest.DefaultRegistry + "/"

var changes = []change{
	{"tagged into a new stream", func(l *prunetest.Live, plan *prune.Plan, now time.Time) {
		digest, _ := doomed(plan)
		l.Tag("late/new", "latest", host+"late/new@"+digest, digest, now)
	}},
	{"tagged again in its stream", func(l *prunetest.Live, plan *prune.Plan, now time.Time) {
		digest, stream := doomed(plan)
		l.Tag(stream, "again", host+stream+"@"+digest, digest, now)
	}},
	{"run by digest", func(l *prunetest.Live, plan *prune.Plan, _ time.Time) {
		digest, stream := doomed(plan)
		l.Run("late/pod", host+stream+"@"+digest)
	}},
	{"stream deleted and made anew", func(l *prunetest.Live, plan *prune.Plan, now time.Time) {
		digest, stream := doomed(plan)
		l.DeleteStream(stream)
		l.Tag(stream, "latest", host+stream+"@"+digest, digest, now)
	}},
	{"run by tag", func(l *prunetest.Live, plan *prune.Plan, _ time.Time) {
		for a := range plan.Actions() {
			if a.Kind == prune.DeleteTagItem && a.Index == 0 {
				l.Run("late/pod-"+strings.ReplaceAll(a.Tag, "_", "-"), host+a.Stream+":"+a.Tag)
			}
		}
	}},
	{"pushed again under an index's name", func(l *prunetest.Live, plan *prune.Plan, now time.Time) {
		for a := range plan.Actions() {
			if a.Kind == prune.DeleteImage {
				l.Tag("late/all", strings.TrimPrefix(a.Image, "sha256:")[:12], host+"late/all@"+a.Image, a.Image, now)
			}
		}
	}},
}

// TestChangesBetweenPlanAndLook does something to what the plan lets go, before
// every single call of an end. What was there when the run looked is there in
// the end; only what came after the last look may have been missed. The peer looks
// once, before it begins (defect J).
func TestChangesBetweenPlanAndLook(t *testing.T) {
	for cluster, plan := range plans(t, 12) {
		if digest, stream := doomed(plan); digest == "" || stream == "" || tooLong(plan) {
			continue
		}
		_, calls := carriedOut(t, cluster, plan)
		for _, c := range changes {
			for k := range calls {
				live := cluster.Live()
				looks, n, looksBefore := 0, -1, 0
				var before []string
				live.Before = func(call prunetest.Call) error {
					if call.Verb == "List" {
						looks++
					}
					if n++; n == k {
						c.do(live, plan, cluster.Now())
						looksBefore, before = looks, live.Missing()
						if call.Verb == "List" {
							looksBefore--
						}
					}
					return nil
				}
				_, err := apply.Run(t.Context(), plan, live.Ends(), atOnce(cluster.Now()))
				require.NoError(t, err)
				lost := slices.DeleteFunc(live.Missing(), func(m string) bool { return slices.Contains(before, m) })
				switch looksBefore {
				case 0: // the first look is still to come
					require.Empty(t, lost, "%s at call %d of %d", c.name, k, calls)
				case 1: // links and Images may be gone, blobs not
					for _, m := range lost {
						require.NotContains(t, m, ": blob ", "%s at call %d of %d", c.name, k, calls)
					}
				}
			}
		}
	}
}

// TestWhatIsLostCameWithinTheWindow does the same while the clock goes on: what is lost
// was deleted no longer after the look that judged it than the report says, and what
// was done had come after that look.
func TestWhatIsLostCameWithinTheWindow(t *testing.T) {
	orders, lostIn := 0, 0
	for cluster, plan := range plans(t, 8) {
		if digest, stream := doomed(plan); digest == "" || stream == "" || tooLong(plan) {
			continue
		}
		_, calls := carriedOut(t, cluster, plan)
		for _, c := range changes {
			for k := range calls {
				live, now, n := cluster.Live(), cluster.Now(), -1
				var looks []time.Time
				var changed time.Time
				var before []string
				live.Before = func(call prunetest.Call) error {
					if n++; n == k {
						c.do(live, plan, cluster.Now())
						changed, before = now, live.Missing()
					}
					if call.Verb == "List" {
						looks = append(looks, now)
					}
					now = now.Add(time.Second)
					return nil
				}
				o := atOnce(cluster.Now())
				o.Now = func() time.Time { return now }
				report, err := apply.Run(t.Context(), plan, live.Ends(), o)
				require.NoError(t, err)
				orders++
				lost := slices.DeleteFunc(live.Missing(), func(m string) bool { return slices.Contains(before, m) })
				if len(lost) == 0 {
					continue
				}
				lostIn++
				judged := slices.IndexFunc(looks, func(look time.Time) bool { return !look.Before(changed) }) - 1
				if judged == -2 {
					judged = len(looks) - 1
				}
				require.GreaterOrEqual(t, judged, 0, "%s at call %d of %d, before any look: %v", c.name, k, calls, lost)
				require.Less(t, changed.Sub(looks[judged]), report.Window, "%s at call %d of %d: %v", c.name, k, calls, lost)
			}
		}
	}
	t.Logf("%d orders, something is lost in %d", orders, lostIn)
	require.Positive(t, lostIn)
	require.Greater(t, orders, lostIn)
}

// A look waits for the deletions that were judged by the look before: an end that goes
// by the time of its last look would else hold them against the wrong one.
func TestNoLookDuringADeletion(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	for age := range 6 {
		app.Push("latest", c.Image(), time.Duration(20+age)*24*time.Hour)
	}
	plan, err := prune.New(c.Inventory(), oneRevision(t), c.Now())
	require.NoError(t, err)
	require.Greater(t, plan.Summary.Blobs, 6)

	var passed, deleting atomic.Int64
	var overlaps, looks atomic.Int64
	var first sync.Once
	listed := make(chan struct{}, 100)
	live := c.Live()
	live.Before = func(call prunetest.Call) error {
		switch call.Verb {
		case "List":
			looks.Add(1)
			overlaps.Add(deleting.Load())
			listed <- struct{}{}
		case "DeleteBlob":
			first.Do(func() { // the look grows old meanwhile, and another worker sees it
				for len(listed) > 0 {
					<-listed
				}
				deleting.Add(1)
				passed.Add(int64(apply.DefaultMaxLook) + 1)
				select {
				case <-listed:
				case <-time.After(200 * time.Millisecond):
				}
				deleting.Add(-1)
			})
		}
		return nil
	}
	o := atOnce(c.Now())
	o.Workers = 2
	o.Now = func() time.Time { return c.Now().Add(time.Duration(passed.Load())) }
	_, err = apply.Run(t.Context(), plan, live.Ends(), o)
	require.NoError(t, err)
	require.EqualValues(t, 3, looks.Load(), "two, and one since the second has grown old")
	require.Zero(t, overlaps.Load())
}

// An image that this run deleted is needed again, as part of an index, by the time
// of the second look; unknown images are accepted, so that only the look before
// knows what it was made of. Nor does a run know that is finished later.
func TestIndexOfDeletedImage(t *testing.T) {
	cluster := func() (*prunetest.Cluster, *prunetest.Image, *prunetest.Image) {
		c := prunetest.NewCluster(prunetest.Options{})
		old, current := c.Image(), c.Image()
		return c, old, current
	}
	c, old, current := cluster()
	app := c.Stream("dev/app")
	app.Push("latest", old, 30*24*time.Hour)
	app.Push("latest", current, 20*24*time.Hour)
	policy := oneRevision(t)
	policy.AcceptUnknownImages = true
	plan, err := prune.New(c.Inventory(), policy, c.Now())
	require.NoError(t, err)
	require.Equal(t, 1, plan.Summary.Images)

	after, missing, current := cluster()
	app = after.Stream("dev/app")
	app.Push("latest", current, 20*24*time.Hour)
	app.Push("all", after.Index(missing, current), time.Minute)
	missing.Missing = true
	require.Equal(t, old.Digest(), missing.Digest())

	for _, resumed := range []bool{false, true} {
		live, journal := c.Live(), &memoryJournal{}
		ends := live.Ends()
		o := atOnce(c.Now())
		o.Journal = journal
		looks := 0
		ends.Inventory = lister(func(ctx context.Context) (*inventory.Inventory, error) {
			if looks++; looks == 1 {
				return live.List(ctx)
			}
			if looks == 2 && resumed {
				return nil, errInjected
			}
			return after.Inventory(), nil
		})
		report, err := apply.Run(t.Context(), plan, ends, o)
		if resumed {
			require.ErrorIs(t, err, errInjected)
			report, err = apply.Run(t.Context(), plan, ends, o)
		}
		require.NoError(t, err)
		require.Equal(t, 1, report.Count(prune.DeleteImage, apply.Done))
		require.Equal(t, 1, report.Count(prune.DeleteBlob, apply.Stale), "the manifest itself, which the second look knows of")
		require.Equal(t, plan.Summary.Blobs-1, report.Count(prune.DeleteBlob, apply.Held))
		require.Zero(t, report.FreedBytes)
	}
}

type lister func(ctx context.Context) (*inventory.Inventory, error)

func (l lister) List(ctx context.Context) (*inventory.Inventory, error) { return l(ctx) }
