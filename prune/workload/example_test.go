package workload_test

import (
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/prune/workload"
)

func ExampleFromJSON() {
	pod := []byte(`{
		"apiVersion": "v1",
		"kind": "Pod",
		"metadata": {"namespace": "dev", "name": "web", "creationTimestamp": "2026-10-01T08:00:00Z"},
		"spec": {"containers": [
			{"name": "app", "image": "image-registry.openshift-image-registry.svc:5000/dev/app:v1"},
			{"name": "proxy", "image": "busybox"},
			{"name": "broken", "image": "{{image}}"}
		]},
		"status": {"phase": "Running"}
	}`)
	found, err := workload.FromJSON(pod, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Object, "finished:", found.Finished)
	for _, ref := range found.References {
		switch {
		case ref.Err != nil:
			fmt.Println(ref.Field, "does not parse:", ref.Value)
		case !ref.Names():
			fmt.Println(ref.Field, "names no stream:", ref.Value)
		default:
			fmt.Printf("%s uses %s/%s:%s\n", ref.Field, ref.Namespace, ref.Stream, ref.Tag)
		}
	}
	// Output:
	// Pod dev/web finished: false
	// spec.containers[0].image uses dev/app:v1
	// spec.containers[1].image names no stream: busybox
	// spec.containers[2].image does not parse: {{image}}
}

// An object that a client has decoded already, such as the content of an
// Unstructured, is read as its JSON would be.
func ExampleFromMap() {
	buildConfig := map[string]any{
		"apiVersion": "build.openshift.io/v1",
		"kind":       "BuildConfig",
		"metadata":   map[string]any{"namespace": "dev", "name": "app"},
		"spec": map[string]any{
			"strategy": map[string]any{"sourceStrategy": map[string]any{
				"from": map[string]any{"kind": "ImageStreamTag", "namespace": "openshift", "name": "ruby:3.3"},
			}},
			"output": map[string]any{"to": map[string]any{"kind": "ImageStreamTag", "name": "app:latest"}},
		},
	}
	found, err := workload.FromMap(buildConfig, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, ref := range found.References {
		fmt.Printf("%q %s uses %s/%s:%s\n", ref.Source, ref.Field, ref.Namespace, ref.Stream, ref.Tag)
	}
	// Output:
	// "build-output" spec.output.to.name uses dev/app:latest
	// "" spec.strategy.sourceStrategy.from.name uses openshift/ruby:3.3
}

// A table tells of fields that hold an image and do not look like a container.
func ExampleOptions_table() {
	shop := []byte(`{
		"apiVersion": "example.com/v1",
		"kind": "Shop",
		"metadata": {"namespace": "dev", "name": "corner"},
		"spec": {"images": {"till": "quay.io/dev/till:v2"}}
	}`)
	found, err := workload.FromJSON(shop, &workload.Options{
		Table: []workload.TableEntry{{Group: "example.com", Kind: "Shop", Path: "spec.images.*"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, ref := range found.References {
		fmt.Println(ref.Source, ref.Field, ref.Stream, ref.Tag)
	}
	// Output:
	// table spec.images.till till v2
}

// The items of a typed list do not say of which kind they are.
func ExampleScanner_ScanItem() {
	items := []string{
		`{"metadata": {"namespace": "dev", "name": "web"}, "spec": {"containers": [{"image": "quay.io/dev/app:v1"}]}}`,
		`{"metadata": {"namespace": "dev", "name": "job"}, "spec": {"containers": [{"image": "quay.io/dev/job:v1"}]}, "status": {"phase": "Succeeded"}}`,
	}
	scanner, err := workload.NewScanner(workload.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, item := range items {
		found, err := scanner.ScanItem([]byte(item), "v1", "Pod")
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(found.Object, found.References[0].Stream)
	}
	// Output:
	// Pod dev/web app
	// Pod dev/job job
}

// A field of the wrong type is an error that names the object and the field.
func ExampleError() {
	_, err := workload.FromJSON([]byte(`{
		"kind": "Pod",
		"metadata": {"namespace": "dev", "name": "web"},
		"spec": {"containers": [{"image": 7}]}
	}`), nil)
	var e *workload.Error
	if errors.As(err, &e) {
		fmt.Println(e.Object)
		fmt.Println(e.Field)
		fmt.Println(e.Err)
	}
	// Output:
	// Pod dev/web
	// spec.containers[0].image
	// want a string, got a number
}
