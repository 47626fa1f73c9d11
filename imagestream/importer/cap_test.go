package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/stretchr/testify/require"
)

// TestCapOfARepository: no limit is not no end. What is beyond is told, and what the spec
// names is imported anyway.
func TestCapOfARepository(t *testing.T) {
	f := newFake()
	image := f.image("linux", "amd64", "one")
	for n := range 6 {
		f.tag(repo, fmt.Sprintf("v%d", n), image)
	}
	s := stream("", "v0="+repo+":v0")
	request := importer.Request{All: true, Repository: &importer.Repository{From: repo, Choose: imagestream.ChooseOptions{Limit: -1}}}
	result := do(t, importer.Importer{Registry: f, MaxRepositoryTags: 2}, s, request)
	require.Len(t, result.Tags, 3)
	require.Len(t, result.Stream.Spec.Tags, 3)
	require.Len(t, result.LeftOut, 3)
	for _, l := range result.LeftOut {
		require.Equal(t, importer.LeftOutCap, l.Reason)
		require.Contains(t, l.String(), "2 (Importer.MaxRepositoryTags)")
		require.Nil(t, result.Stream.SpecTag(l.Tag))
	}
	require.Equal(t, 3, f.count("HEAD"))

	result = do(t, importer.Importer{Registry: f}, s, request)
	require.Len(t, result.Tags, 6)
	require.Empty(t, result.LeftOut)
}

// TestDefaultCapOfARepository holds where nobody says anything.
func TestDefaultCapOfARepository(t *testing.T) {
	f := newFake()
	image := f.image("linux", "amd64", "one")
	for n := range importer.DefaultMaxRepositoryTags + 3 {
		f.tag(repo, fmt.Sprintf("v%d", n), image)
	}
	request := importer.Request{DryRun: true, Repository: &importer.Repository{From: repo, Choose: imagestream.ChooseOptions{Limit: -1}}}
	result := do(t, importer.Importer{Registry: f}, imagestream.New("dev", "app"), request)
	require.Len(t, result.Tags, importer.DefaultMaxRepositoryTags)
	require.Len(t, result.LeftOut, 3)
}

// TestCapOfAListing: of a repository that is not read whole, nobody knows which tags come
// first.
func TestCapOfAListing(t *testing.T) {
	f := newFake()
	for _, tag := range []string{"v1", "v2", strings.Repeat("x", 1<<20)} {
		f.tag(repo, tag, f.image("linux", "amd64", "one"))
	}
	request := importer.Request{Repository: &importer.Repository{From: repo}}
	result := do(t, importer.Importer{Registry: f, MaxListed: 2}, imagestream.New("dev", "app"), request)
	require.Equal(t, importer.Unsupported, result.ListErr.Class)
	require.ErrorContains(t, result.ListErr, "more than 2 tags (Importer.MaxListed)")
	require.Empty(t, result.Tags)

	result = do(t, importer.Importer{Registry: f, MaxListed: 3}, imagestream.New("dev", "app"), request)
	require.Nil(t, result.ListErr)
	require.Len(t, result.Tags, 2)
	require.Len(t, result.LeftOut, 1)
	require.Equal(t, imagestream.LeftOutInvalidName, result.LeftOut[0].Reason)
	require.Less(t, len(result.LeftOut[0].Tag), 1000, "a name without end is not kept")
}
