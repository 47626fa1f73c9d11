package prune_test

import (
	"testing"
)

func TestPeerOverSize(t *testing.T) {
	runPlanCases(t, "peer over-size", []planCase{
		{
			name: "above the limit goes; at it, below it and unsized stays",
			cluster: `
				image big lb size=101
				image just lj size=100
				image small ls size=1
				image unsized lu
				tag shop/web:latest just big small unsized
				limits shop/l 100`,
			want: `
				items shop/web:latest#1=big
				manifests shop/web big
				layers shop/web lb
				images big
				blobs big lb`,
		},
		{
			name: "age does not matter, nor does the revision",
			cluster: `
				image a la size=200 age=1m
				image b lb size=50 age=1m
				image c lc size=200 age=1m
				tag shop/web:latest a~1m b~1m c~1m
				stream shop/web 1m
				limits shop/l 100`,
			want: `
				items shop/web:latest#0=a shop/web:latest#2=c
				manifests shop/web a c
				layers shop/web la lc
				images a c
				blobs a c la lc`,
		},
		{
			name: "each namespace has its own limits, of which the smallest counts",
			cluster: `
				image s la size=100
				image m lb size=200
				image l lc size=300
				tag one/x:t s m l
				tag two/x:t s m l
				tag three/x:t s m l
				limits one/a 250
				limits two/a 250
				limits two/b 1k 150`,
			want: `
				items one/x:t#2=l two/x:t#1=m two/x:t#2=l
				manifests one/x l
				manifests two/x l m
				layers one/x lc
				layers two/x lb lc`,
		},
		{
			name: "a limit on something else is none",
			cluster: `
				image big lb size=200
				tag shop/web:latest big
				json {"apiVersion":"v1","kind":"LimitRange","metadata":{"namespace":"shop","name":"l"},"spec":{"limits":[{"type":"openshift.io/ImageStream","max":{"storage":"1"}},{"type":"openshift.io/Image","max":{"cpu":"1"}}]}}`,
		},
		{
			name: "within its namespace's limits",
			cluster: `
				image a la size=100
				tag shop/web:latest a
				limits shop/l 200`,
		},
		{
			name: "no limits", cluster: "image a la size=100000 \n tag shop/web:latest a",
		},
		{
			name: "of one namespace only items and links", policy: "namespace=shop",
			cluster: `
				image a la size=300
				tag shop/web:latest a
				tag other/web:latest a
				limits shop/l 200
				limits other/l 200`,
			want: "items shop/web:latest#0=a \n manifests shop/web a \n layers shop/web la",
		},
		{
			name: "what is in use stays",
			cluster: `
				image a la size=300
				image b lb size=300
				image c lc size=300
				image d ld size=300
				tag shop/web:latest a b c d
				limits shop/l 200
				pod shop/x Running reg.example/shop/web
				pod shop/y Running reg.example/shop/web@c`,
			want: `
				items shop/web:latest#1=b shop/web:latest#3=d
				manifests shop/web b d
				layers shop/web lb ld
				images b d
				blobs b d lb ld`,
		},
		{
			name: "a pod that ended long ago counts",
			cluster: `
				image a la size=300
				tag shop/web:latest a
				limits shop/l 200
				pod shop/x Succeeded~2000h reg.example/shop/web@a`,
		},
		{
			name: "what no stream lists stays, differs",
			cluster: `
				image a la size=300
				limits shop/l 200`,
		},
		{
			name: "what is not known stays, differs",
			cluster: `
				tag shop/web:latest gone
				limits shop/l 200`,
		},
		{
			name: "an index has no size of its own",
			cluster: `
				image idx type=index children=leaf size=900
				image leaf ll size=900
				tag shop/web:latest idx
				limits shop/l 200`,
		},
		{
			name: "reference tags stay, differs", cluster: "tag shop/web:latest - \n limits shop/l 0",
		},
		{
			name: "a limit of nothing", cluster: "image a la size=1 \n image b lb \n tag shop/web:latest a b \n limits shop/l 0",
			want: "items shop/web:latest#0=a \n manifests shop/web a \n layers shop/web la \n images a \n blobs a la",
		},
		{
			name: "imported images stay without all images", policy: "managed-only",
			cluster: `
				image a la size=300
				image b lb size=300 managed=true
				tag shop/web:latest a b
				limits shop/l 200`,
			want: `
				items shop/web:latest#0=a shop/web:latest#1=b
				manifests shop/web a b
				layers shop/web la lb
				images b
				blobs b lb`,
		},
		{
			name: "references that do not parse are ignored", policy: "ignore-invalid",
			cluster: `
				image a la size=300
				tag shop/web:latest a
				limits shop/l 200
				build shop/b source DockerImage reg.example/shop/WEB@a`,
			want: `
				items shop/web:latest#0=a
				manifests shop/web a
				layers shop/web la
				images a
				blobs a la
				invalid Build shop/b spec.strategy.sourceStrategy.from.name "reg.example/shop/WEB@` + digestOf("a") + `"`,
		},
	})
}
