package prune_test

import "testing"

func TestExplainTagItems(t *testing.T) {
	runExplainCases(t, "age=2h", []explainCase{
		{
			name: "in use by its tag", cluster: "image a l1 \n tag shop/web:latest a~3h \n stream shop/web 9h \n deployment shop/d reg.example/shop/web",
			what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: tag-in-use
				Deployment shop/d spec.template.spec.containers[0].image
				-> shop/web:latest
				-> shop/web:latest#0
				it would go if all of these held:
				- no workload uses shop/web:latest
				- at least 3 items of its tag are newer`,
		},
		{
			name: "in use by a digest deep in its index",
			cluster: `
				image top type=index children=mid,x
				image mid type=index children=leaf
				image leaf l1
				image x l2
				stream shop/web 9h
				tag shop/web:latest top~3h
				pod shop/p Running reg.example/shop/web@leaf`,
			policy: "revisions=0", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: digest-in-use
				Pod shop/p spec.containers[0].image
				-> leaf
				-> index mid
				-> index top
				-> shop/web:latest#0
				it would go if all of these held:
				- no workload uses its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "young, and of the newest", cluster: "image a l1 \n tag shop/web:latest a~30m \n stream shop/web 9h", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: young: age 30m0s < 2h0m0s
				it would go if all of these held:
				- it is not younger than 2h0m0s (in 1h30m0s)
				- at least 3 items of its tag are newer`,
		},
		{
			name: "an old revision", cluster: "image a l1 \n tag shop/web:latest a~3h a~3h \n stream shop/web 72h", policy: "revisions=1", what: "shop/web:latest#1",
			want: `
				TagItem shop/web:latest#1 goes: old-revision: age 3h0m0s >= 2h0m0s; revision 2 > 1
				it would stay if any of these held:
				- the stream were younger than 2h0m0s
				- it were younger than 2h0m0s
				- a workload used its image, or what that owns, by digest through shop/web
				- it were among the newest 1 of its tag`,
		},
		{
			name: "a first revision, none are kept", cluster: "image a l1 \n tag shop/web:latest a~720h \n stream shop/web 720h", policy: "revisions=0", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 goes: old-revision: age 30d >= 2h0m0s; revision 1 > 0
				it would stay if any of these held:
				- the stream were younger than 2h0m0s
				- it were younger than 2h0m0s
				- a workload used shop/web:latest
				- a workload used its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "a new revision", cluster: "image a l1 \n tag shop/web:latest a~3h \n stream shop/web 72h", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: revision: revision 1 <= 3
				it would go if all of these held:
				- at least 3 items of its tag are newer`,
		},
		{
			name: "of a young stream", cluster: "image a l1 \n tag shop/web:latest a~3h \n stream shop/web 1h", policy: "revisions=0", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: young-stream: age 1h0m0s < 2h0m0s
				it would go if all of these held:
				- the stream is not younger than 2h0m0s (in 1h0m0s)`,
		},
		{
			name: "of a stream of unknown age", cluster: "image a l1 \n tag shop/web:latest a", policy: "revisions=0", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: young-stream: unknown: when the stream was made
				it would go if all of these held:
				- the stream is not younger than 2h0m0s
				- it is not younger than 2h0m0s`,
		},
		{
			name: "of unknown age", cluster: "image a l1 \n tag shop/web:latest a \n stream shop/web 9h", policy: "revisions=0", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 stays: young: unknown: when the item was made
				it would go if all of these held:
				- it is not younger than 2h0m0s`,
		},
		{
			name: "of no age that is known, and ancient", cluster: "image a l1 \n tag shop/web:latest a", policy: "revisions=0 ancient", what: "shop/web:latest#0",
			want: `
				TagItem shop/web:latest#0 goes: old-revision: revision 1 > 0
				it would stay if any of these held:
				- the stream were younger than 2h0m0s
				- it were younger than 2h0m0s
				- a workload used shop/web:latest
				- a workload used its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "a reference tag", cluster: "tag shop/web:there -~3h \n stream shop/web 9h", policy: "revisions=0", what: "shop/web:there#0",
			want: `
				TagItem shop/web:there#0 stays: reference-tag: it has no image: the tag refers to a pull spec elsewhere
				it would go if all of these held:
				- it had an image of its own: a reference tag is never dropped`,
		},
		{
			name: "its image is gone", cluster: "tag shop/web:latest gone~3h \n stream shop/web 9h", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 goes: image-missing: age 3h0m0s >= 2h0m0s; its Image is not in the inventory, and all Images were listed, after the streams
				it would stay if any of these held:
				- the stream were younger than 2h0m0s
				- it were younger than 2h0m0s
				- a workload used shop/web:latest
				- a workload used its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "its image may be there", cluster: "tag shop/web:latest gone~3h \n stream shop/web 9h", policy: "images-first revisions=0 accept-unknown", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: image-unknown: unknown: whether its Image exists: Images were not listed completely, after the streams
				it would go if all of these held:
				- its Image is known, or Images were listed completely and after the streams`,
		},
		{
			name: "its image may be there, and own what is used", cluster: "tag shop/web:latest gone~3h \n stream shop/web 9h", policy: "images-first revisions=0", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: digest-in-use: unknown: whether its Image exists, and owns what is in use: Images were not listed completely, after the streams
				it would go if all of these held:
				- no workload uses its image, or what that owns, by digest through shop/web
				- its Image is known, or Images were listed completely and after the streams`,
		},
		{
			name: "it may own what is used", cluster: "image idx type=index children=x \n tag shop/web:latest idx~3h \n stream shop/web 9h", policy: "revisions=0", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: digest-in-use: unknown: whether it owns what is in use: what it owns is not known, or not all of it
				it would go if all of these held:
				- no workload uses its image, or what that owns, by digest through shop/web`,
		},
		{
			name: "workloads were not listed", cluster: "image a l1 \n tag shop/web:latest a~3h \n stream shop/web 9h", policy: "revisions=0 unlisted=Pod incomplete=Job", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: tag-in-use: unknown: Pod, Job not listed completely, and may use it
				it would go if all of these held:
				- no workload uses shop/web:latest (which is not known: Pod, Job not listed completely)
				- no workload uses its image, or what that owns, by digest through shop/web (which is not known: Pod, Job not listed completely)`,
		},
		{
			name: "of another namespace", cluster: "image a l1 \n tag shop/web:latest a~3h", policy: "namespace=prod", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: out-of-scope: the policy plans namespace "prod" alone
				it would go if all of these held:
				- the policy planned all namespaces, or this one, and all else let it go`,
		},
		{
			name: "the plan failed", cluster: "image a l1 \n tag shop/web:latest a~3h \n deployment shop/d UPPER", what: "shop/web:latest",
			want: `
				TagItem shop/web:latest#0 stays: invalid-references
				it would go if all of these held:
				- every reference of a workload parsed (of which 1 do not, as Deployment shop/d spec.template.spec.containers[0].image), or the policy ignored those, and all else let it go`,
		},
		{
			name: "a signature", cluster: used + "image sig ls subject=web \n tag shop/web:sig sig", policy: "ancient revisions=0", what: "shop/web:sig",
			want: `
				TagItem shop/web:sig#0 stays: referrer
				Pod shop/p spec.containers[0].image
				-> web
				-> shop/web:latest#0
				-> web
				-> shop/web:sig#0
				it would go if all of these held:
				- what it refers to went`,
		},
		{
			name: "a signature of what may be needed", cluster: "image sig ls subject=web \n tag shop/web:sig sig~3h \n tag shop/web:latest gone~1m \n stream shop/web 9h",
			policy: "revisions=0", what: "shop/web:sig",
			want: `
				TagItem shop/web:sig#0 stays: referrer: unknown: whether what it refers to is still needed: an image that its repository needs is not known, and may own it
				it would go if all of these held:
				- what it refers to went`,
		},
		{
			name: "a signature, streams were not listed", cluster: "image sig ls subject=web \n tag shop/web:sig sig~3h \n stream shop/web 9h",
			policy: "revisions=0 incomplete=Image", what: "shop/web:sig",
			want: `
				TagItem shop/web:sig#0 stays: referrer: unknown: whether what it refers to is still needed: Image not listed completely
				it would go if all of these held:
				- what it refers to went`,
		},
	})
}

