package importer_test

import (
	"context"
	"fmt"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
)

// A new stream is imported as a whole; an import after that fetches what changed.
func Example() {
	registry := newFake() // fromregistry.New has a real one
	registry.tag("quay.example/org/app", "v1", registry.image("linux", "amd64", "one"))
	registry.tag("quay.example/org/app", "v2", registry.image("linux", "amd64", "two"))

	i := importer.Importer{Registry: registry}
	s := stream(imagestream.ImportModeLegacy, "one=quay.example/org/app:v1", "two=quay.example/org/app:v2", "three=quay.example/org/app:v3")
	first, err := i.Import(context.Background(), s, importer.Request{}, now)
	if err != nil {
		panic(err)
	}
	for _, tag := range first.Tags {
		fmt.Printf("%s: %s\n", tag.Tag, tag.Status)
	}
	fmt.Println(first.Stream.StatusTag("three").Conditions[0].Reason)

	registry.tag("quay.example/org/app", "v2", registry.image("linux", "amd64", "two again"))
	second, err := i.Import(context.Background(), first.Stream, importer.Request{All: true, Heads: first.Heads(nil)}, now)
	if err != nil {
		panic(err)
	}
	for _, tag := range second.Tags {
		fmt.Printf("%s: %s\n", tag.Tag, tag.Status)
	}
	fmt.Printf("%+v\n", second.Requests)
	// Output:
	// one: imported
	// two: imported
	// three: failed
	// NotFound
	// one: unchanged
	// three: failed
	// two: imported
	// {Heads:3 Manifests:1 Blobs:1 Lists:0}
}

// A repository is imported up to a limit, what matters first. The rest is listed.
func ExampleImporter_Import_repository() {
	registry := newFake()
	for _, tag := range []string{"1.0", "1.1", "latest", "20240101"} {
		registry.tag("quay.example/org/app", tag, registry.image("linux", "amd64", tag))
	}
	i := importer.Importer{Registry: registry}
	result, err := i.Import(context.Background(), imagestream.New("dev", "app"), importer.Request{
		Repository: &importer.Repository{From: "quay.example/org/app", Choose: imagestream.ChooseOptions{Limit: 2}},
	}, now)
	if err != nil {
		panic(err)
	}
	for _, tag := range result.Tags {
		fmt.Printf("%s: %s\n", tag.Tag, tag.Status)
	}
	for _, tag := range result.LeftOut {
		fmt.Println(tag)
	}
	// Output:
	// latest: imported
	// 1.1: imported
	// "1.0": beyond the limit: 2
	// "20240101": beyond the limit: 2
}
