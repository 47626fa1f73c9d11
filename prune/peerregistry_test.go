package prune_test

import (
	"testing"
)

func TestPeerRegistry(t *testing.T) {
	runPlanCases(t, "peer", []planCase{
		{
			name: "layers of the fourth revision alone",
			cluster: `
				image d l1 l2 l3
				image c l1 l2 l4
				image b l1 l2 l5
				image a l1 l6 l7 l8 config=ca
				tag shop/web:latest d c b a`,
			want: `
				items shop/web:latest#3=a
				manifests shop/web a
				layers shop/web ca l6 l7 l8
				images a
				blobs a ca l6 l7 l8`,
		},
		{
			name: "the registry is left alone", policy: "api-only revisions=0", cluster: oneImage,
			want: "items shop/web:latest#0=web \n images web",
		},
		{
			name: "nothing to prune in it", cluster: oneImage,
		},
		{
			name: "the streams went before",
			cluster: `
				image a l1 l2 config=ca
				image b l2 l3 config=cb`,
			want: "images a b \n blobs a b ca cb l1 l2 l3",
		},
		{
			name: "the streams went before, and the registry is left alone", policy: "api-only",
			cluster: "image a l1 l2 config=ca",
			want:    "images a",
		},
		{
			name: "a layer twice in one image goes once", policy: "revisions=1",
			cluster: `
				image new l1 l1 config=c1
				image old l2 l2 l1 l1 config=c2
				image loose l3 l3 l1 config=c3
				tag shop/web:latest new old`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web c2 l2
				images loose old
				blobs c2 c3 l2 l3 loose old`,
		},
		{
			name: "a config that is a layer elsewhere", policy: "revisions=1",
			cluster: `
				image new l1 shared config=c1
				image old l2 config=shared
				tag shop/web:latest new old`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web l2
				images old
				blobs l2 old`,
		},
		{
			name: "a layer that is a config elsewhere", policy: "revisions=1",
			cluster: `
				image new l1 config=shared
				image old l2 shared config=c2
				tag shop/web:latest new old`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web c2 l2
				images old
				blobs c2 l2 old`,
		},
		{
			name:    "configs of both types of images with one",
			cluster: "image a la config=ca type=docker \n image b lb config=cb type=oci",
			want:    "images a b \n blobs a b ca cb la lb",
		},
		{
			name:    "what schema 1 claims as its config is not touched",
			cluster: "image a la config=ca type=v1 \n image b lb config=cb type=none",
			want:    "images a b \n blobs a b la lb",
		},
		{
			name: "what schema 1 claims as its config is kept with it, differs", policy: "revisions=1",
			cluster: `
				image new l1 config=shared type=v1
				image old l2 config=shared
				tag shop/web:latest new old`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web l2
				images old
				blobs l2 old`,
		},
		{
			name: "a twin of the same blobs stays", policy: "revisions=1",
			cluster: `
				image ocitwin l1 l2 config=c type=oci
				image dockertwin l1 l2 config=c type=docker
				tag shop/web:latest ocitwin dockertwin`,
			want: `
				items shop/web:latest#1=dockertwin
				manifests shop/web dockertwin
				images dockertwin
				blobs dockertwin`,
		},
		{
			name: "a layer with another image's manifest's digest", policy: "revisions=1",
			cluster: `
				image new l1 old
				image old l2
				tag shop/web:latest new old`,
			want: `
				items shop/web:latest#1=old
				layers shop/web l2
				images old
				blobs l2`,
		},
		{
			name: "each repository has links of its own", policy: "revisions=1",
			cluster: `
				image a base la
				image b base lb
				tag shop/web:latest a b
				tag shop/api:latest b a`,
			want: `
				items shop/api:latest#1=a shop/web:latest#1=b
				manifests shop/api a
				manifests shop/web b
				layers shop/api la
				layers shop/web lb`,
		},
		{
			name: "links that another stream's item pulls from here stay, differs", policy: "revisions=1",
			cluster: `
				image new l1
				image old l2
				tag shop/web:latest new old
				tag prod/web:stable old>reg.example/shop/web`,
			want: "items shop/web:latest#1=old",
		},
		{
			name: "the digest that an item's pull spec names counts, differs", policy: "revisions=1",
			cluster: `
				image new l1
				image named l2
				image old l3
				tag shop/web:latest new>reg.example/shop/web@named named old`,
			want: `
				items shop/web:latest#1=named shop/web:latest#2=old
				manifests shop/web old
				layers shop/web l3
				images old
				blobs l3 old`,
		},
		{
			name: "a pull spec without a host names the repository, differs", policy: "revisions=1",
			cluster: `
				image new l1
				image old l2
				tag shop/web:latest new old
				tag prod/web:stable old>shop/web:latest`,
			want: "items shop/web:latest#1=old",
		},
		{
			name: "a registry of an IPv6 address is one, differs", policy: "revisions=1",
			cluster: `
				image new l1
				image old l2
				tag shop/web:latest new old
				tag prod/web:stable old>[fd00::1]:5000/shop/web`,
			want: "items shop/web:latest#1=old",
		},
		{
			name: "a pull spec of a longer path names no repository", policy: "revisions=1",
			cluster: `
				image new l1
				image old l2
				tag shop/web:latest new old
				tag prod/web:stable old>reg.example/a/shop/web`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web l2`,
		},
		{
			name: "what a pod uses through a stream that does not list it keeps its links, differs", policy: "revisions=1",
			cluster: `
				image new l1
				image old l1 l2
				image idx type=index children=old
				tag shop/web:latest new old
				pod shop/x Running reg.example/shop/web@idx`,
			want: "items shop/web:latest#1=old",
		},
	})
}
