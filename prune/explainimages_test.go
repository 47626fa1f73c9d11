package prune_test

import "testing"

func TestExplainImagesAndBlobs(t *testing.T) {
	const index = `
		image idx type=index children=leaf age=1m
		image leaf l1 config=c1
		image twin l1`
	runExplainCases(t, "ancient", []explainCase{
		{
			name: "nothing needs it", cluster: shopToPrune, what: "loose",
			want: `
				Image loose goes: nothing-needs-it: age 2h0m0s >= 1h0m0s
				it would stay if any of these held:
				- a remaining tag item listed it, itself or through an index
				- a workload used it by digest
				- it were younger than 1h0m0s
				Blob loose goes: image-deleted: of image loose
				it would stay if any of these held:
				- an image that stays had it`,
		},
		{
			name: "listed", cluster: shopToPrune, what: "old",
			want: `
				Image old stays: listed
				shop/web:latest#1
				-> old
				it would go if all of these held:
				- no remaining item listed or named it: shop/web:latest#1 does
				Blob old stays: in-use
				shop/web:latest#1
				-> old
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "listed by several, and young", policy: "revisions=9", what: "a",
			cluster: "image a l1 age=1m \n tag shop/web:t a a a a \n tag shop/web:v1 a",
			want: `
				Image a stays: listed
				shop/web:t#0
				-> a
				it would go if all of these held:
				- no remaining item listed or named it: shop/web:t#0, shop/web:t#1, shop/web:t#2 and 2 more do
				- it is not younger than 1h0m0s (in 59m0s)
				Blob a stays: in-use
				shop/web:t#0
				-> a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "named", cluster: "image a l1 \n image b l2 \n tag shop/web:latest a>reg.example/shop/api@b", what: "b",
			want: `
				Image b stays: named
				shop/web:latest#0
				-> b
				it would go if all of these held:
				- no remaining item listed or named it: shop/web:latest#0 does
				Blob b stays: in-use
				shop/web:latest#0
				-> b
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "young", cluster: index, what: "idx",
			want: `
				Image idx stays: young: age 1m0s < 1h0m0s
				it would go if all of these held:
				- it is not younger than 1h0m0s (in 59m0s)
				Blob idx stays: in-use
				index idx
				-> idx
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "owned", cluster: index, what: "leaf",
			want: `
				Image leaf stays: owned
				index idx
				-> leaf
				it would go if all of these held:
				- every index that owns it went: index idx stays
				Blob leaf stays: in-use
				index idx
				-> leaf
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "a layer", cluster: index, what: "l1",
			want: `
				Blob l1 stays: in-use
				index idx
				-> leaf
				-> l1
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "a layer of several", cluster: shopToPrune, what: "base",
			want: `
				Blob base stays: in-use
				shop/web:latest#0
				-> new
				-> base
				it would go if all of these held:
				- every image that has it went: 2 stay`,
		},
		{
			name: "used by digest, through a tag's item", cluster: used, what: "c1",
			want: `
				Blob c1 stays: in-use
				Pod shop/p spec.containers[0].image
				-> web
				-> shop/web:latest#0
				-> web
				-> c1
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "used by digest", cluster: "image a l1 \n pod shop/p Running quay.io/x@a", what: "a",
			want: `
				Image a stays: digest-in-use
				Pod shop/p spec.containers[0].image
				-> a
				it would go if all of these held:
				- no workload uses it by digest
				Blob a stays: in-use
				Pod shop/p spec.containers[0].image
				-> a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "workloads were not listed", policy: "unlisted=CronJob", cluster: "image a l1", what: "a",
			want: `
				Image a stays: digest-in-use: unknown: CronJob not listed completely, and may use it
				it would go if all of these held:
				- no workload uses it by digest (which is not known: CronJob not listed completely)
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "streams were not listed", policy: "unlisted=ImageStream", cluster: "image a l1", what: "a",
			want: `
				Image a stays: streams-not-listed: unknown: which streams list it: ImageStreams were not listed completely
				it would go if all of these held:
				- ImageStreams were listed completely, and none listed it
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "Images were not listed", policy: "incomplete=Image", cluster: "image a l1", what: "a",
			want: `
				Image a stays: images-not-listed: unknown: which images own it or share its blobs: Images were not listed completely
				it would go if all of these held:
				- Images were listed completely, and none that stays owned it
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "an unknown image may own it", cluster: "image a l1 \n pod shop/p Running quay.io/x@x", what: "a",
			want: `
				Image a stays: unknown-image: unknown: x, needed by Pod shop/p spec.containers[0].image
				it would go if all of these held:
				- every image that something needs were known, or the policy accepted unknown images
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "imported", policy: "managed-only", cluster: "image a l1", what: "a",
			want: `
				Image a stays: not-managed: annotation openshift.io/image.managed is not "true": it was imported
				it would go if all of these held:
				- its image were managed, that is, pushed to the integrated registry
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "managed, and the registry stays", policy: "managed-only api-only", cluster: "image a l1 managed=true", what: "a",
			want: `
				Image a goes: nothing-needs-it: age 2h0m0s >= 1h0m0s
				it would stay if any of these held:
				- a remaining tag item listed it, itself or through an index
				- a workload used it by digest
				- it were younger than 1h0m0s
				- its image were not managed, that is, imported
				Blob a stays: registry-kept: of image a
				it would go if all of these held:
				- the policy pruned the registry`,
		},
		{
			name: "what may be no config", cluster: "image a l1 type=v1 config=c1", what: "c1",
			want: `
				Blob c1 stays: config-uncertain: of image a
				it would go if all of these held:
				- the image were an OCI or Docker schema 2 image, which has its config for certain`,
		},
		{
			name: "a signature", cluster: "image web l1 age=1m \n image sig ls subject=web", what: "ls",
			want: `
				Blob ls stays: in-use
				web
				-> sig
				-> ls
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "a signature of what is not known", policy: "accept-unknown", cluster: "image sig ls subject=web \n pod shop/p Running quay.io/x@web", what: "sig",
			want: `
				Image sig stays: referrer: unknown: the image that it refers to, web, which is needed
				sig
				it would go if all of these held:
				- nothing needed what it refers to: web
				Blob sig stays: in-use
				sig
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "another namespace is planned", policy: "namespace=prod", cluster: "image a l1", what: "a",
			want: `
				Image a stays: out-of-scope: the policy plans namespace "prod" alone
				it would go if all of these held:
				- the policy planned all namespaces, or this one, and all else let it go
				Blob a stays: in-use
				a
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
	})
	runExplainCases(t, "", []explainCase{{
		name: "of unknown age", cluster: "image a l1 age=?", what: "a",
		want: `
			Image a stays: young: unknown: when the image was made
			it would go if all of these held:
			- it is not younger than 1h0m0s
			Blob a stays: in-use
			a
			it would go if all of these held:
			- every image that has it went: one stays`,
	}})
}
