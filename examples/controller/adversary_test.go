package main

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

func (w *world) patch(text string) {
	w.t.Helper()
	u := newPruner()
	u.SetName(imagepruner.Name)
	require.NoError(w.t, w.client.Patch(w.t.Context(), u, client.RawPatch(types.MergePatchType, []byte(text))))
}

// TestTheWatchOfImagesLags: a stream lists an Image that is there, and that the watch has
// not told of. Its item stays; where the Image is gone in truth, it goes.
func TestTheWatchOfImagesLags(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{})
		stream, err := w.cluster.ReadStream(t.Context(), "dev", "app")
		require.NoError(t, err)
		late := newObject(inventory.KindImage)
		late.SetName(stream.Status.Tags[0].Items[1].Image) // of the three that stay
		w.known.forget(late)
		if gone {
			require.NoError(t, w.client.Delete(t.Context(), late))
		}
		inv, err := w.known.build(t.Context(), w.cluster.reader)
		require.NoError(t, err)
		require.Equal(t, gone, inv.ImagesAfterStreams())
		w.reconcile()
		require.Equal(t, map[bool]int{false: 3, true: 2}[gone], w.items("app", "latest"))
	}
}

// TestStreamsThatChangeAllTheTime: the names of Images that were read are no newer than
// the streams then, and no item goes for an Image that is not known.
func TestStreamsThatChangeAllTheTime(t *testing.T) {
	var w *world
	w = newWorld(t, shop(), `{}`, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, o ...client.ListOption) error {
		if _, names := list.(*metav1.PartialObjectMetadataList); names {
			stream := newObject(inventory.KindImageStream)
			require.NoError(t, c.Get(ctx, types.NamespacedName{Namespace: "dev", Name: "app"}, stream))
			require.NoError(t, w.known.set(stream))
		}
		return c.List(ctx, list, o...)
	}})
	stream, err := w.cluster.ReadStream(t.Context(), "dev", "app")
	require.NoError(t, err)
	gone := newObject(inventory.KindImage)
	gone.SetName(stream.Status.Tags[0].Items[1].Image)
	require.NoError(t, w.client.Delete(t.Context(), gone))
	w.known.forget(gone)
	inv, err := w.known.build(t.Context(), w.cluster.reader)
	require.NoError(t, err)
	require.False(t, inv.ImagesAfterStreams())
}

// TestAListThatFails stops the run behind the tag items, and tells.
func TestAListThatFails(t *testing.T) {
	down := false // not yet when the informers list
	w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, o ...client.ListOption) error {
		if down && list.GetObjectKind().GroupVersionKind().Kind == "DeploymentList" {
			return apierrors.NewServiceUnavailable("down")
		}
		return c.List(ctx, list, o...)
	}})
	down = true
	result := w.reconcile()
	require.Equal(t, 3, w.items("app", "latest"))
	require.Equal(t, 7, w.count(inventory.KindImage))
	require.Contains(t, w.conditions(), "Failed=True Error, Degraded=True JobFailed")
	require.Contains(t, w.pruner().Status.Condition(imagepruner.Failed).Message, "listing Deployment")
	require.Equal(t, 50*time.Minute, result.RequeueAfter, "not at once: when the new image comes of age")
	down = false
	w.requireComplete()
}

func TestARegistryThatIsDown(t *testing.T) {
	w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{})
	w.live.Before = func(c prunetest.Call) error { return apply.ErrUnavailable }
	w.reconcile()
	require.Equal(t, 7, w.count(inventory.KindImage), "an Image goes behind its links")
	require.Contains(t, w.conditions(), "Failed=True Error")
	w.requireComplete()

	w.live.Before = nil
	w.clock = w.clock.Add(time.Hour)
	w.reconcile()
	require.Contains(t, w.conditions(), "Failed=False Succeeded")
	w.requireComplete()

	w.registry = func(context.Context) (imagepruner.Registry, apply.Ends, error) {
		return imagepruner.Registry{}, apply.Ends{}, errors.New("no way to know")
	}
	w.clock = w.clock.Add(time.Hour)
	w.reconcile()
	require.Contains(t, w.pruner().Status.Condition(imagepruner.Failed).Message, "no way to know")
}

