package imagestream

import (
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func streamLimit(name string, images, tags string) LimitRange {
	max := Quantities{}
	if images != "" {
		max[ResourceImageStreamImages] = images
	}
	if tags != "" {
		max[ResourceImageStreamTags] = tags
	}
	return LimitRange{Namespace: "dev", Name: name, Limits: []LimitRangeItem{{LimitTypeImageStream, max}}}
}

func TestSmallestLimit(t *testing.T) {
	for _, tc := range []struct {
		name             string
		limits           []LimitRange
		images, tags     int64 // -1 is none
		imagesOf, tagsOf string
	}{
		{"none", nil, -1, -1, "", ""},
		{"of something else", []LimitRange{{Name: "cpu", Limits: []LimitRangeItem{{"Pod", Quantities{"cpu": "200m"}}}}}, -1, -1, "", ""},
		{"images", []LimitRange{streamLimit("a", "15", "")}, 15, -1, "LimitRange dev/a", ""},
		{"both", []LimitRange{streamLimit("a", "15", "10")}, 15, 10, "LimitRange dev/a", "LimitRange dev/a"},
		{"both, of two", []LimitRange{streamLimit("a", "15", ""), streamLimit("b", "", "10")}, 15, 10, "LimitRange dev/a", "LimitRange dev/b"},
		{"the smaller one of each", []LimitRange{streamLimit("a", "15", "10"), streamLimit("b", "5", "20")}, 5, 10, "LimitRange dev/b", "LimitRange dev/a"},
		{"by number, not by text", []LimitRange{streamLimit("a", "9", "1k"), streamLimit("b", "10", "999")}, 9, 999, "LimitRange dev/a", "LimitRange dev/b"},
		{"of equal ones the first name", []LimitRange{streamLimit("b", "5", "5"), streamLimit("a", "5", "5000m")}, 5, 5, "LimitRange dev/a", "LimitRange dev/a"},
		{"several items in one", []LimitRange{{Namespace: "dev", Name: "a", Limits: []LimitRangeItem{
			{LimitTypeImageStream, Quantities{ResourceImageStreamImages: "25", "cpu": "oops"}},
			{"Container", Quantities{ResourceImageStreamImages: "1", ResourceImageStreamTags: "1"}},
			{LimitTypeImage, Quantities{ResourceImageStreamImages: "1", ResourceStorage: "1"}},
			{LimitTypeImageStream, Quantities{ResourceImageStreamImages: "30", ResourceImageStreamTags: "20"}},
		}}}, 25, 20, "LimitRange dev/a", "LimitRange dev/a"},
		{"of another namespace", []LimitRange{{Namespace: "prod", Name: "a", Limits: streamLimit("", "1", "1").Limits}, streamLimit("b", "2", "")}, 2, -1, "LimitRange dev/b", ""},
		{"without a namespace", []LimitRange{{Name: "a", Limits: streamLimit("", "1", "").Limits}}, 1, -1, "LimitRange a", ""},
		{"a fraction is no whole image", []LimitRange{streamLimit("a", "1500m", "0.9")}, 1, 0, "LimitRange dev/a", "LimitRange dev/a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			check := func(resource ResourceName, want int64, of string) {
				got, err := smallestLimit(tc.limits, "dev", LimitTypeImageStream, resource)
				require.NoError(t, err)
				if want < 0 {
					require.Nil(t, got)
					return
				}
				require.Equal(t, &Excess{LimitedBy: of, Type: LimitTypeImageStream, Resource: resource, Limit: want}, got)
			}
			check(ResourceImageStreamImages, tc.images, tc.imagesOf)
			check(ResourceImageStreamTags, tc.tags, tc.tagsOf)
		})
	}
}

