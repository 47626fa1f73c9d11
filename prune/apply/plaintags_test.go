package apply_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// plainRegistry has tags of five images, of which the plan drops those that are older
// than two weeks: v2 and v3.
func plainRegistry(t *testing.T) (*prunetest.Cluster, *prune.Plan, []*prunetest.Image) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	images := []*prunetest.Image{app.Push("base", c.Image(), time.Hour)}
	for week := range 4 {
		images = append(images, app.Push(fmt.Sprintf("v%d", week), c.ImageOn(images[0]), time.Duration(7*week+1)*24*time.Hour))
	}
	fortnight := prune.Duration(14 * 24 * time.Hour)
	plan, err := prune.New(c.Inventory(), prune.Policy{
		TagItems:      []prune.Rule{{ID: "old", Outcome: prune.Delete, When: prune.Condition{OlderThan: &fortnight}}},
		Images:        []prune.Rule{{ID: "unneeded", Outcome: prune.Delete, When: prune.Condition{Always: true}}},
		PruneRegistry: true,
	}, c.Now())
	require.NoError(t, err)
	require.Equal(t, 2, plan.Summary.TagItems)
	require.Equal(t, 2, plan.Summary.Images)
	return c, plan, images
}

// Without streams, tags go one by one; a tag that was moved since stays, and so does
// what another tag needs by now.
func TestPlainTags(t *testing.T) {
	c, plan, images := plainRegistry(t)
	live := c.Live()
	report, err := apply.Run(t.Context(), plan, live.PlainEnds(), atOnce(c.Now()))
	require.NoError(t, err)
	require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.Done))
	require.Len(t, live.Items(), 3)
	require.Empty(t, live.Missing())
	require.NotContains(t, live.Images(), images[4].Digest())

	live = c.Live()
	live.Before = once("DeleteTag", func() {
		live.Tag("dev/app", "v3", host+"dev/app@"+images[1].Digest(), images[1].Digest(), c.Now())
		live.Tag("dev/web", "v3", host+"dev/web@"+images[4].Digest(), images[4].Digest(), c.Now())
	})
	before := len(live.Missing())
	report, err = apply.Run(t.Context(), plan, live.PlainEnds(), atOnce(c.Now()))
	require.NoError(t, err)
	require.Equal(t, 1, report.Count(prune.DeleteTagItem, apply.Stale))
	require.Len(t, live.Missing(), before)
	require.Contains(t, live.Images(), images[4].Digest())
}

// Whatever call fails, once or for good, what is left resolves, and the journal finishes
// the run.
func TestPlainTagsThatFailAnywhere(t *testing.T) {
	c, plan, _ := plainRegistry(t)
	whole := c.Live()
	calls := 0
	whole.Before = func(prunetest.Call) error { calls++; return nil }
	_, err := apply.Run(t.Context(), plan, whole.PlainEnds(), atOnce(c.Now()))
	require.NoError(t, err)
	require.Greater(t, calls, 10)
	for k := range calls {
		for _, forGood := range []bool{false, true} {
			live := c.Live()
			n := -1
			fails := failing(func(int) bool { n++; return n == k || forGood && n > k })
			live.Before = func(prunetest.Call) error { return fails(0) }
			o := atOnce(c.Now())
			o.Journal = &memoryJournal{}
			_, err := apply.Run(t.Context(), plan, live.PlainEnds(), o)
			require.Empty(t, live.Missing(), k)
			live.Before = nil
			if err != nil {
				_, err = apply.Run(t.Context(), plan, live.PlainEnds(), o)
				require.NoError(t, err, k)
			}
			require.Empty(t, live.Missing(), k)
			require.Equal(t, whole.Items(), live.Items(), k)
		}
	}
}