// TestAClockThatJumps: a run that is recorded in the far future does not stop all others.
func TestAClockThatJumps(t *testing.T) {
	w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{})
	right := w.clock
	w.clock = right.Add(-30 * 365 * 24 * time.Hour) // before all was made
	w.reconcile()
	require.Equal(t, 7, w.count(inventory.KindImage))

	w.known.builder.Incomplete(inventory.KindPod) // so that nothing goes
	w.clock = right.Add(30 * 365 * 24 * time.Hour)
	w.reconcile()
	require.Equal(t, 7, w.count(inventory.KindImage))
	future := lastRun(w.pruner())
	require.Equal(t, w.clock, future.Started.Time)
	w.known.builder.Unlisted(inventory.KindPod)
	w.known.listed(inventory.KindPod)

	w.clock = right
	w.reconcile()
	require.Equal(t, right, lastRun(w.pruner()).Started.Time)
	require.Equal(t, 4, w.count(inventory.KindImage))

	// A replica whose clock is behind by seconds does not run again.
	w.clock = right.Add(-5 * time.Second)
	before := w.pruner()
	w.reconcile()
	require.Equal(t, before, w.pruner())
}

// TestAStatusThatChangedMeanwhile is an error, so that the reconciler comes again; the run
// is not repeated then.
func TestAStatusThatChangedMeanwhile(t *testing.T) {
	conflicts := 1
	w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, options ...client.SubResourceUpdateOption) error {
		if o.GetObjectKind().GroupVersionKind() == prunerKind && conflicts > 0 {
			conflicts--
			return apierrors.NewConflict(schema.GroupResource{Resource: "imagepruners"}, o.GetName(), errors.New("changed"))
		}
		return c.SubResource(sub).Update(ctx, o, options...)
	}})
	_, err := w.Reconcile(t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Name: "cluster"}})
	require.True(t, apierrors.IsConflict(err), err)
	first := lastRun(w.pruner())
	require.Equal(t, 3, first.Deleted.Images)
	w.clock = w.clock.Add(time.Second)
	w.reconcile()
	require.Equal(t, first, lastRun(w.pruner()))
	require.Contains(t, w.conditions(), "Failed=False Succeeded")
}

// TestASpecThatChangesWhileItRuns: the run goes on as it was planned, the record does not
// undo the change, and the status says which spec it is of.
func TestASpecThatChangesWhileItRuns(t *testing.T) {
	for _, change := range []string{`{"suspend":true}`, `{"keepTagRevisions":6}`} {
		w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{})
		changed := false
		w.live.Before = func(prunetest.Call) error {
			if !changed {
				changed = true
				w.patch(`{"metadata":{"generation":4},"spec":` + change + `}`)
			}
			return nil
		}
		w.reconcile()
		require.True(t, changed)
		require.Equal(t, 4, w.count(inventory.KindImage))
		after := w.pruner()
		require.EqualValues(t, 3, after.Status.ObservedGeneration)
		var want imagepruner.ImagePrunerSpec
		require.NoError(t, json.Unmarshal([]byte(`{"schedule":"@hourly",`+change[1:]), &want))
		require.Equal(t, want, after.Spec)
		w.reconcile()
		require.EqualValues(t, 4, w.pruner().Status.ObservedGeneration)
	}
}

// TestARunThatIsCutOff, as by the loss of the lease, is not recorded: who leads next runs.
func TestARunThatIsCutOff(t *testing.T) {
	w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{})
	ctx, cancel := context.WithCancel(t.Context())
	w.live.Before = func(prunetest.Call) error {
		cancel()
		return nil
	}
	_, err := w.Reconcile(ctx, ctrl.Request{NamespacedName: types.NamespacedName{Name: "cluster"}})
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, lastRun(w.pruner()))
	w.requireComplete()

	w.live.Before = nil
	w.reconcile()
	require.Equal(t, 4, w.count(inventory.KindImage))
	require.Contains(t, w.conditions(), "Failed=False Succeeded")
	w.requireComplete()
}
