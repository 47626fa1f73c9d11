package imagestream

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	usageDigestA = "sha256:" + strings.Repeat("a", 64)
	usageDigestB = "sha256:" + strings.Repeat("b", 64)
	usageDigestC = "sha256:" + strings.Repeat("c", 64)
)

func TestUsageReference(t *testing.T) {
	for _, tc := range []struct {
		name      string
		namespace string
		from      ObjectReference
		want      string
		class     error
	}{
		{"a tag of this namespace", "dev", ObjectReference{Kind: "ImageStreamTag", Name: "web:stable"}, "dev/web:stable", nil},
		{"a tag of another namespace", "dev", ObjectReference{Kind: "ImageStreamTag", Namespace: "prod", Name: "web:stable"}, "prod/web:stable", nil},
		{"a tag, and no namespace anywhere", "", ObjectReference{Kind: "ImageStreamTag", Name: "web:stable"}, "web:stable", nil},
		{"a tag of this very stream, without its stream", "dev", ObjectReference{Kind: "ImageStreamTag", Name: "stable"}, "", ErrInvalidName},
		{"a tag that is a digest", "dev", ObjectReference{Kind: "ImageStreamTag", Name: "web@" + usageDigestA}, "", ErrInvalidName},
		{"a tag with two colons", "dev", ObjectReference{Kind: "ImageStreamTag", Name: "web:a:b"}, "", ErrInvalidName},

		{"an image of this namespace", "dev", ObjectReference{Kind: "ImageStreamImage", Name: "web@" + usageDigestA}, "dev/web@" + usageDigestA, nil},
		{"an image of another namespace", "dev", ObjectReference{Kind: "ImageStreamImage", Namespace: "prod", Name: "web@" + usageDigestA}, "prod/web@" + usageDigestA, nil},
		{"an image, and no namespace anywhere", "", ObjectReference{Kind: "ImageStreamImage", Name: "web@" + usageDigestA}, "web@" + usageDigestA, nil},
		{"an image with its namespace in the name", "dev", ObjectReference{Kind: "ImageStreamImage", Name: "prod/web@" + usageDigestA}, "prod/web@" + usageDigestA, nil},
		{"an image with a tag too", "dev", ObjectReference{Kind: "ImageStreamImage", Name: "web:v1@" + usageDigestA}, "dev/web@" + usageDigestA, nil},
		{"an image without a digest", "dev", ObjectReference{Kind: "ImageStreamImage", Name: "web"}, "", ErrInvalidName},
		{"an image with a tag instead", "dev", ObjectReference{Kind: "ImageStreamImage", Name: "web:v1"}, "", ErrInvalidName},
		{"an image with the start of a digest", "dev", ObjectReference{Kind: "ImageStreamImage", Name: "web@sha256:aaaa"}, "", ErrInvalidPullSpec},
		{"an image of a stream with a dot", "dev", ObjectReference{Kind: "ImageStreamImage", Name: "web.v2@" + usageDigestA}, "", nil},

		{"a pull spec without a registry", "dev", ObjectReference{Kind: "DockerImage", Name: "mysql:8"}, "docker.io/mysql:8", nil},
		{"its own namespace plays no part", "dev", ObjectReference{Kind: "DockerImage", Namespace: "prod", Name: "mysql:8"}, "docker.io/mysql:8", nil},
		{"the tag latest", "", ObjectReference{Kind: "DockerImage", Name: "library/mysql:latest"}, "docker.io/mysql", nil},
		{"no tag", "", ObjectReference{Kind: "DockerImage", Name: "index.docker.io/mysql"}, "docker.io/mysql", nil},
		{"the third name of Docker Hub", "", ObjectReference{Kind: "DockerImage", Name: "registry-1.docker.io/library/mysql:8"}, "docker.io/mysql:8", nil},
		{"a user of Docker Hub", "", ObjectReference{Kind: "DockerImage", Name: "docker.io/bitnami/mysql"}, "docker.io/bitnami/mysql", nil},
		{"a library elsewhere", "", ObjectReference{Kind: "DockerImage", Name: "quay.io/library/mysql:latest"}, "quay.io/library/mysql", nil},
		{"a registry with a port", "", ObjectReference{Kind: "DockerImage", Name: "registry.example:5000/a/b/c:v1"}, "registry.example:5000/a/b/c:v1", nil},
		{"a digest decides", "", ObjectReference{Kind: "DockerImage", Name: "quay.io/a/b:v1@" + usageDigestA}, "quay.io/a/b@" + usageDigestA, nil},
		{"a registry alone", "", ObjectReference{Kind: "DockerImage", Name: "quay.io"}, "", nil},
		{"no pull spec", "", ObjectReference{Kind: "DockerImage", Name: "UPPER:x"}, "", ErrInvalidPullSpec},
		{"nothing", "", ObjectReference{Kind: "DockerImage"}, "", ErrInvalidPullSpec},

		{"a kind in lower case", "", ObjectReference{Kind: "dockerImage", Name: "mysql:8"}, "", ErrInvalidName},
		{"no kind", "", ObjectReference{Name: "mysql:8"}, "", ErrInvalidName},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := UsageReference(tc.namespace, &tc.from)
			require.ErrorIs(t, err, tc.class)
			require.Equal(t, tc.want, got)
		})
	}
}

