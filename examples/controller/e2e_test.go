package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/registrykit/registrykit/prune/imagepruner"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
	"github.com/registrykit/registrykit/registryclient/registrytest"
)

// ofOpenShift are the kinds that a plain API server does not have: name of the resource,
// and whether its objects are in namespaces.
var ofOpenShift = []struct {
	kind       schema.GroupVersionKind
	plural     string
	namespaced bool
}{
	{prunerKind, "imagepruners", false},
	{registryConfig, "configs", false},
	{imageConfig, "images", false},
	{groups[inventory.KindImage].WithKind("Image"), "images", false},
	{groups[inventory.KindImageStream].WithKind("ImageStream"), "imagestreams", true},
	{groups[inventory.KindDeploymentConfig].WithKind("DeploymentConfig"), "deploymentconfigs", true},
	{groups[inventory.KindBuild].WithKind("Build"), "builds", true},
	{groups[inventory.KindBuildConfig].WithKind("BuildConfig"), "buildconfigs", true},
}

// customResource defines a kind of any content, with a status of its own for those
// that have one.
func customResource(kind schema.GroupVersionKind, plural string, namespaced bool) *apiextensions.CustomResourceDefinition {
	yes := true
	scope := apiextensions.ClusterScoped
	if namespaced {
		scope = apiextensions.NamespaceScoped
	}
	version := apiextensions.CustomResourceDefinitionVersion{Name: kind.Version, Served: true, Storage: true,
		Schema: &apiextensions.CustomResourceValidation{OpenAPIV3Schema: &apiextensions.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &yes}}}
	if kind == prunerKind || kind.Kind == "ImageStream" {
		version.Subresources = &apiextensions.CustomResourceSubresources{Status: &apiextensions.CustomResourceSubresourceStatus{}}
	}
	d := &apiextensions.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: plural + "." + kind.Group}}
	if strings.HasSuffix(kind.Group, "openshift.io") {
		d.Annotations = map[string]string{"api-approved.kubernetes.io": "unapproved, for a test"}
	}
	d.Spec = apiextensions.CustomResourceDefinitionSpec{Group: kind.Group, Scope: scope, Versions: []apiextensions.CustomResourceDefinitionVersion{version},
		Names: apiextensions.CustomResourceDefinitionNames{Plural: plural, Singular: strings.ToLower(kind.Kind), Kind: kind.Kind, ListKind: kind.Kind + "List"}}
	return d
}

// A site is an API server and a registry, with what shop has in both.
type site struct {
	t        *testing.T
	config   *rest.Config // of the service account, through the proxy
	admin    client.WithWatch
	record   *record
	registry *registrytest.Server
	shop     *prunetest.Cluster
	images   map[string][]*prunetest.Image
	settings settings
	ahead    atomic.Int64 // of the controllers' clock, in nanoseconds
}

func newSite(t *testing.T, spec string, without ...string) *site {
	t.Helper()
	if os.Getenv("REGISTRYKIT_E2E") == "" {
		t.Skip("set REGISTRYKIT_E2E=1 to run it with a real API server")
	}
	ctrl.SetLogger(zap.New(zap.WriteTo(t.Output())))
	env := &envtest.Environment{}
	var err error
	env.ControlPlane.GetAPIServer().Path, err = exec.LookPath("kube-apiserver")
	require.NoError(t, err)
	env.ControlPlane.Etcd = &envtest.Etcd{}
	env.ControlPlane.Etcd.Path, err = exec.LookPath("etcd")
	require.NoError(t, err)
	for _, k := range ofOpenShift {
		if !slices.Contains(without, k.plural) {
			env.CRDs = append(env.CRDs, customResource(k.kind, k.plural, k.namespaced))
		}
	}
	config, err := env.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, env.Stop()) })

	s := &site{t: t}
	s.shop, s.images = shopWithImages()
	var open *rest.Config
	open, s.record = throughProxy(t, config)
	s.admin, err = client.NewWithWatch(open, client.Options{Scheme: runtime.NewScheme()})
	require.NoError(t, err)
	s.config = rest.CopyConfig(open)
	s.config.Impersonate.UserName = "system:serviceaccount:" + imagepruner.DefaultNamespace + ":" + imagepruner.DefaultServiceAccount
	s.config.Impersonate.Groups = []string{"system:serviceaccounts", "system:authenticated"}

	for _, namespace := range []string{imagepruner.DefaultNamespace, "dev"} {
		s.create(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + namespace + `"}}`)
	}
	rights, err := imagepruner.RBAC(imagepruner.RBACOptions{Controller: true})
	require.NoError(t, err)
	s.createAll(rights)
	s.createAll(s.shop.JSON())
	s.startRegistry()
	s.create(`{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"Config","metadata":{"name":"cluster"},"spec":{"managementState":"Managed"}}`)
	s.create(`{"apiVersion":"config.openshift.io/v1","kind":"Image","metadata":{"name":"cluster"},"status":{"internalRegistryHostname":"` + s.registry.Host() + `"}}`)
	s.create(`{"apiVersion":"imageregistry.operator.openshift.io/v1","kind":"ImagePruner","metadata":{"name":"cluster"},"spec":` + spec + `}`)
	return s
}