func TestCheckStreamLimits(t *testing.T) {
	image := func(images ...string) *ImageStream { return usageStream(nil, map[string][]string{"latest": images}) }
	sources := func(specs ...string) *ImageStream {
		tags := map[string]string{}
		for _, spec := range specs {
			tags[strings.ReplaceAll(spec, "/", "-")] = "DockerImage " + spec
		}
		return usageStream(tags, nil)
	}
	both := func(image string, spec string) *ImageStream {
		return usageStream(map[string]string{"a": "DockerImage " + spec}, map[string][]string{"b": {image}})
	}
	const images, tags = ResourceImageStreamImages, ResourceImageStreamTags
	for _, tc := range []struct {
		name         string
		old, stream  *ImageStream
		images, tags string // the limits
		want         []ResourceName
	}{
		{"no limits", nil, image(usageDigestA), "", "", nil},
		{"zero, and nothing there", nil, &ImageStream{}, "0", "0", nil},
		{"no stream", image(usageDigestA), nil, "0", "0", nil},
		{"within", nil, both(usageDigestA, "a"), "1", "1", nil},
		{"too many images", nil, image(usageDigestA), "0", "0", []ResourceName{images}},
		{"too many sources", nil, both(usageDigestA, "a"), "", "0", []ResourceName{tags}},
		{"too much of both", nil, usageStream(map[string]string{"a": "DockerImage a", "b": "DockerImage b"}, map[string][]string{"l": {usageDigestA}}), "0", "1", []ResourceName{images, tags}},
		{"one more than there are", image(usageDigestA, usageDigestB), image(usageDigestC, usageDigestA, usageDigestB), "2", "", []ResourceName{images}},
		{"as many as there may be", image(usageDigestA), image(usageDigestB, usageDigestA), "2", "", nil},
		{"the same again, above the limit", image(usageDigestA), image(usageDigestA), "0", "0", nil},
		{"the same under one more tag", image(usageDigestA), usageStream(nil, map[string][]string{"a": {usageDigestA}, "b": {usageDigestA}}), "0", "0", nil},
		{"less, and still above the limit", image(usageDigestA, usageDigestB, usageDigestC), image(usageDigestA, usageDigestB), "1", "", nil},
		{"all gone", image(usageDigestA), &ImageStream{}, "0", "0", nil},
		{"one for another, above the limit", image(usageDigestA), image(usageDigestB), "0", "", []ResourceName{images}},
		{"one for another, within", image(usageDigestA), image(usageDigestB), "1", "", nil},
		{"one new for two old, still above the limit", image(usageDigestA, usageDigestB, usageDigestC), image("sha256:"+strings.Repeat("d", 64), usageDigestA), "1", "", []ResourceName{images}},
		{"a new source, while there are too many images", both(usageDigestA, "a"), both(usageDigestA, "b"), "0", "", []ResourceName{images}},
		{"a new image, while there are too many sources", sources("a", "b"), usageStream(map[string]string{"a": "DockerImage a", "b": "DockerImage b"}, map[string][]string{"l": {usageDigestA}}), "5", "1", []ResourceName{tags}},
		{"the same source in another spelling", sources("mysql"), sources("docker.io/library/mysql:latest"), "", "0", nil},
		{"a tag that is only pushed to", nil, usageStream(map[string]string{"a": ""}, nil), "", "0", nil},
		{"a source that cannot be read does not count", nil, usageStream(map[string]string{"a": "ImageStreamTag x"}, nil), "", "0", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.stream != nil && tc.stream.Namespace == "" {
				tc.stream.Namespace, tc.stream.Name = "dev", "app"
			}
			got, err := CheckStreamLimits(tc.old, tc.stream, []LimitRange{streamLimit("streams", tc.images, tc.tags)})
			require.NoError(t, err)
			var resources []ResourceName
			for _, e := range got {
				resources = append(resources, e.Resource)
				require.Equal(t, "ImageStream dev/app", e.Object)
				require.Equal(t, "LimitRange dev/streams", e.LimitedBy)
				require.Equal(t, LimitTypeImageStream, e.Type)
				require.Equal(t, tc.stream.Usage().Count(e.Resource), e.Usage)
				require.Positive(t, e.Over())
			}
			require.Equal(t, tc.want, resources)
		})
	}
}

