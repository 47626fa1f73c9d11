package importer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/stretchr/testify/require"
)

const repo = "quay.example/org/app"

// do imports and fails the test where that cannot be done.
func do(t *testing.T, i importer.Importer, s *imagestream.ImageStream, r importer.Request) *importer.Result {
	t.Helper()
	result, err := i.Import(t.Context(), s, r, now)
	require.NoError(t, err)
	return result
}

func TestImportOfAnImage(t *testing.T) {
	f := newFake()
	digest := f.image("linux", "amd64", "one")
	f.tag(repo, "v1", digest)
	before := stream("", "one="+repo+":v1")
	kept := before.Clone()
	result := do(t, importer.Importer{Registry: f}, before, importer.Request{})
	require.Equal(t, kept, before)

	require.Len(t, result.Images, 1)
	image := result.Images[0]
	require.Equal(t, "Image", image.Kind)
	require.Equal(t, digest, image.Name)
	require.Equal(t, now, image.CreationTimestamp.Time)
	require.Equal(t, repo+"@"+digest, image.DockerImageReference)
	require.Equal(t, manifest.MediaTypeOCIImage, image.DockerImageManifestMediaType)
	require.Equal(t, "ascending", image.Annotations[imagestream.DockerImageLayersOrderAnnotation])
	require.NotContains(t, image.Annotations, imagestream.ManagedByOpenShiftAnnotation)
	require.Empty(t, image.DockerImageManifest+image.DockerImageConfig)
	require.Len(t, image.DockerImageLayers, 2)
	metadata, err := image.Metadata()
	require.NoError(t, err)
	require.Equal(t, []string{"NAME=one"}, metadata.Config.Env)
	require.Equal(t, "amd64", metadata.Architecture)
	require.Equal(t, time.Date(2025, 1, 2, 3, 4, 5, 6e8, time.UTC).Truncate(time.Second), metadata.Created.UTC().Truncate(time.Second))
	config := f.blobs[metadata.ID]
	require.Equal(t, int64(len(config)+100), metadata.Size, "each layer once")
	require.NotContains(t, string(image.DockerImageMetadata.Raw), "StopSignal")

	event := result.Stream.LatestEvent("one")
	require.Equal(t, digest, event.Image)
	require.Equal(t, repo+"@"+digest, event.DockerImageReference)
	require.Equal(t, now.Format(time.RFC3339), result.Stream.Annotations[imagestream.DockerImageRepositoryCheckAnnotation])
	require.Empty(t, slices.Collect(result.Stream.PendingImports()))
}

func TestNothingChangedIsTheArgument(t *testing.T) {
	f := newFake()
	f.tag(repo, "v1", f.image("linux", "amd64", "one"))
	i := importer.Importer{Registry: f}
	first := do(t, i, stream("", "one="+repo+":v1"), importer.Request{})
	second := do(t, i, first.Stream, importer.Request{All: true})
	require.Same(t, first.Stream, second.Stream)
	require.Empty(t, second.Changes)
	require.Empty(t, second.Images)
	require.Equal(t, importer.Requests{Heads: 1}, second.Requests)
	require.Empty(t, do(t, i, first.Stream, importer.Request{}).Tags, "nothing is pending")
}

func TestIncludeManifest(t *testing.T) {
	f := newFake()
	digest := f.image("linux", "amd64", "one")
	f.tag(repo, "v1", digest)
	result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{IncludeManifest: true})
	require.Equal(t, string(f.manifests[digest].Raw), result.Images[0].DockerImageManifest)
	require.Equal(t, digestOf([]byte(result.Images[0].DockerImageConfig)), f.metadataID(t, digest))
}

func (f *fake) metadataID(t *testing.T, digest string) string {
	m, err := manifest.Parse(f.manifests[digest].Raw)
	require.NoError(t, err)
	return m.Config.Digest
}

