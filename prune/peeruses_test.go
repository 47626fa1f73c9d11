package prune_test

import "testing"

func TestPeerPods(t *testing.T) {
	runWhatUses(t, "peer", []whatUses{
		{"none", "", false},
		{"running", "pod shop/a Running reg.example/shop/web@web", true},
		{"pending", "pod shop/a Pending reg.example/shop/web@web", true},
		{"succeeded long ago", "pod shop/a Succeeded~3h reg.example/shop/web@web", false},
		{"failed long ago", "pod shop/a Failed~3h reg.example/shop/web@web", false},
		{"of unknown phase, differs", "pod shop/a Unknown~3h reg.example/shop/web@web", true},
		{"of a phase that nobody knows", "pod shop/a Sleeping~3h reg.example/shop/web@web", false},
		{"without a phase", "pod shop/a -~3h reg.example/shop/web@web", false},
		{"succeeded, no time is ancient", "pod shop/a Succeeded reg.example/shop/web@web", false},
		{"succeeded just now", "pod shop/a Succeeded~1s reg.example/shop/web@web", true},
		{"succeeded, created at the threshold", "pod shop/a Succeeded~1h reg.example/shop/web@web", true},
		{"succeeded, created a microsecond before the threshold", "pod shop/a Succeeded~1h0m0.000001s reg.example/shop/web@web", false},
		{"created in the future", "pod shop/a Failed~-10m reg.example/shop/web@web", true},
		{"the last of three is pending", `
			pod shop/a Succeeded reg.example/shop/web@web
			pod shop/b Failed reg.example/shop/web@web
			pod shop/c Pending reg.example/shop/web@web`, true},
		{"all three failed", `
			pod shop/a Failed reg.example/shop/web@web
			pod shop/b Failed reg.example/shop/web@web
			pod shop/c Failed reg.example/shop/web@web`, false},
		{"in its second container", "pod shop/a Running reg.example/other/x:1 reg.example/shop/web@web", true},
		{"in an init container alone", "pod shop/a Running init:reg.example/shop/web@web", true},
		{"of another namespace", "pod elsewhere/a Running reg.example/shop/web@web", true},
	})
}

func TestPeerPullSpecs(t *testing.T) {
	runWhatUses(t, "peer", []whatUses{
		{"tag", "pod shop/a Running reg.example/shop/web:latest", true},
		{"no tag is latest", "pod shop/a Running reg.example/shop/web", true},
		{"another tag", "pod shop/a Running reg.example/shop/web:v1", false},
		{"another host", "pod shop/a Running quay.io:8443/shop/web:latest", true},
		{"another namespace", "pod shop/a Running reg.example/shoq/web:latest", false},
		{"another stream", "pod shop/a Running reg.example/shop/web2:latest", false},
		{"no host", "pod shop/a Running shop/web:latest", false},
		{"no host, no namespace", "pod shop/a Running web:latest", false},
		{"no namespace", "pod shop/a Running reg.example/web:latest", false},
		{"a longer path", "pod shop/a Running reg.example/shop/web/x:latest", false},
		{"a path of five without a host", "pod shop/a Running a/b/c/d/e", false},
		{"another digest", "pod shop/a Running reg.example/shop/web@else", false},
		{"digest, and a tag that does not exist", "pod shop/a Running reg.example/shop/web:nix@web", true},
		{"the tag, and another digest, which counts", "pod shop/a Running reg.example/shop/web:latest@else", false},
		{"blank", "pod shop/a Running ␣", false},
	})
	runPlanCases(t, "peer", []planCase{
		{
			name: "a digest through another stream keeps the image, differs", policy: "revisions=0",
			cluster: oneImage + "pod shop/a Running reg.example/other/app@web",
			want:    "items shop/web:latest#0=web \n manifests shop/web web \n layers shop/web c l1 l2",
		},
		{
			name: "a digest without a stream keeps the image, differs", policy: "revisions=0",
			cluster: oneImage + "pod shop/a Running web@web",
			want:    "items shop/web:latest#0=web \n manifests shop/web web \n layers shop/web c l1 l2",
		},
		{
			name: "a digest of what no stream lists keeps the image, differs",
			cluster: `image gone l1
				pod shop/a Running reg.example/shop/web@gone`,
		},
		{
			name: "a tag keeps its newest item alone", policy: "revisions=0",
			cluster: `
				image new l1
				image old l1 l2
				tag shop/web:latest new old
				pod shop/a Running reg.example/shop/web:latest`,
			want: `
				items shop/web:latest#1=old
				manifests shop/web old
				layers shop/web l2
				images old
				blobs l2 old`,
		},
		{
			name: "a digest keeps its item wherever it stands", policy: "revisions=0",
			cluster: `
				image new l1
				image old l1 l2
				tag shop/web:latest new old
				pod shop/a Running reg.example/shop/web@old`,
			want: `
				items shop/web:latest#0=new
				manifests shop/web new
				images new
				blobs new`,
		},
	})
}

