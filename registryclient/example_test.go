package registryclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
)

// List the tags of a repository and see what each points to. A HEAD is not counted
// as a pull.
func Example() {
	server, err := registrytest.Start(registrytest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	for _, tag := range []string{"1.0", "1.1", "latest"} {
		if err := server.Push("team/app:"+tag, empty.Image); err != nil {
			log.Fatal(err)
		}
	}

	ctx := context.Background()
	client := registryclient.New(registryclient.Options{})
	defer client.Close()
	repo, err := name.NewRepository(server.Host() + "/team/app")
	if err != nil {
		log.Fatal(err)
	}
	for tag, err := range client.Tags(ctx, repo, registryclient.ListOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		info, err := client.HeadManifest(ctx, repo.Tag(tag))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(tag, info.MediaType, info.Size)
	}
	// Output:
	// 1.0 application/vnd.docker.distribution.manifest.v2+json 264
	// 1.1 application/vnd.docker.distribution.manifest.v2+json 264
	// latest application/vnd.docker.distribution.manifest.v2+json 264
}

// An error says what to do next, to a program and to a person.
func ExampleError() {
	server, err := registrytest.Start(registrytest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	server.Inject(registrytest.TooManyRequests("text/html", "60"))

	client := registryclient.New(registryclient.Options{Retry: registryclient.RetryOptions{Attempts: 1}})
	defer client.Close()
	tag, err := name.NewTag(server.Host() + "/team/app:1.0")
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.GetManifest(context.Background(), tag)

	var e *registryclient.Error
	if errors.As(err, &e) && errors.Is(err, registryclient.RateLimited) {
		fmt.Println(e.Class, e.StatusCode, e.Message)
		fmt.Println(e.RateLimit.RetryAfter)
		fmt.Println(e.Hint)
	}
	// Output:
	// rate limited 429 Too Many Requests
	// 1m0s
	// Try again in 1m0s
}

// DeleteTag looks whether the tag is gone: OpenShift's registry answers 202 and
// does nothing.
func ExampleClient_DeleteTag() {
	server, err := registrytest.Start(registrytest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	if err := server.Push("team/app:1.0", empty.Image); err != nil {
		log.Fatal(err)
	}
	server.Inject(registrytest.IgnoredDelete())

	client := registryclient.New(registryclient.Options{Retry: registryclient.RetryOptions{Backoff: time.Millisecond}})
	defer client.Close()
	tag, err := name.NewTag(server.Host() + "/team/app:1.0")
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.DeleteTag(context.Background(), tag)
	fmt.Println(errors.Is(err, registryclient.Unsupported))
	_, before, _ := strings.Cut(err.Error(), "/team/app:1.0: ")
	fmt.Println(strings.ReplaceAll(before, server.Host(), "HOST"))
	// Output:
	// true
	// unsupported: HOST: the registry accepted the deletion of the tag, but the tag is still there. HOST does not offer this; its configuration may forbid it
}

// Say where images may be read from, as an OpenShift cluster does.
func ExampleParseMirrors() {
	mirrors, err := registryclient.ParseMirrors([]byte(`{
		"apiVersion": "config.openshift.io/v1",
		"kind": "ImageDigestMirrorSet",
		"metadata": {"name": "release"},
		"spec": {"imageDigestMirrors": [{
			"source": "quay.io/openshift-release-dev",
			"mirrors": ["mirror.example.com/release"],
			"mirrorSourcePolicy": "NeverContactSource"
		}]}
	}`))
	if err != nil {
		log.Fatal(err)
	}
	for _, image := range []string{
		"quay.io/openshift-release-dev/ocp-release@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"quay.io/openshift-release-dev/ocp-release:4.20",
	} {
		ref, err := name.ParseReference(image)
		if err != nil {
			log.Fatal(err)
		}
		sources, err := mirrors.Sources(ref)
		for _, source := range sources {
			fmt.Println(source.Ref.Context(), "by", source.Rule)
		}
		fmt.Println(errors.Is(err, registryclient.Blocked))
	}
	// Output:
	// mirror.example.com/release/ocp-release by ImageDigestMirrorSet release
	// false
	// true
}

// Fetch an image into a layout; what is there already is not fetched again.
func ExampleClient_PullLayout() {
	server, err := registrytest.Start(registrytest.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	image, err := random.Image(1000, 3)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	client := registryclient.New(registryclient.Options{})
	defer client.Close()
	for _, tag := range []string{"1.0", "1.1"} {
		if err := server.Push("team/app:"+tag, image); err != nil {
			log.Fatal(err)
		}
		ref, err := name.NewTag(server.Host() + "/team/app:" + tag)
		if err != nil {
			log.Fatal(err)
		}
		pulled, err := client.PullLayout(context.Background(), ref, dir, registryclient.PullOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(tag, pulled.Blobs, "blobs, fetched anything:", pulled.Fetched > 0)
	}
	// Output:
	// 1.0 4 blobs, fetched anything: true
	// 1.1 4 blobs, fetched anything: false
}