// TestCostOfAThousandTags holds the number of requests to what changed.
func TestCostOfAThousandTags(t *testing.T) {
	f, s := thousandTags()
	i := importer.Importer{Registry: f}
	first := do(t, i, s, importer.Request{})
	require.Equal(t, importer.Requests{Heads: 1000, Manifests: 1000, Blobs: 1000}, first.Requests)
	for n := range 10 {
		f.tag(repo, fmt.Sprintf("t%d", n*100), f.image("linux", "amd64", fmt.Sprintf("again %d", n)))
	}
	f.asked = nil
	second := do(t, i, first.Stream, importer.Request{All: true})
	require.Equal(t, importer.Requests{Heads: 1000, Manifests: 10, Blobs: 10}, second.Requests)
	require.Equal(t, 1000, f.count("HEAD"))
	require.Equal(t, 10, f.count("GET manifest"))
	require.Equal(t, 10, f.count("GET blob"))
	require.Len(t, second.Images, 10)
	require.Len(t, f.asked, 1020)
}

func thousandTags() (*fake, *imagestream.ImageStream) {
	f := newFake()
	var tags []string
	for n := range 1000 {
		tag := fmt.Sprintf("t%d", n)
		f.tag(repo, tag, f.image("linux", "amd64", tag))
		tags = append(tags, tag+"="+repo+":"+tag)
	}
	return f, stream("", tags...)
}

func TestTagsOfOneImageAreFetchedOnce(t *testing.T) {
	f := newFake()
	digest := f.image("linux", "amd64", "one")
	f.tag(repo, "v1", digest)
	f.tag(repo, "latest", digest)
	result := do(t, importer.Importer{Registry: f}, stream("", "a="+repo+":v1", "b="+repo, "c="+repo+"@"+digest), importer.Request{})
	require.Equal(t, importer.Requests{Heads: 3, Manifests: 1, Blobs: 1}, result.Requests)
	require.Len(t, result.Images, 1)
	for _, tag := range []string{"a", "b", "c"} {
		require.Equal(t, digest, result.Stream.LatestEvent(tag).Image)
	}
}

// TestWorkersBoundOneHost: parallel, and within the budget of each host.
func TestWorkersBoundOneHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.before = func(string, importer.Target) { time.Sleep(time.Second) }
		var tags []string
		for n := range 40 {
			host := []string{"a.example", "b.example"}[n%2]
			tag := fmt.Sprintf("t%d", n)
			f.tag(host+"/org/app", tag, f.image("linux", "amd64", tag))
			tags = append(tags, fmt.Sprintf("%s=%s/org/app:%s", tag, host, tag))
		}
		begin := time.Now()
		result := do(t, importer.Importer{Registry: f, Workers: 4}, stream("", tags...), importer.Request{})
		require.Empty(t, result.Failed())
		require.Equal(t, map[string]int{"a.example": 4, "b.example": 4}, f.busiest)
		// 20 tags of 3 requests by 4 workers, both hosts at once. In sequence it is 120.
		require.Equal(t, 15*time.Second, time.Since(begin))
	})
}

func TestTagsThatAreNamed(t *testing.T) {
	f := newFake()
	f.tag(repo, "v1", f.image("linux", "amd64", "one"))
	s := stream("", "one="+repo+":v1", "two="+repo+":v2")
	s.Spec.Tags = append(s.Spec.Tags,
		imagestream.TagReference{Name: "alias", From: &imagestream.ObjectReference{Kind: imagestream.KindImageStreamTag, Name: "one"}},
		imagestream.TagReference{Name: "pushed"})
	i := importer.Importer{Registry: f}
	result := do(t, i, s, importer.Request{Tags: []string{"alias", "one"}})
	require.Len(t, result.Tags, 1)
	require.Equal(t, "one", result.Tags[0].Tag)
	require.NotNil(t, result.Stream.LatestEvent("alias"), "it follows at once")
	for _, tag := range []string{"pushed", "none"} {
		_, err := i.Import(t.Context(), s, importer.Request{Tags: []string{tag}}, now)
		require.ErrorContains(t, err, tag)
	}
	_, err := i.Import(t.Context(), nil, importer.Request{}, now)
	require.ErrorIs(t, err, imagestream.ErrInvalidOperation)
}

