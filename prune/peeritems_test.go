package prune_test

import (
	"testing"
)

func TestPeerTagItems(t *testing.T) {
	runPlanCases(t, "peer", []planCase{
		{
			name: "the newest three of four stay",
			cluster: `
				image d base ld config=cd
				image c base lc config=cc
				image b base lb config=cb
				image a base la config=ca
				tag shop/web:latest d c b a`,
			want: `
				items shop/web:latest#3=a
				manifests shop/web a
				layers shop/web ca la
				images a
				blobs a ca la`,
		},
		{
			name: "each tag keeps its own newest",
			cluster: `
				image a la
				image b lb
				tag shop/web:one a b
				tag shop/web:two b a`,
			policy: "revisions=1",
			want:   "items shop/web:one#1=b shop/web:two#1=a",
		},
		{
			name: "one image at several places takes a place each time",
			cluster: `
				image a la
				image b lb
				tag shop/web:latest a b a b`,
			want: "items shop/web:latest#3=b",
		},
		{
			name: "a missing image takes a place", policy: "revisions=2",
			cluster: `
				image a la
				image b lb
				tag shop/web:latest gone a b`,
			want: `
				items shop/web:latest#0=gone shop/web:latest#2=b
				manifests shop/web b
				layers shop/web lb
				images b
				blobs b lb`,
		},
		{
			name: "what is missing goes, though it is the newest",
			cluster: `
				image a la
				tag shop/web:latest gone a`,
			want: "items shop/web:latest#0=gone",
		},
		{
			name: "what is missing and young stays",
			cluster: `
				image orphan lo
				tag shop/web:latest gone~59m`,
			want: "images orphan \n blobs lo orphan",
		},
		{
			name: "missing and in use by its tag stays",
			cluster: `
				tag shop/web:latest gone gone
				pod shop/a Running reg.example/shop/web`,
			want: "items shop/web:latest#1=gone",
		},
		{
			name: "missing and in use by digest stays, differs",
			cluster: `
				tag shop/web:latest x gone
				image x lx
				pod shop/a Running reg.example/shop/web@gone`,
		},
		{
			name: "two tags of images that are all gone",
			cluster: `
				image orphan lo config=co
				tag shop/web:one gone1
				tag shop/web:two gone2`,
			want: `
				items shop/web:one#0=gone1 shop/web:two#0=gone2
				images orphan
				blobs co lo orphan`,
		},
		{
			name: "a reference tag stays, differs", policy: "revisions=0",
			cluster: `tag shop/web:there -`,
		},
		{
			name: "young items stay", policy: "revisions=0",
			cluster: `
				image a la
				image b lb
				tag shop/web:latest a~59m59s b~1h`,
			want: `
				items shop/web:latest#1=b
				manifests shop/web b
				layers shop/web lb
				images b
				blobs b lb`,
		},
		{
			name: "a young stream is left alone", policy: "revisions=0",
			cluster: `
				image a la
				tag shop/web:latest a gone
				stream shop/web 59m59s`,
		},
		{
			name: "a stream that was made at the threshold is not young", policy: "revisions=0",
			cluster: oneImage + "stream shop/web 1h",
			want:    allOfOneImage,
		},
		{
			name: "an image that another tag keeps", policy: "revisions=2 age=24h",
			cluster: `
				image a la
				image b lb
				image c lc
				tag shop/web:latest a~25h b~26h c~27h
				tag shop/web:stable c~27h`,
			want: "items shop/web:latest#2=c",
		},
		{
			name: "only the head of a tag that is in use", policy: "revisions=0",
			cluster: `
				image a la
				image b lb
				tag shop/web:late a b
				deployment shop/x reg.example/shop/web:late`,
			want: `
				items shop/web:late#1=b
				manifests shop/web b
				layers shop/web lb
				images b
				blobs b lb`,
		},
		{
			name: "a digest in use through one stream is dropped from another", policy: "revisions=0",
			cluster: `
				image a la
				tag shop/web:latest a
				tag shop/api:latest a
				pod shop/x Running reg.example/shop/api@a`,
			want: `
				items shop/web:latest#0=a
				manifests shop/web a
				layers shop/web la`,
		},
		{
			name: "a tag without items", policy: "revisions=0",
			cluster: "tag shop/web:failed \n tag shop/web:latest",
		},
		{
			name: "items in the future are young", policy: "revisions=0",
			cluster: "image a la \n tag shop/web:latest a~-5h",
		},
		{
			name: "no age at all", policy: "revisions=0 age=0s",
			cluster: "image a la \n image b lb age=-1s \n tag shop/web:latest a~0s b~-1s",
			want: `
				items shop/web:latest#0=a
				manifests shop/web a
				layers shop/web la
				images a
				blobs a la`,
		},
	})
}

func TestPeerKeepsUsedRevision(t *testing.T) {
	for _, kind := range []string{"daemonset", "replicaset", "deployment", "statefulset", "job", "cronjob"} {
		runPlanCases(t, "peer revisions=0", []planCase{{
			name: kind,
			cluster: `
				image new base l1 config=c
				image mid base l2 config=c
				image old base l1 config=c
				tag shop/web:latest new mid old
				` + kind + ` shop/one reg.example/shop/web@new
				` + kind + ` shop/two reg.example/shop/web@old`,
			want: `
				items shop/web:latest#1=mid
				manifests shop/web mid
				layers shop/web l2
				images mid
				blobs l2 mid`,
		}})
	}
}

func TestPeerNamespace(t *testing.T) {
	const twoNamespaces = `
		image a la
		image b lb
		tag shop/web:latest a b
		tag prod/web:latest a b
	`
	runPlanCases(t, "peer revisions=1", []planCase{
		{
			name: "items and links of that namespace alone", policy: "namespace=shop", cluster: twoNamespaces,
			want: "items shop/web:latest#1=b \n manifests shop/web b \n layers shop/web lb",
		},
		{
			name: "workloads of other namespaces protect, differs", policy: "namespace=shop",
			cluster: twoNamespaces + "pod prod/x Running reg.example/shop/web@b",
		},
		{
			name: "streams of other namespaces protect, differs", policy: "namespace=shop",
			cluster: twoNamespaces + "tag prod/copy:latest b>reg.example/shop/web",
			want:    "items shop/web:latest#1=b",
		},
		{
			name: "a namespace that is not there", policy: "namespace=nowhere", cluster: twoNamespaces,
		},
	})
}
