package prune_test

import (
	"strings"
	"testing"
)

// signatureTag is cosign's tag for what refers to an image, without its ending.
func signatureTag(name string) string { return strings.Replace(digestOf(name), ":", "-", 1) }

// used is a cluster in which a pod uses one image of a tag's two by digest.
const used = `
	image web l1 config=c1
	image old l2 config=c2
	tag shop/web:latest web old
	pod shop/p Running reg.example/shop/web@web
`

const oldGoes = `
	items shop/web:latest#1=old
	manifests shop/web old
	layers shop/web c2 l2
	images old
	blobs c2 l2 old
`

func TestReferrersByTag(t *testing.T) {
	web, old := signatureTag("web"), signatureTag("old")
	cases := []planCase{
		{
			name: "what refers to an image that goes, goes",
			cluster: used + `
				image sig ls config=cs
				tag shop/web:` + old + `.sig sig`,
			want: `
				items shop/web:latest#1=old shop/web:` + old + `.sig#0=sig
				manifests shop/web old sig
				layers shop/web c2 cs l2 ls
				images old sig
				blobs c2 cs l2 ls old sig`,
		},
		{
			name: "the newest signature alone",
			cluster: used + `
				image sig2 ls2 config=cs2
				image sig1 ls1
				tag shop/web:` + web + `.sig sig2 sig1`,
			want: `
				items shop/web:latest#1=old shop/web:` + web + `.sig#1=sig1
				manifests shop/web old sig1
				layers shop/web c2 l2 ls1
				images old sig1
				blobs c2 l2 ls1 old sig1`,
		},
		{
			name: "of a signature of a signature",
			cluster: used + `
				image sig ls config=cs
				image sigsig lss config=css
				tag shop/web:` + signatureTag("sig") + `.sig sigsig
				tag shop/web:` + web + `.sig sig`,
			want: oldGoes,
		},
		{
			name: "of a child of an index in use",
			cluster: `
				image idx type=index children=leaf
				image leaf ll
				image sig ls
				tag shop/web:latest idx
				tag shop/web:` + signatureTag("leaf") + `.att sig
				pod shop/p Running reg.example/shop/web@idx`,
		},
		{
			name: "in another repository, which does not need the subject",
			cluster: used + `
				image sig ls
				tag shop/sigs:` + web + `.sig sig`,
			want: `
				items shop/sigs:` + web + `.sig#0=sig shop/web:latest#1=old
				manifests shop/sigs sig
				manifests shop/web old
				layers shop/sigs ls
				layers shop/web c2 l2
				images old sig
				blobs c2 l2 ls old sig`,
		},
		{
			name: "in another repository, which needs the subject by an item's pull spec",
			cluster: `
				image web l1
				image sig ls
				tag shop/web:latest web>reg.example/prod/web
				tag prod/web:` + web + `.sig sig
				pod shop/p Running reg.example/shop/web:latest`,
		},
		{
			name: "in each of two repositories, the later of which keeps the earlier's",
			cluster: `
				image web l1
				image sig ls
				image sigsig lss
				tag b/web:latest web
				tag b/web:` + web + `.sig sig>reg.example/a/sigs
				tag a/sigs:` + signatureTag("sig") + `.sig sigsig
				pod b/p Running reg.example/b/web:latest`,
		},
		{
			name: "names that only look like a referrer's",
			cluster: used + `
				image sig ls
				tag shop/web:` + web + `.sign sig
				tag shop/web:` + web[:60] + ` sig
				tag shop/web:x` + web + `.sig sig`,
			want: `
				items shop/web:latest#1=old shop/web:` + web[:60] + `#0=sig shop/web:` + web + `.sign#0=sig shop/web:x` + web + `.sig#0=sig
				manifests shop/web old sig
				layers shop/web c2 l2 ls
				images old sig
				blobs c2 l2 ls old sig`,
		},
		{
			name: "the peer knows none", policy: "peer",
			cluster: used + `
				image sig ls
				tag shop/web:` + web + `.sig sig`,
			want: `
				items shop/web:latest#1=old shop/web:` + web + `.sig#0=sig
				manifests shop/web old sig
				layers shop/web c2 l2 ls
				images old sig
				blobs c2 l2 ls old sig`,
		},
	}
	cases = append(cases, referrersInDoubt(web)...)
	for _, ending := range []string{"", ".sig", ".att", ".sbom"} {
		cases = append(cases, planCase{
			name: "ending in " + ending, cluster: used + "image sig ls config=cs \n tag shop/web:" + web + ending + " sig", want: oldGoes,
		})
	}
	runPlanCases(t, "ancient revisions=0", cases)
}

