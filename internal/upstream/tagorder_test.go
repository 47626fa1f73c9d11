package upstream

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/openshift/library-go/pkg/image/imageutil"
	"github.com/openshift/library-go/pkg/image/reference"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
)

// The order of tags is upstream's where a repository names its versions in one
// way: latest, then versions of two numbers or of three, newest first, then words
// of small letters by the alphabet. (Versions of two numbers and of three mixed,
// builds, dates, four numbers, one number: these are ordered on purpose as
// upstream does not.)
func TestTagsSortAsUpstream(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	words := []string{"stable", "edge", "nightly", "slim", "main", "canary"}
	for range 2000 {
		numbers, v := 2+rng.IntN(2), pick(rng, "", "v")
		seen := map[string]bool{}
		var tags []string
		for range rng.IntN(20) {
			tag := words[rng.IntN(len(words))]
			switch {
			case rng.IntN(10) == 0:
				tag = "latest"
			case rng.IntN(4) > 0:
				tag = fmt.Sprintf("%s%d.%d", v, rng.IntN(13), rng.IntN(13))
				if numbers == 3 {
					tag += fmt.Sprintf(".%d%s", rng.IntN(13), pick(rng, "", "", "-alpha", "-rc.1", "-rc.2"))
				}
			}
			if !seen[tag] {
				seen[tag], tags = true, append(tags, tag)
			}
		}
		want := append([]string{}, tags...)
		imageutil.PrioritizeTags(want)
		got := append([]string{}, tags...)
		imagestream.TagOrder{}.Sort(got)
		require.Equal(t, want, got)
	}
}

// The API server counts sources of tags by this form of their pull specs.
func TestUsageOfPullSpecsAsUpstream(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	hosts := []string{"", "quay.io/", "docker.io/", "index.docker.io/", "registry-1.docker.io/", "localhost:5000/", "localhost/"}
	cases := counter{}
	for range 20_000 {
		spec := pick(rng, hosts...) + pick(rng, "", "library/", "acme/", "a/b/") + pick(rng, "web", "mysql", "Web", "foo.bar", "") +
			pick(rng, "", ":latest", ":1") + pick(rng, "", "@"+digestOf(1), "@sha256:01")
		got, err := imagestream.UsageReference("shop", &imagestream.ObjectReference{Kind: "DockerImage", Name: spec})
		ref, wantErr := reference.Parse(spec)
		require.Equal(t, wantErr == nil, err == nil, "%q", spec)
		if err == nil {
			require.Equal(t, ref.DockerClientDefaults().DaemonMinimal().Exact(), got, "%q", spec)
			cases["valid"]++
		}
	}
	cases.requireAll(t, "valid")
}
