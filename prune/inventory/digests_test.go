package inventory_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

// oddDigests are texts that stand where a sha256 is expected.
func oddDigests() []string {
	hex := strings.TrimPrefix(digest("odd"), "sha256:")
	return []string{
		"sha512:" + hex + hex,
		"sha384:" + hex + hex[:32],
		"tarsum.dev+sha256:" + hex,
		"tarsum.v1+sha256:" + hex,
		"sha256:" + strings.ToUpper(hex),
		"sha256:" + hex[:63],
		"sha256:" + hex + "0",
		"sha256:" + hex[:63] + "g",
		"sha256:" + hex[:62] + "é",
		"sha256:",
		"SHA256:" + hex,
		hex,
		"sha256",
		"s",
		"latest",
		":",
		" sha256:" + hex,
		"sha256:" + hex + " ",
		"\x00",
		"\xff\xfe",
		"blake3:" + hex,
		"zzz",
	}
}

func inventoryOf(t *testing.T, digests []string) *inventory.Inventory {
	t.Helper()
	var b inventory.Builder
	for _, d := range digests {
		require.NoError(t, b.AddManifest(inventory.Manifest{Digest: d, Created: day(1)}))
	}
	return b.Build()
}

func TestDigestsOfEveryAlgorithmSortByTheirText(t *testing.T) {
	digests := oddDigests()
	for i := range 5000 {
		digests = append(digests, digest(strings.Repeat("x", i)))
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(digests), func(i, j int) { digests[i], digests[j] = digests[j], digests[i] })
	v := inventoryOf(t, digests)
	sorted := slices.Sorted(slices.Values(digests))

	require.Equal(t, len(sorted), v.Digests())
	require.Equal(t, len(sorted), v.Images())
	for rank, text := range sorted {
		d := v.Ranked(rank)
		require.Equal(t, text, v.DigestText(d))
		require.Equal(t, rank, v.Rank(d))
		require.Equal(t, d, v.Digest(text), "%q is found", text)
		require.Equal(t, d, v.Image(rank).Digest, "images are in the order of their digests")
		require.Equal(t, rank, v.ImageOf(d))
	}
	require.Equal(t, "x"+sorted[7], string(v.AppendDigest([]byte("x"), v.Ranked(7))))
	require.Equal(t, "x", string(v.AppendDigest([]byte("x"), inventory.NoDigest)))
}

func TestDigestsThatAreNotThere(t *testing.T) {
	v := inventoryOf(t, append(oddDigests(), digest("a"), digest("b")))
	for _, text := range []string{
		"", "sha", "sha256:0", digest("c"), strings.ToUpper(digest("a")), digest("a")[:70], digest("a") + "0",
		strings.TrimPrefix(digest("a"), "sha256:"), "zzzz", "zz", "\xff",
	} {
		require.Equal(t, inventory.NoDigest, v.Digest(text), "%q", text)
	}
}

// A plain search over all texts is what FindDigests should be.
func TestPrefixesFindWhatAPlainSearchFinds(t *testing.T) {
	digests := oddDigests()
	for i := range 300 {
		digests = append(digests, digest(strings.Repeat("y", i)))
	}
	v := inventoryOf(t, digests)
	sorted := slices.Sorted(slices.Values(digests))
	find := func(prefix string) []string {
		found := []string{}
		for _, d := range v.FindDigests(prefix, len(digests)) {
			found = append(found, v.DigestText(d))
		}
		return found
	}
	search := func(prefix string) []string {
		found := []string{}
		for _, text := range sorted {
			if strings.HasPrefix(text, prefix) {
				found = append(found, text)
			}
		}
		return found
	}
	require.Equal(t, sorted, find(""))
	for _, prefix := range []string{"sha256:", "sha256", "sha", "s", "sha256:0", "sha256:ff", "sha512:", "sha384:1", "tarsum.dev+sha256:", ":", "blake3:", "none:", digest("")} {
		require.Equal(t, search(prefix), find(prefix), prefix)
	}
	for _, hex := range []string{"0", "a", "00", "9f", strings.TrimPrefix(digest(""), "sha256:"), "x"} {
		require.Equal(t, search("sha256:"+hex), find(hex), "hexadecimal digits alone stand for sha256")
	}
	require.Len(t, v.FindDigests("", 5), 5)
	require.Empty(t, v.FindDigests("", 0))
}

func TestTheUsesOfADigestAreOneDigest(t *testing.T) {
	for _, text := range append(oddDigests(), digest("one")) {
		v := build(t,
			image(inventory.Manifest{
				Digest: text, Config: text, Subject: text,
				Layers:   []inventory.Blob{{Digest: text}, {Digest: text}},
				Children: []inventory.Blob{{Digest: text}},
			}),
			imageStream(stream("a", "b", inventory.Tag{Name: "t", Items: []inventory.TagItem{{Image: text}}})),
			workload(pod("a", "p", inventory.Reference{Field: "f", Digest: text})),
			link("a", "b", text, true))
		require.Equal(t, 1, v.Digests(), text)
		i := v.Image(0)
		require.Equal(t, []inventory.Digest{0, 0, 0, 0, 0, 0, 0}, append(append([]inventory.Digest{i.Digest, i.Config, i.Subject}, i.Layers...), append(i.Children, v.Item(0).Image)...), text)
		require.Equal(t, i.Digest, v.Use(0).Digest)
		require.Equal(t, text, v.DigestText(0))
	}
}

func TestSizes(t *testing.T) {
	one := func(layerSize int64) inventory.Manifest {
		return inventory.Manifest{Digest: digest("m"), Layers: []inventory.Blob{{Digest: digest("l"), Size: layerSize}}}
	}
	for _, c := range []struct {
		name  string
		sizes []int64
		want  int64
	}{
		{"never told", []int64{0, 0}, 0},
		{"told once", []int64{0, 7, 0}, 7},
		{"told twice the same", []int64{7, 7}, 7},
		{"a contradiction is unknown", []int64{7, 8}, 0},
		{"and stays so", []int64{7, 8, 7, 7, 8}, 0},
		{"the largest", []int64{1<<63 - 1}, 1<<63 - 1},
	} {
		var b inventory.Builder
		for _, size := range c.sizes {
			require.NoError(t, b.AddManifest(one(size)), "a layer's size is not the image's content")
		}
		v := b.Build()
		require.Equal(t, c.want, v.Size(v.Digest(digest("l"))), c.name)
	}
	v := build(t, image(manifest("web", 1)))
	require.EqualValues(t, 700, v.Size(v.Digest(digest("web"))))
	require.EqualValues(t, 1500, v.Size(v.Digest(digest("config of web"))))
	require.EqualValues(t, 30_000, v.Size(v.Digest(digest("base"))))
	v = build(t, image(manifest("web", 1)), image(inventory.Manifest{Digest: digest("list"), Children: []inventory.Blob{{Digest: digest("web"), Size: 701}}}))
	require.Zero(t, v.Size(v.Digest(digest("web"))), "an index and the manifest itself disagree")
}