func TestRepositoryOfTheSpec(t *testing.T) {
	f := newFake()
	for n := range 60 {
		f.tag(repo, fmt.Sprintf("1.%d", n), f.image("linux", "amd64", "one"))
	}
	s := stream("", "1.59=elsewhere.example/org/app:x")
	s.Spec.DockerImageRepository = repo
	s.Annotations = map[string]string{imagestream.InsecureRepositoryAnnotation: "true"}
	var secure []string
	f.before = func(_ string, t importer.Target) {
		if !t.Insecure {
			secure = append(secure, t.String())
		}
	}
	i := importer.Importer{Registry: f, Workers: 1}
	result := do(t, i, s, importer.Request{})
	require.Empty(t, secure, "the annotation is for every registry of the stream")
	require.Len(t, result.Tags, 50, "49 of 50, and the tag of the spec, which fails")
	require.Len(t, result.Failed(), 1)
	require.Len(t, result.LeftOut, 10)
	require.Len(t, result.Stream.Spec.Tags, 50)
	require.False(t, result.Stream.SpecTag("1.1"+"0").ImportPolicy.Insecure, "the annotation stays the only place")
	require.Empty(t, do(t, i, result.Stream, importer.Request{}).Tags, "it was tried")
	require.Len(t, do(t, i, result.Stream, importer.Request{All: true}).Tags, 50)
}

// TestRepositoryLeavesOthersTagsAlone: a tag that somebody made of something else is not
// retargeted.
func TestRepositoryLeavesOthersTagsAlone(t *testing.T) {
	f := newFake()
	f.tag(repo, "latest", f.image("linux", "amd64", "one"))
	f.tag(repo, "v1", f.image("linux", "amd64", "one"))
	s := stream(imagestream.ImportModePreserveOriginal, "latest=elsewhere.example/org/app:x", "v1="+repo+":v1")
	result := do(t, importer.Importer{Registry: f}, s, importer.Request{Repository: &importer.Repository{From: repo}})
	require.Equal(t, []imagestream.LeftOutTag{{Tag: "latest", Reason: importer.LeftOutElsewhere, By: "elsewhere.example/org/app:x"}}, result.LeftOut)
	require.Equal(t, s.Spec.Tags[0].From, result.Stream.SpecTag("latest").From)
	require.Equal(t, imagestream.ImportModePreserveOriginal, result.Stream.SpecTag("v1").ImportPolicy.ImportMode)
}

func TestRepositoryThatCannotBeListed(t *testing.T) {
	f := newFake()
	f.fail = func(op string, _ importer.Target) error {
		if op == "LIST" {
			return &importer.Error{Class: importer.Denied, Err: errors.New("no")}
		}
		return nil
	}
	s := imagestream.New("dev", "app")
	result := do(t, importer.Importer{Registry: f}, s, importer.Request{Repository: &importer.Repository{From: repo}})
	require.Equal(t, importer.Denied, result.ListErr.Class)
	require.Same(t, s, result.Stream)
	result = do(t, importer.Importer{Registry: f}, s, importer.Request{Repository: &importer.Repository{From: "UPPER/a/b:"}})
	require.Equal(t, importer.Invalid, result.ListErr.Class)
	result = do(t, importer.Importer{Registry: f}, s, importer.Request{Repository: &importer.Repository{From: repo, Choose: imagestream.ChooseOptions{Include: []string{"["}}}})
	require.NotNil(t, result.ListErr)
}

func TestDryRunFetchesNothing(t *testing.T) {
	f := newFake()
	f.tag(repo, "v1", f.image("linux", "amd64", "one"))
	f.tag(repo, "v2", f.image("linux", "amd64", "two"))
	i := importer.Importer{Registry: f}
	s := do(t, i, stream("", "one="+repo+":v1", "two="+repo+":v2"), importer.Request{}).Stream
	f.tag(repo, "v2", f.image("linux", "amd64", "three"))
	f.asked = nil
	result := do(t, i, s, importer.Request{All: true, DryRun: true})
	require.Same(t, s, result.Stream)
	require.Equal(t, importer.Unchanged, result.Tags[0].Status)
	require.Equal(t, importer.Changed, result.Tags[1].Status)
	require.Len(t, f.asked, 2)
	require.Equal(t, 2, f.count("HEAD"))
}

