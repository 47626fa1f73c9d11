package apply_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/volumegen"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// A clusterOnVolume is a random cluster whose streams and Images are in memory and
// whose registry is a volume: links and blobs go by fromlayout's ends.
type clusterOnVolume struct {
	t      *testing.T
	live   *prunetest.Live
	volume registryVolume
	sweep  *fromlayout.Ends

	before, after func(n int) error // of the n-th call of any end, from 0
	calls         int
}

func newClusterOnVolume(t *testing.T, cluster *prunetest.Cluster, onDisk bool) *clusterOnVolume {
	c := &clusterOnVolume{t: t, live: cluster.Live()}
	files, err := volumegen.ClusterFiles(c.live)
	require.NoError(t, err)
	c.volume = volumeOf(t, files, onDisk)
	c.sweep = c.volume.ends(t)
	c.live.Before = func(prunetest.Call) error { return c.begin() }
	c.live.After = func(prunetest.Call) error { return c.end() }
	return c
}

func (c *clusterOnVolume) begin() error {
	c.calls++
	if c.before == nil {
		return nil
	}
	return c.before(c.calls - 1)
}

func (c *clusterOnVolume) end() error {
	if c.after == nil {
		return nil
	}
	return c.after(c.calls - 1)
}

// call is a call of the volume's end.
func (c *clusterOnVolume) call(do func() error) error {
	err := c.begin()
	if err == nil {
		err = do()
	}
	if err == nil {
		err = c.end()
	}
	return err
}

// DeleteManifestLink implements apply.ManifestLinkDeleter.
func (c *clusterOnVolume) DeleteManifestLink(ctx context.Context, repository, digest string) error {
	return c.call(func() error { return c.sweep.DeleteManifestLink(ctx, repository, digest) })
}

// DeleteLayerLink implements apply.LayerLinkDeleter.
func (c *clusterOnVolume) DeleteLayerLink(ctx context.Context, repository, digest string) error {
	return c.call(func() error { return c.sweep.DeleteLayerLink(ctx, repository, digest) })
}

// DeleteBlob implements apply.BlobDeleter.
func (c *clusterOnVolume) DeleteBlob(ctx context.Context, digest string) error {
	return c.call(func() error { return c.sweep.DeleteBlob(ctx, digest) })
}

func (c *clusterOnVolume) ends() apply.Ends {
	ends := c.live.Ends()
	ends.Manifests, ends.Layers, ends.Blobs = c, c, c
	return ends
}

func (c *clusterOnVolume) missing() []string {
	missing, err := volumegen.ClusterMissing(c.t.Context(), c.volume.store, c.live)
	require.NoError(c.t, err)
	return missing
}

// broken is all that is missing: to items, and on the volume by itself.
func (c *clusterOnVolume) broken() []string { return append(c.missing(), c.volume.dangling(c.t)...) }

// left is all that is left: items, Images, and the volume's files.
type left struct {
	Items, Images []string
	Files         map[string]string
}

func (c *clusterOnVolume) left() left {
	return left{c.live.Items(), c.live.Images(), c.volume.files(c.t)}
}

// replan makes new plans until one finds nothing: by what the cluster knows, and
// then, as the orphan check, by what is on the volume and named by nothing.
func (c *clusterOnVolume) replan(policy prune.Policy, cluster *prunetest.Cluster, before []string, when string) {
	c.before, c.after, c.live.Listing = nil, nil, nil
	orphans := policy
	orphans.Orphans, orphans.Untagged = true, true
	for _, p := range []prune.Policy{policy, orphans, orphans} {
		if p.Orphans {
			c.live.Listing = c.list
		}
		inv, err := c.live.List(c.t.Context())
		require.NoError(c.t, err)
		plan, err := prune.New(inv, p, cluster.Now())
		require.NoError(c.t, err)
		_, err = apply.Run(c.t.Context(), plan, c.ends(), atOnce(cluster.Now()))
		require.NoError(c.t, err, when)
		// A plan that knows of no links may leave some of the run that died, to what
		// it deletes itself. The orphan check takes them.
		require.Subset(c.t, before, c.missing(), when)
	}
	require.Subset(c.t, before, c.broken(), when)
}

