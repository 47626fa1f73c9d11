package imagestream

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// What may be missing in a program that looks things up is read as nothing, and
// an operation that is missing is an error.
func TestNilStreamHasNoTags(t *testing.T) {
	var s *ImageStream
	require.Nil(t, s.SpecTag("dev"))
	require.Nil(t, s.StatusTag("dev"))
	require.Nil(t, s.LatestEvent("dev"))
	require.Zero(t, s.ObservedGeneration("dev"))
	require.Empty(t, slices.Collect(s.PendingImports()))
	follower := alias("dev", "app:1").Tag
	_, ok := s.Target(&follower)
	require.False(t, ok)
	size, err := s.EncodedSize()
	require.NoError(t, err)
	require.Equal(t, len("null"), size)

	for name, class := range map[string]error{"NewestPullSpec": ErrTagNotFound, "RecentPullSpec": ErrTagNotFound, "FollowTag": ErrTagNotFound,
		"ImageStreamTagOf": ErrTagNotFound, "ImageTagOf": ErrTagNotFound, "FindImage": ErrImageNotFound, "ImageStreamImageOf": ErrImageNotFound} {
		t.Run(name, func(t *testing.T) {
			var err error
			switch name {
			case "NewestPullSpec":
				_, err = s.NewestPullSpec("dev", ResolveOptions{})
			case "RecentPullSpec":
				_, _, err = s.RecentPullSpec("dev", ResolveOptions{})
			case "FollowTag":
				_, err = FollowTag(s, "dev", nil)
			case "ImageStreamTagOf":
				_, err = ImageStreamTagOf(s, "dev", nil)
			case "ImageTagOf":
				_, err = ImageTagOf(s, "dev", nil)
			case "FindImage":
				_, err = s.FindImage("4f53")
			case "ImageStreamImageOf":
				_, err = ImageStreamImageOf(s, "4f53", nil)
			}
			require.ErrorIs(t, err, class)
			require.NotPanics(t, func() { _ = err.Error() })
		})
	}

	layers, err := ImageStreamLayersOf(s, nil)
	require.NoError(t, err)
	require.Empty(t, layers.Images)
	require.Equal(t, LintReport{}, Lint(s, nil, LintOptions{}))
}

func TestNilAmongMany(t *testing.T) {
	a := apply(t, shop(), alias("x", "b:y"))
	g := NewTagGraph(slices.Values([]*ImageStream{nil, a}))
	_, ok := g.Target(a.tagName("x"))
	require.True(t, ok)

	found, err := LookupIn(nil, a)(a.Namespace, a.Name)
	require.NoError(t, err)
	require.Same(t, a, found)
	_, err = LookupIn(nil)("", "")
	require.ErrorIs(t, err, ErrStreamNotFound)

	image := &Image{ObjectMeta: ObjectMeta{Name: digest(1)}}
	got, err := LookupImagesIn(nil, image)(image.Name)
	require.NoError(t, err)
	require.Same(t, image, got)
	_, err = LookupImagesIn(nil)("")
	require.ErrorIs(t, err, ErrImageNotFound)
}

// A lookup that answers nil and no error has found nothing.
func TestImageLookupsThatFindNil(t *testing.T) {
	s := apply(t, shop(), push("dev", 1))
	for name, images := range map[string]ImageLookup{"none": nil, "answers nil": func(string) (*Image, error) { return nil, nil }} {
		t.Run(name, func(t *testing.T) {
			view, err := ImageStreamTagOf(s, "dev", images)
			require.NoError(t, err)
			require.Equal(t, digest(1), view.Image.Name)
			tag, err := ImageTagOf(s, "dev", images)
			require.NoError(t, err)
			require.Nil(t, tag.Image)
			layers, err := ImageStreamLayersOf(s, images)
			require.NoError(t, err)
			require.True(t, layers.Images[digest(1)].ImageMissing)
			_, err = ImageStreamImageOf(s, digest(1), images)
			require.ErrorIs(t, err, ErrImageNotFound)
		})
	}
	refused := errors.New("refused")
	_, err := ImageStreamImageOf(s, digest(1), func(string) (*Image, error) { return nil, refused })
	require.ErrorIs(t, err, refused)
}

func TestNilArguments(t *testing.T) {
	_, _, err := Apply(New("dev", "app"), (*RecordPush)(nil), at(1))
	require.ErrorIs(t, err, ErrInvalidOperation)
	_, _, err = Apply(New("dev", "app"), Batch{(*RollBack)(nil)}, at(1))
	require.ErrorIs(t, err, ErrInvalidOperation)
	_, _, err = Apply(New("dev", "app"), PushOf(nil, nil), at(1))
	require.ErrorIs(t, err, ErrInvalidOperation)
	_, _, err = ResolveLocalName("dev", "app", nil, ResolveOptions{})
	require.ErrorIs(t, err, ErrNoLookup)
	_, err = UsageReference("dev", nil)
	require.ErrorIs(t, err, ErrInvalidName)

	var image *Image
	m, err := image.Metadata()
	require.NoError(t, err)
	require.Nil(t, m)
	usage, err := image.Usage()
	require.NoError(t, err)
	require.Equal(t, ImageUsage{}, usage)
	limits := []LimitRange{{Name: "sizes", Limits: []LimitRangeItem{{Type: LimitTypeImage, Max: Quantities{ResourceStorage: "1"}}}}}
	over, err := CheckImageLimits(nil, "dev", limits)
	require.NoError(t, err)
	require.Empty(t, over)
}
