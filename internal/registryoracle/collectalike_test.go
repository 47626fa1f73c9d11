package registryoracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"
)

// randomVolume has images on common layers in a few repositories, tagged and not, indexes
// and referrers of them, and layers without a manifest.
func randomVolume(t *testing.T, seed uint64, referrers bool) (*volume, []string) {
	r := rand.New(rand.NewPCG(seed, 0))
	v := memoryVolume()
	repositories := []string{"a", "b/c", "d"}
	images := map[string][]image{}
	var tags []string
	tag := func(repository string) []string {
		if r.IntN(2) == 0 && len(images[repository]) > 0 { // the first gives each repository a tag
			return nil
		}
		name := fmt.Sprintf("t%d", r.IntN(4)) // which may move
		if full := repository + ":" + name; !slices.Contains(tags, full) {
			tags = append(tags, full)
		}
		return []string{name}
	}
	for n := range 12 {
		repository := repositories[r.IntN(len(repositories))]
		have := images[repository]
		var i image
		switch k := r.IntN(6); {
		case k == 0 && len(have) > 1:
			i = indexOf(have[r.IntN(len(have))], have[r.IntN(len(have))])
		case k == 1 && referrers && len(have) > 0:
			i = referrerOf(have[r.IntN(len(have))], fmt.Sprint(n))
		case k == 2 && len(have) > 0:
			text := fmt.Sprint("left ", r.IntN(3))
			_, err := v.PutBlob(t.Context(), repository, digest.FromString(text), strings.NewReader(text))
			require.NoError(t, err)
			continue
		default:
			i = imageOf(fmt.Sprint(n), fmt.Sprint("base ", r.IntN(3)), fmt.Sprint("left ", r.IntN(3)))
		}
		v.put(t, repository, i, tag(repository)...)
		images[repository] = append(have, i)
	}
	return v, tags
}

// TestCollectAlike: where the peer is right, ours takes the same. With untagged referrers
// it takes less.
func TestCollectAlike(t *testing.T) {
	taken := 0
	for seed := range uint64(40) {
		for _, referrers := range []bool{false, true} {
			v, tags := randomVolume(t, seed, referrers)
			before := len(v.texts(t))
			for _, untagged := range []bool{false, true} {
				name := fmt.Sprintf("seed %d, referrers %v, untagged %v", seed, referrers, untagged)
				theirs, ours := v.copy(t), v.copy(t)
				require.NoError(t, peer{untagged: untagged}.collect(t, theirs))
				_, err := collection{untagged: untagged}.collect(t, ours)
				require.NoError(t, err)
				if referrers && untagged {
					require.Subset(t, ours.texts(t), theirs.texts(t), name)
				} else {
					require.Equal(t, theirs.texts(t), ours.texts(t), name)
				}
				for _, tag := range tags {
					repository, tag, _ := strings.Cut(tag, ":")
					require.NoError(t, ours.read(t, repository).pull(tag), name)
				}
				findings, summary := ours.check(t)
				require.True(t, summary.Sound(), "%s: %+v", name, findings)
				taken += before - summary.Blobs
			}
		}
	}
	require.Greater(t, taken, 500)
}