// TestSupersededWhileItWasFetched: the same result goes onto a newer reading of the
// stream, and does not undo what was asked for since.
func TestSupersededWhileItWasFetched(t *testing.T) {
	f := newFake()
	f.tag(repo, "v1", f.image("linux", "amd64", "one"))
	f.tag(repo, "v2", f.image("linux", "amd64", "two"))
	s, _, err := imagestream.Apply(imagestream.New("dev", "app"), imagestream.SetSpec{Spec: stream("", "one="+repo+":v1", "two="+repo+":v2").Spec}, now)
	require.NoError(t, err)
	result := do(t, importer.Importer{Registry: f}, s, importer.Request{})
	newer, _, err := imagestream.Apply(s, imagestream.SetTag{Tag: imagestream.TagReference{Name: "two", From: &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: repo + ":v3"}}}, now)
	require.NoError(t, err)
	applied, _, err := result.Apply(newer, imagestream.Applier{}, now)
	require.NoError(t, err)
	require.NotNil(t, applied.LatestEvent("one"))
	require.Nil(t, applied.LatestEvent("two"))
	require.Equal(t, importer.Superseded, result.Tags[1].Err.Class)
	require.Len(t, slices.Collect(applied.PendingImports()), 1)
}

func TestTagMovesWhileItIsFetched(t *testing.T) {
	f := newFake()
	old, current := f.image("linux", "amd64", "old"), f.image("linux", "amd64", "current")
	f.tag(repo, "v1", old)
	f.before = func(op string, target importer.Target) {
		if op == "GET manifest" && target.ID == old {
			f.mu.Lock()
			delete(f.manifests, old)
			f.tags[repo+":v1"] = current
			f.mu.Unlock()
		}
	}
	result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{})
	require.Equal(t, current, result.Tags[0].Image)
	require.Equal(t, 2, result.Requests.Heads)
}

func TestTagThatPointsToNothing(t *testing.T) {
	f := newFake()
	old := f.image("linux", "amd64", "old")
	f.tag(repo, "v1", old)
	f.fail = func(op string, _ importer.Target) error {
		if op == "GET manifest" {
			return errNotFound
		}
		return nil
	}
	result := do(t, importer.Importer{Registry: f}, stream("", "one="+repo+":v1"), importer.Request{})
	require.Equal(t, importer.NotFound, result.Tags[0].Err.Class)
	require.Equal(t, 2, result.Requests.Heads, "looked at once more, and no more often")
}

// TestMissingImageIsFetchedAgain: a tag may point to an Image that somebody deleted.
func TestMissingImageIsFetchedAgain(t *testing.T) {
	f := newFake()
	one := f.image("linux", "amd64", "one")
	f.tag(repo, "v1", one)
	i := importer.Importer{Registry: f, Images: imagestream.LookupImagesIn()}
	first := do(t, i, stream("", "one="+repo+":v1"), importer.Request{})
	second := do(t, i, first.Stream, importer.Request{All: true})
	require.Equal(t, importer.Imported, second.Tags[0].Status)
	require.Len(t, second.Images, 1)
	require.Same(t, first.Stream, second.Stream)
	i.Images = imagestream.LookupImagesIn(&second.Images[0])
	require.Equal(t, importer.Unchanged, do(t, i, first.Stream, importer.Request{All: true}).Tags[0].Status)
}

func TestCanceled(t *testing.T) {
	f := newFake()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	digest := f.image("linux", "amd64", "one")
	var tags []string
	for n := range 20 {
		tag := fmt.Sprintf("t%02d", n)
		f.tag(repo, tag, digest)
		tags = append(tags, tag+"="+repo+":"+tag)
	}
	f.before = func(_ string, t importer.Target) {
		if t.Tag == "t05" {
			cancel()
		}
	}
	s := stream("", tags...)
	result, err := importer.Importer{Registry: f, Workers: 1}.Import(ctx, s, importer.Request{}, now)
	require.NoError(t, err)
	require.Equal(t, importer.Imported, result.Tags[4].Status)
	for _, tag := range result.Tags[5:] {
		require.Equal(t, importer.NotTried, tag.Status)
		require.Equal(t, importer.Canceled, tag.Err.Class)
		require.Nil(t, result.Stream.StatusTag(tag.Tag), "it is as it was")
	}
	require.Empty(t, result.Failed())
}

func TestInvalidPullSpecs(t *testing.T) {
	result := do(t, importer.Importer{Registry: newFake()}, stream("", "one=quay.example/", "two=quay.example"), importer.Request{})
	require.Len(t, result.Failed(), 2)
	for _, tag := range result.Tags {
		require.Equal(t, importer.Invalid, tag.Err.Class)
		require.True(t, strings.Contains(tag.String(), "quay.example"))
	}
	require.Zero(t, result.Requests)
}
