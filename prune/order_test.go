package prune_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
)

// actionNames lists a plan's actions in their order.
func actionNames(c *cluster, plan *prune.Plan) []string {
	var all []string
	for a := range plan.Actions() {
		switch a.Kind {
		case prune.DeleteTagItem:
			all = append(all, fmt.Sprintf("item %s:%s#%d", a.Stream, a.Tag, a.Index))
		case prune.DeleteManifestLink, prune.DeleteLayerLink:
			all = append(all, strings.ToLower(strings.TrimPrefix(string(a.Kind), "Delete"))+" "+a.Repository+" "+c.name(a.Digest))
		case prune.DeleteImage:
			all = append(all, "image "+c.name(a.Image))
		case prune.DeleteBlob:
			all = append(all, "blob "+c.name(a.Digest))
		}
	}
	return all
}

// byDigest sorts names as their digests are.
func byDigest(names ...string) []string {
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(digestOf(a), digestOf(b)) })
	return names
}

// prefixed puts words before each name.
func prefixed(words string, names []string) []string {
	var list []string
	for _, n := range names {
		list = append(list, words+" "+n)
	}
	return list
}

func TestOrderOfActions(t *testing.T) {
	p := planCase{policy: "peer revisions=0", cluster: `
		image one base l1 config=c1
		image two base l2 config=c2
		image top type=index children=mid,leaf2
		image mid type=list children=leaf
		image leaf l3
		image leaf2 l4
		tag b/s:z one
		tag b/s:a two one
		tag a-b/x:latest one
		tag a/x:latest two
		tag a/x-y:latest top
		tag a/x:10 one
		tag a/x:9 one
	`}
	c, plan := p.plan(t)
	want := slices.Concat([]string{
		// By namespace, then by name: a/… before a-b/….
		"item a/x:10#0", "item a/x:9#0", "item a/x:latest#0", "item a/x-y:latest#0", "item a-b/x:latest#0",
		"item b/s:a#0", "item b/s:a#1", "item b/s:z#0",
	},
		// By repository, an index before what it owns.
		prefixed("manifestlink a-b/x", []string{"one"}),
		prefixed("manifestlink a/x", byDigest("one", "two")),
		prefixed("manifestlink a/x-y", []string{"top"}), prefixed("manifestlink a/x-y", byDigest("leaf2", "mid")), prefixed("manifestlink a/x-y", []string{"leaf"}),
		prefixed("manifestlink b/s", byDigest("one", "two")),
		prefixed("layerlink a-b/x", byDigest("base", "l1", "c1")),
		prefixed("layerlink a/x", byDigest("base", "l1", "c1", "l2", "c2")),
		prefixed("layerlink a/x-y", byDigest("l3", "l4")),
		prefixed("layerlink b/s", byDigest("base", "l1", "c1", "l2", "c2")),
		prefixed("image", byDigest("one", "two", "top")), prefixed("image", byDigest("leaf2", "mid")), prefixed("image", []string{"leaf"}),
		prefixed("blob", byDigest("base", "one", "two", "top", "leaf", "leaf2", "mid", "l1", "c1", "l2", "c2", "l3", "l4")),
	)
	require.Equal(t, want, actionNames(c, plan))
}

// A subject goes before what refers to it, also to that or to what it owns, unless only
// the peer's references count.
func TestOrderOfReferrers(t *testing.T) {
	cluster := `
		image top type=index children=leaf
		image leaf l1
		image sig l2 subject=leaf
		image sigsig l3 subject=sig
		image new l4
		image other l5 subject=other
		tag shop/web:latest new top
		tag shop/web:other new other
		tag shop/web:sig new sig
		tag shop/web:sigsig new sigsig
		`
	for policy, want := range map[string][]string{
		"ancient revisions=1": slices.Concat(prefixed("image", byDigest("other", "top")), prefixed("image", []string{"leaf", "sig", "sigsig"})),
		"peer revisions=1":    slices.Concat(prefixed("image", byDigest("other", "sig", "sigsig", "top")), prefixed("image", []string{"leaf"})),
	} {
		p := planCase{policy: policy, cluster: cluster}
		c, plan := p.plan(t)
		names := slices.DeleteFunc(actionNames(c, plan), func(name string) bool { return !strings.HasPrefix(name, "image ") })
		require.Equal(t, want, names, policy)
	}
}

