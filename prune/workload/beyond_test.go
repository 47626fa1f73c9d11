package workload

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBeyondPeerInPods(t *testing.T) {
	run(t, nil, []scanCase{
		{"ephemeral containers", `{'kind': 'Pod', 'spec': {'ephemeralContainers': [{'name': 'debug', 'image': 'quay.io/ci/tools:1'}, {'image': ' '}]}}`,
			[]string{"ephemeral-container spec.ephemeralContainers[0].image = ci/tools:1"}},
		{"image volumes", `{'kind': 'Pod', 'spec': {'volumes': [{'name': 'a', 'emptyDir': {}}, {'name': 'm', 'image': {'reference': 'quay.io/ml/model@<A>', 'pullPolicy': 'Always'}}, {'image': null}]}}`,
			[]string{"image-volume spec.volumes[1].image.reference = ml/model@A"}},
		{"image volume of a template", `{'kind': 'Deployment', 'spec': {'template': {'spec': {'volumes': [{'image': {'reference': 'quay.io/ml/model:1'}}]}}}}`,
			[]string{"image-volume spec.template.spec.volumes[0].image.reference = ml/model:1"}},
		{"container statuses", `{'kind': 'Pod', 'status': {
			'initContainerStatuses': [{'image': 'quay.io/ci/a:1', 'imageID': 'quay.io/ci/a@<A>'}],
			'containerStatuses': [{'imageID': '<B>'}, {'imageID': ''}, {'imageID': 'docker-pullable://quay.io/ci/a@<A>'}, {'imageID': 'sha256:aa'}],
			'ephemeralContainerStatuses': [{'imageID': 'tools@<B>'}]}}`,
			[]string{
				"container-status status.initContainerStatuses[0].imageID = ci/a@A",
				"container-status status.containerStatuses[0].imageID = @B",
				"container-status status.containerStatuses[2].imageID = unparsed",
				"container-status status.containerStatuses[3].imageID = nothing",
				"container-status status.ephemeralContainerStatuses[0].imageID = @B",
			}},
	})
}

func TestSpecTags(t *testing.T) {
	of := func(from string) string {
		return `{'apiVersion': 'image.openshift.io/v1', 'kind': 'ImageStream', 'spec': {'tags': [{'name': 'v1', 'from': ` + from + `}]}, 'metadata': {'namespace': 'dev', 'name': 'app'}}`
	}
	const at = "spec-tag spec.tags[0].from.name = "
	run(t, nil, []scanCase{
		{"pull spec", of(`{'kind': 'DockerImage', 'name': 'quay.io/up/app:1'}`), []string{at + "up/app:1"}},
		{"own tag", of(`{'kind': 'ImageStreamTag', 'name': 'latest'}`), []string{at + "dev/app:latest"}},
		{"own tag by name", of(`{'kind': 'ImageStreamTag', 'name': 'app:latest'}`), []string{at + "dev/app:latest"}},
		{"other stream", of(`{'kind': 'ImageStreamTag', 'name': 'base:9', 'namespace': 'openshift'}`), []string{at + "openshift/base:9"}},
		{"same name elsewhere", of(`{'kind': 'ImageStreamTag', 'name': '9', 'namespace': 'openshift'}`), []string{at + "openshift/app:9"}},
		{"own image", of(`{'kind': 'ImageStreamImage', 'name': '<A>'}`), []string{at + "dev/app@A"}},
		{"other image", of(`{'kind': 'ImageStreamImage', 'name': 'base@<A>'}`), []string{at + "dev/base@A"}},
		{"own tag of no name", `{'kind': 'ImageStream', 'spec': {'tags': [{'from': {'kind': 'ImageStreamTag', 'name': 'v1', 'namespace': 'x'}}]}}`, []string{at + "unparsed"}},
		{"own image of no name", `{'kind': 'ImageStream', 'metadata': {'namespace': 'dev'}, 'spec': {'tags': [{'from': {'kind': 'ImageStreamImage', 'name': '<A>'}}]}}`, []string{at + "@A"}},
		{"empty tag", of(`{'kind': 'ImageStreamTag', 'name': 'base:'}`), []string{at + "unparsed"}},
		{"digest as a tag", of(`{'kind': 'ImageStreamTag', 'name': 'base@<A>'}`), []string{at + "unparsed"}},
		{"two colons", of(`{'kind': 'ImageStreamTag', 'name': 'a:b:c'}`), []string{at + "unparsed"}},
		{"other kind", of(`{'kind': 'ImageStream', 'name': 'a'}`), nil},
		{"nameless", of(`{'kind': 'ImageStreamTag'}`), nil},
		{"null", of(`null`), nil},
		{"status is for others", `{'kind': 'ImageStream', 'status': {'tags': [{'from': {'kind': 'DockerImage', 'name': 'quay.io/a/b'}}]}}`, nil},
		{"legacy group", `{'apiVersion': 'v1', 'kind': 'ImageStream', 'metadata': {'namespace': 'dev', 'name': 'app'}, 'spec': {'tags': [{'from': {'kind': 'ImageStreamTag', 'name': 'x'}}, {'from': {'kind': 'ImageStreamTag', 'name': 'y'}}]}}`,
			[]string{at + "dev/app:x", "spec-tag spec.tags[1].from.name = dev/app:y"}},
	})
}

