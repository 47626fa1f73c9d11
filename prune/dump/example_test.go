package dump_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// What `oc get pods,imagestreams,images -A -o json` printed is read and planned
// on. Nothing but pods uses images here, so the other kinds are said to be
// listed.
func Example() {
	const text = `{"kind": "List", "apiVersion": "v1", "items": [
		{"kind": "Pod", "apiVersion": "v1",
		 "metadata": {"namespace": "shop", "name": "web-1", "creationTimestamp": "2026-05-01T09:00:00Z"},
		 "spec": {"containers": [{"name": "app", "image": "registry.example:5000/shop/web:v1"}]},
		 "status": {"phase": "Running"}},
		{"kind": "ImageStream", "apiVersion": "image.openshift.io/v1",
		 "metadata": {"namespace": "shop", "name": "web", "creationTimestamp": "2026-05-01T08:00:00Z"},
		 "status": {"tags": [{"tag": "v1", "items": [
			{"image": "sha256:1111111111111111111111111111111111111111111111111111111111111111", "created": "2026-05-01T08:00:00Z"},
			{"image": "sha256:2222222222222222222222222222222222222222222222222222222222222222", "created": "2026-04-01T08:00:00Z"}]}]}},
		{"kind": "Image", "apiVersion": "image.openshift.io/v1",
		 "metadata": {"name": "sha256:1111111111111111111111111111111111111111111111111111111111111111", "creationTimestamp": "2026-05-01T08:00:00Z"},
		 "dockerImageMetadata": {"Id": "sha256:3333333333333333333333333333333333333333333333333333333333333333"},
		 "dockerImageLayers": [{"name": "sha256:5555555555555555555555555555555555555555555555555555555555555555", "size": 70000}],
		 "dockerImageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"},
		{"kind": "Image", "apiVersion": "image.openshift.io/v1",
		 "metadata": {"name": "sha256:2222222222222222222222222222222222222222222222222222222222222222", "creationTimestamp": "2026-04-01T08:00:00Z"},
		 "dockerImageMetadata": {"Id": "sha256:4444444444444444444444444444444444444444444444444444444444444444"},
		 "dockerImageLayers": [{"name": "sha256:6666666666666666666666666666666666666666666666666666666666666666", "size": 80000}],
		 "dockerImageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"}
	]}`
	inv, err := dump.Read(strings.NewReader(text), &dump.Options{Listed: inventory.Kinds()})
	if err != nil {
		fmt.Println(err)
		return
	}
	options := prune.DefaultOpenShiftOptions()
	revisions := 1
	options.KeepTagRevisions = &revisions
	policy, err := prune.OpenShift(options)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := prune.New(inv, policy, time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	for action := range plan.Actions() {
		switch action.Kind {
		case prune.DeleteTagItem:
			fmt.Printf("%s %s:%s#%d\n", action.Kind, action.Stream, action.Tag, action.Index)
		case prune.DeleteBlob:
			fmt.Printf("%s %.11s…, %d bytes\n", action.Kind, action.Digest, action.Bytes)
		}
	}
	// Output:
	// DeleteTagItem shop/web:v1#1
	// DeleteBlob sha256:2222…, 0 bytes
	// DeleteBlob sha256:4444…, 0 bytes
	// DeleteBlob sha256:6666…, 80000 bytes
}

// An error says which field of which object is wrong, and where it stands.
func ExampleError() {
	_, err := dump.Read(strings.NewReader(`{"kind": "ImageList", "apiVersion": "image.openshift.io/v1", "items": [
		{"metadata": {"name": "sha256:0b1d", "creationTimestamp": "yesterday"}}
	]}`), nil)
	fmt.Println(err)
	var at *dump.Error
	if errors.As(err, &at) {
		fmt.Println(at.Object, "at byte", at.Offset)
	}
	// Output:
	// byte 132: Image sha256:0b1d: metadata.creationTimestamp: "yesterday" is not an RFC 3339 time
	// Image sha256:0b1d at byte 132
}

// An Image whose metadata cannot be read is known, and keeps what it might need: the
// others can go all the same.
func ExampleReader_InPart() {
	reader, err := dump.NewReader(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = reader.Read("images.json", strings.NewReader(`{"kind": "ImageList", "apiVersion": "image.openshift.io/v1", "items": [
		{"metadata": {"name": "sha256:0b1d"}, "dockerImageMetadata": {"Id": "sha256:88c6", "Size": "12 kB"}}
	]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	inv, err := reader.Inventory()
	if err != nil {
		fmt.Println(err)
		return
	}
	first, n := reader.InPart()
	fmt.Println(n, first[0])
	fmt.Println(inv.Images(), inv.Complete(inventory.KindImage))
	// Output:
	// 1 images.json: byte 165: Image sha256:0b1d: dockerImageMetadata.Size: want a number, got a string
	// 1 true
}

// Several files are one inventory: workloads first, then streams, then images.
func ExampleReader() {
	reader, err := dump.NewReader(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, file := range []struct{ name, text string }{
		{"pods.json", `{"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": "eyJ2Ij"}, "items": [{"metadata": {"namespace": "shop", "name": "web"}}]}`},
		{"streams.yaml", "kind: ImageStreamList\napiVersion: image.openshift.io/v1\nitems: []\n"},
		{"images.json", `{"kind": "ImageList", "apiVersion": "image.openshift.io/v1", "items": []}`},
	} {
		if err := reader.Read(file.name, strings.NewReader(file.text)); err != nil {
			fmt.Println(err)
			return
		}
	}
	inv, err := reader.Inventory()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, kind := range inv.Evidence() {
		if kind.Listed {
			fmt.Println(kind.Kind, kind.Count, "complete:", kind.Complete)
		}
	}
	fmt.Println("images after streams:", inv.ImagesAfterStreams())
	// Output:
	// Pod 1 complete: false
	// ImageStream 0 complete: true
	// Image 0 complete: true
	// images after streams: true
}

// A controller reads a Pod as it comes from a watch.
func Example_watch() {
	pod := map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"namespace": "shop", "name": "web-1"},
		"spec":     map[string]any{"containers": []any{map[string]any{"image": "registry.example.com/shop/web:v2"}}},
		"status":   map[string]any{"phase": "Running"},
	}
	result, err := workload.FromMap(pod, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var builder inventory.Builder
	w := inventory.WorkloadOf(result, nil)
	fmt.Println(builder.ReplaceWorkload(w), w.Kind, w.Namespace+"/"+w.Name, w.References[0].Stream, w.References[0].Tag)
	// Output: <nil> Pod shop/web-1 web v2
}
