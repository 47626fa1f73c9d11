package prune_test

import (
	"testing"
)

func TestPeerInvalidReferences(t *testing.T) {
	runPlanCases(t, "peer revisions=0", []planCase{
		{
			name: "a build's pull spec", cluster: oneImage + "build shop/b docker DockerImage reg.example/shop/web:",
			want: `invalid Build shop/b spec.strategy.dockerStrategy.from.name "reg.example/shop/web:"`,
		},
		{
			name: "image stream tags",
			cluster: oneImage + `
				buildconfig shop/b1 source ImageStreamTag web
				buildconfig shop/b2 source ImageStreamTag web:
				buildconfig shop/b3 source ImageStreamTag :latest
				buildconfig shop/b4 source ImageStreamTag web:a:b
				buildconfig shop/b5 source ImageStreamTag web:a@b`,
			want: `
				invalid BuildConfig shop/b1 spec.strategy.sourceStrategy.from.name "web"
				invalid BuildConfig shop/b2 spec.strategy.sourceStrategy.from.name "web:"
				invalid BuildConfig shop/b3 spec.strategy.sourceStrategy.from.name ":latest"
				invalid BuildConfig shop/b4 spec.strategy.sourceStrategy.from.name "web:a:b"
				invalid BuildConfig shop/b5 spec.strategy.sourceStrategy.from.name "web:a@` + digestOf("b") + `"`,
		},
		{
			name: "image stream images",
			cluster: oneImage + `
				buildconfig shop/b1 custom ImageStreamImage web
				buildconfig shop/b2 custom ImageStreamImage web@
				json {"kind":"BuildConfig","metadata":{"namespace":"shop","name":"b3"},"spec":{"strategy":{"customStrategy":{"from":{"kind":"ImageStreamImage","name":"@x"}}}}}
				buildconfig shop/b4 custom ImageStreamImage web@a@b`,
			want: `
				invalid BuildConfig shop/b1 spec.strategy.customStrategy.from.name "web"
				invalid BuildConfig shop/b2 spec.strategy.customStrategy.from.name "web@"
				invalid BuildConfig shop/b3 spec.strategy.customStrategy.from.name "@` + digestOf("x") + `"
				invalid BuildConfig shop/b4 spec.strategy.customStrategy.from.name "web@` + digestOf("a") + "@" + digestOf("b") + `"`,
		},
		{
			name: "what parses and names no stream is no error",
			cluster: oneImage + `
				deployment shop/x garbage
				deployment shop/y a/b/c/d/e/f`,
			want: allOfOneImage,
		},
		{
			name: "each container that does not parse",
			cluster: oneImage + `
				deployment shop/x reg.example/shop/web@web UPPER ␣x init:reg.example/shop/web@
				statefulset shop/x http://reg.example/x`,
			want: `
				invalid Deployment shop/x spec.template.spec.containers[1].image "UPPER"
				invalid Deployment shop/x spec.template.spec.containers[2].image " x"
				invalid Deployment shop/x spec.template.spec.initContainers[0].image "reg.example/shop/web@"
				invalid StatefulSet shop/x spec.template.spec.containers[0].image "http://reg.example/x"`,
		},
		{
			name: "ignored, and what else the object names counts", policy: "ignore-invalid",
			cluster: oneImage + "deployment shop/x reg.example/shop/web@web UPPER",
			want:    `invalid Deployment shop/x spec.template.spec.containers[1].image "UPPER"`,
		},
		{
			name: "a pod that counts no more is not read", cluster: oneImage + "pod shop/x Failed UPPER", want: allOfOneImage,
		},
		{
			name: "a failed pod that is young is read", cluster: oneImage + "pod shop/x Failed~1h UPPER",
			want: `invalid Pod shop/x spec.containers[0].image "UPPER"`,
		},
	})
}