func TestTriggers(t *testing.T) {
	annotated := func(value string) object {
		return object{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{
			"name": "web", "namespace": "dev", "annotations": object{"image.openshift.io/triggers": text(value), "other": "[1]"},
		}}
	}
	const at = `trigger metadata.annotations["image.openshift.io/triggers"]`
	for _, c := range []struct {
		value string
		want  []string
	}{
		{`[{'from': {'kind': 'ImageStreamTag', 'name': 'app:v1'}, 'fieldPath': 'spec.template.spec.containers[0].image', 'paused': 'false'}]`, []string{at + "[0].from.name = dev/app:v1"}},
		{`[{'fieldPath': 'x'}, {'from': {'kind': 'ImageStreamTag', 'name': 'app:v1', 'namespace': 'ci'}}, null]`, []string{at + "[1].from.name = ci/app:v1"}},
		{`[{'from': {'kind': 'ImageStreamTag', 'name': 'app'}}, {'from': {'name': 'b:c'}}, {'from': {'kind': 'ConfigMap', 'name': 'b'}}]`, []string{at + "[0].from.name = unparsed", at + "[1].from.name = dev/b:c"}},
		{`[{'from': {'kind': 'ImageStreamTag', 'name': 'app:v1'}}, {'from': 7}]`, []string{at + "[0].from.name = dev/app:v1", at + "[1].from = unparsed"}},
		{`{'from': 7}`, []string{at + " = unparsed"}},
		{`[{'from': `, []string{at + " = unparsed"}},
		{`hello`, []string{at + " = unparsed"}},
		{` `, nil},
		{`[]`, nil},
		{`null`, nil},
	} {
		got, err := FromMap(annotated(c.value), nil)
		require.NoError(t, err)
		if c.want == nil {
			c.want = []string{}
		}
		require.Equal(t, c.want, shown(got.References), c.value)
	}
	run(t, nil, []scanCase{
		{"custom resource", `{'apiVersion': 'argoproj.io/v1alpha1', 'kind': 'Rollout', 'metadata': {'namespace': 'dev', 'annotations': {'image.openshift.io/triggers': '[{\'from\':{\'kind\':\'ImageStreamTag\',\'name\':\'app:v1\'}}]'}}}`,
			[]string{at + "[0].from.name = dev/app:v1"}},
		{"build config", `{'kind': 'BuildConfig', 'metadata': {'namespace': 'dev'}, 'spec': {'triggers': [{'type': 'ConfigChange'}, {'type': 'ImageChange', 'imageChange': {}}, {'type': 'ImageChange', 'imageChange': {'lastTriggeredImageID': 'r:5000/ci/base@<A>', 'from': {'kind': 'ImageStreamTag', 'name': 'base:1', 'namespace': 'ci'}}}]},
			'status': {'imageChangeTriggers': [{'from': {'name': 'base:1', 'namespace': 'ci'}, 'lastTriggeredImageID': 'r:5000/ci/base@<B>'}, {'from': {'name': 'own:1'}}]}}`,
			[]string{
				"trigger spec.triggers[2].imageChange.lastTriggeredImageID = ci/base@A",
				"trigger spec.triggers[2].imageChange.from.name = ci/base:1",
				"trigger status.imageChangeTriggers[0].from.name = ci/base:1",
				"trigger status.imageChangeTriggers[0].lastTriggeredImageID = ci/base@B",
				"trigger status.imageChangeTriggers[1].from.name = dev/own:1",
			}},
		{"deployment config", `{'kind': 'DeploymentConfig', 'metadata': {'namespace': 'dev'}, 'spec': {'triggers': [{'type': 'ImageChange', 'imageChangeParams': {'automatic': true, 'containerNames': ['a'], 'from': {'kind': 'ImageStreamTag', 'name': 'app:v1'}, 'lastTriggeredImage': 'r:5000/dev/app@<A>'}}]}}`,
			[]string{
				"trigger spec.triggers[0].imageChangeParams.from.name = dev/app:v1",
				"trigger spec.triggers[0].imageChangeParams.lastTriggeredImage = dev/app@A",
			}},
		{"null triggers", `{'kind': 'DeploymentConfig', 'spec': {'triggers': null}}`, nil},
	})
}

