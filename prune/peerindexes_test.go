package prune_test

import (
	"testing"
)

func TestPeerIndexes(t *testing.T) {
	runPlanCases(t, "peer", []planCase{
		{
			name: "children of an OCI index stay with it",
			cluster: `
				image idx type=index children=arm,amd
				image arm l1 config=c1
				image amd l2 config=c2
				image loose l3 config=c3
				tag shop/web:latest idx`,
			want: "images loose \n blobs c3 l3 loose",
		},
		{
			name: "children of a Docker list stay with it",
			cluster: `
				image list type=list children=arm
				image arm l1 config=c1
				image loose l1 l3
				tag shop/web:latest list`,
			want: "images loose \n blobs l3 loose",
		},
		{
			name: "an index that nothing lists goes with its children",
			cluster: `
				image idx type=index children=arm,amd
				image arm l1 config=c1
				image amd l2 config=c2
				image loose l3`,
			want: "images amd arm idx loose \n blobs amd arm c1 c2 idx l1 l2 l3 loose",
		},
		{
			name: "the links of a dropped index's children go with it, differs", policy: "revisions=1",
			cluster: `
				image new type=index children=n1,n2
				image n1 base l1 config=c1
				image n2 base l2 config=c2
				image old type=list children=o1,n2
				image o1 base l3 config=c3
				tag shop/web:latest new old`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web o1 old
				layers shop/web c3 l3
				images o1 old
				blobs c3 l3 o1 old`,
		},
		{
			name: "children at every depth stay, differs",
			cluster: `
				image top type=index children=mid
				image mid type=index children=low
				image low type=list children=leaf
				image leaf l1
				tag shop/web:latest top`,
		},
		{
			name: "children of a young index stay, differs",
			cluster: `
				image idx type=index children=leaf age=5m
				image leaf l1`,
		},
		{
			name: "children of an index that was imported stay, differs", policy: "managed-only",
			cluster: `
				image idx type=index children=leaf
				image leaf l1 managed=true`,
		},
		{
			name: "a child in use by digest keeps its index, differs", policy: "revisions=0",
			cluster: `
				image idx type=index children=leaf,other
				image leaf l1
				image other l2
				tag shop/web:latest idx
				pod shop/x Running reg.example/shop/web@leaf`,
		},
		{
			name: "a grandchild in use keeps the top, differs", policy: "revisions=0",
			cluster: `
				image top type=index children=mid
				image mid type=index children=leaf
				image leaf l1
				tag shop/web:latest top
				pod shop/x Running reg.example/shop/web@leaf`,
		},
		{
			name: "a child in use through another stream keeps itself alone, differs", policy: "revisions=0",
			cluster: `
				image idx type=index children=leaf,other
				image leaf l1
				image other l2
				tag shop/web:latest idx
				pod shop/x Running reg.example/shop/api@leaf`,
			want: `
				items shop/web:latest#0=idx
				manifests shop/web idx leaf other
				layers shop/web l1 l2
				images idx other
				blobs idx l2 other`,
		},
		{
			name: "a child of two indexes, one of which stays", policy: "revisions=1",
			cluster: `
				image new type=index children=leaf
				image old type=index children=leaf,gone
				image leaf l1
				tag shop/web:latest new old`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				images old
				blobs old`,
		},
		{
			name: "a child that is listed by itself", policy: "revisions=1",
			cluster: `
				image new l0
				image idx type=index children=leaf,other
				image leaf l1
				image other l2
				tag shop/web:latest new idx
				tag shop/web:arm leaf`,
			want: `
				items shop/web:latest#1=idx
				manifests shop/web idx other
				layers shop/web l2
				images idx other
				blobs idx l2 other`,
		},
		{
			name: "an index that contains itself", policy: "revisions=0",
			cluster: "image idx type=index children=idx \n tag shop/web:latest idx",
			want:    "items shop/web:latest#0=idx \n manifests shop/web idx \n images idx \n blobs idx",
		},
		{
			name: "two indexes that contain each other, one of them listed",
			cluster: `
				image one type=index children=two
				image two type=index children=one
				tag shop/web:latest two`,
		},
		{
			name: "layers of what says that it is an image and has children",
			cluster: `
				image odd l1 type=oci config=c children=leaf
				image leaf l2
				tag shop/web:latest odd`,
		},
	})
}
