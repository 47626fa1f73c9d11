package main

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
)

// answers are what an API server says that does not do as it is asked, with the class.
var answers = map[string]struct {
	err   error
	class error
	again bool // is it worth another attempt
}{
	"410 Expired":  {apierrors.NewResourceExpired("the continue parameter is too old"), apply.ErrUnavailable, true},
	"410 Gone":     {&apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusGone, Reason: metav1.StatusReasonGone, Message: "too old"}}, apply.ErrUnavailable, true},
	"429":          {apierrors.NewTooManyRequests("slow down", 1), apply.ErrUnavailable, true},
	"500":          {apierrors.NewInternalError(errors.New("etcdserver: no leader")), apply.ErrUnavailable, true},
	"503":          {apierrors.NewServiceUnavailable("down"), apply.ErrUnavailable, true},
	"409 Conflict": {apierrors.NewConflict(schema.GroupResource{Resource: "images"}, "i", errors.New("the UID in the precondition is another")), apply.ErrConflict, false},
	"403":          {apierrors.NewForbidden(schema.GroupResource{Resource: "images"}, "i", errors.New("no")), apply.ErrForbidden, false},
}

func TestClassified(t *testing.T) {
	require.NoError(t, classified(nil))
	for name, answer := range answers {
		err := classified(answer.err)
		require.ErrorIs(t, err, answer.class, name)
		require.ErrorIs(t, err, answer.err, name)
		require.NotErrorIs(t, err, apply.ErrNotFound, "%s: it would count as deleted", name)
	}
}

// requireInUse: the images that the default policy keeps of shop are there, with their
// items and blobs.
func (w *world) requireInUse() {
	w.t.Helper()
	require.Equal(w.t, 3, w.items("app", "latest"))
	require.Equal(w.t, 1, w.items("new", "latest"))
	for _, stream := range []string{"app", "new"} {
		s, err := w.cluster.ReadStream(w.t.Context(), "dev", stream)
		require.NoError(w.t, err)
		for _, list := range s.Status.Tags {
			for _, item := range list.Items {
				require.NoError(w.t, w.client.Get(w.t.Context(), types.NamespacedName{Name: item.Image}, newObject(inventory.KindImage)))
			}
		}
	}
	w.requireComplete()
}

// TestAnswersToADeletion: the API server does not delete an Image. A run tells, or tries
// again where that is of use; nothing in use goes, and the next run finishes.
func TestAnswersToADeletion(t *testing.T) {
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			refusing := true
			var asked atomic.Int32 // several are deleted at once
			w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{Delete: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.DeleteOption) error {
				asked.Add(1)
				if refusing {
					return answer.err
				}
				return c.Delete(ctx, o, options...)
			}})
			w.options.Retry = apply.Retry{Attempts: 2, Wait: time.Nanosecond, Most: time.Nanosecond}
			w.reconcile()
			require.Equal(t, map[bool]int32{false: 3, true: 6}[answer.again], asked.Load())
			require.Equal(t, 7, w.count(inventory.KindImage))
			require.Zero(t, lastRun(w.pruner()).Deleted.Images)
			w.requireInUse()

			refusing = false
			w.finish()
		})
	}
}

// finish has the next run delete what the last one left.
func (w *world) finish() {
	w.t.Helper()
	w.followStreams()
	w.clock = w.clock.Add(time.Hour)
	w.reconcile()
	require.Equal(w.t, 4, w.count(inventory.KindImage))
	require.Contains(w.t, w.conditions(), "Failed=False Succeeded")
	w.requireInUse()
}

// followStreams is what the informers tell of the streams that a run changed.
func (w *world) followStreams() {
	w.t.Helper()
	for _, name := range []string{"app", "new"} {
		stream := newObject(inventory.KindImageStream)
		require.NoError(w.t, w.client.Get(w.t.Context(), types.NamespacedName{Namespace: "dev", Name: name}, stream))
		require.NoError(w.t, w.known.set(stream))
	}
}

// TestAnswersToAListing: what does not list stops the run before any Image goes. What
// expires is listed again from the start, a few times.
func TestAnswersToAListing(t *testing.T) {
	for name, answer := range answers {
		for _, failures := range []int{listings - 1, listings} {
			t.Run(name, func(t *testing.T) {
				left, pods := 0, 0 // none yet when the informers list
				w := newWorld(t, shop(), `{"schedule":"@hourly"}`, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, o ...client.ListOption) error {
					switch list.GetObjectKind().GroupVersionKind().Kind {
					case "PodList":
						pods++
					case "ImageList": // the last
						if left > 0 {
							left--
							return answer.err
						}
					}
					return c.List(ctx, list, o...)
				}})
				left, pods = failures, 0
				w.reconcile()
				unused, begun := left, pods
				left = 0
				if expired(answer.err) {
					require.Zero(t, unused)
					require.GreaterOrEqual(t, begun, listings, "each is of all kinds")
				}
				if expired(answer.err) && failures < listings {
					require.Equal(t, 4, w.count(inventory.KindImage))
				} else {
					require.Equal(t, 7, w.count(inventory.KindImage))
					require.Contains(t, w.conditions(), "Failed=True Error, Degraded=True JobFailed")
				}
				w.requireInUse()
				w.finish()
			})
		}
	}
}