// Whatever a stream was, storing it again, or less of it, is never refused.
func TestLessIsNeverRefused(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for range 500 {
		spec, status := map[string]string{}, map[string][]string{}
		for i := range random.IntN(8) {
			spec[strconv.Itoa(i)] = "DockerImage repo" + strconv.Itoa(random.IntN(5))
			status[strconv.Itoa(i)] = append(status[strconv.Itoa(i)], "sha256:"+strconv.Itoa(random.IntN(6)), "sha256:"+strconv.Itoa(random.IntN(6)))
		}
		old := usageStream(spec, status)
		for name := range spec {
			if random.IntN(2) == 0 {
				delete(spec, name)
			}
			if random.IntN(2) == 0 {
				delete(status, name)
			}
		}
		limits := []LimitRange{streamLimit("a", strconv.Itoa(random.IntN(4)), strconv.Itoa(random.IntN(4)))}
		got, err := CheckStreamLimits(old, usageStream(spec, status), limits)
		require.NoError(t, err)
		require.Empty(t, got)
	}
}

func TestCheckImageLimits(t *testing.T) {
	image := &Image{ObjectMeta: ObjectMeta{Name: usageDigestA}, DockerImageMetadata: RawExtension{Raw: []byte(`{"Size": 1073741825}`)}}
	sizes := func(name, storage string) LimitRange {
		return LimitRange{Namespace: "dev", Name: name, Limits: []LimitRangeItem{{LimitTypeImage, Quantities{ResourceStorage: storage}}}}
	}
	for _, tc := range []struct {
		name   string
		limits []LimitRange
		want   []Excess
	}{
		{"no limits", nil, nil},
		{"one byte too much", []LimitRange{sizes("a", "1Gi")}, []Excess{{"Image " + usageDigestA, "LimitRange dev/a", LimitTypeImage, ResourceStorage, 1 << 30, 1<<30 + 1, false}}},
		{"exactly as much", []LimitRange{sizes("a", "1073741825")}, nil},
		{"the smaller one", []LimitRange{sizes("a", "1Gi"), sizes("b", "1G")}, []Excess{{"Image " + usageDigestA, "LimitRange dev/b", LimitTypeImage, ResourceStorage, 1e9, 1<<30 + 1, false}}},
		{"more than there can be", []LimitRange{sizes("a", "1e99")}, nil},
		{"another resource", []LimitRange{{Name: "a", Limits: []LimitRangeItem{{LimitTypeImage, Quantities{ResourceImageStreamImages: "0"}}}}}, nil},
		{"another type", []LimitRange{{Name: "a", Limits: []LimitRangeItem{{"PersistentVolumeClaim", Quantities{ResourceStorage: "1"}}}}}, nil},
		{"another namespace", []LimitRange{{Namespace: "prod", Name: "a", Limits: sizes("", "1").Limits}}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := CheckImageLimits(image, "dev", tc.limits)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}

	t.Run("a list has no size", func(t *testing.T) {
		got, err := CheckImageLimits(&Image{DockerImageManifests: []ImageManifest{{}}}, "dev", []LimitRange{sizes("a", "0")})
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("what is known is too much", func(t *testing.T) {
		got, err := CheckImageLimits(&Image{DockerImageLayers: []ImageLayer{{Name: "a", LayerSize: 11}}}, "dev", []LimitRange{sizes("a", "10")})
		require.NoError(t, err)
		require.Len(t, got, 1)
	})
	t.Run("metadata that is none", func(t *testing.T) {
		_, err := CheckImageLimits(&Image{DockerImageMetadata: RawExtension{Raw: []byte("[")}}, "dev", []LimitRange{sizes("a", "10")})
		require.ErrorIs(t, err, ErrInvalidObject)
	})
}

func TestCheckStreamQuota(t *testing.T) {
	const objects = ResourceImageStreamObjects
	quota := func(hard, used Quantities) ResourceQuota {
		return ResourceQuota{Namespace: "dev", Name: "q", Hard: hard, Used: used}
	}
	exceeded := func(resource ResourceName, limit, usage int64) Excess {
		return Excess{"namespace dev", "ResourceQuota dev/q", "", resource, limit, usage, false}
	}
	for _, tc := range []struct {
		name    string
		creates int64
		quotas  []ResourceQuota
		want    []Excess
	}{
		{"none", 1, nil, nil},
		{"room for one", 1, []ResourceQuota{quota(Quantities{ResourceImageStreams: "10"}, Quantities{ResourceImageStreams: "9"})}, nil},
		{"room for one, not two", 2, []ResourceQuota{quota(Quantities{ResourceImageStreams: "10"}, Quantities{ResourceImageStreams: "9"})}, []Excess{exceeded(ResourceImageStreams, 10, 11)}},
		{"full", 1, []ResourceQuota{quota(Quantities{ResourceImageStreams: "10"}, Quantities{ResourceImageStreams: "10"})}, []Excess{exceeded(ResourceImageStreams, 10, 11)}},
		{"more than full", 1, []ResourceQuota{quota(Quantities{ResourceImageStreams: "1"}, Quantities{ResourceImageStreams: "10"})}, []Excess{exceeded(ResourceImageStreams, 1, 11)}},
		{"more than full, and nothing is created", 0, []ResourceQuota{quota(Quantities{ResourceImageStreams: "1"}, Quantities{ResourceImageStreams: "10"})}, nil},
		{"zero", 1, []ResourceQuota{quota(Quantities{ResourceImageStreams: "0"}, Quantities{ResourceImageStreams: "0"})}, []Excess{exceeded(ResourceImageStreams, 0, 1)}},
		{"objects of any kind", 1, []ResourceQuota{quota(Quantities{objects: "3"}, Quantities{objects: "3"})}, []Excess{exceeded(objects, 3, 4)}},
		{"both names", 1, []ResourceQuota{quota(Quantities{objects: "3", ResourceImageStreams: "3"}, Quantities{objects: "3", ResourceImageStreams: "3"})}, []Excess{exceeded(ResourceImageStreams, 3, 4), exceeded(objects, 3, 4)}},
		{"of something else", 1, []ResourceQuota{quota(Quantities{"pods": "x"}, nil)}, nil},
		{"not counted yet", 1, []ResourceQuota{quota(Quantities{ResourceImageStreams: "10"}, nil)}, []Excess{{"namespace dev", "ResourceQuota dev/q", "", ResourceImageStreams, 10, 1, true}}},
		{"of another namespace", 1, []ResourceQuota{{Namespace: "prod", Name: "q", Hard: Quantities{ResourceImageStreams: "0"}, Used: Quantities{ResourceImageStreams: "0"}}}, nil},
		{"of the cluster", 1, []ResourceQuota{{Name: "team", Hard: Quantities{ResourceImageStreams: "5"}, Used: Quantities{ResourceImageStreams: "5"}}},
			[]Excess{{"namespace dev", "ClusterResourceQuota team", "", ResourceImageStreams, 5, 6, false}}},
		{"as many as there can be", math.MaxInt64, []ResourceQuota{quota(Quantities{ResourceImageStreams: "1"}, Quantities{ResourceImageStreams: "1"})},
			[]Excess{exceeded(ResourceImageStreams, 1, math.MaxInt64)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := CheckStreamQuota("dev", tc.creates, tc.quotas)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestQuantitiesThatAreNone(t *testing.T) {
	requireField := func(err error, object, field string) {
		t.Helper()
		require.ErrorIs(t, err, ErrInvalidObject)
		var e *Error
		require.True(t, errors.As(err, &e))
		require.Equal(t, object, e.Object)
		require.Equal(t, field, e.Field)
	}
	limits := []LimitRange{streamLimit("a", "ten", "-1")}
	_, err := CheckStreamLimits(nil, usageStream(nil, nil), limits)
	requireField(err, "LimitRange dev/a", "spec.limits[0].max[openshift.io/images]")
	_, err = CheckStreamLimits(nil, usageStream(nil, nil), []LimitRange{streamLimit("a", "", "-1")})
	requireField(err, "LimitRange dev/a", "spec.limits[0].max[openshift.io/image-tags]")
	_, err = CheckImageLimits(&Image{}, "", []LimitRange{{Name: "b", Limits: []LimitRangeItem{{}, {LimitTypeImage, Quantities{ResourceStorage: ""}}}}})
	requireField(err, "LimitRange b", "spec.limits[1].max[storage]")
	_, err = CheckStreamQuota("dev", 1, []ResourceQuota{{Namespace: "dev", Name: "q", Hard: Quantities{ResourceImageStreams: "1Q"}}})
	requireField(err, "ResourceQuota dev/q", "spec.hard[openshift.io/imagestreams]")
	_, err = CheckStreamQuota("dev", 1, []ResourceQuota{{Name: "q", Hard: Quantities{ResourceImageStreams: "1"}, Used: Quantities{ResourceImageStreams: "x"}}})
	requireField(err, "ClusterResourceQuota q", "status.used[openshift.io/imagestreams]")
}

func TestReadLimitRange(t *testing.T) {
	got, err := ReadLimitRange([]byte(`{
		"kind": "LimitRange", "apiVersion": "v1",
		"metadata": {"name": "limits", "namespace": "dev", "uid": "1"},
		"spec": {"limits": [
			{"type": "openshift.io/Image", "max": {"storage": "1Gi"}},
			{"type": "openshift.io/ImageStream", "max": {"openshift.io/images": 20, "openshift.io/image-tags": "10", "x": null}, "min": {"openshift.io/images": "1"}},
			{"type": "Container", "default": {"cpu": "200m"}}
		]}
	}`))
	require.NoError(t, err)
	require.Equal(t, LimitRange{"dev", "limits", []LimitRangeItem{
		{LimitTypeImage, Quantities{"storage": "1Gi"}},
		{LimitTypeImageStream, Quantities{ResourceImageStreamImages: "20", ResourceImageStreamTags: "10"}},
		{"Container", nil},
	}}, got)

	for _, text := range []string{``, `[`, `[]`, `{"kind": "Pod"}`, `{"spec": {"limits": [{"max": []}]}}`, `{"spec": 1}`, `"` + strings.Repeat("x", maxLimitObject) + `"`} {
		_, err := ReadLimitRange([]byte(text))
		require.ErrorIs(t, err, ErrInvalidObject, "%.40s", text)
	}
}

func TestReadResourceQuota(t *testing.T) {
	got, err := ReadResourceQuota([]byte(`{
		"kind": "ResourceQuota", "metadata": {"name": "objects", "namespace": "dev"},
		"spec": {"hard": {"openshift.io/imagestreams": "10", "pods": 4}},
		"status": {"hard": {"openshift.io/imagestreams": "10"}, "used": {"openshift.io/imagestreams": "3"}}
	}`))
	require.NoError(t, err)
	require.Equal(t, ResourceQuota{"dev", "objects", Quantities{ResourceImageStreams: "10", "pods": "4"}, Quantities{ResourceImageStreams: "3"}}, got)

	got, err = ReadResourceQuota([]byte(`{
		"kind": "ClusterResourceQuota", "apiVersion": "quota.openshift.io/v1", "metadata": {"name": "team"},
		"spec": {"selector": {"labels": {"matchLabels": {"team": "a"}}}, "quota": {"hard": {"openshift.io/imagestreams": "10"}}},
		"status": {"total": {"hard": {"openshift.io/imagestreams": "10"}, "used": {"openshift.io/imagestreams": "7"}},
			"namespaces": [{"namespace": "dev", "status": {"used": {"openshift.io/imagestreams": "7"}}}]}
	}`))
	require.NoError(t, err)
	require.Equal(t, ResourceQuota{"", "team", Quantities{ResourceImageStreams: "10"}, Quantities{ResourceImageStreams: "7"}}, got)

	for _, text := range []string{`{`, `{"kind": "LimitRange"}`, `{"spec": {"hard": "x"}}`} {
		_, err := ReadResourceQuota([]byte(text))
		require.ErrorIs(t, err, ErrInvalidObject, text)
	}
}

func TestExcessSaysWhatToDo(t *testing.T) {
	for _, tc := range []struct {
		e    Excess
		want string
	}{
		{
			Excess{"ImageStream dev/app", "LimitRange dev/streams", LimitTypeImageStream, ResourceImageStreamImages, 10, 12, false},
			"ImageStream dev/app would have 12 different images in the histories of its tags, 2 more than the 10 that LimitRange dev/streams allows (max[openshift.io/images] of openshift.io/ImageStream): prune old images (oc adm prune images), delete tags that are not used (oc tag -d), or have the limit raised",
		},
		{
			Excess{"ImageStream dev/app", "LimitRange dev/streams", LimitTypeImageStream, ResourceImageStreamTags, 0, 1, false},
			"ImageStream dev/app would have 1 different source in its spec tags, 1 more than the 0 that LimitRange dev/streams allows (max[openshift.io/image-tags] of openshift.io/ImageStream): delete spec tags that are not used (oc tag -d), or have the limit raised",
		},
		{
			Excess{"Image " + usageDigestA, "LimitRange dev/sizes", LimitTypeImage, ResourceStorage, 1 << 30, 3 << 29, false},
			"Image " + usageDigestA + " is 1610612736 bytes (1.5 GiB), 536870912 bytes (512 MiB) more than the 1073741824 bytes (1 GiB) that LimitRange dev/sizes allows (max[storage] of openshift.io/Image): make the image smaller, or have the limit raised",
		},
		{
			Excess{"namespace dev", "ResourceQuota dev/objects", "", ResourceImageStreams, 10, 11, false},
			"namespace dev would have 11 image streams, 1 more than the 10 that ResourceQuota dev/objects allows (openshift.io/imagestreams): delete image streams that are not used, or have the quota raised",
		},
		{
			Excess{"namespace dev", "ResourceQuota dev/objects", "", ResourceImageStreams, 10, 1, true},
			"namespace dev: ResourceQuota dev/objects limits openshift.io/imagestreams to 10, but how many are used is not known yet, so the API server creates none: wait until the quota has been counted, and try again",
		},
	} {
		require.Equal(t, tc.want, tc.e.String())
	}
	for n, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1024 bytes (1 KiB)", 1536: "1536 bytes (1.5 KiB)", 5 << 60: "5764607523034234880 bytes (5 EiB)", math.MaxInt64: "9223372036854775807 bytes (8 EiB)",
	} {
		require.Equal(t, want, bytesText(n))
	}
}

func FuzzReadLimitObjects(f *testing.F) {
	f.Add(`{"kind": "LimitRange", "spec": {"limits": [{"type": "openshift.io/Image", "max": {"storage": "1Gi"}}, {"type": "openshift.io/ImageStream", "max": {"openshift.io/images": 1}}]}}`)
	f.Add(`{"kind": "ResourceQuota", "spec": {"hard": {"openshift.io/imagestreams": 1e3}}, "status": {"used": {"openshift.io/imagestreams": "1m"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if l, err := ReadLimitRange([]byte(text)); err == nil {
			_, _ = CheckImageLimits(&Image{}, "", []LimitRange{l})
			got, err := CheckStreamLimits(nil, usageStream(nil, map[string][]string{"a": {usageDigestA}}), []LimitRange{l})
			require.True(t, err == nil || errors.Is(err, ErrInvalidObject))
			for _, e := range got {
				require.Positive(t, e.Over())
				require.NotEmpty(t, e.String())
			}
		}
		if q, err := ReadResourceQuota([]byte(text)); err == nil {
			got, err := CheckStreamQuota(q.Namespace, math.MaxInt64, []ResourceQuota{q})
			require.True(t, err == nil || errors.Is(err, ErrInvalidObject))
			for _, e := range got {
				require.GreaterOrEqual(t, e.Over(), int64(0))
				require.NotEmpty(t, e.String())
			}
		}
	})
}
