package trigger_test

import (
	"encoding/json"
	"fmt"

	"github.com/registrykit/registrykit/imagestream/trigger"
)

// tags are the image stream tags of a cluster: a program would look them up.
var tags = trigger.ResolverFunc(func(namespace, stream, tag string) (trigger.Resolution, error) {
	switch namespace + "/" + stream + ":" + tag {
	case "shop/web:stable":
		return trigger.Resolution{Image: "registry.example/shop/web@sha256:2222"}, nil
	case "shop/proxy:1":
		return trigger.Resolution{Image: "registry.example/shop/proxy@sha256:7777"}, nil
	case "shop/cache:6":
		return trigger.Resolution{}, trigger.ErrNotImported
	case "base/nodejs:20":
		return trigger.Resolution{Image: "registry.example/base/nodejs@sha256:4444"}, nil
	}
	return trigger.Resolution{}, trigger.ErrStreamMissing
})

const deployment = `{
	"kind": "Deployment", "apiVersion": "apps/v1",
	"metadata": {
		"namespace": "shop", "name": "web",
		"annotations": {"image.openshift.io/triggers": "[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"web:stable\"},\"fieldPath\":\"spec.template.spec.containers[?(@.name==\\\"web\\\")].image\"},{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"proxy:1\"},\"fieldPath\":\"spec.template.spec.containers[1].image\",\"paused\":true}]"}
	},
	"spec": {"template": {"spec": {"containers": [
		{"name": "web", "image": "registry.example/shop/web@sha256:1111"},
		{"name": "proxy", "image": "registry.example/shop/proxy@sha256:6666"},
		{"name": "cache", "image": " "}
	]}}}
}`

// A controller evaluates a Deployment. The patch is what client-go's Patch takes
// as types.JSONPatchType.
func ExampleEvaluate() {
	object, err := trigger.ReadObject([]byte(deployment))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := trigger.Evaluate(object, tags)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, outcome := range result.Outcomes {
		fmt.Println(outcome)
	}
	for _, operation := range result.Patch[1:] { // the first one tests the annotation
		line, _ := json.Marshal(operation)
		fmt.Println(string(line))
	}
	// Output:
	// trigger 0 on shop/web:stable: Fires web to registry.example/shop/web@sha256:2222
	// trigger 1 on shop/proxy:1: Paused
	// {"op":"test","path":"/spec/template/spec/containers/0/name","value":"web"}
	// {"op":"test","path":"/spec/template/spec/containers/0/image","value":"registry.example/shop/web@sha256:1111"}
	// {"op":"replace","path":"/spec/template/spec/containers/0/image","value":"registry.example/shop/web@sha256:2222"}
}

