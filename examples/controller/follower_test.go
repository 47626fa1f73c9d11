package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllertest"

	"github.com/registrykit/registrykit/prune/inventory"
)

func pod(t *testing.T, spec string) *unstructured.Unstructured {
	t.Helper()
	u := newObject(inventory.KindPod)
	require.NoError(t, u.UnmarshalJSON([]byte(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"dev"},"spec":`+spec+`}`)))
	return u
}

// TestFollowsTheCache: every kind is watched, and what the informers tell is known.
func TestFollowsTheCache(t *testing.T) {
	s := runtime.NewScheme()
	for _, kind := range kinds() {
		s.AddKnownTypeWithName(groups[kind].WithKind(string(kind)), new(unstructured.Unstructured))
	}
	informers := &informertest.FakeInformers{Scheme: s, InformersByGVK: map[schema.GroupVersionKind]toolscache.SharedIndexInformer{}}
	var complaints []error
	f := follower{cache: informers, followed: map[inventory.Kind]bool{}, complain: func(err error) { complaints = append(complaints, err) }}
	require.NoError(t, f.follow(t.Context()))
	for _, e := range f.builder.Build().Evidence() {
		require.Equal(t, e.Kind != inventory.KindLimitRange, e.Complete, e.Kind)
	}

	informer, err := informers.GetInformer(t.Context(), newObject(inventory.KindPod))
	require.NoError(t, err)
	pods := informer.(*controllertest.FakeInformer)
	uses := func() []string {
		inv := f.builder.Build()
		var values []string
		for i := range inv.Uses() {
			values = append(values, inv.Use(i).Value)
		}
		return values
	}
	first, second := pod(t, `{"containers":[{"name":"a","image":"r/dev/app:1"}]}`), pod(t, `{"containers":[{"name":"a","image":"r/dev/app:2"}]}`)
	pods.Add(first)
	require.Equal(t, []string{"r/dev/app:1"}, uses())
	pods.Update(first, second)
	require.Equal(t, []string{"r/dev/app:2"}, uses())
	require.Empty(t, complaints)

	pods.Update(second, pod(t, `{"containers":7}`))
	require.Len(t, complaints, 1)
	require.ErrorContains(t, complaints[0], "Pod dev/web")
	require.Equal(t, []string{"r/dev/app:2"}, uses(), "what was known stays")
	require.False(t, f.builder.Build().Complete(inventory.KindPod))

	pods.Delete(second)
	require.Empty(t, uses())
	require.True(t, f.builder.Build().Complete(inventory.KindPod))
}

func TestACacheThatFails(t *testing.T) {
	f := follower{cache: &informertest.FakeInformers{Error: errors.New("no such server"), Scheme: runtime.NewScheme()}}
	require.ErrorContains(t, f.follow(t.Context()), "watching Pod")
}

// TestAKindThatTheClusterDoesWithout has no objects; one that is served and not found is
// an error, and one that comes later is followed then.
func TestAKindThatTheClusterDoesWithout(t *testing.T) {
	absent := &meta.NoKindMatchError{GroupKind: groups[inventory.KindPod].WithKind("Pod").GroupKind()}
	informers := &informertest.FakeInformers{Error: absent, Scheme: runtime.NewScheme(), InformersByGVK: map[schema.GroupVersionKind]toolscache.SharedIndexInformer{}}
	answer, down := false, error(nil)
	f := follower{cache: informers, followed: map[inventory.Kind]bool{}, served: func(inventory.Kind) (bool, error) { return answer, down }}
	require.NoError(t, f.follow(t.Context()))
	require.True(t, f.builder.Build().Complete(inventory.KindPod))

	answer = true
	require.ErrorIs(t, f.follow(t.Context()), absent)
	answer, down = false, errors.New("503")
	require.ErrorIs(t, f.follow(t.Context()), down)

	informers.Error = nil
	for _, kind := range kinds() {
		informers.Scheme.AddKnownTypeWithName(groups[kind].WithKind(string(kind)), new(unstructured.Unstructured))
	}
	_, err := f.build(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, f.followed, len(kinds()))
}
