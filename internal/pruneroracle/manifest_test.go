package pruneroracle

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchconversion "k8s.io/kubernetes/pkg/apis/batch/v1"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/rbac"
	rbacconversion "k8s.io/kubernetes/pkg/apis/rbac/v1"
	rbacvalidation "k8s.io/kubernetes/pkg/apis/rbac/validation"
	"sigs.k8s.io/yaml"

	core "k8s.io/kubernetes/pkg/apis/core"
	coreconversion "k8s.io/kubernetes/pkg/apis/core/v1"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

// scheme converts and defaults as the API server does.
var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		core.AddToScheme, coreconversion.AddToScheme, batch.AddToScheme, batchconversion.AddToScheme, rbac.AddToScheme, rbacconversion.AddToScheme,
	} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}()

// strictly decodes a manifest, defaults it, and turns it into the server's own type.
func strictly(t *testing.T, manifest []byte, external runtime.Object, internal any) {
	t.Helper()
	require.NoError(t, yaml.UnmarshalStrict(manifest, external))
	scheme.Default(external)
	require.NoError(t, scheme.Convert(external, internal, nil))
}

func specs(t *testing.T) map[string]imagepruner.ImagePrunerSpec {
	t.Helper()
	specs := map[string]imagepruner.ImagePrunerSpec{}
	for name, text := range map[string]string{
		"empty": `{}`,
		"full": `{"schedule":"*/5 1-3 * * mon-fri","suspend":true,"keepTagRevisions":0,"keepYoungerThanDuration":"720h","resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"100m"}},
			"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"In","values":["b"]}]}]}}},
			"nodeSelector":{"node-role.kubernetes.io/infra":""},"tolerations":[{"key":"infra","operator":"Exists","effect":"NoSchedule"}],
			"successfulJobsHistoryLimit":1,"failedJobsHistoryLimit":9,"ignoreInvalidImageReferences":true,"logLevel":"TraceAll"}`,
		"descriptor": `{"schedule":"@every 90m"}`,
	} {
		var s imagepruner.ImagePrunerSpec
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		require.NoError(t, s.Check().Err())
		specs[name] = s
	}
	return specs
}

func TestCronJobsPassValidation(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, s := range specs(t) {
		for _, o := range []imagepruner.CronJobOptions{
			{},
			{Registry: imagepruner.Registry{ManagementState: imagepruner.Managed, HostName: "r:5000"}, Zone: zone, Command: []string{"/pruner", "--once"}},
		} {
			manifest, err := s.CronJob(o)
			require.NoError(t, err)
			var external batchv1.CronJob
			var internal batch.CronJob
			strictly(t, manifest, &external, &internal)
			require.Empty(t, batchvalidation.ValidateCronJobCreate(&internal, corevalidation.PodValidationOptions{}), name)

			require.Equal(t, batchv1.ForbidConcurrent, external.Spec.ConcurrencyPolicy)
			require.EqualValues(t, 3600, *external.Spec.StartingDeadlineSeconds)
			require.EqualValues(t, 0, *external.Spec.JobTemplate.Spec.BackoffLimit)
			pod := external.Spec.JobTemplate.Spec.Template.Spec
			require.Equal(t, corev1.RestartPolicyNever, pod.RestartPolicy)
			require.Equal(t, "system-cluster-critical", pod.PriorityClassName)
			require.NotContains(t, pod.Containers[0].Command[0], "sh")
		}
	}
}

func TestRBACPassesValidation(t *testing.T) {
	for _, controller := range []bool{false, true} {
		manifest, err := imagepruner.RBAC(imagepruner.RBACOptions{Controller: controller})
		require.NoError(t, err)
		var list corev1.List
		require.NoError(t, yaml.UnmarshalStrict(manifest, &list))
		count := map[string]int{}
		for _, item := range list.Items {
			errs := validateItem(t, item.Raw, count)
			require.Empty(t, errs)
		}
		want := map[string]int{"ServiceAccount": 1, "ClusterRole": 1, "ClusterRoleBinding": 1}
		if controller {
			want["Role"], want["RoleBinding"] = 1, 1
		}
		require.Equal(t, want, count)
	}
}

func validateItem(t *testing.T, raw []byte, count map[string]int) field.ErrorList {
	t.Helper()
	var kind struct{ Kind string }
	require.NoError(t, json.Unmarshal(raw, &kind))
	count[kind.Kind]++
	switch kind.Kind {
	case "ServiceAccount":
		var internal core.ServiceAccount
		strictly(t, raw, new(corev1.ServiceAccount), &internal)
		return corevalidation.ValidateServiceAccount(&internal)
	case "ClusterRole":
		var internal rbac.ClusterRole
		strictly(t, raw, new(rbacv1.ClusterRole), &internal)
		return rbacvalidation.ValidateClusterRole(&internal, rbacvalidation.ClusterRoleValidationOptions{})
	case "ClusterRoleBinding":
		var internal rbac.ClusterRoleBinding
		strictly(t, raw, new(rbacv1.ClusterRoleBinding), &internal)
		return rbacvalidation.ValidateClusterRoleBinding(&internal)
	case "Role":
		var internal rbac.Role
		strictly(t, raw, new(rbacv1.Role), &internal)
		return rbacvalidation.ValidateRole(&internal)
	case "RoleBinding":
		var internal rbac.RoleBinding
		strictly(t, raw, new(rbacv1.RoleBinding), &internal)
		return rbacvalidation.ValidateRoleBinding(&internal)
	}
	require.Fail(t, "unknown kind", kind.Kind)
	return nil
}
