package fromregistry_test

import (
	"testing"

	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// TestWhatAMirrorLacksIsNotGone: the stream keeps the tags of a repository that its mirror
// has not, and the result says that it was a mirror that told.
func TestWhatAMirrorLacksIsNotGone(t *testing.T) {
	source, empty, mirror := serve(t, registrytest.Options{}), serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	push(t, source, "org/app:v1")
	push(t, source, "org/app:v2")
	push(t, mirror, "mirrored/app:v2")
	push(t, mirror, "mirrored/app:v3")
	s := stream("")
	s.Spec.DockerImageRepository = source.Host() + "/org/app"
	first := do(t, importerOf(t, registryclient.Options{}), s, importer.Request{All: true})
	require.Empty(t, first.ListedAt)
	require.NotNil(t, first.Stream.LatestEvent("v1"))

	source.Forget()
	empty.Inject(registrytest.Status("no tags", 200, "application/json", `{"name":"mirrored/app","tags":null}`, nil).For("GET", "/tags/list"))
	rules := both{}
	for n, kind := range [][2]string{{"ImageTagMirrorSet", "imageTagMirrors"}, {"ImageDigestMirrorSet", "imageDigestMirrors"}} {
		rules[n] = mirrors(t, kind[0], kind[1], "NeverContactSource", source.Host()+"/org", empty.Host()+"/mirrored", mirror.Host()+"/mirrored")
	}
	second := do(t, importerOf(t, registryclient.Options{Mirrors: rules}), first.Stream, importer.Request{All: true})
	require.Nil(t, second.ListErr)
	require.Equal(t, mirror.Host(), second.ListedAt)
	require.Equal(t, first.Stream.LatestEvent("v1"), second.Stream.LatestEvent("v1"))
	require.NotNil(t, second.Stream.SpecTag("v1"))
	require.NotNil(t, second.Stream.LatestEvent("v3"))
	require.Empty(t, source.Requests())
}
