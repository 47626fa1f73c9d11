package apply_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/apply"
)

func sha(n int) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte{byte(n), byte(n >> 8)})) }

// foreign are digests that are no canonical sha256, of which some sort between those.
func foreign(n int) string {
	return []string{
		"", "md5:" + sha(n)[7:39], "sha512:" + strings.Repeat(sha(n)[7:], 2), sha(n) + "0", sha(n)[:70],
		strings.ToUpper(sha(n)), "sha256:" + strings.ToUpper(sha(n)[7:]), "sha256:" + sha(n)[8:] + "g", "tarsum.v1+" + sha(n), sha(n)[:20] + "\u2028<",
	}[n%10]
}

// TestCondemnationsAreAMap: whatever order digests come and go in, what is there is
// what a map has.
func TestCondemnationsAreAMap(t *testing.T) {
	const blobs = 3000
	sorted := make([]string, blobs)
	for n := range sorted {
		sorted[n] = sha(n)
	}
	slices.Sort(sorted)
	random := rand.New(rand.NewPCG(1, 2))
	shuffled := slices.Clone(sorted)
	random.Shuffle(blobs, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	backwards := slices.Clone(sorted)
	slices.Reverse(backwards)
	for name, order := range map[string][]string{"sorted": sorted, "shuffled": shuffled, "backwards": backwards} {
		t.Run(name, func(t *testing.T) {
			c, want := new(apply.Condemnations), map[string]apply.Condemnation{}
			set := func(digest string) {
				mark := apply.Condemnation{
					Since: time.Unix(random.Int64N(5), 0).In(time.FixedZone("", 60*random.IntN(2))),
					Bytes: random.Int64(), NoConfig: random.IntN(2) == 0,
				}
				c.Set(digest, mark)
				want[digest] = mark
			}
			for n, digest := range order {
				set(digest)
				if n%10 == 0 {
					set(foreign(random.IntN(blobs)))
				}
			}
			same(t, want, c)
			for range 3 * blobs {
				digest := order[random.IntN(blobs)]
				switch random.IntN(9) {
				case 0:
					set(digest)
				case 1:
					set(foreign(random.IntN(blobs)))
				case 2:
					digest = foreign(random.IntN(blobs))
					fallthrough
				default:
					c.Delete(digest)
					delete(want, digest)
				}
			}
			same(t, want, c)
			for digest := range maps.Clone(want) {
				c.Delete(digest)
			}
			clear(want)
			same(t, want, c)
			set(order[0])
			same(t, want, c)
		})
	}
}

func same(t *testing.T, want map[string]apply.Condemnation, c *apply.Condemnations) {
	t.Helper()
	require.Equal(t, len(want), c.Len())
	var digests []string
	for digest, mark := range c.All() {
		digests = append(digests, digest)
		got, waits := c.Get(digest)
		require.True(t, waits)
		require.Equal(t, mark, got)
		require.True(t, want[digest].Since.Equal(mark.Since))
		require.Equal(t, want[digest].Since.Format(time.RFC3339), mark.Since.Format(time.RFC3339))
		require.Equal(t, want[digest].Bytes, mark.Bytes)
		require.Equal(t, want[digest].NoConfig, mark.NoConfig)
	}
	require.Equal(t, slices.Sorted(maps.Keys(want)), digests)
	for _, digest := range []string{"sha256:", sha(0)[:71-1] + "x", "sha256:" + strings.Repeat("0", 64), "sha256:" + strings.Repeat("f", 64)} {
		_, waits := c.Get(digest)
		require.False(t, waits)
	}
}

// TestNoCondemnations: nil and the zero value have none.
func TestNoCondemnations(t *testing.T) {
	for _, c := range []*apply.Condemnations{nil, {}} {
		require.Zero(t, c.Len())
		_, waits := c.Get(sha(1))
		require.False(t, waits)
		for range c.All() {
			t.Error("there is one")
		}
	}
	c := new(apply.Condemnations)
	c.Delete(sha(1))
	require.Zero(t, c.Len())
}

// TestSomeCondemnations: one need not look at all of them.
func TestSomeCondemnations(t *testing.T) {
	c := condemnations(map[string]apply.Condemnation{"a": {}, sha(1): {}, sha(2): {}, "z": {}})
	for most := 1; most <= 4; most++ {
		seen := 0
		for range c.All() {
			if seen++; seen == most {
				break
			}
		}
		require.Equal(t, most, seen)
	}
}

// TestMemoryCondemnedKeepsACopy: what is changed behind its back is not changed there.
func TestMemoryCondemnedKeepsACopy(t *testing.T) {
	var m apply.MemoryCondemned
	c := condemnations(map[string]apply.Condemnation{sha(1): {Bytes: 1}, "x": {Bytes: 2}})
	require.NoError(t, m.StoreCondemned(t.Context(), c))
	c.Delete(sha(1))
	c.Set("x", apply.Condemnation{Bytes: 3})
	loaded, err := m.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]apply.Condemnation{sha(1): {Bytes: 1}, "x": {Bytes: 2}}, maps.Collect(loaded.All()))
	loaded.Delete("x")
	again, err := m.LoadCondemned(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, again.Len())
}
