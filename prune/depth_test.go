package prune_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// above is a made-up graph of manifests: what each owns, and what it refers to, by number.
type above struct {
	children [][]int
	subject  []int // -1: none
	rootOnly bool  // a tag lists the first one alone, and not all
}

func numbered(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// order plans all of the graph away and returns at which place each goes, first of the
// manifest links and then of the Images.
func (g above) order(t testing.TB, peer bool) (links, images []int) {
	var b inventory.Builder
	var items []inventory.TagItem
	for i, children := range g.children {
		m := inventory.Manifest{Digest: numbered(i), MediaType: "application/vnd.oci.image.index.v1+json"}
		for _, c := range children {
			m.Children = append(m.Children, inventory.Blob{Digest: numbered(c)})
		}
		if g.subject[i] >= 0 {
			m.Subject = numbered(g.subject[i])
		}
		require.NoError(t, b.AddManifest(m))
		if i == 0 || !g.rootOnly {
			items = append(items, inventory.TagItem{Image: m.Digest})
		}
	}
	require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web", Tags: []inventory.Tag{{Name: "latest", Items: items}}}))
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	zero := 0
	o := prune.DefaultOpenShiftOptions()
	o.AbsentTimesAreAncient, o.AcceptUnknownImages, o.KeepTagRevisions = true, true, &zero
	policy, err := prune.OpenShift(o)
	require.NoError(t, err)
	policy.PeerReferencesOnly = peer
	plan, err := prune.New(b.Build(), policy, clusterTime)
	require.NoError(t, err)
	links, images = make([]int, len(g.children)), make([]int, len(g.children))
	seen, gone := 0, 0
	for a := range plan.Actions() {
		var n int
		switch a.Kind {
		case prune.DeleteManifestLink:
			_, err := fmt.Sscanf(a.Digest, "sha256:%x", &n)
			require.NoError(t, err)
			links[n] = seen
		case prune.DeleteImage:
			_, err := fmt.Sscanf(a.Image, "sha256:%x", &n)
			require.NoError(t, err)
			images[n] = seen
			gone++
		default:
			continue
		}
		seen++
	}
	require.Equal(t, len(g.children), gone)
	if !g.rootOnly {
		require.Equal(t, 2*len(g.children), seen)
	}
	return links, images
}

// reaches says, slowly, what is below each manifest by ownership, or by ownership and
// subjects together: what it owns and what refers to it.
func (g above) reaches(subjects bool) [][]bool {
	n := len(g.children)
	below := make([][]bool, n)
	for i := range below {
		below[i] = make([]bool, n)
	}
	for i, children := range g.children {
		for _, c := range children {
			below[i][c] = true
		}
		if s := g.subject[i]; s >= 0 && subjects {
			below[s][i] = true
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				below[i][j] = below[i][j] || below[i][k] && below[k][j]
			}
		}
	}
	return below
}

// requireOrder: an index goes before what it owns, unless that owns the index, and a subject
// before what refers to it, unless that is above the subject by whatever way.
func (g above) requireOrder(t *testing.T, place []int, subjects bool, name string) {
	owned, below := g.reaches(false), g.reaches(true)
	for i, children := range g.children {
		for _, c := range children {
			if c != i && !owned[c][i] {
				require.Less(t, place[i], place[c], "%s: %d owns %d of %+v", name, i, c, g)
			}
		}
		if s := g.subject[i]; subjects && s >= 0 && s != i && !below[i][s] {
			require.Less(t, place[s], place[i], "%s: %d refers to %d of %+v", name, i, s, g)
		}
	}
}

// TestOrderOfAnIndexThatRefersToWhatItOwns: it names a digest twice, once as a child and once
// as its subject, itself or by another manifest. That it stays without its child is worse
// than that it goes before its subject.
func TestOrderOfAnIndexThatRefersToWhatItOwns(t *testing.T) {
	for name, g := range map[string]above{
		"itself":             {children: [][]int{{}, {0}}, subject: []int{-1, 0}},
		"itself, digests":    {children: [][]int{{1}, {}}, subject: []int{1, -1}},
		"by another":         {children: [][]int{{}, {}, {0}}, subject: []int{-1, 0, 1}},
		"by a child's child": {children: [][]int{{}, {0}, {1}}, subject: []int{-1, -1, 0}},
	} {
		links, images := g.order(t, false)
		g.requireOrder(t, links, true, name)
		g.requireOrder(t, images, true, name)
	}
}

// TestOrderOfRandomGraphs holds the order against a slow reading of the rule, with circles
// of every kind, manifests that name themselves, and such as are a child of one and refer to
// another.
func TestOrderOfRandomGraphs(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 7))
		n := 2 + r.IntN(9)
		g := above{children: make([][]int, n), subject: make([]int, n)}
		honest := seed%2 == 0 // what names a digest came after it: no circle but of owners and subjects
		name := func(i int) int {
			if honest && i > 0 {
				return r.IntN(i)
			}
			return r.IntN(n)
		}
		for i := range n {
			g.subject[i] = -1
			if honest && i == 0 {
				continue
			}
			for range r.IntN(3) {
				g.children[i] = append(g.children[i], name(i))
			}
			if r.IntN(2) == 0 {
				g.subject[i] = name(i)
			}
		}
		shuffle := r.Perm(n) // digests say nothing of what came first
		h := above{children: make([][]int, n), subject: make([]int, n)}
		for i := range n {
			for _, c := range g.children[i] {
				h.children[shuffle[i]] = append(h.children[shuffle[i]], shuffle[c])
			}
			h.subject[shuffle[i]] = -1
			if g.subject[i] >= 0 {
				h.subject[shuffle[i]] = shuffle[g.subject[i]]
			}
		}
		for _, peer := range []bool{false, true} {
			links, images := h.order(t, peer)
			h.requireOrder(t, links, !peer, fmt.Sprintf("links, seed %d", seed))
			h.requireOrder(t, images, !peer, fmt.Sprintf("images, seed %d", seed))
		}
	}
}

// TestDeepChainsOfOwnersAndSubjects: nothing bounds how deep a made-up dump is nested.
func TestDeepChainsOfOwnersAndSubjects(t *testing.T) {
	const n = 20_000
	g := above{children: make([][]int, n), subject: make([]int, n), rootOnly: true}
	for i := range n {
		g.subject[i] = -1
		if i%2 == 1 {
			g.subject[i] = i - 1
		}
		for c := i + 1; c < min(i+3, n) && i%3 > 0; c++ {
			g.children[i] = append(g.children[i], c)
		}
	}
	_, images := g.order(t, false)
	for i, children := range g.children {
		for _, c := range children {
			require.Less(t, images[i], images[c])
		}
		if s := g.subject[i]; s >= 0 {
			require.Less(t, images[s], images[i])
		}
	}
}
