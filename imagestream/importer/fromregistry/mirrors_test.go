package fromregistry_test

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// sources are where everything is read.
type sources []registryclient.Source

func (s sources) Sources(ref name.Reference) ([]registryclient.Source, error) {
	var all []registryclient.Source
	for _, one := range s {
		one.Mirror = true
		repo := one.Ref.Context()
		if d, ok := ref.(name.Digest); ok {
			one.Ref = repo.Digest(d.DigestStr())
		} else {
			one.Ref = repo.Tag(ref.Identifier())
		}
		all = append(all, one)
	}
	return all, nil
}

// TestInsecureMirror: OpenShift passes over a mirror's own setting, and its client trusts
// every mirror whatever the setting.
func TestInsecureMirror(t *testing.T) {
	mirror := serve(t, registrytest.Options{TLS: true})
	push(t, mirror, "mirrored/app:v1")
	at, err := name.NewTag(mirror.Host() + "/mirrored/app:v1")
	require.NoError(t, err)
	for _, insecure := range []bool{true, false} {
		i := importerOf(t, registryclient.Options{Mirrors: sources{{Ref: at, Insecure: insecure}}})
		s := stream("", "registry.invalid/org/app:v1")
		// That the tag may be imported insecurely says nothing of the mirror.
		s.Spec.Tags[0].ImportPolicy.Insecure = true
		result := do(t, i, s, importer.Request{})
		if insecure {
			require.Empty(t, result.Failed(), result.Tags[0].Err)
			continue
		}
		require.Equal(t, importer.TLS, result.Tags[0].Err.Class)
	}
}

// TestMirrorsOfOthersAreNotAsked: the integrated registry's lookup asks the mirrors of all
// sources of an object for an image of one.
func TestMirrorsOfOthersAreNotAsked(t *testing.T) {
	ours, theirs := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	image, err := random.Image(100, 1)
	require.NoError(t, err)
	require.NoError(t, ours.Push("two/app:v1", image))
	m, err := registryclient.ParseMirrors([]byte(`{"apiVersion":"config.openshift.io/v1","kind":"ImageDigestMirrorSet","metadata":{"name":"m"},"spec":{"imageDigestMirrors":[
		{"source":"a.invalid/one","mirrors":["` + theirs.Host() + `/one"]},
		{"source":"b.invalid/two","mirrors":["` + ours.Host() + `/two"],"mirrorSourcePolicy":"NeverContactSource"}]}}`))
	require.NoError(t, err)
	i := importerOf(t, registryclient.Options{Mirrors: m})
	result := do(t, i, stream("", "b.invalid/two/app@"+hash(t, image)), importer.Request{})
	require.Empty(t, result.Failed(), result.Tags[0].Err)
	require.Empty(t, theirs.Requests())
}

// TestAFailedPingIsForgotten: OpenShift's client keeps it for ever.
func TestAFailedPingIsForgotten(t *testing.T) {
	server := serve(t, registrytest.Options{})
	push(t, server, "org/app:v1")
	i := importerOf(t, registryclient.Options{})
	down := registrytest.Overloaded("", "")
	down.Match = registrytest.Any
	up := server.Inject(down)
	s := stream("", server.Host()+"/org/app:v1")
	require.Equal(t, importer.Unavailable, do(t, i, s, importer.Request{}).Tags[0].Err.Class)
	up()
	require.Empty(t, do(t, i, s, importer.Request{}).Failed())
}