// list adds what is on the volume.
func (c *clusterOnVolume) list(ctx context.Context, b *inventory.Builder) error {
	if _, err := fromlayout.Read(ctx, c.volume.layout, b, fromlayout.Options{LinksOnly: true}); err != nil {
		return err
	}
	for blob, err := range c.volume.layout.Blobs(ctx) {
		if err == nil {
			err = b.AddStoredBlob(inventory.Blob{Digest: string(blob.Digest), Size: blob.Size})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// clusterFaults are what goes wrong at the k-th call of an end.
var clusterFaults = []struct {
	name   string
	inject func(c *clusterOnVolume, k int, cancel func())
}{
	{"a failure", func(c *clusterOnVolume, k int, _ func()) {
		c.before = failing(func(n int) bool { return n == k })
	}},
	{"failures for good", func(c *clusterOnVolume, k int, _ func()) {
		c.before = failing(func(n int) bool { return n >= k })
	}},
	{"a lost acknowledgement", func(c *clusterOnVolume, k int, _ func()) {
		c.after = failing(func(n int) bool { return n == k })
	}},
	{"the end of the context", func(c *clusterOnVolume, k int, cancel func()) {
		c.before = func(n int) error {
			if n == k {
				cancel()
				return context.Canceled
			}
			return nil
		}
	}},
	{"death behind it", func(c *clusterOnVolume, k int, _ func()) {
		c.after = func(n int) error {
			if n == k {
				panic(errDeath)
			}
			return nil
		}
	}},
}

func failing(hit func(n int) bool) func(n int) error {
	return func(n int) error {
		if hit(n) {
			return errInjected
		}
		return nil
	}
}

// TestRunOnAClusterAndItsVolumeThatEndsAnywhere stops and fails a run at every
// single call of an end. Whatever happens, each item that is there resolves to all
// that it resolved to before, on the volume, where nothing else dangles that did not
// before; and the journal leaves what a run
// without faults leaves; so do new plans and the orphan check where it is lost.
func TestRunOnAClusterAndItsVolumeThatEndsAnywhere(t *testing.T) {
	clusters, ends := 0, 0
	for cluster, plan := range plans(t, 7) {
		if tooLong(plan) {
			continue
		}
		onDisk := clusters == 1
		clusters++
		step := 1
		if onDisk {
			step = 13
		}
		whole := newClusterOnVolume(t, cluster, onDisk)
		before := whole.broken()
		_, err := apply.Run(t.Context(), plan, whole.ends(), atOnce(cluster.Now()))
		require.NoError(t, err)
		require.Subset(t, before, whole.broken())
		calls, want := whole.calls, whole.left()
		whole.replan(plan.Policy, cluster, before, "a run without faults")
		least := whole.left()

		for _, fault := range clusterFaults {
			for k := 0; k < calls; k += step {
				when := fmt.Sprintf("cluster %d, %s at call %d of %d, %+v", clusters, fault.name, k, calls, plan.Summary)
				end := func(o apply.Options) (*clusterOnVolume, error) {
					c := newClusterOnVolume(t, cluster, onDisk)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					fault.inject(c, k, cancel)
					err := runUntilDeath(ctx, plan, c.ends(), o)
					require.Subset(t, before, c.broken(), when)
					c.before, c.after = nil, nil
					return c, err
				}
				o := atOnce(cluster.Now())
				o.Journal = &memoryJournal{}
				c, err := end(o)
				if err != nil {
					_, err = apply.Run(t.Context(), plan, c.ends(), o)
					require.NoError(t, err, when)
				}
				require.Subset(t, before, c.broken(), when)
				require.Equal(t, want, c.left(), "%s, by the journal", when)

				lost, _ := end(atOnce(cluster.Now()))
				lost.replan(plan.Policy, cluster, before, when)
				require.Equal(t, least, lost.left(), "%s, by new plans", when)
				ends += 2
			}
		}
	}
	require.Greater(t, ends, 100, "hardly anything was ended")
	t.Logf("%d clusters, %d ends", clusters, ends)
}
