package imagestream_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/imagestream"
)

// A program changes one field of a stream and writes it back. The server is
// newer than the program: provenance and priority are not in the program's
// types, and are still there afterwards.
func Example() {
	data := []byte(`{
		"kind": "ImageStream",
		"apiVersion": "image.openshift.io/v1",
		"metadata": {"name": "web", "namespace": "shop", "provenance": "signed"},
		"spec": {"tags": [{
			"name": "stable",
			"from": {"kind": "DockerImage", "name": "quay.io/shop/web:1.4"},
			"importPolicy": {"priority": 3}
		}]}
	}`)

	var stream imagestream.ImageStream
	if err := json.Unmarshal(data, &stream); err != nil {
		fmt.Println(err)
		return
	}
	tag := &stream.Spec.Tags[0]
	tag.From.Name = "quay.io/shop/web:1.5"
	tag.ImportPolicy.Scheduled = true

	written, err := json.MarshalIndent(stream, "", "  ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(written))
	// Output:
	// {
	//   "kind": "ImageStream",
	//   "apiVersion": "image.openshift.io/v1",
	//   "metadata": {
	//     "name": "web",
	//     "namespace": "shop",
	//     "provenance": "signed"
	//   },
	//   "spec": {
	//     "lookupPolicy": {
	//       "local": false
	//     },
	//     "tags": [
	//       {
	//         "name": "stable",
	//         "annotations": null,
	//         "from": {
	//           "kind": "DockerImage",
	//           "name": "quay.io/shop/web:1.5"
	//         },
	//         "generation": null,
	//         "importPolicy": {
	//           "scheduled": true,
	//           "priority": 3
	//         },
	//         "referencePolicy": {
	//           "type": ""
	//         }
	//       }
	//     ]
	//   },
	//   "status": {
	//     "dockerImageRepository": ""
	//   }
	// }
}

// What does not fit is an error that says where.
func ExampleError() {
	var stream imagestream.ImageStream
	err := json.Unmarshal([]byte(`{
		"metadata": {"name": "web", "namespace": "shop"},
		"status": {"tags": [{"tag": "stable", "items": [{"generation": "4"}]}]}
	}`), &stream)

	var invalid *imagestream.Error
	if errors.As(err, &invalid) {
		fmt.Println(invalid.Object)
		fmt.Println(invalid.Field)
		fmt.Println(invalid.Reason)
	}
	// Output:
	// ImageStream shop/web
	// status.tags[0].items[0].generation
	// want a number, got a string
}

func ExampleParsePullSpec() {
	for _, spec := range []string{
		"registry.example.com:5000/shop/team/web:1.4",
		"shop/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"Web:1.4",
	} {
		ref, err := imagestream.ParsePullSpec(spec)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%q %q %q %q %q\n", ref.Registry, ref.Namespace, ref.Name, ref.Tag, ref.ID)
	}
	// Output:
	// "registry.example.com:5000" "shop" "team/web" "1.4" ""
	// "" "shop" "web" "" "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	// imagestream: parse pull spec "Web:1.4": the repository name must be lower case
}

// OpenShift takes a name with a dot in it for a registry; the strict parser
// knows that nothing can be pulled from a registry alone.
func ExampleParsePullSpecStrict() {
	ref, _ := imagestream.ParsePullSpec("foo.bar:latest")
	fmt.Printf("registry %q, name %q, tag %q\n", ref.Registry, ref.Name, ref.Tag)
	ref, _ = imagestream.ParsePullSpecStrict("foo.bar:latest")
	fmt.Printf("registry %q, name %q, tag %q\n", ref.Registry, ref.Name, ref.Tag)
	// Output:
	// registry "foo.bar:latest", name "", tag ""
	// registry "", name "foo.bar", tag "latest"
}

func ExampleDockerImageReference_Equal() {
	a, _ := imagestream.ParsePullSpecStrict("busybox")
	b, _ := imagestream.ParsePullSpecStrict("index.docker.io/library/busybox:latest")
	fmt.Println(a.Equal(b))
	fmt.Println(a.DockerClientDefaults())
	// Output:
	// true
	// docker.io/library/busybox:latest
}

func ExampleImage_Metadata() {
	var image imagestream.Image
	err := json.Unmarshal([]byte(`{
		"metadata": {"name": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		"dockerImageMetadata": {
			"kind": "DockerImage", "apiVersion": "image.openshift.io/1.0",
			"Id": "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
			"Created": "2026-03-01T12:00:00Z", "Architecture": "arm64", "Size": 83886080,
			"Config": {"User": "1001", "Labels": {"version": "1.4"}}
		}
	}`), &image)
	if err != nil {
		fmt.Println(err)
		return
	}
	metadata, err := image.Metadata()
	switch {
	case err != nil:
		fmt.Println(err)
	case metadata == nil:
		fmt.Println("nothing is known")
	default:
		fmt.Println(metadata.Architecture, metadata.Size, metadata.Config.Labels["version"])
	}
	// Output: arm64 83886080 1.4
}

func ExampleParseImageStreamTagName() {
	stream, tag, err := imagestream.ParseImageStreamTagName("web:stable")
	fmt.Println(stream, tag, err)
	_, _, err = imagestream.ParseImageStreamTagName("web")
	fmt.Println(err)
	// Output:
	// web stable <nil>
	// imagestream: parse name "web": want stream:tag, with exactly one colon
}
