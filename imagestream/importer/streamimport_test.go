package importer_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/stretchr/testify/require"
)

// request reads an ImageStreamImport for dev/app.
func request(t *testing.T, spec string) *imagestream.ImageStreamImport {
	t.Helper()
	var r imagestream.ImageStreamImport
	require.NoError(t, json.Unmarshal([]byte(`{"metadata":{"namespace":"dev","name":"app"},"spec":`+spec+`}`), &r))
	return &r
}

func TestStreamImport(t *testing.T) {
	f := newFake()
	list, amd64, arm64, attestation := twoPlatforms(f, "v1")
	r := request(t, `{"import":true,"images":[
		{"from":{"kind":"DockerImage","name":"`+repo+`:v1"},"importPolicy":{"importMode":"PreserveOriginal","scheduled":true}},
		{"from":{"kind":"DockerImage","name":"`+repo+`:v1"},"to":{"name":"one"},"referencePolicy":{"type":"Local"},"includeManifest":true},
		{"from":{"kind":"DockerImage","name":"`+repo+`:gone"}},
		{"from":{"kind":"DockerImage","name":"`+repo+`@`+list+`"}}]}`)
	kept := r.Clone()
	answered, result, err := importer.Importer{Registry: f}.ImportStreamImport(t.Context(), r, nil, now)
	require.NoError(t, err)
	require.Equal(t, kept, r)
	images := answered.Status.Images
	require.Len(t, images, 4)
	require.Equal(t, "Success", images[0].Status.Status)
	require.Equal(t, "v1", images[0].Tag)
	require.Equal(t, list, images[0].Image.Name)
	require.Equal(t, []string{attestation, arm64, amd64}, names(images[0].Manifests))
	require.Equal(t, amd64, images[1].Image.Name)
	require.NotEmpty(t, images[1].Image.DockerImageManifest)
	require.Nil(t, images[2].Image)
	require.Equal(t, imagestream.StatusReasonNotFound, images[2].Status.Reason)
	require.EqualValues(t, 404, images[2].Status.Code)
	require.Equal(t, "Success", images[3].Status.Status, "an image without a tag is found all the same")
	require.Empty(t, images[3].Tag)

	s := answered.Status.Import
	require.Equal(t, result.Stream, s)
	require.EqualValues(t, 1, s.Generation, "one write")
	require.True(t, s.SpecTag("v1").ImportPolicy.Scheduled)
	require.Equal(t, imagestream.LocalTagReferencePolicy, s.SpecTag("one").ReferencePolicy.Type)
	require.Equal(t, imagestream.SourceTagReferencePolicy, s.SpecTag("gone").ReferencePolicy.Type)
	require.Equal(t, "NotFound", s.StatusTag("gone").Conditions[0].Reason)
	require.Len(t, s.Spec.Tags, 3)
}

// TestStreamImportOnlyLooks where it is not to import.
func TestStreamImportOnlyLooks(t *testing.T) {
	f := newFake()
	f.tag(repo, "v1", f.image("linux", "amd64", "one"))
	answered, result, err := importer.Importer{Registry: f}.ImportStreamImport(t.Context(),
		request(t, `{"images":[{"from":{"kind":"DockerImage","name":"`+repo+`:v1"}}]}`), nil, now)
	require.NoError(t, err)
	require.Nil(t, answered.Status.Import)
	require.Empty(t, result.Stream.Spec.Tags)
	require.NotNil(t, answered.Status.Images[0].Image)
}

func TestStreamImportOfARepository(t *testing.T) {
	f := newFake()
	for _, tag := range []string{"latest", "1.0", "1.1", "1.2"} {
		f.tag(repo, tag, f.image("linux", "amd64", tag))
	}
	r := request(t, `{"import":true,"repository":{"from":{"kind":"DockerImage","name":"`+repo+`"}}}`)
	i := importer.Importer{Registry: f, MaxTags: 2}
	answered, _, err := i.ImportStreamImport(t.Context(), r, nil, now)
	require.NoError(t, err)
	status := answered.Status.Repository
	require.Equal(t, "Success", status.Status.Status)
	require.Len(t, status.Images, 2)
	require.Equal(t, []string{"1.1", "1.0"}, status.AdditionalTags, "what was not imported is listed")
	require.Len(t, answered.Status.Import.Spec.Tags, 2)

	f.fail = func(op string, _ importer.Target) error {
		if op == "LIST" {
			return &importer.Error{Class: importer.RateLimited, Err: errors.New("slow down")}
		}
		return nil
	}
	answered, _, err = i.ImportStreamImport(t.Context(), r, nil, now)
	require.NoError(t, err)
	require.Equal(t, imagestream.StatusReasonTooManyRequests, answered.Status.Repository.Status.Reason)
	require.Empty(t, answered.Status.Repository.Images)
}

// TestStreamImportKeepsTheMode: `oc import-image` without --import-mode makes a tag
// Legacy, and the next import loses all images of a list but one.
func TestStreamImportKeepsTheMode(t *testing.T) {
	f := newFake()
	list, _, _, _ := twoPlatforms(f, "v1")
	i := importer.Importer{Registry: f}
	s := do(t, i, stream(preserve, "v1="+repo+":v1"), importer.Request{}).Stream
	s = s.Clone()
	s.Spec.Tags[0].Annotations = map[string]string{"description": "text"}
	answered, _, err := i.ImportStreamImport(t.Context(), request(t, `{"import":true,"images":[{"from":{"kind":"DockerImage","name":"`+repo+`:v1"}}]}`), s, now)
	require.NoError(t, err)
	tag := answered.Status.Import.SpecTag("v1")
	require.Equal(t, preserve, tag.ImportPolicy.ImportMode)
	require.Equal(t, "text", tag.Annotations["description"])
	require.Equal(t, list, answered.Status.Import.LatestEvent("v1").Image)
	require.NotNil(t, answered.Status.Images[0].Image, "told though nothing changed")
}

