package workload

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCustomResources(t *testing.T) {
	const found = "custom-resource "
	run(t, nil, []scanCase{
		{"Argo Rollout", `{'apiVersion': 'argoproj.io/v1alpha1', 'kind': 'Rollout', 'spec': {'replicas': 3, 'strategy': {'canary': {'steps': [{'setWeight': 20}, {'pause': {}}]}}, 'template': {'spec': ` + twoContainers + `}}}`,
			[]string{found + "spec.template.spec.initContainers[0].image = dev/init:v1", found + "spec.template.spec.containers[0].image = dev/app:latest"}},
		{"Argo Workflow", `{'apiVersion': 'argoproj.io/v1alpha1', 'kind': 'Workflow', 'spec': {'templates': [
			{'name': 'a', 'container': {'image': 'r.io/ci/a:1'}, 'sidecars': [{'image': 'r.io/ci/side:1'}]},
			{'name': 'b', 'script': {'image': 'r.io/ci/b:1', 'source': 'echo'}},
			{'name': 'c', 'steps': [[{'name': 'x', 'template': 'a'}, {'name': 'y', 'inline': {'container': {'image': 'r.io/ci/in:1'}}}]]},
			{'name': 'd', 'containerSet': {'containers': [{'image': '{{inputs.parameters.image}}'}]}}]},
			'status': {'storedTemplates': {'namespaced/t/a': {'container': {'image': 'r.io/ci/stored:1'}}}}}`,
			[]string{
				found + "spec.templates[0].container.image = ci/a:1",
				found + "spec.templates[0].sidecars[0].image = ci/side:1",
				found + "spec.templates[1].script.image = ci/b:1",
				found + "spec.templates[2].steps[0][1].inline.container.image = ci/in:1",
				found + "spec.templates[3].containerSet.containers[0].image = unparsed",
				found + `status.storedTemplates["namespaced/t/a"].container.image = ci/stored:1`,
			}},
		{"Argo CronWorkflow", `{'apiVersion': 'argoproj.io/v1alpha1', 'kind': 'CronWorkflow', 'spec': {'schedule': '* * * * *', 'workflowSpec': {'templates': [{'initContainers': [{'image': 'r.io/ci/i:1'}], 'container': {'image': 'r.io/ci/a:1'}}]}}}`,
			[]string{found + "spec.workflowSpec.templates[0].initContainers[0].image = ci/i:1", found + "spec.workflowSpec.templates[0].container.image = ci/a:1"}},
		{"Knative Service", `{'apiVersion': 'serving.knative.dev/v1', 'kind': 'Service', 'spec': {'template': {'spec': {'containers': [{'image': 'r.io/dev/fn:1'}]}}}}`,
			[]string{found + "spec.template.spec.containers[0].image = dev/fn:1"}},
		{"Knative Revision", `{'apiVersion': 'serving.knative.dev/v1', 'kind': 'Revision', 'spec': {'containers': [{'image': 'r.io/dev/fn:1'}]}, 'status': {'containerStatuses': [{'name': 'u', 'imageDigest': 'r.io/dev/fn@<A>'}]}}`,
			[]string{found + "spec.containers[0].image = dev/fn:1", "table status.containerStatuses[0].imageDigest = dev/fn@A"}},
		{"Tekton Task", `{'apiVersion': 'tekton.dev/v1', 'kind': 'Task', 'spec': {'stepTemplate': {'image': 'r.io/ci/base:1'}, 'steps': [{'image': '$(params.image)', 'script': 'echo'}, {'ref': {'name': 'x'}}, {'image': 'r.io/ci/step:1'}], 'sidecars': [{'image': 'r.io/ci/side:1'}]}}`,
			[]string{
				found + "spec.stepTemplate.image = ci/base:1",
				found + "spec.steps[0].image = unparsed",
				found + "spec.steps[2].image = ci/step:1",
				found + "spec.sidecars[0].image = ci/side:1",
			}},
		{"Tekton Pipeline", `{'apiVersion': 'tekton.dev/v1', 'kind': 'Pipeline', 'spec': {'tasks': [{'taskSpec': {'steps': [{'image': 'r.io/ci/step:1'}]}}], 'finally': [{'taskSpec': {'steps': [{'image': 'r.io/ci/last:1'}]}}]}}`,
			[]string{found + "spec.tasks[0].taskSpec.steps[0].image = ci/step:1", found + "spec.finally[0].taskSpec.steps[0].image = ci/last:1"}},
		{"Tekton TaskRun", `{'apiVersion': 'tekton.dev/v1', 'kind': 'TaskRun', 'spec': {'taskRef': {'name': 'x'}}, 'status': {'steps': [{'imageID': 'r.io/ci/step@<A>'}], 'taskSpec': {'steps': [{'image': 'r.io/ci/step:1'}]}}}`,
			[]string{found + "status.taskSpec.steps[0].image = ci/step:1"}},
		{"KubeVirt machine", `{'apiVersion': 'kubevirt.io/v1', 'kind': 'VirtualMachine', 'spec': {'template': {'spec': {'domain': {'firmware': {'kernelBoot': {'container': {'image': 'r.io/vm/boot:1'}}}}, 'volumes': [{'name': 'd', 'containerDisk': {'image': 'r.io/vm/fedora:42'}}, {'cloudInitNoCloud': {}}]}}}}`,
			[]string{found + "spec.template.spec.domain.firmware.kernelBoot.container.image = vm/boot:1", found + "spec.template.spec.volumes[0].containerDisk.image = vm/fedora:42"}},
		{"image volume", `{'apiVersion': 'a.com/v1', 'kind': 'Thing', 'spec': {'volumes': [{'image': {'reference': 'r.io/ml/model:1'}}, {'image': 'r.io/a/b'}]}}`,
			[]string{found + "spec.volumes[0].image.reference = ml/model:1"}},
		{"ephemeral containers", `{'apiVersion': 'a.com/v1', 'kind': 'Thing', 'pod': {'ephemeralContainers': [{'image': 'r.io/a/b:c'}]}}`,
			[]string{found + "pod.ephemeralContainers[0].image = a/b:c"}},
		{"right at the top", `{'apiVersion': 'a.com/v1', 'kind': 'Thing', 'containers': [{'image': 'r.io/a/b:c'}], 'container': {'image': 'r.io/a/b:d'}}`,
			[]string{found + "containers[0].image = a/b:c", found + "container.image = a/b:d"}},
		{"one within the other", `{'apiVersion': 'a.com/v1', 'kind': 'Thing', 'spec': {'container': {'container': {'image': 'r.io/a/b:c'}, 'containers': [{'image': 'r.io/a/b:d', 'sidecars': [{'image': 'r.io/a/b:e'}]}]}}}`,
			[]string{found + "spec.container.container.image = a/b:c", found + "spec.container.containers[0].image = a/b:d", found + "spec.container.containers[0].sidecars[0].image = a/b:e"}},
		{"other types", `{'apiVersion': 'a.com/v1', 'kind': 'Thing', 'spec': {'containers': 3, 'initContainers': {'image': 'r.io/a/b'}, 'steps': ['image', [{'image': 'r.io/a/b'}], {'image': {'repository': 'x'}}, {'image': 7}], 'container': [{'image': 'r.io/a/b'}], 'script': 'x', 'volumes': {'image': {'reference': 'r.io/a/b'}}, 'image': 'r.io/a/b'}}`, nil},
		{"not in metadata", `{'apiVersion': 'a.com/v1', 'kind': 'Thing', 'metadata': {'container': {'image': 'r.io/a/b'}, 'annotations': {'kubectl.kubernetes.io/last-applied-configuration': '{}'}}}`, nil},
		{"keys with dots", `{'apiVersion': 'a.com/v1', 'kind': 'Thing', 'data': {'a.b/c': {'container': {'image': 'r.io/a/b'}}}}`,
			[]string{found + `data["a.b/c"].container.image = a/b:latest`}},
		{"namesake of a workload", `{'apiVersion': 'batch.volcano.sh/v1alpha1', 'kind': 'Job', 'spec': {'tasks': [{'template': {'spec': {'containers': [{'image': 'r.io/a/b:c'}]}}}]}}`,
			[]string{found + "spec.tasks[0].template.spec.containers[0].image = a/b:c"}},
		{"namesake of a build", `{'apiVersion': 'shipwright.io/v1beta1', 'kind': 'Build', 'spec': {'strategy': {'name': 'buildah', 'sourceStrategy': {'from': {'kind': 'ImageStreamTag', 'name': '?'}}}, 'output': {'image': 'r.io/dev/app:1'}}}`,
			[]string{"table spec.output.image = dev/app:1"}},
		{"workload in the wrong group", `{'apiVersion': 'v1', 'kind': 'Deployment', 'spec': {'template': {'spec': {'containers': [{'image': 'r.io/a/b:c'}]}}}}`,
			[]string{found + "spec.template.spec.containers[0].image = a/b:c"}},
		{"kind without apiVersion", `{'kind': 'Thing', 'spec': {'container': {'image': 'r.io/a/b:c'}}}`, []string{found + "spec.container.image = a/b:c"}},
		{"Template", `{'apiVersion': 'template.openshift.io/v1', 'kind': 'Template', 'objects': [{'kind': 'Deployment', 'spec': {'template': {'spec': {'containers': [{'image': '${IMAGE}'}]}}}}]}`,
			[]string{found + "objects[0].spec.template.spec.containers[0].image = unparsed"}},
	})
}