func (s *site) create(text string) {
	s.t.Helper()
	u := new(unstructured.Unstructured)
	require.NoError(s.t, u.UnmarshalJSON([]byte(text)))
	status := u.Object["status"]
	u.SetResourceVersion("")
	u.SetUID("")
	require.NoError(s.t, s.admin.Create(s.t.Context(), u), text)
	if status != nil && u.GetKind() == "ImageStream" {
		u.Object["status"] = status
		require.NoError(s.t, s.admin.Status().Update(s.t.Context(), u))
	}
}

func (s *site) createAll(list []byte) {
	s.t.Helper()
	var items struct{ Items []json.RawMessage }
	require.NoError(s.t, json.Unmarshal(list, &items))
	for _, item := range items.Items {
		if !strings.Contains(string(item), `"kind":"LimitRange"`) {
			s.create(string(item))
		}
	}
}

// startRegistry starts OpenShift's registry, with what the shop's streams have.
func (s *site) startRegistry() {
	s.t.Helper()
	var err error
	s.registry, err = registrytest.Start(registrytest.Options{TLS: true, OpenShift: &registrytest.OpenShift{}})
	require.NoError(s.t, err)
	s.t.Cleanup(s.registry.Close)
	for repository, images := range s.images {
		for _, image := range images {
			for _, blob := range append(image.Layers(), image.Config()) {
				require.NoError(s.t, s.registry.Link(repository, blob, []byte(blob)))
			}
			require.NoError(s.t, s.registry.Put(repository, image.Digest(), manifestType, image.Manifest()))
		}
	}
	connection, err := tls.Dial("tcp", s.registry.Host(), &tls.Config{RootCAs: s.registry.RootCAs(), InsecureSkipVerify: true})
	require.NoError(s.t, err)
	defer connection.Close()
	folder := s.t.TempDir()
	s.settings = settings{namespace: imagepruner.DefaultNamespace, name: imagepruner.Name, metrics: "0",
		registry: registryOptions{ca: filepath.Join(folder, "ca.crt"), token: filepath.Join(folder, "token")}}
	var authority []byte
	for _, c := range connection.ConnectionState().PeerCertificates {
		authority = append(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	require.NoError(s.t, os.WriteFile(s.settings.registry.ca, authority, 0o600))
	require.NoError(s.t, os.WriteFile(s.settings.registry.token, []byte("not-a-secret"), 0o600))
}

// manifestType is that of prunetest's images.
const manifestType = "application/vnd.oci.image.manifest.v1+json"

// replica runs a controller until stop is called, which returns what run did.
func (s *site) replica() (r *reconciler, stop func() error) {
	s.t.Helper()
	options := managerOptions(s.settings)
	lease, renew, retry := 3*time.Second, 2*time.Second, 100*time.Millisecond
	options.LeaseDuration, options.RenewDeadline, options.RetryPeriod = &lease, &renew, &retry
	yes := true
	options.Controller.SkipNameValidation = &yes // several in one process
	m, err := ctrl.NewManager(s.config, options)
	require.NoError(s.t, err)
	r, err = newReconciler(m, s.settings)
	require.NoError(s.t, err)
	r.now = func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	r.options.Now = r.now
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.start(ctx, m) }()
	stop = func() error {
		cancel()
		select {
		case err := <-done:
			done <- err
			return err
		case <-time.After(time.Minute):
			return context.DeadlineExceeded
		}
	}
	s.t.Cleanup(func() { _ = stop() })
	return r, stop
}

// await watches an object until it is as wanted.
func (s *site) await(u *unstructured.Unstructured, what string, want func(u *unstructured.Unstructured) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	list := new(unstructured.UnstructuredList)
	list.SetGroupVersionKind(u.GroupVersionKind())
	list.SetKind(u.GetKind() + "List")
	w, err := s.admin.Watch(ctx, list, client.InNamespace(u.GetNamespace()), client.MatchingFields{"metadata.name": u.GetName()})
	require.NoError(s.t, err)
	defer w.Stop()
	var last any
	for {
		select {
		case event := <-w.ResultChan():
			last = event.Object
			if seen, ok := event.Object.(*unstructured.Unstructured); ok && want(seen) {
				return
			}
		case <-ctx.Done():
			text, _ := json.MarshalIndent(last, "", "  ")
			require.FailNow(s.t, what, "last seen: %s", text)
		}
	}
}

// awaitRuns waits until a run later than an instant is recorded, and the status tells of
// it.
func (s *site) awaitRun(after time.Time, condition string) (record imagepruner.RunRecord) {
	s.t.Helper()
	u := newPruner()
	u.SetName(imagepruner.Name)
	s.await(u, "a run", func(u *unstructured.Unstructured) bool {
		var pruner imagepruner.ImagePruner
		require.NoError(s.t, into(u, &pruner))
		last, failed := lastRun(&pruner), pruner.Status.Condition(imagepruner.Failed)
		if last == nil || last.Started.Before(after) || failed == nil || failed.Reason != condition {
			return false
		}
		record = *last
		return true
	})
	return record
}

// forward sets the controllers' clock ahead, and says so by a change that makes them
// look again.
func (s *site) forward(d time.Duration, revisions string) time.Time {
	s.t.Helper()
	s.ahead.Add(int64(d))
	s.patch(`{"spec":{"keepTagRevisions":` + revisions + `}}`)
	return time.Now().Add(time.Duration(s.ahead.Load())).Truncate(time.Second).Add(-time.Minute)
}

func (s *site) patch(text string) {
	s.t.Helper()
	u := newPruner()
	u.SetName(imagepruner.Name)
	require.NoError(s.t, s.admin.Patch(s.t.Context(), u, client.RawPatch(types.MergePatchType, []byte(text))))
}

// TestEndToEndController: on a real API server, with the rights that RBAC gives and no
// others, the leader follows the cluster, prunes when the schedule says so, deletes links
// at once and blobs by a second plan, and another replica goes on where it stops.
func TestEndToEndController(t *testing.T) {
	s := newSite(t, `{"schedule":"@hourly"}`)
	s.ahead.Store(int64(200 * time.Hour)) // the API server says that all is new
	_, stopFirst := s.replica()
	first := s.awaitRun(time.Time{}, imagepruner.ReasonSucceeded)
	require.Equal(t, 3, first.Deleted.TagItems)
	require.Equal(t, 3, first.Deleted.Images)
	require.Equal(t, 3, first.Deleted.ManifestLinks)
	require.NotZero(t, first.Deleted.LayerLinks)
	require.Zero(t, first.Deleted.Blobs)
	require.NotZero(t, first.Kept.Condemned)
	for i, image := range s.images["dev/app"] {
		err := s.admin.Get(t.Context(), types.NamespacedName{Name: image.Digest()}, newObject(inventory.KindImage))
		require.Equal(t, i < 3, err != nil, "%d: %v", i, err)
		require.Equal(t, i >= 3, s.registry.Linked("dev/app", image.Digest()), i)
		require.True(t, s.registry.Stored(image.Layers()[0]), i)
	}

	// Another replica waits while the leader goes on, and takes over.
	second, _ := s.replica()
	run := s.awaitRun(s.forward(48*time.Hour, "2"), imagepruner.ReasonSucceeded)
	require.Equal(t, 1, run.Deleted.Images)
	require.False(t, second.known.builder.Build().Complete(inventory.KindPod), "it knows nothing, and so plans nothing")
	for i, image := range s.images["dev/app"] {
		require.Equal(t, i >= 3, s.registry.Stored(image.Layers()[0]), i)
	}
	require.NoError(t, stopFirst())
	run = s.awaitRun(s.forward(48*time.Hour, "1"), imagepruner.ReasonSucceeded)
	require.Equal(t, 1, run.Deleted.Images)
	for i, image := range s.images["dev/app"] {
		require.Equal(t, i >= 4, s.registry.Stored(image.Layers()[0]), i)
	}
	events := new(unstructured.UnstructuredList)
	events.SetGroupVersionKind(schema.GroupVersionKind{Group: "events.k8s.io", Version: "v1", Kind: "EventList"})
	require.NoError(t, s.admin.List(t.Context(), events, client.InNamespace("default")))
	require.True(t, slices.ContainsFunc(events.Items, func(e unstructured.Unstructured) bool {
		return e.Object["reason"] == "Pruned" && e.Object["note"] == first.String()
	}), events.Items)

	s.patch(`{"spec":{"suspend":true}}`)
	u := newPruner()
	u.SetName(imagepruner.Name)
	s.await(u, "suspension", func(u *unstructured.Unstructured) bool {
		var pruner imagepruner.ImagePruner
		require.NoError(t, into(u, &pruner))
		scheduled := pruner.Status.Condition(imagepruner.Scheduled)
		return scheduled != nil && scheduled.Reason == imagepruner.ReasonSuspended && pruner.Status.ObservedGeneration == pruner.Generation
	})
	used, refused := s.record.asked()
	require.Empty(t, refused)
	unused, missing := compareRights(granted(t), used)
	require.Empty(t, missing, "every right that is used is granted")
	require.Empty(t, without(unused, neededElsewhere), "every right that is granted is used")
}

// TestEndToEndAnAPIThatIsDown: where the API server that has the DeploymentConfigs does
// not answer, they are not taken for none, though the client's mapper finds no such kind.
func TestEndToEndAnAPIThatIsDown(t *testing.T) {
	s := newSite(t, `{"schedule":"@hourly"}`, "deploymentconfigs", "builds", "buildconfigs")
	s.create(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"gone","namespace":"dev"},"spec":{"ports":[{"port":443}]}}`)
	s.create(`{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.apps.openshift.io"},"spec":{"group":"apps.openshift.io","version":"v1",
		"insecureSkipTLSVerify":true,"groupPriorityMinimum":1000,"versionPriority":10,"service":{"name":"gone","namespace":"dev"}}}`)
	service := new(unstructured.Unstructured)
	service.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"})
	service.SetName("v1.apps.openshift.io")
	s.await(service, "that the API server finds out", func(u *unstructured.Unstructured) bool {
		conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
		return len(conditions) > 0
	})
	options := managerOptions(s.settings)
	m, err := ctrl.NewManager(s.config, options)
	require.NoError(t, err)
	r, err := newReconciler(m, s.settings)
	require.NoError(t, err)
	dc := groups[inventory.KindDeploymentConfig].WithKind("DeploymentConfig")
	_, err = m.GetRESTMapper().RESTMapping(dc.GroupKind(), dc.Version)
	require.True(t, meta.IsNoMatchError(err), "so the mapper says where it is asked first: %v", err)
	require.ErrorContains(t, r.cluster.served.absent(inventory.KindDeploymentConfig, err), "unable to handle the request")
	_, err = r.cluster.List(t.Context())
	require.ErrorContains(t, err, "listing DeploymentConfig")

	// Builds are nowhere, so there are none.
	var b inventory.Builder
	require.NoError(t, r.cluster.list(t.Context(), inventory.KindBuild, &b))
}

// TestEndToEndProgram runs the program itself by a kubeconfig: it deletes nothing unless
// it is told to, and ends with its context.
func TestEndToEndProgram(t *testing.T) {
	s := newSite(t, `{"schedule":"@every 1s","keepYoungerThanDuration":"0s"}`)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"a",
		"clusters":[{"name":"a","cluster":{"server":%q}}],"contexts":[{"name":"a","context":{"cluster":"a","user":"a"}}],
		"users":[{"name":"a","user":{"as":%q,"as-groups":["system:authenticated"]}}]}`, s.config.Host, s.config.Impersonate.UserName), 0o600))
	t.Setenv("KUBECONFIG", file)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	health := listener.Addr().String()
	require.NoError(t, listener.Close())
	said, err := parse(newFlags(), []string{"-metrics-bind-address=0", "-health-probe-bind-address", health, "-token-file", s.settings.registry.token, "-certificate-authority", s.settings.registry.ca})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, said) }()
	record := s.awaitRun(time.Time{}, imagepruner.ReasonSucceeded)
	require.True(t, record.DryRun)
	require.Equal(t, 3, record.Deleted.Images, "it would have")
	for _, path := range []string{"/healthz", "/readyz"} {
		answer, err := http.Get("http://" + health + path)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
	}
	cancel()
	require.NoError(t, <-done)
	for _, image := range s.images["dev/app"] {
		require.NoError(t, s.admin.Get(t.Context(), types.NamespacedName{Name: image.Digest()}, newObject(inventory.KindImage)))
	}
}
