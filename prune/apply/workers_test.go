package apply_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// All workers are at it where one repository has everything: layer links and blobs are
// in no order.
func TestWorkersInOneRepository(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	for age := range 101 {
		app.Push("latest", c.Image(), time.Duration(200-age)*24*time.Hour)
	}
	plan, err := prune.New(c.Inventory(), oneRevision(t), c.Now())
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		live := c.Live()
		live.Before = func(prunetest.Call) error {
			time.Sleep(time.Second)
			return nil
		}
		o := atOnce(c.Now())
		o.Workers = 5
		began := map[apply.Phase]time.Time{}
		took := map[apply.Phase]time.Duration{}
		o.OnEvent = func(e apply.Event) {
			switch e.Kind {
			case apply.PhaseStarted:
				began[e.Phase] = time.Now()
			case apply.PhaseEnded:
				took[e.Phase] = time.Since(began[e.Phase])
			}
		}
		_, err := apply.Run(t.Context(), plan, live.Ends(), o)
		require.NoError(t, err)
		s := plan.Summary
		require.Equal(t, 100, s.ManifestLinks)
		for phase, want := range map[apply.Phase]int{
			apply.ManifestLinks: s.ManifestLinks, apply.LayerLinks: (s.LayerLinks + 4) / 5, apply.Images: 100 / 5, apply.Blobs: (s.Blobs + 4) / 5,
		} {
			require.Equal(t, time.Duration(want)*time.Second, took[phase], phase)
		}
	})
}
