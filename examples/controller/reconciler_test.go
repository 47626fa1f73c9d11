package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// A world is a made-up cluster behind a fake client, with a reconciler.
type world struct {
	*reconciler
	t      *testing.T
	clock  time.Time
	events *events.FakeRecorder
	live   *prunetest.Live
}

// newWorld puts a cluster's objects and an ImagePruner of that spec behind a client.
func newWorld(t *testing.T, c *prunetest.Cluster, spec string, funcs interceptor.Funcs) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, kind := range kinds() {
		gvk := groups[kind].WithKind(string(kind))
		scheme.AddKnownTypeWithName(gvk, new(unstructured.Unstructured))
		gvk.Kind += "List"
		scheme.AddKnownTypeWithName(gvk, new(unstructured.UnstructuredList))
	}
	scheme.AddKnownTypeWithName(prunerKind, new(unstructured.Unstructured))
	pruner := newPruner()
	require.NoError(t, json.Unmarshal([]byte(`{"kind":"ImagePruner","apiVersion":"imageregistry.operator.openshift.io/v1","metadata":{"name":"cluster","generation":3,
		"creationTimestamp":"`+c.Now().Add(-time.Hour).Format(time.RFC3339)+`"},"spec":`+spec+`}`), &pruner.Object))
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(pruner).
		WithStatusSubresource(newPruner(), newObject(inventory.KindImageStream)).WithInterceptorFuncs(funcs)

	var dump struct{ Items []unstructured.Unstructured }
	require.NoError(t, json.Unmarshal(c.JSON(), &dump))
	for i := range dump.Items {
		if u := &dump.Items[i]; u.GetKind() != string(inventory.KindLimitRange) {
			builder.WithObjects(u)
		}
	}
	w := &world{t: t, clock: c.Now(), events: events.NewFakeRecorder(10), live: c.Live()}
	fakeClient := builder.Build()
	w.reconciler = &reconciler{
		registry: func(context.Context) (imagepruner.Registry, apply.Ends, error) {
			return imagepruner.Registry{ManagementState: imagepruner.Managed}, w.live.Ends(), nil
		},
		client: fakeClient, cluster: cluster{reader: fakeClient, writer: fakeClient}, known: &follower{followed: map[inventory.Kind]bool{}}, recorder: w.events,
		name: imagepruner.Name, zone: time.UTC, now: func() time.Time { return w.clock },
		options: apply.Options{Grace: -1, Now: func() time.Time { return w.clock }, Retry: apply.Retry{Attempts: 1}},
	}
	// What the informers tell at first.
	for _, kind := range kinds() {
		list := new(unstructured.UnstructuredList)
		list.SetGroupVersionKind(groups[kind].WithKind(string(kind) + "List"))
		require.NoError(t, fakeClient.List(t.Context(), list))
		for i := range list.Items {
			require.NoError(t, w.known.set(&list.Items[i]))
		}
		w.known.listed(kind)
		w.known.followed[kind] = true
	}
	return w
}

func (w *world) reconcile() ctrl.Result {
	w.t.Helper()
	result, err := w.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Name: "cluster"}})
	require.NoError(w.t, err)
	return result
}

func (w *world) pruner() *imagepruner.ImagePruner {
	w.t.Helper()
	u, p := newPruner(), new(imagepruner.ImagePruner)
	require.NoError(w.t, w.client.Get(w.t.Context(), types.NamespacedName{Name: "cluster"}, u))
	require.NoError(w.t, into(u, p))
	return p
}

// conditions are the status in short.
func (w *world) conditions() string {
	w.t.Helper()
	var parts []string
	for _, c := range w.pruner().Status.Conditions {
		parts = append(parts, string(c.Type)+"="+string(c.Status)+" "+c.Reason)
	}
	return strings.Join(parts, ", ")
}

func (w *world) count(kind inventory.Kind) int {
	w.t.Helper()
	list := new(unstructured.UnstructuredList)
	list.SetGroupVersionKind(groups[kind].WithKind(string(kind) + "List"))
	require.NoError(w.t, w.client.List(w.t.Context(), list))
	return len(list.Items)
}