func TestBuildInputsAndOutputs(t *testing.T) {
	run(t, nil, []scanCase{
		{"sources", `{'kind': 'BuildConfig', 'metadata': {'namespace': 'dev'}, 'spec': {'source': {'type': 'Git', 'images': [{'from': {'kind': 'ImageStreamTag', 'name': 'assets:1'}, 'paths': []}, {'from': {'kind': 'DockerImage', 'name': '${BASE}'}}, {'from': {'kind': 'DockerImage', 'name': ' '}}]}}}`,
			[]string{"build-source spec.source.images[0].from.name = dev/assets:1", "build-source spec.source.images[1].from.name = unparsed"}},
		{"output", `{'kind': 'BuildConfig', 'metadata': {'namespace': 'dev'}, 'spec': {'output': {'to': {'kind': 'ImageStreamTag', 'name': 'app:latest'}}}}`,
			[]string{"build-output spec.output.to.name = dev/app:latest"}},
		{"output elsewhere", `{'kind': 'Build', 'metadata': {'namespace': 'dev'}, 'spec': {'output': {'to': {'kind': 'DockerImage', 'name': 'quay.io/dev/app:1'}}}}`,
			[]string{"build-output spec.output.to.name = dev/app:1"}},
		{"pushed", `{'kind': 'Build', 'metadata': {'namespace': 'dev'}, 'status': {'output': {'to': {'imageDigest': '<A>'}}, 'outputDockerImageReference': 'r:5000/dev/app:latest'}}`,
			[]string{"build-output status.output.to.imageDigest = dev/app@A", "build-output status.outputDockerImageReference = dev/app:latest"}},
		{"pushed somewhere", `{'kind': 'Build', 'status': {'output': {'to': {'imageDigest': '<A>'}}}}`, []string{"build-output status.output.to.imageDigest = @A"}},
		{"pushed garbage", `{'kind': 'Build', 'status': {'outputDockerImageReference': 'r:5000/dev/app', 'output': {'to': {'imageDigest': 'latest'}}}}`,
			[]string{"build-output status.outputDockerImageReference = dev/app:latest", "build-output status.output.to.imageDigest = unparsed"}},
		{"nulls", `{'kind': 'Build', 'spec': {'source': {'images': null}, 'output': {'to': null}}, 'status': {'output': {'to': null}, 'outputDockerImageReference': null}}`, nil},
	})
}

func TestRevisionsAndTemplates(t *testing.T) {
	run(t, nil, []scanCase{
		{"controller revision", `{'apiVersion': 'apps/v1', 'kind': 'ControllerRevision', 'data': {'spec': {'template': {'$patch': 'replace', 'spec': {'containers': [{'image': 'r.io/dev/app:1'}], 'volumes': [{'image': {'reference': 'r.io/dev/model:1'}}]}}}}, 'revision': 3}`,
			[]string{"controller-revision data.spec.template.spec.containers[0].image = dev/app:1", "controller-revision data.spec.template.spec.volumes[0].image.reference = dev/model:1"}},
		{"pod template", `{'apiVersion': 'v1', 'kind': 'PodTemplate', 'template': {'spec': {'containers': [{'image': 'r.io/dev/app:1'}], 'volumes': [{'image': {'reference': 'r.io/dev/model:1'}}]}}}`,
			[]string{"pod-template template.spec.containers[0].image = dev/app:1", "pod-template template.spec.volumes[0].image.reference = dev/model:1"}},
	})
}

