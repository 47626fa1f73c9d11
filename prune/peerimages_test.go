package prune_test

import (
	"testing"
)

func TestPeerImages(t *testing.T) {
	const everyAnnotation = `
		image never l0
		image false l1 managed=false
		image zero l2 managed=0
		image one l3 managed=1
		image True l4 managed=True
		image yes l5 managed=yes
		image empty l6 managed=
		image true l7 managed=true
	`
	runPlanCases(t, "peer", []planCase{
		{
			name: "all images go, however they are annotated", cluster: everyAnnotation,
			want: `
				images True empty false never one true yes zero
				blobs True empty false l0 l1 l2 l3 l4 l5 l6 l7 never one true yes zero`,
		},
		{
			name: "without all images only those that say true", policy: "managed-only", cluster: everyAnnotation,
			want: "images true \n blobs l7 true",
		},
		{
			name: "without all images the items of others go", policy: "managed-only revisions=0", cluster: oneImage,
			want: "items shop/web:latest#0=web \n manifests shop/web web \n layers shop/web c l1 l2",
		},
		{
			name: "annotations that are null",
			cluster: `
				json {"apiVersion":"image.openshift.io/v1","kind":"Image","metadata":{"name":"sha256:aa","annotations":null},"dockerImageLayers":[{"name":"sha256:bb"}]}`,
			want: "images sha256:aa \n blobs sha256:aa sha256:bb",
		},
		{
			name: "a young image, though its item is old", policy: "revisions=0",
			cluster: "image web l1 l2 config=c age=5m \n tag shop/web:latest web",
			want:    "items shop/web:latest#0=web \n manifests shop/web web \n layers shop/web c l1 l2",
		},
		{
			name:    "images at the threshold and just younger",
			cluster: "image old l1 age=1h \n image young l2 age=59m59.999999s",
			want:    "images old \n blobs l1 old",
		},
		{
			name:    "an image without a time is ancient",
			cluster: "image old l1 age=?",
			want:    "images old \n blobs l1 old",
		},
		{
			name: "layers that a young image has, too",
			cluster: `
				image old l1 l2 config=c
				image young l1 l2 config=c age=1m`,
			want: "images old \n blobs old",
		},
		{
			name: "of several users one is enough", policy: "revisions=0",
			cluster: oneImage + `
				rc shop/a reg.example/shop/web@web
				dc shop/b reg.example/shop/web@web
				pod shop/c Running reg.example/shop/web@web
				buildconfig shop/d source DockerImage reg.example/shop/web@web`,
		},
		{
			name: "an image whose metadata is empty does not stop the others, differs",
			cluster: `
				json {"apiVersion":"image.openshift.io/v1","kind":"Image","metadata":{"name":"sha256:aa"}}
				image b lb`,
			want: "images b sha256:aa \n blobs b lb sha256:aa",
		},
	})
}