func (w *world) items(stream, tag string) int {
	w.t.Helper()
	s, err := w.cluster.ReadStream(w.t.Context(), "dev", stream)
	require.NoError(w.t, err)
	for _, list := range s.Status.Tags {
		if list.Tag == tag {
			return len(list.Items)
		}
	}
	return 0
}

// requireComplete: the registry still has every blob of every Image that is left.
func (w *world) requireComplete() {
	w.t.Helper()
	inv, err := w.cluster.List(w.t.Context())
	require.NoError(w.t, err)
	blobs := w.live.Blobs()
	for i := range inv.Images() {
		image := inv.Image(i)
		for _, d := range append([]inventory.Digest{image.Digest, image.Config}, image.Layers...) {
			require.Contains(w.t, blobs, inv.DigestText(d))
		}
	}
}

// shop has a stream with six images, of which the default policy keeps three, and a
// young one.
func shop() *prunetest.Cluster {
	c, _ := shopWithImages()
	return c
}

// shopWithImages is shop, with the images by repository, the oldest first.
func shopWithImages() (*prunetest.Cluster, map[string][]*prunetest.Image) {
	c, images := prunetest.NewCluster(prunetest.Options{}), map[string][]*prunetest.Image{}
	push := func(stream *prunetest.Stream, repository string, age time.Duration) {
		image := c.Image()
		stream.Push("latest", image, age)
		images[repository] = append(images[repository], image)
	}
	app := c.Stream("dev/app")
	for i := range 6 {
		push(app, "dev/app", time.Duration(100-i)*time.Hour)
	}
	push(c.Stream("dev/new"), "dev/new", 10*time.Minute)
	c.Pod("dev/web", app.Tag("latest"))
	return c, images
}

const healthy = "Available=True Ready, Scheduled=True Scheduled, Failed=%s, Degraded=False AsExpected"

func TestPrunesWhenTheScheduleSaysSo(t *testing.T) {
	c := shop() // its time is midnight, and the ImagePruner came an hour before
	w := newWorld(t, c, `{"schedule":"30 0 * * *"}`, interceptor.Funcs{})
	result := w.reconcile()
	require.Equal(t, 7, w.count(inventory.KindImage), "nothing is due yet")
	require.Equal(t, 30*time.Minute, result.RequeueAfter, "the next run")
	require.Equal(t, strings.Replace(healthy, "%s", "Unknown NoRun", 1), w.conditions())
	require.Empty(t, w.events.Events)

	w.clock = w.clock.Add(result.RequeueAfter)
	result = w.reconcile()
	require.Equal(t, 4, w.count(inventory.KindImage))
	require.Equal(t, 3, w.items("app", "latest"))
	require.Equal(t, 1, w.items("new", "latest"))
	require.Equal(t, 20*time.Minute, result.RequeueAfter, "the new image comes of age")
	require.Equal(t, strings.Replace(healthy, "%s", "False Succeeded", 1), w.conditions())
	require.EqualValues(t, 3, w.pruner().Status.ObservedGeneration)
	record, err := imagepruner.ParseRunRecord(w.pruner().Annotations[imagepruner.RunAnnotation])
	require.NoError(t, err)
	require.Equal(t, 3, record.Deleted.Images)
	require.NotZero(t, record.Deleted.Blobs)
	require.Equal(t, "Normal Pruned "+record.String(), <-w.events.Events)
	w.requireComplete()

	w.clock = w.clock.Add(result.RequeueAfter)
	before := w.pruner()
	result = w.reconcile()
	require.Equal(t, before, w.pruner(), "there is nothing new to write")
	require.Equal(t, 23*time.Hour+40*time.Minute, result.RequeueAfter, "the run of the next day")
	require.Empty(t, w.events.Events)
}

