package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
)

// operatorClient has the operator's resources; "" stands for one without the field.
func operatorClient(state, host string, funcs interceptor.Funcs) client.Client {
	scheme := runtime.NewScheme()
	for _, kind := range []schema.GroupVersionKind{registryConfig, imageConfig, {Version: "v1", Kind: "ConfigMap"}} {
		scheme.AddKnownTypeWithName(kind, new(unstructured.Unstructured))
		kind.Kind += "List"
		scheme.AddKnownTypeWithName(kind, new(unstructured.UnstructuredList))
	}
	object := func(kind schema.GroupVersionKind, fields map[string]any) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: fields}
		u.SetGroupVersionKind(kind)
		u.SetName("cluster")
		return u
	}
	b := fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(funcs)
	if state != "none" {
		b.WithObjects(object(registryConfig, map[string]any{"spec": map[string]any{"managementState": state}}),
			object(imageConfig, map[string]any{"status": map[string]any{"internalRegistryHostname": host}}))
	}
	return b.Build()
}

func TestWhereTheRegistryIs(t *testing.T) {
	for name, c := range map[string]struct {
		state, host string // of the cluster
		o           registryOptions
		prunes      bool
		want        string // the host
	}{
		"managed":                      {state: "Managed", host: "registry.svc:5000", prunes: true, want: "registry.svc:5000"},
		"managed, not up yet":          {state: "Managed", prunes: true, want: defaultHost},
		"removed":                      {state: "Removed", host: "registry.svc:5000"},
		"unmanaged":                    {state: "Unmanaged", host: "registry.svc:5000", prunes: true, want: "registry.svc:5000"},
		"unmanaged without a name":     {state: "Unmanaged"},
		"a state that nobody knows":    {state: "Force", host: "registry.svc:5000"},
		"no operator":                  {state: "none"},
		"no operator, but a URL":       {state: "none", o: registryOptions{url: "registry.example.com"}, prunes: true, want: "registry.example.com"},
		"a URL before the cluster's":   {state: "Managed", host: "registry.svc:5000", o: registryOptions{url: "https://registry.example.com"}, prunes: true, want: "registry.example.com"},
		"a flag before the cluster's":  {state: "Managed", host: "registry.svc:5000", o: registryOptions{state: imagepruner.Removed}},
		"removed, whatever the URL":    {state: "Removed", o: registryOptions{url: "registry.example.com"}},
		"without encryption, if asked": {state: "Managed", o: registryOptions{url: "http://127.0.0.1:5000"}, prunes: true, want: "127.0.0.1:5000"},
	} {
		t.Run(name, func(t *testing.T) {
			r, ends, err := c.o.look(t.Context(), operatorClient(c.state, c.host, interceptor.Funcs{}))
			require.NoError(t, err)
			require.Equal(t, c.prunes, r.Prune())
			if !c.prunes {
				require.Equal(t, apply.Ends{}, ends)
				return
			}
			require.Equal(t, c.want, ends.Blobs.(*fromregistry.IntegratedEnds).Registry.RegistryStr())
			require.NotNil(t, ends.Layers)
			require.NotNil(t, ends.Manifests)
		})
	}
}

func TestARegistryThatIsNotKnown(t *testing.T) {
	down := operatorClient("Managed", "", interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
		return errors.New("no way")
	}})
	_, _, err := registryOptions{}.look(t.Context(), down)
	require.ErrorContains(t, err, "reading Config.imageregistry.operator.openshift.io cluster: no way")

	odd := operatorClient("Managed", "", interceptor.Funcs{})
	_, _, err = registryOptions{url: "https://a/b"}.look(t.Context(), odd)
	require.ErrorContains(t, err, "the registry's URL")
	file := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(file, []byte("nothing"), 0o600))
	_, _, err = registryOptions{ca: file}.look(t.Context(), odd)
	require.ErrorContains(t, err, "no certificate in "+file)
	_, _, err = registryOptions{ca: file + ".gone"}.look(t.Context(), odd)
	require.NoError(t, err)
}