// usageStream makes a stream of spec tags (name: "kind source") and of the images
// of status tags.
func usageStream(spec map[string]string, status map[string][]string) *ImageStream {
	s := &ImageStream{ObjectMeta: ObjectMeta{Namespace: "dev", Name: "app"}}
	for name, source := range spec {
		tag := TagReference{Name: name}
		if kind, from, ok := strings.Cut(source, " "); ok {
			tag.From = &ObjectReference{Kind: kind, Name: from}
		}
		s.Spec.Tags = append(s.Spec.Tags, tag)
	}
	for name, images := range status {
		list := NamedTagEventList{Tag: name}
		for _, image := range images {
			list.Items = append(list.Items, TagEvent{Image: image, DockerImageReference: "registry.example/dev/app@" + image})
		}
		s.Status.Tags = append(s.Status.Tags, list)
	}
	return s
}

func TestStreamUsage(t *testing.T) {
	for _, tc := range []struct {
		name   string
		stream *ImageStream
		want   StreamUsage
	}{
		{"no stream", nil, StreamUsage{}},
		{"an empty stream", &ImageStream{}, StreamUsage{}},
		{"one source", usageStream(map[string]string{"latest": "DockerImage team/base:v1"}, nil),
			StreamUsage{References: []string{"docker.io/team/base:v1"}}},
		{"one image", usageStream(nil, map[string][]string{"latest": {usageDigestA}}),
			StreamUsage{Images: []string{usageDigestA}}},
		{"a tag that is only pushed to", usageStream(map[string]string{"latest": ""}, map[string][]string{"latest": {usageDigestA}}),
			StreamUsage{Images: []string{usageDigestA}}},
		{"a source and an image", usageStream(map[string]string{"new": "ImageStreamImage is@" + usageDigestB}, map[string][]string{"latest": {usageDigestA}}),
			StreamUsage{Images: []string{usageDigestA}, References: []string{"dev/is@" + usageDigestB}}},
		{"two images in one history", usageStream(nil, map[string][]string{"latest": {usageDigestB, usageDigestA}}),
			StreamUsage{Images: []string{usageDigestA, usageDigestB}}},
		{"two images under two tags", usageStream(nil, map[string][]string{"a": {usageDigestA}, "b": {usageDigestB}}),
			StreamUsage{Images: []string{usageDigestA, usageDigestB}}},
		{"one image under two tags, twice", usageStream(nil, map[string][]string{"a": {usageDigestA, usageDigestB, usageDigestA}, "b": {usageDigestA}}),
			StreamUsage{Images: []string{usageDigestA, usageDigestB}}},
		{"an item without an image", usageStream(nil, map[string][]string{"a": {"", usageDigestA}}),
			StreamUsage{Images: []string{usageDigestA}}},
		{"one source in three spellings", usageStream(map[string]string{"a": "DockerImage mysql", "b": "DockerImage docker.io/library/mysql:latest", "c": "DockerImage index.docker.io/mysql"}, nil),
			StreamUsage{References: []string{"docker.io/mysql"}}},
		{"one image in spec and status counts for both", usageStream(map[string]string{"a": "DockerImage registry.example/dev/app@" + usageDigestA}, map[string][]string{"a": {usageDigestA}}),
			StreamUsage{Images: []string{usageDigestA}, References: []string{"registry.example/dev/app@" + usageDigestA}}},
		{"a tag of a stream is another source than a pull spec", usageStream(map[string]string{"a": "ImageStreamTag is:v1", "b": "DockerImage is:v1"}, nil),
			StreamUsage{References: []string{"dev/is:v1", "docker.io/is:v1"}}},
		{"what cannot be read", usageStream(map[string]string{"z": "Secret x", "a": "ImageStreamTag is", "b": "ImageStreamImage is:v1", "good": "DockerImage is:v1"}, nil),
			StreamUsage{References: []string{"docker.io/is:v1"}, Uncounted: []string{"a", "b", "z"}}},
		{"two spellings of a namespace", &ImageStream{ObjectMeta: ObjectMeta{Namespace: "dev"}, Spec: ImageStreamSpec{Tags: []TagReference{
			{Name: "a", From: &ObjectReference{Kind: "ImageStreamTag", Name: "is:v1"}},
			{Name: "b", From: &ObjectReference{Kind: "ImageStreamTag", Namespace: "dev", Name: "is:v1"}},
		}}}, StreamUsage{References: []string{"dev/is:v1"}}},
		{"one name twice: the last counts", &ImageStream{
			Spec: ImageStreamSpec{Tags: []TagReference{
				{Name: "a", From: &ObjectReference{Kind: "DockerImage", Name: "one"}}, {Name: "a", From: &ObjectReference{Kind: "DockerImage", Name: "two"}},
			}},
			Status: ImageStreamStatus{Tags: []NamedTagEventList{
				{Tag: "a", Items: []TagEvent{{Image: usageDigestA}}}, {Tag: "a", Items: []TagEvent{{Image: usageDigestB}}},
			}},
		}, StreamUsage{Images: []string{usageDigestB}, References: []string{"docker.io/two"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := tc.stream.Usage()
			require.Equal(t, tc.want, got)
			require.EqualValues(t, len(tc.want.Images), got.Count(ResourceImageStreamImages))
			require.EqualValues(t, len(tc.want.References), got.Count(ResourceImageStreamTags))
			require.Zero(t, got.Count(ResourceImageStreams))
		})
	}
}

func TestUsageOfRealStreams(t *testing.T) {
	tags, references, aliases := 0, 0, 0
	for file, data := range realStreams(t) {
		var s ImageStream
		require.NoError(t, json.Unmarshal(data, &s))
		u := s.Usage()
		for _, tag := range s.Spec.Tags {
			alias := tag.From != nil && tag.From.Kind == KindImageStreamTag && !strings.Contains(tag.From.Name, ":")
			require.Equal(t, alias, slices.Contains(u.Uncounted, tag.Name), "%s: %s", file, tag.Name)
		}
		require.LessOrEqual(t, len(u.References)+len(u.Uncounted), len(s.Spec.Tags), file)
		tags, references, aliases = tags+len(s.Spec.Tags), references+len(u.References), aliases+len(u.Uncounted)
	}
	require.Positive(t, aliases)
	// Some name one image under two tags.
	require.Less(t, references+aliases, tags)
}

func TestImageUsage(t *testing.T) {
	layers := func(sizes ...int64) []ImageLayer {
		var list []ImageLayer
		for i, size := range sizes {
			list = append(list, ImageLayer{Name: string(rune('a' + i)), LayerSize: size})
		}
		return list
	}
	for name, tc := range map[string]struct {
		image Image
		want  ImageUsage
	}{
		"nothing is known":   {Image{}, ImageUsage{}},
		"the metadata knows": {Image{DockerImageMetadata: RawExtension{Raw: []byte(`{"Size": 1000}`)}, DockerImageLayers: layers(1)}, ImageUsage{1000, true}},
		"layers and config":  {Image{DockerImageLayers: layers(10, 20), DockerImageConfig: "{}"}, ImageUsage{32, true}},
		"layers alone":       {Image{DockerImageLayers: layers(10, 20)}, ImageUsage{30, false}},
		"a config alone":     {Image{DockerImageConfig: "{}"}, ImageUsage{2, false}},
		"one layer twice": {Image{DockerImageLayers: []ImageLayer{{Name: "a", LayerSize: 5}, {Name: "b", LayerSize: 1}, {Name: "a", LayerSize: 5}}, DockerImageConfig: "{}"},
			ImageUsage{8, true}},
		"a layer without a size":           {Image{DockerImageLayers: layers(10, 0), DockerImageConfig: "{}"}, ImageUsage{12, false}},
		"a layer of a negative size":       {Image{DockerImageLayers: layers(10, -7), DockerImageConfig: "{}"}, ImageUsage{12, false}},
		"more than there can be":           {Image{DockerImageLayers: layers(math.MaxInt64, 10), DockerImageConfig: "{}"}, ImageUsage{12, false}},
		"metadata without a size":          {Image{DockerImageMetadata: RawExtension{Raw: []byte(`{"Id": "x"}`)}, DockerImageLayers: layers(10), DockerImageConfig: "{}"}, ImageUsage{12, true}},
		"a list":                           {Image{DockerImageManifests: []ImageManifest{{Digest: usageDigestA, ManifestSize: 500}}}, ImageUsage{0, true}},
		"an index that says so":            {Image{DockerImageManifestMediaType: "application/vnd.oci.image.index.v1+json"}, ImageUsage{0, true}},
		"a list that says so, and no more": {Image{DockerImageManifestMediaType: "application/vnd.docker.distribution.manifest.list.v2+json"}, ImageUsage{0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.image.Usage()
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
	broken := Image{DockerImageMetadata: RawExtension{Raw: []byte(`{"Size": "big"}`)}}
	_, err := broken.Usage()
	require.ErrorIs(t, err, ErrInvalidObject)
}