func TestPeerControllers(t *testing.T) {
	var cases []whatUses
	for _, kind := range []string{"rc", "dc", "replicaset", "deployment", "daemonset", "statefulset", "job", "cronjob"} {
		cases = append(cases,
			whatUses{kind + " by digest", kind + " shop/x reg.example/shop/web@web", true},
			whatUses{kind + " by tag", kind + " shop/x reg.example/shop/web:latest", true},
			whatUses{kind + " in an init container", kind + " shop/x other.example/x/y init:reg.example/shop/web", true},
			whatUses{kind + " of another image", kind + " shop/x reg.example/shop/web@else", false},
		)
	}
	cases = append(cases, whatUses{
		"replicaset without replicas", `json {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"namespace":"shop","name":"old"},
			"spec":{"replicas":0,"template":{"spec":{"containers":[{"image":"reg.example/shop/web:latest"}]}}}}`, true,
	}, whatUses{
		"job that has ended", `json {"apiVersion":"batch/v1","kind":"Job","metadata":{"namespace":"shop","name":"done","creationTimestamp":"2020-01-01T00:00:00Z"},
			"spec":{"template":{"spec":{"containers":[{"image":"reg.example/shop/web:latest"}]}}},"status":{"succeeded":1}}`, true,
	}, whatUses{
		"cronjob that is suspended", `json {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"namespace":"shop","name":"off"},
			"spec":{"suspend":true,"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"image":"reg.example/shop/web:latest"}]}}}}}}`, true,
	}, whatUses{
		"a pod template of another group's Deployment", `json {"apiVersion":"acme.example/v1","kind":"Deployment","metadata":{"namespace":"shop","name":"x"},
			"spec":{"template":{"spec":{"containers":[{"image":"reg.example/shop/web:latest"}]}}}}`, false,
	})
	for i := range cases {
		cases[i].objects = oneLine(cases[i].objects)
	}
	runWhatUses(t, "peer", cases)
}

func TestPeerBuilds(t *testing.T) {
	var cases []whatUses
	for _, kind := range []string{"build", "buildconfig"} {
		for _, strategy := range []string{"source", "docker", "custom"} {
			from := kind + " shop/b " + strategy
			cases = append(cases,
				whatUses{from + " DockerImage by digest", from + " DockerImage reg.example/shop/web@web", true},
				whatUses{from + " DockerImage by tag", from + " DockerImage reg.example/shop/web", true},
				whatUses{from + " ImageStreamImage", from + " ImageStreamImage web@web", true},
				whatUses{from + " ImageStreamTag", from + " ImageStreamTag web:latest", true},
			)
		}
	}
	cases = append(cases,
		whatUses{"from a namespace that is named", "buildconfig ci/b source ImageStreamTag web:latest shop", true},
		whatUses{"from its own namespace", "buildconfig ci/b source ImageStreamTag web:latest", false},
		whatUses{"from another namespace than its own", "buildconfig shop/b source ImageStreamTag web:latest ci", false},
		whatUses{"from another tag", "buildconfig shop/b docker ImageStreamTag web:v2", false},
		whatUses{"from another image", "build shop/b docker ImageStreamImage web@else", false},
		whatUses{"from another kind", "build shop/b docker ImageStream web", false},
		whatUses{"by a pipeline, which is from nothing", "build shop/b jenkinsPipeline DockerImage reg.example/shop/web@web", false},
		whatUses{"from a blank pull spec", "build shop/b docker DockerImage ␣", false},
	)
	runWhatUses(t, "peer", cases)
}

// A strict peer takes nothing else into account.
func TestPeerReadsNothingElse(t *testing.T) {
	var cases []whatUses
	for _, beyond := range beyondThePeer {
		cases = append(cases, whatUses{beyond.name, beyond.objects, false})
	}
	runWhatUses(t, "peer", cases)
}