func TestSuspended(t *testing.T) {
	w := newWorld(t, shop(), `{"suspend":true,"schedule":"@hourly"}`, interceptor.Funcs{})
	require.Zero(t, w.reconcile().RequeueAfter)
	require.Equal(t, 7, w.count(inventory.KindImage))
	require.Contains(t, w.conditions(), "Scheduled=False Suspended")
}

func TestInvalid(t *testing.T) {
	for _, spec := range []string{`{"schedule":"TZ=0","keepTagRevisions":-1}`, `{"keepTagRevisions":"three"}`} {
		w := newWorld(t, shop(), spec, interceptor.Funcs{})
		require.Zero(t, w.reconcile())
		require.Equal(t, 7, w.count(inventory.KindImage))
		require.Contains(t, <-w.events.Events, "Warning Invalid invalid ImagePruner: spec.")
	}
}

func TestNoPruner(t *testing.T) {
	w := newWorld(t, shop(), `{}`, interceptor.Funcs{})
	result, err := w.Reconcile(t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Name: "other"}})
	require.NoError(t, err)
	require.Zero(t, result)
}

// TestAPodThatCameMeanwhileKeepsItsImage: the cache does not know of it yet; the recheck
// does.
func TestAPodThatCameMeanwhileKeepsItsImage(t *testing.T) {
	c := shop()
	w := newWorld(t, c, `{"schedule":"@hourly"}`, interceptor.Funcs{})
	old := c.ImageStreams()[0].Status.Tags[0].Items[5]
	pod := newObject(inventory.KindPod)
	require.NoError(t, json.Unmarshal([]byte(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"late","namespace":"dev"},
		"spec":{"containers":[{"name":"a","image":"`+old.DockerImageReference+`"}]},"status":{"phase":"Running"}}`), &pod.Object))
	require.NoError(t, w.client.Create(t.Context(), pod))
	w.reconcile()
	require.NoError(t, w.client.Get(t.Context(), types.NamespacedName{Name: old.Image}, newObject(inventory.KindImage)))
	require.Equal(t, 5, w.count(inventory.KindImage))
	w.requireComplete()
}

func TestAnObjectThatCannotBeReadKeepsEverything(t *testing.T) {
	w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{})
	broken := newObject(inventory.KindPod)
	require.NoError(t, json.Unmarshal([]byte(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"odd","namespace":"dev"},"spec":{"containers":7}}`), &broken.Object))
	require.Error(t, w.known.set(broken))
	w.reconcile()
	require.Equal(t, 7, w.count(inventory.KindImage))

	w.known.forget(broken)
	w.clock = w.clock.Add(time.Hour)
	w.reconcile()
	require.Equal(t, 4, w.count(inventory.KindImage))
}

func TestFailuresAreInTheStatus(t *testing.T) {
	w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{
		Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
			return errors.New("no way")
		},
	})
	w.reconcile()
	require.Contains(t, w.conditions(), "Failed=True Error, Degraded=True JobFailed")
	require.Contains(t, w.pruner().Status.Condition(imagepruner.Failed).Message, "no way")
	require.Contains(t, <-w.events.Events, "Warning PruneFailed")
	require.Equal(t, imagestream.ConditionTrue, w.pruner().Status.Condition(imagepruner.Available).Status)
}

func TestForgetsWhatIsGone(t *testing.T) {
	w := newWorld(t, shop(), `{}`, interceptor.Funcs{})
	for _, kind := range []inventory.Kind{inventory.KindPod, inventory.KindImageStream, inventory.KindImage} {
		list := new(unstructured.UnstructuredList)
		list.SetGroupVersionKind(groups[kind].WithKind(string(kind) + "List"))
		require.NoError(t, w.client.List(t.Context(), list))
		for i := range list.Items {
			w.known.forget(&list.Items[i])
			require.NoError(t, w.client.Delete(t.Context(), &list.Items[i]))
		}
	}
	inv, err := w.known.build(t.Context(), w.cluster.reader)
	require.NoError(t, err)
	require.Zero(t, inv.Images()+inv.Streams()+inv.Workloads())
}