func TestExplainOverSize(t *testing.T) {
	const overSize = `
		image big lb size=400
		image small ls size=1
		image unsized lu
		tag shop/web:t big small unsized
		limits shop/l 100
		image loose lo`
	runExplainCases(t, "over-size", []explainCase{
		{
			name: "over", cluster: overSize, what: "shop/web:t#0",
			want: `
				TagItem shop/web:t#0 goes: over-limit: size 400 > limit 100 bytes
				it would stay if any of these held:
				- a workload used shop/web:t
				- a workload used its image, or what that owns, by digest through shop/web
				- its image were not above the limit of namespace shop`,
		},
		{
			name: "within", cluster: overSize, what: "shop/web:t#1",
			want: `
				TagItem shop/web:t#1 stays: within-limit: size 1 <= limit 100 bytes
				it would go if all of these held:
				- its image is above a limit of namespace shop`,
		},
		{
			name: "of unknown size", cluster: overSize, what: "shop/web:t#2",
			want: `
				TagItem shop/web:t#2 stays: within-limit: limit 100 bytes; unknown: its size: dockerImageMetadata does not say it
				it would go if all of these held:
				- its image is above a limit of namespace shop`,
		},
		{
			name: "without a limit", cluster: "image a l1 size=7 \n tag shop/web:t a", what: "shop/web:t",
			want: `
				TagItem shop/web:t#0 stays: within-limit: namespace shop has no limit on the size of images
				it would go if all of these held:
				- its image is above a limit of namespace shop`,
		},
		{
			name: "limits were not listed", cluster: "image a l1 size=7 \n tag shop/web:t a", policy: "unlisted=LimitRange", what: "shop/web:t",
			want: `
				TagItem shop/web:t#0 stays: within-limit: unknown: all limits of namespace shop: LimitRange not listed completely
				it would go if all of these held:
				- its image is above a limit of namespace shop`,
		},
		{
			name: "an index", cluster: "image idx type=index children=a \n image a l1 \n tag shop/web:t idx \n limits shop/l 100", what: "shop/web:t",
			want: `
				TagItem shop/web:t#0 stays: within-limit: limit 100 bytes; an index has no size of its own
				it would go if all of these held:
				- its image is above a limit of namespace shop`,
		},
		{
			name: "not known", cluster: "tag shop/web:t gone", what: "shop/web:t",
			want: `
				TagItem shop/web:t#0 stays: image-unknown: its Image is not in the inventory, and all Images were listed, after the streams
				it would go if all of these held:
				- its Image is known
				- its image is above a limit of namespace shop`,
		},
		{
			name: "an image that no item has dropped", cluster: overSize, what: "loose",
			want: `
				Image loose stays: not-dropped: no item that goes listed it, itself or through an index
				it would go if all of these held:
				- an item that goes lists it, itself or through an index
				Blob loose stays: in-use
				loose
				it would go if all of these held:
				- every image that has it went: one stays`,
		},
		{
			name: "an image that an item has dropped", cluster: overSize, what: "big",
			want: `
				Image big goes: nothing-needs-it
				it would stay if any of these held:
				- a remaining tag item listed it, itself or through an index
				- a workload used it by digest
				- no item that goes had listed it
				Blob big goes: image-deleted: of image big
				it would stay if any of these held:
				- an image that stays had it`,
		},
	})
}