// Indexes that own each other have some order, always the same.
func TestOrderOfCircles(t *testing.T) {
	objects := []string{
		"image a type=index children=b", "image b type=index children=c", "image c type=index children=a,d",
		"image d type=index children=d,leaf", "image leaf l1", "tag shop/web:latest b", "tag shop/web:v1 leaf d",
	}
	var first []string
	for seed := range uint64(30) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
		p := planCase{policy: "peer revisions=0", cluster: strings.Join(objects, "\n")}
		c, plan := p.plan(t)
		names := actionNames(c, plan)
		if first == nil {
			first = names
		}
		require.Equal(t, first, names)
		at := func(name string) int {
			i := slices.Index(names, name)
			require.GreaterOrEqual(t, i, 0, name)
			return i
		}
		// What no circle holds comes behind all that own it.
		for _, owner := range []string{"a", "b", "c"} {
			require.Less(t, at("image "+owner), at("image d"))
			require.Less(t, at("manifestlink shop/web "+owner), at("manifestlink shop/web d"))
		}
		require.Less(t, at("image d"), at("image leaf"))
		require.Less(t, at("manifestlink shop/web d"), at("manifestlink shop/web leaf"))
	}
}

// The order in which a dump holds its objects changes no byte of a plan.
func TestAnyOrderOfInput(t *testing.T) {
	text := lines(shopToPrune + used + `
		image idx type=index children=mid,x
		image mid type=index children=idx,leaf
		image leaf ll
		image sig ls subject=leaf
		tag shop/multi:latest idx~1m
		tag shop/api:latest old>reg.example/shop/web x~1m
		tag shop/gone:latest g1~1s g2~2s g3
		pod shop/q Running quay.io/a@y quay.io/a@z
		pod shop/r Running UPPER LOWER_
		limits shop/a 100
		limits shop/b 200`)
	objects := strings.Split(text, "\n")
	objects = slices.DeleteFunc(objects, func(s string) bool { return s == "tag shop/web:latest web old" || s == "image old l2 config=c2" })
	var tags, others []string // tags of one stream stay in their order: it is the stream's own
	for _, o := range objects {
		if strings.HasPrefix(o, "tag") {
			tags = append(tags, o)
		} else {
			others = append(others, o)
		}
	}
	var first string
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		p := planCase{policy: "ancient ignore-invalid", cluster: strings.Join(tags, "\n") + "\n" + strings.Join(others, "\n")}
		_, plan := p.plan(t)
		var b strings.Builder
		require.NoError(t, plan.WriteJSON(&b, true))
		if first == "" {
			first = b.String()
		}
		require.Equal(t, first, b.String())
	}
}

// Indexes may be nested as deep as a made-up dump likes.
func TestDeeplyNestedIndexes(t *testing.T) {
	const depth = 20_000
	var b inventory.Builder
	for i := range depth {
		m := inventory.Manifest{Digest: fmt.Sprintf("sha256:%064x", (i*7919)%depth), MediaType: "application/vnd.oci.image.index.v1+json"}
		if i+1 < depth {
			m.Children = []inventory.Blob{{Digest: fmt.Sprintf("sha256:%064x", ((i+1)*7919)%depth)}}
		}
		require.NoError(t, b.AddManifest(m))
	}
	require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web", Tags: []inventory.Tag{
		{Name: "latest", Items: []inventory.TagItem{{Image: fmt.Sprintf("sha256:%064x", 0)}}},
	}}))
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	inv := b.Build()
	for _, revisions := range []int{0, 1} {
		o := prune.DefaultOpenShiftOptions()
		o.AbsentTimesAreAncient, o.AcceptUnknownImages, o.KeepTagRevisions = true, true, &revisions
		policy, err := prune.OpenShift(o)
		require.NoError(t, err)
		plan, err := prune.New(inv, policy, clusterTime)
		require.NoError(t, err)
		if revisions == 1 {
			require.Zero(t, plan.Summary)
			continue
		}
		i := 0
		for a := range plan.Actions() {
			if a.Kind == prune.DeleteImage {
				require.Equal(t, fmt.Sprintf("sha256:%064x", (i*7919)%depth), a.Image)
				i++
			}
		}
		require.Equal(t, depth, i)
	}
}

// A loop over what a plan says may end anywhere.
func TestLoopsEndEarly(t *testing.T) {
	p := planCase{policy: "ancient revisions=0", cluster: shopToPrune}
	_, plan := p.plan(t)
	text, err := json.Marshal(plan)
	require.NoError(t, err)
	var read prune.Plan
	require.NoError(t, json.Unmarshal(text, &read))
	for _, plan := range []*prune.Plan{plan, &read} {
		for n := range plan.Summary.Actions() + 1 {
			i := 0
			for range plan.Actions() {
				if i == n {
					break
				}
				i++
			}
			require.Equal(t, n, i)
		}
	}
	const verdicts = 2 + 3 + 10
	for n := range verdicts + 1 {
		i := 0
		for range plan.Verdicts() {
			if i == n {
				break
			}
			i++
		}
		require.Equal(t, n, i)
	}
}
