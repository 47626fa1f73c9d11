package upstream

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/openshift/library-go/pkg/image/reference"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
)

func requireSame(t *testing.T, spec string) (valid bool) {
	t.Helper()
	want, wantErr := reference.Parse(spec)
	got, err := imagestream.ParsePullSpec(spec)
	require.Equal(t, wantErr == nil, err == nil, "%q: upstream says %v, this module %v", spec, wantErr, err)
	if err != nil {
		return false
	}
	require.Equal(t, imagestream.DockerImageReference(want), got, "%q", spec)
	return true
}

var (
	hex64 = strings.Repeat("0123456789abcdef", 4)
	// pieces make most of the decisions of the grammar when they are put in
	// any order.
	pieces = []string{
		"a", "web", "9", "localhost", "quay.io", "BAR", "Foo", ".", "..", "-", "--", "_", "__", "___", "/", "//", ":", "::", "@", " ", "é", "\n",
		"[::1]", ":5000", ":tag", "sha256", "@sha256:" + hex64, "@sha256:" + strings.ToUpper(hex64), "@sha384:" + hex64 + hex64[:32],
		"@sha512:" + hex64 + hex64, "@md5:" + hex64[:32], hex64, strings.Repeat("a", 120), strings.Repeat("b/", 60), "\x00", "\xff", "%", "~", "$",
	}
)

func TestPullSpecsParseAsUpstream(t *testing.T) {
	for _, a := range pieces {
		for _, b := range pieces {
			requireSame(t, a+b)
			for _, c := range pieces {
				requireSame(t, a+b+c)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	valid := 0
	for range 300_000 {
		var spec string
		for range 2 + rng.IntN(8) {
			spec += pieces[rng.IntN(len(pieces))]
		}
		if requireSame(t, spec) {
			valid++
		}
	}
	require.Greater(t, valid, 1000)
}

func FuzzPullSpecsParseAsUpstream(f *testing.F) {
	for _, a := range pieces {
		f.Add("quay.io/a/" + a + "b:1")
		f.Add(a + "/b")
		f.Add("b" + a)
	}
	f.Fuzz(func(t *testing.T, spec string) { requireSame(t, spec) })
}
