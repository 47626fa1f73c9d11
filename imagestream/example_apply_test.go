package imagestream_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// The instant of the examples. A controller takes its own clock's.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	v1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	v2 = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// web is the stream shop/web, whose tag dev was pushed to twice.
func web() *imagestream.ImageStream {
	stream := imagestream.New("shop", "web")
	stream.Status.DockerImageRepository = "registry.example.com:5000/shop/web"
	stream, _, err := imagestream.Apply(stream, imagestream.Batch{
		imagestream.RecordPush{Tag: "dev", Image: v1},
		imagestream.RecordPush{Tag: "dev", Image: v2},
	}, now)
	if err != nil {
		panic(err)
	}
	return stream
}

func printChanges(changes []imagestream.Change) {
	for _, c := range changes {
		fmt.Println(strings.NewReplacer(v1, "sha256:111", v2, "sha256:222").Replace(c.String()))
	}
}

// A push makes the tag point to the image, and what follows the tag with it.
func ExampleApply() {
	stream := imagestream.New("shop", "web")
	stream, changes, err := imagestream.Apply(stream, imagestream.RecordPush{
		Tag: "dev", Image: v1, DockerImageReference: "registry.example.com:5000/shop/web@" + v1,
	}, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	printChanges(changes)
	fmt.Println(len(stream.Status.Tags), "tag")
	// Output:
	// StreamCreated: "" -> "shop/web"
	// EventAdded dev: "" -> "registry.example.com:5000/shop/web@sha256:111"
	// 1 tag
}

// oc tag web:dev web:prod: prod gets what dev points to now.
func ExampleCopyTag() {
	source, err := imagestream.ParseTagSource("", "web:dev", "shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, changes, err := imagestream.Apply(web(), imagestream.CopyTag{Source: source, To: "prod"}, now)
	fmt.Println(err)
	printChanges(changes)
	// Output:
	// <nil>
	// StreamChanged metadata.generation: "1" -> "2"
	// SpecTagAdded prod: "" -> "ImageStreamImage web@sha256:222"
	// EventAdded prod: "" -> "registry.example.com:5000/shop/web@sha256:222"
}

// oc tag --alias web:dev web:live: live follows dev from now on.
func ExampleCopyTag_alias() {
	source, _ := imagestream.ParseTagSource("istag", "web:dev", "shop")
	stream, _, err := imagestream.Apply(web(), imagestream.CopyTag{Source: source, To: "live", Alias: true}, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, changes, _ := imagestream.Apply(stream, imagestream.RecordPush{Tag: "dev", Image: v1}, now)
	printChanges(changes)
	// Output:
	// EventAdded dev: "registry.example.com:5000/shop/web@sha256:222" -> "registry.example.com:5000/shop/web@sha256:111"
	// EventAdded live: "registry.example.com:5000/shop/web@sha256:222" -> "registry.example.com:5000/shop/web@sha256:111"
}

// oc tag --scheduled quay.io/shop/web:1 web:ext: an image from elsewhere, looked
// for again from time to time.
func ExampleCopyTag_scheduled() {
	source, _ := imagestream.ParseTagSource("", "quay.io/shop/web:1", "shop")
	stream, _, err := imagestream.Apply(web(), imagestream.CopyTag{Source: source, To: "ext", Scheduled: true}, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	for p := range stream.PendingImports() {
		fmt.Println("to import:", p.Tag, "from", p.From, "scheduled:", p.Policy.Scheduled)
	}
	// Output: to import: ext from quay.io/shop/web:1 scheduled: true
}

// oc tag --insecure --reference-policy=local --import-mode=PreserveOriginal
// registry.lab:5000/shop/web:1 web:lab: a manifest list with all its images, from
// a registry without a certificate, which the cluster's own registry passes on.
func ExampleCopyTag_policies() {
	source, _ := imagestream.ParseTagSource("", "registry.lab:5000/shop/web:1", "shop")
	stream, _, err := imagestream.Apply(web(), imagestream.CopyTag{
		Source: source, To: "lab", Insecure: true,
		ReferencePolicy: imagestream.LocalTagReferencePolicy, ImportMode: imagestream.ImportModePreserveOriginal,
	}, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	stream, _, _ = imagestream.Apply(stream, imagestream.RecordImport{Tag: "lab", Image: v1, DockerImageReference: "registry.lab:5000/shop/web@" + v1}, now)
	spec, err := stream.NewestPullSpec("lab", imagestream.ResolveOptions{})
	fmt.Println(strings.ReplaceAll(spec, v1, "sha256:111"), err)
	// Output: registry.example.com:5000/shop/web@sha256:111 <nil>
}

// What stands for SOURCE in oc tag, without and with --source.
func ExampleParseTagSource() {
	for _, a := range [][2]string{
		{"", "web:dev"}, {"", "infra/base:9"}, {"", "web@" + v1}, {"", "quay.io/shop/web:1"}, {"", "redis"},
		{"docker", "shop/web:1"}, {"istag", "web"},
	} {
		from, err := imagestream.ParseTagSource(a[0], a[1], "shop")
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s %q %s\n", from.Kind, from.Namespace, strings.ReplaceAll(from.Name, v1, "sha256:111"))
	}
	// Output:
	// ImageStreamTag "shop" web:dev
	// ImageStreamTag "infra" base:9
	// ImageStreamImage "shop" web@sha256:111
	// DockerImage "" quay.io/shop/web:1
	// DockerImage "" redis
	// DockerImage "" shop/web:1
	// imagestream: parse source "web": want stream:tag
}

// oc tag --reference docker.io/library/redis:7 web:cache: only the name is
// passed on, nothing is imported.
func ExampleCopyTag_reference() {
	source, _ := imagestream.ParseTagSource("docker", "docker.io/library/redis:7", "shop")
	stream, _, err := imagestream.Apply(web(), imagestream.CopyTag{Source: source, To: "cache", Reference: true}, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stream.NewestPullSpec("cache", imagestream.ResolveOptions{}))
	// Output: docker.io/library/redis:7 <nil>
}

// oc tag infra/base:9 web:base: from another stream, which a lookup finds. The
// image is pulled from this stream afterwards.
func ExampleCopyTag_otherStream() {
	base := imagestream.New("infra", "base")
	base.Status.DockerImageRepository = "registry.example.com:5000/infra/base"
	base, _, _ = imagestream.Apply(base, imagestream.RecordPush{Tag: "9", Image: v1}, now)

	applier := imagestream.Applier{Lookup: imagestream.LookupIn(base)}
	source, _ := imagestream.ParseTagSource("", "infra/base:9", "shop")
	_, changes, err := applier.Apply(web(), imagestream.CopyTag{Source: source, To: "base"}, now)
	fmt.Println(err)
	printChanges(changes)
	// Output:
	// <nil>
	// StreamChanged metadata.generation: "1" -> "2"
	// SpecTagAdded base: "" -> "ImageStreamImage infra/base@sha256:111"
	// EventAdded base: "" -> "registry.example.com:5000/shop/web@sha256:111"
}

// oc tag -d web:dev.
func ExampleDeleteTag() {
	stream, _, err := imagestream.Apply(web(), imagestream.DeleteTag{Tag: "dev"}, now)
	fmt.Println(len(stream.Status.Tags), err)
	_, _, err = imagestream.Apply(stream, imagestream.DeleteTag{Tag: "dev"}, now)
	fmt.Println(err, errors.Is(err, imagestream.ErrTagNotFound))
	// Output:
	// 0 <nil>
	// imagestream: delete tag ImageStream shop/web: spec.tags[dev]: there is no such tag true
}

// Back to the image before, and forward again.
func ExampleRollBack() {
	back, changes, _ := imagestream.Apply(web(), imagestream.RollBack{Tag: "dev"}, now.Add(time.Hour))
	printChanges(changes)
	_, changes, _ = imagestream.Apply(back, imagestream.RollForward{Tag: "dev"}, now.Add(2*time.Hour))
	printChanges(changes)
	// Output:
	// EventAdded dev: "registry.example.com:5000/shop/web@sha256:222" -> "registry.example.com:5000/shop/web@sha256:111"
	// EventRemoved dev: "registry.example.com:5000/shop/web@sha256:111" -> ""
}

// The change list says which field asks for an import, and the pending imports
// what is still to do.
func ExampleSetTag() {
	tag := imagestream.TagReference{
		Name: "ext", From: &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: "quay.io/shop/web:1"},
	}
	stream, _, _ := imagestream.Apply(web(), imagestream.SetTag{Tag: tag}, now)
	stream, _, _ = imagestream.Apply(stream, imagestream.RecordImport{Tag: "ext", Image: v1, DockerImageReference: "quay.io/shop/web@" + v1}, now)

	tag.ImportPolicy.ImportMode = imagestream.ImportModePreserveOriginal
	_, changes, _ := imagestream.Apply(stream, imagestream.SetTag{Tag: tag}, now)
	printChanges(changes)
	// Output:
	// StreamChanged metadata.generation: "2" -> "3"
	// SpecTagChanged ext importPolicy.importMode: "" -> "PreserveOriginal" (import)
	// SpecTagChanged ext generation: "2" -> "3" (import)
}

// Histories that do not grow without bound.
func ExampleApplier() {
	applier := imagestream.Applier{History: imagestream.HistoryPolicy{
		MaxItems: 1,
		InUse:    func(tag string, item *imagestream.TagEvent) bool { return item.Image == v1 },
	}}
	stream, _, _ := applier.Apply(web(), imagestream.RecordPush{Tag: "dev", Image: "sha256:" + strings.Repeat("3", 64)}, now)
	for _, item := range stream.StatusTag("dev").Items {
		fmt.Println(item.Image[:10])
	}
	// Output:
	// sha256:333
	// sha256:111
}

// A tag that would follow itself shows the way round.
func ExampleCycleError() {
	follow := func(tag, target string) imagestream.SetTag {
		return imagestream.SetTag{Tag: imagestream.TagReference{
			Name: tag, From: &imagestream.ObjectReference{Kind: imagestream.KindImageStreamTag, Name: target},
		}}
	}
	stream, _, _ := imagestream.Apply(web(), follow("live", "prod"), now)
	_, _, err := imagestream.Apply(stream, follow("prod", "live"), now)
	var cycle *imagestream.CycleError
	if errors.As(err, &cycle) {
		fmt.Println(cycle.Path)
	}
	// Output: [shop/web:live shop/web:prod]
}

// Which tags to bring up to date, and in which order, when one has moved.
func ExampleTagGraph() {
	live := imagestream.New("prod", "web")
	live.Spec.Tags = []imagestream.TagReference{{
		Name: "live", From: &imagestream.ObjectReference{Kind: imagestream.KindImageStreamTag, Namespace: "shop", Name: "web:dev"},
	}}
	graph := imagestream.NewTagGraph(slices.Values([]*imagestream.ImageStream{web(), live}))
	fmt.Println(graph.Affected(imagestream.TagName{Namespace: "shop", Stream: "web", Tag: "dev"}))
	// Output: [prod/web:live]
}

// The most recent pull spec that works, and why it is not the newest.
func ExampleImageStream_RecentPullSpec() {
	tag := imagestream.TagReference{
		Name: "dev", From: &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: "quay.io/shop/web:2"},
	}
	stream, _, _ := imagestream.Apply(web(), imagestream.SetTag{Tag: tag}, now)
	spec, newer, err := stream.RecentPullSpec("dev", imagestream.ResolveOptions{})
	fmt.Println(strings.Replace(spec, v2, "sha256:222", 1))
	fmt.Println(newer)
	fmt.Println(err)
	// Output:
	// registry.example.com:5000/shop/web@sha256:222
	// imagestream: resolve ImageStream shop/web: tag dev: an import of the tag is pending
	// <nil>
}