func TestReferrersBySubject(t *testing.T) {
	runPlanCases(t, "ancient revisions=0", []planCase{
		{
			name:    "an image that no stream lists",
			cluster: used + "image sig ls config=cs subject=web",
			want:    oldGoes,
		},
		{
			name:    "it goes with its subject",
			cluster: used + "image sig ls config=cs subject=old",
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web c2 l2
				images old sig
				blobs c2 cs l2 ls old sig`,
		},
		{
			name: "a chain of them",
			cluster: used + `
				image sig ls config=c4 subject=web
				image sigsig lss config=c5 subject=sig
				image sbom lb config=c6 subject=sigsig`,
			want: oldGoes,
		},
		{
			name: "what a referrer owns",
			cluster: used + `
				image idx type=index children=leaf subject=web
				image leaf ll config=cl`,
			want: oldGoes,
		},
		{
			name: "under whatever tag",
			cluster: used + `
				image sig ls config=cs subject=web
				tag shop/web:attic sig`,
			want: oldGoes,
		},
		{
			name: "of a young image that no stream lists",
			cluster: `
				image web l1 age=1m
				image sig ls subject=web`,
		},
		{
			name: "of a child of an index that stays",
			cluster: `
				image idx type=index children=leaf age=1m
				image leaf ll
				image sig ls subject=leaf`,
		},
		{
			name: "of a child that is not known, of an index that stays",
			cluster: `
				image idx type=index children=gone age=1m
				image sig ls subject=gone
				image sigsig lss subject=sig`,
		},
		{
			name: "of itself",
			cluster: `
				image sig ls subject=sig
				tag shop/web:latest sig`,
			want: `
				items shop/web:latest#0=sig
				manifests shop/web sig
				layers shop/web ls
				images sig
				blobs ls sig`,
		},
		{
			name: "of each other",
			cluster: `
				image one l1 subject=two
				image two l2 subject=one
				tag shop/web:one one
				tag shop/web:two two
				pod shop/p Running reg.example/shop/web:two`,
		},
		{
			name: "the peer knows none", policy: "peer",
			cluster: used + "image sig ls config=cs subject=web",
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web c2 l2
				images old sig
				blobs c2 cs l2 ls old sig`,
		},
		{
			name: "of what is needed and not known", policy: "accept-unknown",
			cluster: `
				image sig1 l1 subject=x
				image sig2 l2 subject=y
				image sig3 l3 subject=z
				image sig4 l4 subject=loose
				tag shop/web:latest x
				tag shop/web:v1 web>reg.example/shop/web@y
				image web l5
				pod shop/p Running reg.example/shop/web reg.example/shop/web:v1 quay.io/a@z`,
			want: "images sig4 \n blobs l4 sig4",
		},
		{
			name: "of what streams that are missing may need", policy: "incomplete=ImageStream", cluster: used + "image sig ls subject=old",
		},
		{
			name:    "a subject that is not needed, not known, keeps nothing",
			cluster: "image sig ls subject=gone \n tag shop/web:latest sig",
			want: `
				items shop/web:latest#0=sig
				manifests shop/web sig
				layers shop/web ls
				images sig
				blobs ls sig`,
		},
	})
}

// referrersInDoubt: an image that the repository needs and of which it is not
// known what it owns may own any subject.
func referrersInDoubt(web string) []planCase {
	return []planCase{
		{
			name: "of what an unknown index in use may own",
			cluster: `
				image web l1
				image sig ls
				tag shop/web:latest idx
				tag shop/web:old web
				tag shop/web:` + web + `.sig sig
				pod shop/p Running reg.example/shop/web@idx`,
			want: "items shop/web:old#0=web",
		},
		{
			name: "of what nothing else names, and an unknown index in use may own",
			cluster: `
				image sig ls
				tag shop/web:latest idx
				tag shop/web:` + signatureTag("leaf") + `.sig sig
				tag shop/api:` + signatureTag("leaf") + `.sig sig
				pod shop/p Running reg.example/shop/web@idx`,
			want: "items shop/api:" + signatureTag("leaf") + `.sig#0=sig
				manifests shop/api sig
				layers shop/api ls`,
		},
		{
			name: "of what nothing else names, and a stream that is missing may need", policy: "incomplete=ImageStream",
			cluster: "image sig ls \n tag shop/web:" + signatureTag("leaf") + ".sig sig",
		},
		{
			name: "of what an unknown index may own, which is accepted", policy: "accept-unknown",
			cluster: `
				image web l1
				image sig ls
				tag shop/web:latest idx
				tag shop/web:` + web + `.sig sig
				pod shop/p Running reg.example/shop/web@idx`,
			want: `
				items shop/web:` + web + `.sig#0=sig
				manifests shop/web sig
				layers shop/web ls
				images sig web
				blobs l1 ls sig web`,
		},
		{
			name: "of what an unknown index in use in another repository may own",
			cluster: `
				image web l1
				image sig ls
				tag shop/web:latest idx
				tag shop/sigs:` + web + `.sig sig
				pod shop/p Running reg.example/shop/web@idx`,
			want: `
				items shop/sigs:` + web + `.sig#0=sig
				manifests shop/sigs sig
				layers shop/sigs ls`,
		},
	}
}