func nested(depth int) string {
	return `{"apiVersion":"a.com/v1","kind":"Thing","spec":` + strings.Repeat(`{"a":[`, depth/2) + `{"container":{"image":"r.io/a/b:c"}}` + strings.Repeat(`]}`, depth/2) + `}`
}

func TestDeepNesting(t *testing.T) {
	got, err := FromJSON([]byte(nested(9_990)), nil)
	require.NoError(t, err)
	require.Len(t, got.References, 1)
	require.Equal(t, "b", got.References[0].Stream)
	require.LessOrEqual(t, len(got.References[0].Field), mostText+len("…"))

	_, err = FromJSON([]byte(nested(10_000)), nil)
	require.ErrorIs(t, err, ErrMalformed, "encoding/json refuses it first")

	for _, depth := range []int{10_000, 4_000_000} {
		_, err = FromJSON([]byte(nested(depth)), &Options{Checked: true})
		require.ErrorIs(t, err, ErrTooDeep)
		require.LessOrEqual(t, len(err.Error()), 2*mostText)
	}
}

func TestLongPathsOfManyImages(t *testing.T) {
	containers := strings.Repeat(`{"image":"a"},`, 20_000) + `{}`
	deep := strings.Replace(nested(9_000), `{"container":{"image":"r.io/a/b:c"}}`, `{"containers":[`+containers+`]}`, 1)
	long := `{"apiVersion":"a.com/v1","kind":"Thing","` + strings.Repeat("k", 1<<20) + `":{"containers":[` + containers + `]}}`
	for _, object := range []string{deep, long} {
		_, err := FromJSON([]byte(object), nil)
		require.ErrorIs(t, err, ErrTooMuch)
		require.Less(t, len(err.Error()), 2*mostText)
	}
	many := `{"apiVersion":"a.com/v1","kind":"Thing","spec":{"containers":[` + containers + `]}}`
	got, err := FromJSON([]byte(many), nil)
	require.NoError(t, err)
	require.Len(t, got.References, 20_000)
}