func TestNothingToFind(t *testing.T) {
	for _, of := range []string{
		`'apiVersion': 'v1', 'kind': 'Secret'`, `'kind': 'Secret'`, `'apiVersion': 'v1', 'kind': 'ConfigMap'`, `'apiVersion': 'v1', 'kind': 'Event'`,
		`'apiVersion': 'image.openshift.io/v1', 'kind': 'Image'`, `'apiVersion': 'apiextensions.k8s.io/v1', 'kind': 'CustomResourceDefinition'`,
	} {
		got, err := FromJSON([]byte(text(`{`+of+`, 'metadata': {'name': 'x'}, 'data': {'containers': [{'image': 'r.io/dev/app:1'}]}, 'spec': `+twoContainers+`}`)), nil)
		require.NoError(t, err)
		require.Empty(t, got.References)
		require.Equal(t, "x", got.Object.Name)
	}
}

// A kind of the core group that nobody knows may be one that is misspelt.
func TestUnknownCoreKinds(t *testing.T) {
	run(t, nil, []scanCase{
		{"lower case", `{'apiVersion': 'v1', 'kind': 'pod', 'spec': {'containers': [{'name': 'c', 'image': 'r.io/dev/app:1'}]}}`,
			[]string{"custom-resource spec.containers[0].image = dev/app:1"}},
		{"of another group", `{'apiVersion': 'v1', 'kind': 'Deployment', 'spec': {'template': {'spec': {'containers': [{'name': 'c', 'image': 'r.io/dev/app:1'}]}}}}`,
			[]string{"custom-resource spec.template.spec.containers[0].image = dev/app:1"}},
		{"a node", `{'apiVersion': 'v1', 'kind': 'Node', 'spec': {'containers': [{'name': 'c', 'image': 'r.io/dev/app:1'}]}}`, nil},
	})
}

func TestPeerOnly(t *testing.T) {
	all := `{'kind': 'Pod', 'metadata': {'annotations': {'image.openshift.io/triggers': '?'}}, 'spec': {'ephemeralContainers': [{'image': '?'}], 'volumes': [{'image': {'reference': '?'}}], 'containers': [{'image': '?'}]}, 'status': {'containerStatuses': [{'imageID': '?'}]}}`
	build := `{'kind': 'Build', 'spec': {'source': {'images': [{'from': {'kind': 'DockerImage', 'name': '?'}}]}, 'output': {'to': {'kind': 'DockerImage', 'name': '?'}}, 'strategy': {'dockerStrategy': {'from': {'kind': 'DockerImage', 'name': '?'}}}}, 'status': {'outputDockerImageReference': '?'}}`
	run(t, &Options{PeerOnly: true}, []scanCase{
		{"pod", all, []string{"spec.containers[0].image = unparsed"}},
		{"build", build, []string{"spec.strategy.dockerStrategy.from.name = unparsed"}},
		{"deployment config", `{'kind': 'DeploymentConfig', 'spec': {'triggers': [{'imageChangeParams': {'lastTriggeredImage': '?'}}], 'template': {'spec': {'containers': [{'image': 'r.io/a/b:c'}]}}}}`, []string{"spec.template.spec.containers[0].image = a/b:c"}},
		{"image stream", `{'kind': 'ImageStream', 'spec': {'tags': [{'from': {'kind': 'DockerImage', 'name': 'r.io/a/b:c'}}]}}`, nil},
		{"custom resource", `{'apiVersion': 'a/v1', 'kind': 'B', 'spec': {'container': {'image': 'r.io/a/b:c'}}}`, nil},
		{"pod template", `{'kind': 'PodTemplate', 'template': {'spec': {'containers': [{'image': 'r.io/a/b:c'}]}}}`, nil},
	})
	require.Len(t, Sources(), 11)
	require.NotContains(t, Sources(), Peer)
}