// TestStreamImportOfWhatIsThere fetches nothing and tells all.
func TestStreamImportOfWhatIsThere(t *testing.T) {
	f := newFake()
	twoPlatforms(f, "v1")
	first := do(t, importer.Importer{Registry: f}, stream(preserve, "v1="+repo+":v1"), importer.Request{})
	var images []*imagestream.Image
	for n := range first.Images {
		images = append(images, &first.Images[n])
	}
	i := importer.Importer{Registry: f, Images: imagestream.LookupImagesIn(images...)}
	answered, result, err := i.ImportStreamImport(t.Context(), request(t, `{"import":true,"images":[{"from":{"kind":"DockerImage","name":"`+repo+`:v1"}}]}`), first.Stream, now)
	require.NoError(t, err)
	require.Equal(t, importer.Requests{Heads: 1}, result.Requests)
	require.Len(t, answered.Status.Images[0].Manifests, 3)
	require.Equal(t, first.Images[3], *answered.Status.Images[0].Image)
}

// TestFailedStreamImportDoesNotRetarget a tag.
func TestFailedStreamImportDoesNotRetarget(t *testing.T) {
	f := newFake()
	f.tag(repo, "v1", f.image("linux", "amd64", "one"))
	i := importer.Importer{Registry: f}
	s := do(t, i, stream("", "v1="+repo+":v1"), importer.Request{}).Stream
	answered, _, err := i.ImportStreamImport(t.Context(), request(t, `{"import":true,"images":[{"from":{"kind":"DockerImage","name":"elsewhere.example/a/b:c"},"to":{"name":"v1"}}]}`), s, now)
	require.NoError(t, err)
	require.Equal(t, repo+":v1", answered.Status.Import.SpecTag("v1").From.Name)
	require.Equal(t, "NotFound", answered.Status.Import.StatusTag("v1").Conditions[0].Reason)
}

func TestStreamImportsThatCannotBe(t *testing.T) {
	s := imagestream.New("dev", "app")
	s.UID, s.ResourceVersion = "u1", "7"
	for _, c := range []struct {
		spec, field string
		change      func(*imagestream.ImageStreamImport)
		class       error
	}{
		{`{}`, "spec", nil, imagestream.ErrInvalidOperation},
		{`{"images":[{"from":{"kind":"ImageStreamTag","name":"a:b"}}]}`, "spec.images[0].from.kind", nil, imagestream.ErrInvalidOperation},
		{`{"images":[{"from":{"kind":"DockerImage","name":"a:b:c"}}]}`, "spec.images[0].from.name", nil, imagestream.ErrInvalidOperation},
		{`{"images":[{"from":{"kind":"DockerImage","name":"quay.io"}}]}`, "spec.images[0].from.name", nil, imagestream.ErrInvalidOperation},
		{`{"images":[{"from":{"kind":"DockerImage","name":"a/b"},"to":{"name":"a b"}}]}`, "spec.images[0].to.name", nil, imagestream.ErrInvalidOperation},
		{`{"repository":{"from":{"kind":"DockerImage","name":"quay.io/a/b:c"}}}`, "spec.repository.from.name", nil, imagestream.ErrInvalidOperation},
		{`{"repository":{"from":{"kind":"x","name":"quay.io/a/b"}}}`, "spec.repository.from.kind", nil, imagestream.ErrInvalidOperation},
		{`{"images":[{"from":{"kind":"DockerImage","name":"a/b"}}]}`, "metadata.uid", func(r *imagestream.ImageStreamImport) { r.UID = "u2" }, imagestream.ErrStreamNotFound},
		{`{"images":[{"from":{"kind":"DockerImage","name":"a/b"}}]}`, "metadata.resourceVersion", func(r *imagestream.ImageStreamImport) { r.ResourceVersion = "6" }, imagestream.ErrSuperseded},
		{`{"images":[{"from":{"kind":"DockerImage","name":"a/b"}}]}`, "metadata.name", func(r *imagestream.ImageStreamImport) { r.Name = "" }, imagestream.ErrInvalidOperation},
		{`{"images":[{"from":{"kind":"DockerImage","name":"a/b"}}]}`, "metadata.name", func(r *imagestream.ImageStreamImport) { r.Name = "other" }, imagestream.ErrInvalidOperation},
	} {
		r := request(t, c.spec)
		if c.change != nil {
			c.change(r)
		}
		_, _, err := importer.Importer{Registry: newFake()}.ImportStreamImport(t.Context(), r, s, now)
		require.ErrorIs(t, err, c.class, c.field)
		var detail *imagestream.Error
		require.True(t, errors.As(err, &detail))
		require.Equal(t, c.field, detail.Field)
	}
	_, _, err := importer.Importer{Registry: newFake()}.ImportStreamImport(t.Context(), nil, nil, now)
	require.ErrorIs(t, err, imagestream.ErrInvalidOperation)
}
