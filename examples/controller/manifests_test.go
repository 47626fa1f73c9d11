package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// manifestFile reads a file of manifests.
func manifestFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("manifests", name))
	require.NoError(t, err)
	return text
}

// strictly decodes a manifest into the API's type; a field that the type does not have, or
// that is there twice, is an error.
func strictly(t *testing.T, text []byte) runtime.Object {
	t.Helper()
	object, _, err := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer().Decode(text, nil, nil)
	require.NoError(t, err, "%s", text)
	return object
}

// TestTheDeployment fits the program and the rights: replicas that elect a leader, under
// the account that has the rights, with flags that there are.
func TestTheDeployment(t *testing.T) {
	d := strictly(t, manifestFile(t, "deployment.yaml")).(*appsv1.Deployment)
	require.EqualValues(t, 2, *d.Spec.Replicas)
	require.Equal(t, imagepruner.DefaultNamespace, d.Namespace)
	require.Equal(t, d.Spec.Selector.MatchLabels, d.Spec.Template.Labels)
	pod := d.Spec.Template.Spec
	require.Equal(t, imagepruner.DefaultServiceAccount, pod.ServiceAccountName)
	require.Equal(t, imagepruner.DefaultPriorityClass, pod.PriorityClassName)
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
	require.Len(t, pod.Containers, 1)
	container := pod.Containers[0]
	require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
	require.False(t, *container.SecurityContext.AllowPrivilegeEscalation)
	require.Equal(t, []corev1.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop)

	flags := newFlags()
	said, err := parse(flags, container.Args)
	require.NoError(t, err)
	require.Empty(t, flags.Args(), "nothing that is no flag")
	require.True(t, said.dryRun, "who applies it and looks no further loses nothing")
	require.True(t, managerOptions(said).LeaderElection)
	require.Equal(t, d.Namespace, said.namespace, "where the rights to the lease are")
	require.Equal(t, imagepruner.Name, said.name, "that the rights are for")
	require.Equal(t, container.VolumeMounts[0].MountPath, filepath.Dir(said.registry.ca))
	require.Equal(t, pod.Volumes[0].Name, container.VolumeMounts[0].Name)
	require.Equal(t, said.metrics, ":8080")
	require.EqualValues(t, 8080, container.Ports[0].ContainerPort)
	require.Equal(t, said.health, ":8081")
	require.EqualValues(t, 8081, container.Ports[1].ContainerPort)
	for path, probe := range map[string]*corev1.Probe{"/healthz": container.LivenessProbe, "/readyz": container.ReadinessProbe} {
		require.Equal(t, path, probe.HTTPGet.Path)
		require.Equal(t, container.Ports[1].Name, probe.HTTPGet.Port.StrVal)
	}
}

// TestTheRights of the manifest are those of RBAC, each in the API's own type.
func TestTheRights(t *testing.T) {
	want, err := imagepruner.RBAC(imagepruner.RBACOptions{Controller: true})
	require.NoError(t, err)
	text := manifestFile(t, "rbac.json")
	require.Equal(t, string(want), string(text))
	list := strictly(t, text).(*corev1.List)
	require.Len(t, list.Items, 5)
	for _, item := range list.Items {
		strictly(t, item.Raw)
	}
}

// TestTheReadme names every flag that there is, and no other, with its default.
func TestTheReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var told, there [][2]string
	for _, row := range regexp.MustCompile("(?m)^\\| `-([a-z-]+)` \\| `?([^`|]*?)`? \\|").FindAllSubmatch(text, -1) {
		told = append(told, [2]string{string(row[1]), string(row[2])})
	}
	flags := newFlags()
	_, err = parse(flags, nil)
	require.NoError(t, err)
	flags.VisitAll(func(f *flag.Flag) { there = append(there, [2]string{f.Name, f.DefValue}) })
	slices.SortFunc(told, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	require.Equal(t, there, told)
}