func TestCondemnedBlobsAreInAConfigMap(t *testing.T) {
	c := operatorClient("none", "", interceptor.Funcs{})
	store := &configMapCondemned{reader: c, writer: c, key: types.NamespacedName{Namespace: "tools", Name: imagepruner.CondemnedConfigMap}}
	blobs, err := store.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Zero(t, blobs.Len())
	for _, want := range []map[string]apply.Condemnation{
		{"sha256:a": {Since: time.Unix(1e9, 0).UTC(), Bytes: 7}}, // made
		{"sha256:b": {Since: time.Unix(2e9, 0).UTC(), NoConfig: true}},
		{},
	} {
		require.NoError(t, store.StoreCondemned(t.Context(), condemnations(want)))
		blobs, err = store.LoadCondemned(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, maps.Collect(blobs.All()))
	}

	u, err := store.get(t.Context())
	require.NoError(t, err)
	for _, odd := range []any{"Kg==", "aGVsbG8="} {
		u.Object["binaryData"] = map[string]any{condemnedKey: odd}
		require.NoError(t, c.Update(t.Context(), u))
		_, err = store.LoadCondemned(t.Context())
		require.ErrorContains(t, err, "ConfigMap tools/"+imagepruner.CondemnedConfigMap)
	}
	u.Object["binaryData"] = map[string]any{}
	require.NoError(t, c.Update(t.Context(), u))
	blobs, err = store.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Zero(t, blobs.Len())
}

// condemnations are those of a map.
func condemnations(blobs map[string]apply.Condemnation) *apply.Condemnations {
	c := new(apply.Condemnations)
	for digest, condemnation := range blobs {
		c.Set(digest, condemnation)
	}
	return c
}

// TestAConfigMapThatChangedMeanwhile is a conflict, and what is there stays.
func TestAConfigMapThatChangedMeanwhile(t *testing.T) {
	c := operatorClient("none", "", interceptor.Funcs{Update: func(context.Context, client.WithWatch, client.Object, ...client.UpdateOption) error {
		return apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, "a", errors.New("changed"))
	}})
	store := &configMapCondemned{reader: c, writer: c, key: types.NamespacedName{Namespace: "tools", Name: "a"}}
	require.NoError(t, store.StoreCondemned(t.Context(), nil))
	require.ErrorIs(t, store.StoreCondemned(t.Context(), nil), apply.ErrConflict)
}

// TestTwoReplicasCondemn: what one condemned is not lost to the other, which loaded before.
func TestTwoReplicasCondemn(t *testing.T) {
	c := operatorClient("none", "", interceptor.Funcs{})
	replica := func() *configMapCondemned {
		return &configMapCondemned{reader: c, writer: c, key: types.NamespacedName{Namespace: "tools", Name: "a"}}
	}
	one, other := replica(), replica()
	first, later := map[string]apply.Condemnation{"sha256:a": {Bytes: 1}}, map[string]apply.Condemnation{"sha256:b": {Bytes: 2}}
	both := func(blobs map[string]apply.Condemnation, conflicting map[string]apply.Condemnation) {
		for _, r := range []*configMapCondemned{one, other} {
			_, err := r.LoadCondemned(t.Context())
			require.NoError(t, err)
		}
		require.NoError(t, one.StoreCondemned(t.Context(), condemnations(blobs)))
		require.ErrorIs(t, other.StoreCondemned(t.Context(), condemnations(conflicting)), apply.ErrConflict)
		got, err := other.LoadCondemned(t.Context())
		require.NoError(t, err)
		require.Equal(t, blobs, maps.Collect(got.All()))
	}
	both(first, later) // there was none
	both(later, first)
	require.NoError(t, other.StoreCondemned(t.Context(), condemnations(first)), "it has loaded what is there now")

	u, err := one.get(t.Context())
	require.NoError(t, err)
	require.NoError(t, c.Delete(t.Context(), u))
	require.ErrorIs(t, other.StoreCondemned(t.Context(), condemnations(first)), apply.ErrNotFound, "somebody took it away")
}

func newFlags() *flag.FlagSet {
	flags := flag.NewFlagSet("controller", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

func TestFlags(t *testing.T) {
	s, err := parse(newFlags(), nil)
	require.NoError(t, err)
	require.True(t, s.dryRun, "nobody deletes by mistake")
	require.Equal(t, imagepruner.Name, s.name)
	require.Equal(t, imagepruner.DefaultNamespace, s.namespace)
	require.Equal(t, "/var/run/secrets/kubernetes.io/serviceaccount/token", s.registry.token)
	require.Empty(t, s.registry.state)

	s, err = parse(newFlags(), strings.Fields("--dry-run=false --name other --management-state Removed --registry-url https://r --token-file t --certificate-authority c"))
	require.NoError(t, err)
	require.False(t, s.dryRun)
	require.Equal(t, registryOptions{url: "https://r", ca: "c", token: "t", state: imagepruner.Removed}, s.registry)

	_, err = parse(newFlags(), strings.Fields("--management-state removed"))
	require.ErrorContains(t, err, "want Managed, Unmanaged or Removed")
}
