package fromregistry_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/imagestream/importer/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
)

// A tag is imported from a registry, here one in the process.
func Example() {
	server, err := registrytest.Start(registrytest.Options{})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	image, err := random.Image(100, 2)
	if err != nil {
		panic(err)
	}
	if err := server.Push("team/app:v1", image); err != nil {
		panic(err)
	}

	registry := fromregistry.New(registryclient.Options{})
	defer registry.Close()
	stream := imagestream.New("dev", "app")
	stream.Spec.Tags = []imagestream.TagReference{{
		Name:         "latest",
		From:         &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: server.Host() + "/team/app:v1"},
		ImportPolicy: imagestream.TagImportPolicy{Insecure: true},
	}}
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	result, err := importer.Importer{Registry: registry, Anonymous: registry.Anonymous()}.Import(context.Background(), stream, importer.Request{}, now)
	if err != nil {
		panic(err)
	}
	for _, tag := range result.Tags {
		fmt.Println(tag.Tag, tag.Status)
	}
	fmt.Println(len(result.Images), "image,", len(result.Stream.StatusTag("latest").Items), "item in the history")
	// Output:
	// latest imported
	// 1 image, 1 item in the history
}

// Of two credentials for the repository the better match is stale. The other one is let in.
func ExampleRegistry_Candidates() {
	server, err := registrytest.Start(registrytest.Options{
		Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"ci": "current"}},
	})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	image, err := random.Image(100, 2)
	if err != nil {
		panic(err)
	}
	if err := server.Push("team/app:v1", image); err != nil {
		panic(err)
	}
	file := fmt.Sprintf(`{"auths": {
		"%[1]s/team": {"username": "old", "password": "stale"},
		"%[1]s": {"username": "ci", "password": "current"}
	}}`, server.Host())
	resolver := auth.NewResolver(auth.Options{}, auth.Document("auth.json", []byte(file), auth.DocumentOptions{}))

	registry := fromregistry.New(registryclient.Options{Keychain: resolver})
	defer registry.Close()
	stream := imagestream.New("dev", "app")
	stream.Spec.Tags = []imagestream.TagReference{{
		Name: "latest",
		From: &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: server.Host() + "/team/app:v1"},
	}}
	result, err := importer.Importer{Registry: registry, Anonymous: registry.Anonymous()}.Import(context.Background(), stream, importer.Request{}, time.Now())
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Tags[0].Tag, result.Tags[0].Status)
	// Output: latest imported
}