// Why did nothing happen? Each trigger says it for itself.
func ExampleEvaluate_whyNothingFired() {
	object, err := trigger.ObjectOf(map[string]any{
		"kind": "CronJob",
		"metadata": map[string]any{"namespace": "shop", "name": "nightly", "annotations": map[string]any{"image.openshift.io/triggers": `[
			{"from": {"kind": "ImageStreamTag", "name": "web:stable"}, "fieldPath": "spec.jobTemplate.spec.template.spec.containers[0].image"},
			{"from": {"kind": "ImageStreamTag", "name": "cache:6"}, "fieldPath": "spec.jobTemplate.spec.template.spec.initContainers[0].image"},
			{"from": {"kind": "ImageStreamTag", "name": "mail:1"}, "fieldPath": "spec.jobTemplate.spec.template.spec.containers[?(@.name=='mail')].image"},
			{"from": {"kind": "ImageStreamTag", "name": "web"}, "fieldPath": "spec.jobTemplate.spec.template.spec.containers[0].image"}
		]`}},
		"spec": map[string]any{"jobTemplate": map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"initContainers": []any{map[string]any{"name": "warm", "image": "cache"}},
			"containers":     []any{map[string]any{"name": "job", "image": "registry.example/shop/web@sha256:2222"}},
		}}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := trigger.Evaluate(object, tags)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("fires:", result.Fires())
	for _, outcome := range result.Outcomes {
		fmt.Println(outcome.Index, outcome.Reason)
	}
	// Output:
	// fires: false
	// 0 SameImage
	// 1 NotImported
	// 2 ContainerMissing
	// 3 Invalid
}

// The builder image of a BuildConfig has moved: one build is to be requested.
func ExampleEvaluate_buildConfig() {
	object, err := trigger.ReadObject([]byte(`{
		"kind": "BuildConfig", "apiVersion": "build.openshift.io/v1",
		"metadata": {"namespace": "shop", "name": "web"},
		"spec": {
			"strategy": {"sourceStrategy": {"from": {"kind": "ImageStreamTag", "name": "nodejs:20", "namespace": "base"}}},
			"triggers": [{"type": "ConfigChange"}, {"type": "ImageChange", "imageChange": {}}]
		},
		"status": {"imageChangeTriggers": [{
			"from": {"name": "nodejs:20", "namespace": "base"},
			"lastTriggeredImageID": "registry.example/base/nodejs@sha256:3333"
		}]}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := trigger.Evaluate(object, tags)
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := json.MarshalIndent(result.Build, "", "  ")
	fmt.Println(string(body))
	fmt.Println("status:", result.Status[0].From, result.Status[0].Before, "becomes", result.Status[0].Last)
	// Output:
	// {
	//   "kind": "BuildRequest",
	//   "apiVersion": "build.openshift.io/v1",
	//   "metadata": {
	//     "name": "web",
	//     "namespace": "shop"
	//   },
	//   "triggeredByImage": {
	//     "kind": "DockerImage",
	//     "name": "registry.example/base/nodejs@sha256:4444"
	//   },
	//   "from": {
	//     "kind": "ImageStreamTag",
	//     "namespace": "base",
	//     "name": "nodejs:20"
	//   },
	//   "triggeredBy": [
	//     {
	//       "message": "Image change",
	//       "imageChangeBuild": {
	//         "imageID": "registry.example/base/nodejs@sha256:4444",
	//         "fromRef": {
	//           "kind": "ImageStreamTag",
	//           "namespace": "base",
	//           "name": "nodejs:20"
	//         }
	//       }
	//     }
	//   ]
	// }
	// status: base/nodejs:20 registry.example/base/nodejs@sha256:3333 becomes registry.example/base/nodejs@sha256:4444
}

// A container is to follow a tag from now on.
func ExampleSet() {
	object, err := trigger.ReadObject([]byte(`{
		"kind": "StatefulSet", "metadata": {"namespace": "shop", "name": "db", "resourceVersion": "41", "annotations": {"team": "db"}},
		"spec": {"template": {"spec": {"initContainers": [{"name": "migrate"}], "containers": [{"name": "db"}]}}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	edit, err := trigger.Set(object, trigger.Wanted{
		Container: "migrate",
		From:      trigger.Tag{Namespace: "base", Stream: "flyway", Tag: "10"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(edit.Annotation)
	patch, _ := json.Marshal(edit.Patch[0])
	fmt.Println(string(patch), "and", edit.Patch[1].Op, edit.Patch[1].Path)
	// Output:
	// [{"from":{"kind":"ImageStreamTag","name":"flyway:10","namespace":"base"},"fieldPath":"spec.template.spec.initContainers[?(@.name==\"migrate\")].image"}]
	// {"op":"test","path":"/metadata/resourceVersion","value":"41"} and add /metadata/annotations/image.openshift.io~1triggers
}

// A rollout is to wait: every trigger on the tag is paused, and the others go on.
func ExamplePause() {
	object, err := trigger.ReadObject([]byte(deployment))
	if err != nil {
		fmt.Println(err)
		return
	}
	edit, err := trigger.Pause(object, trigger.Which{From: trigger.Tag{Namespace: "shop", Stream: "web", Tag: "stable"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	paused, err := edit.Patch.Apply(object)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := trigger.Evaluate(paused, tags)
	fmt.Println(result.Outcomes[0], err)
	// Output:
	// trigger 0 on shop/web:stable: Paused <nil>
}

// What is wrong with the triggers that people wrote by hand?
func ExampleCheck() {
	object, err := trigger.ReadObject([]byte(`{
		"kind": "Deployment", "metadata": {"namespace": "shop", "name": "web", "annotations": {"image.openshift.io/triggers":
			"[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"web:1\"},\"fieldPath\":\"spec.template.spec.containers[?(@.name=='web')].image\",\"pause\":\"true\"},{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"proxy\"},\"fieldPath\":\"spec.template.spec.containers[0].image\",\"paused\":\"false\"}]"}},
		"spec": {"template": {"spec": {"containers": [{"name": "web"}]}}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, problem := range trigger.Check(object) {
		fmt.Printf("trigger %d, byte %d, warning %t: %s\n", problem.Index, problem.Offset, problem.Warning, problem.Reason)
	}
	// Output:
	// trigger 0, byte 62, warning true: OpenShift's controller wants double quotes around the name
	// trigger 0, byte 126, warning true: no trigger has this field; it does nothing. Is paused meant?
	// trigger 1, byte 174, warning false: want stream:tag, got "proxy"
	// trigger 1, byte 245, warning true: OpenShift's controller wants true or false without quotes, and reads none of the triggers otherwise
}

// The annotation is made readable for OpenShift's controller.
func ExampleRepair() {
	object, err := trigger.ReadObject([]byte(`{
		"kind": "Deployment", "metadata": {"namespace": "shop", "name": "web", "annotations": {"image.openshift.io/triggers":
			"[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"web:1\"},\"fieldPath\":\"spec.template.spec.containers[?(@.name=='migrate')].image\",\"paused\":\"true\"}]"}},
		"spec": {"template": {"spec": {"initContainers": [{"name": "migrate"}]}}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	edit, err := trigger.Repair(object)
	fmt.Println(edit.Annotation, err)
	// Output:
	// [{"from":{"kind":"ImageStreamTag","name":"web:1"},"fieldPath":"spec.template.spec.initContainers[?(@.name==\"migrate\")].image","paused":true}] <nil>
}

// An annotation without its object.
func ExampleParse() {
	annotation, err := trigger.Parse(`[
		{"from": {"kind": "ImageStreamTag", "name": "web:1"}, "fieldPath": "spec.template.spec.containers[0].image", "owner": "anna"},
		{"from": {"kind": "ImageStreamTag", "name": "web:1"}, "fieldPath": "spec.template.spec.containers[web].image"}
	]`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, problem := range annotation.Problems {
		fmt.Println(problem)
	}
	annotation.Triggers = annotation.Triggers[:1]
	annotation.Triggers[0].Paused = true
	fmt.Println(annotation)
	// Output:
	// trigger: parse: [0].owner (byte 122): no trigger has this field; it does nothing
	// trigger: parse: [1].fieldPath (byte 200): want an index or ?(@.name=="web") between the brackets, got "web"
	// [{"from":{"kind":"ImageStreamTag","name":"web:1"},"fieldPath":"spec.template.spec.containers[0].image","paused":true,"owner":"anna"}]
}
