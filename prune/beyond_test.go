package prune_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// beyondThePeer are objects that use the one image in a way that the peer does
// not read.
var beyondThePeer = []struct {
	name    string
	source  workload.Source
	objects string
}{
	{
		"ephemeral container", workload.EphemeralContainer,
		`json {"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"p"},"status":{"phase":"Running"},
			"spec":{"ephemeralContainers":[{"image":"reg.example/shop/web@web"}]}}`,
	},
	{
		"image volume", workload.ImageVolume,
		`json {"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"p"},"status":{"phase":"Running"},
			"spec":{"volumes":[{"image":{"reference":"reg.example/shop/web"}}]}}`,
	},
	{
		"image ID of a running container", workload.ContainerStatus,
		`json {"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"p"},
			"status":{"phase":"Running","containerStatuses":[{"imageID":"reg.example/shop/web@web"}]}}`,
	},
	{
		"spec tag", workload.SpecTag,
		`json {"apiVersion":"image.openshift.io/v1","kind":"ImageStream","metadata":{"namespace":"prod","name":"web"},
			"spec":{"tags":[{"name":"live","from":{"kind":"ImageStreamImage","namespace":"shop","name":"web@web"}}]}}`,
	},
	{
		"trigger", workload.Trigger,
		`json {"apiVersion":"apps.openshift.io/v1","kind":"DeploymentConfig","metadata":{"namespace":"shop","name":"dc"},
			"spec":{"triggers":[{"type":"ImageChange","imageChangeParams":{"from":{"kind":"ImageStreamTag","name":"web:latest"}}}]}}`,
	},
	{
		"trigger in an annotation", workload.Trigger,
		`json {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"namespace":"shop","name":"d",
			"annotations":{"image.openshift.io/triggers":"[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"web:latest\"},\"fieldPath\":\"x\"}]"}}}`,
	},
	{
		"source of a build", workload.BuildSource,
		`json {"apiVersion":"build.openshift.io/v1","kind":"BuildConfig","metadata":{"namespace":"shop","name":"b"},
			"spec":{"source":{"images":[{"from":{"kind":"ImageStreamTag","name":"web:latest"}}]}}}`,
	},
	{
		"output of a build", workload.BuildOutput,
		`json {"apiVersion":"build.openshift.io/v1","kind":"BuildConfig","metadata":{"namespace":"shop","name":"b"},
			"spec":{"output":{"to":{"kind":"ImageStreamTag","name":"web:latest"}}}}`,
	},
	{
		"controller revision", workload.ControllerRevision,
		`json {"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"namespace":"shop","name":"r"},
			"data":{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"reg.example/shop/web"}]}}}}}`,
	},
	{
		"pod template", workload.PodTemplate,
		`json {"apiVersion":"v1","kind":"PodTemplate","metadata":{"namespace":"shop","name":"t"},
			"template":{"spec":{"containers":[{"name":"c","image":"reg.example/shop/web"}]}}}`,
	},
	{
		"rollout", workload.CustomResource,
		`json {"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"namespace":"shop","name":"r"},
			"spec":{"template":{"spec":{"containers":[{"name":"c","image":"reg.example/shop/web@web"}]}}}}`,
	},
	{
		"field of the table", workload.Table,
		`json {"apiVersion":"operators.coreos.com/v1alpha1","kind":"CatalogSource","metadata":{"namespace":"shop","name":"c"},
			"spec":{"image":"reg.example/shop/web"}}`,
	},
}

func init() {
	for i := range beyondThePeer {
		beyondThePeer[i].objects = oneLine(beyondThePeer[i].objects)
	}
}

func TestBeyondThePeer(t *testing.T) {
	seen := map[workload.Source]bool{}
	var kept, ignored, others []whatUses
	for _, b := range beyondThePeer {
		seen[b.source] = true
		kept = append(kept, whatUses{b.name, b.objects, true})
		ignored = append(ignored, whatUses{b.name, b.objects, false})
		others = append(others, whatUses{b.name, b.objects, true})
	}
	runWhatUses(t, "ancient", kept)
	for i, b := range beyondThePeer {
		runWhatUses(t, "ancient ignore="+string(b.source), ignored[i:i+1])
		other := workload.SpecTag
		if b.source == other {
			other = workload.Trigger
		}
		runWhatUses(t, "ancient ignore="+string(other), others[i:i+1])
	}
	for _, source := range workload.Sources() {
		require.True(t, seen[source], "no case for %s", source)
	}
}

// What the peer does not read fails no plan.
func TestUnreadReferences(t *testing.T) {
	const rollout = `json {"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"namespace":"shop","name":"r"},` +
		`"spec":{"containers":[{"name":"b","image":"$(params.image)"},{"name":"a","image":"{{image}}"},{"name":"c","image":"reg.example/shop/web"}]}}` + "\n"
	const docker = `json {"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"p"},"status":{"phase":"Running",` +
		`"containerStatuses":[{"imageID":"docker-pullable://reg.example/shop/web@web"}]}}` + "\n"
	runPlanCases(t, "ancient revisions=0", []planCase{
		{
			name: "templates, and what stands beside them counts", cluster: oneImage + rollout,
			want: `
				unread Rollout shop/r spec.containers[0].image "$(params.image)"
				unread Rollout shop/r spec.containers[1].image "{{image}}"`,
		},
		{
			name: "of a container runtime", cluster: oneImage + docker,
			want: allOfOneImage + `unread Pod shop/p status.containerStatuses[0].imageID "docker-pullable://reg.example/shop/web@` + digestOf("web") + `"`,
		},
		{
			name: "a source that is passed over is not read", policy: "ignore=container-status,custom-resource",
			cluster: oneImage + rollout + docker, want: allOfOneImage,
		},
		{
			name: "beside one that fails the plan", cluster: oneImage + rollout + "deployment shop/d UPPER",
			want: `
				invalid Deployment shop/d spec.template.spec.containers[0].image "UPPER"
				unread Rollout shop/r spec.containers[0].image "$(params.image)"
				unread Rollout shop/r spec.containers[1].image "{{image}}"`,
		},
		{
			name: "of a pod that has ended nothing is read",
			cluster: oneImage + `json {"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop","name":"p"},"status":{"phase":"Succeeded",` +
				`"containerStatuses":[{"imageID":"docker-pullable://x"},{"imageID":"reg.example/shop/web@web"}]}}`,
			want: allOfOneImage,
		},
	})
}

// The name of an ImageStreamImage may be the beginning of a digest.
func TestImageStreamImagePrefixes(t *testing.T) {
	web := digestOf("web")             // sha256:…
	from := func(name string) string { // with no @, behind which stands a digest's name
		return oneImage + `json {"apiVersion":"build.openshift.io/v1","kind":"Build","metadata":{"namespace":"shop","name":"b"},` +
			`"spec":{"strategy":{"dockerStrategy":{"from":{"kind":"ImageStreamImage","name":"` + strings.Replace(name, "@", `\u0040`, 1) + `"}}}}}`
	}
	runPlanCases(t, "ancient revisions=0", []planCase{
		{name: "the whole digest", cluster: from("web@" + web)},
		{name: "its beginning", cluster: from("web@" + web[:20])},
		{name: "without the algorithm", cluster: from("web@" + web[len("sha256:"):19])},
		{name: "the algorithm alone", cluster: from("web@sha256:")},
		{
			name: "of another, which may be an image that is not known", cluster: from("web@" + web[:19] + "x"),
			want: "items shop/web:latest#0=web",
		},
		{name: "of another", policy: "accept-unknown", cluster: from("web@" + web[:19] + "x"), want: allOfOneImage},
		{name: "the peer compares it as it is written", policy: "peer", cluster: from("web@" + web[:20]), want: allOfOneImage},
		{
			name: "through another stream keeps the image", cluster: from("api@" + web[:20]),
			want: "items shop/web:latest#0=web \n manifests shop/web web \n layers shop/web c l1 l2",
		},
	})
}

// A prefix may be one of any algorithm's hex, and longer than a SHA-256 digest.
func TestImageStreamImagePrefixesOfOtherAlgorithms(t *testing.T) {
	sum := strings.Repeat("0f", 64)
	for _, prefix := range []string{sum[:7], sum[:100], "sha512:" + sum[:80], "sha512:" + sum} {
		var b inventory.Builder
		require.NoError(t, b.AddManifest(inventory.Manifest{Digest: "sha512:" + sum, Config: "sha512:c"}))
		require.NoError(t, b.AddStream(inventory.Stream{Namespace: "shop", Name: "web", Tags: []inventory.Tag{
			{Name: "t", Items: []inventory.TagItem{{Image: "sha512:" + sum}}},
		}}))
		require.NoError(t, b.AddWorkload(inventory.Workload{Kind: inventory.KindBuild, Namespace: "shop", Name: "b", References: []inventory.Reference{
			{Field: "from", Value: "web@" + prefix, Namespace: "shop", Stream: "web", Digest: prefix},
		}}))
		b.Listed(inventory.Kinds()...)
		b.ImagesAfterStreams(true)
		options := prune.DefaultOpenShiftOptions()
		options.KeepTagRevisions, options.AbsentTimesAreAncient, options.AcceptUnknownImages = ptr(0), true, true
		policy, err := prune.OpenShift(options)
		require.NoError(t, err)
		plan, err := prune.New(b.Build(), policy, clusterTime)
		require.NoError(t, err)
		require.Zero(t, plan.Summary, prefix)
	}
}

// A finished pod's references count up to an age, all of the policies' own rules
// and the preset's alike.
func TestFinishedPodsOfAnyPolicy(t *testing.T) {
	yes, hour := true, prune.Duration(3600e9)
	policy := prune.Policy{TagItems: []prune.Rule{
		{ID: "used", Outcome: prune.Keep, When: prune.Condition{DigestInUse: &yes}},
		{ID: "rest", Outcome: prune.Delete, When: prune.Condition{Always: true}},
	}}
	for _, f := range []struct {
		pod      string
		countFor *prune.Duration
		goes     int
	}{
		{"Failed~9000h", nil, 0},
		{"Failed~61m", &hour, 1},
		{"Failed~60m", &hour, 0},
		{"Failed~60m", new(prune.Duration), 1},
		{"Failed~0s", new(prune.Duration), 0},
		{"Failed", &hour, 0}, // of unknown age
		{"Running~9000h", &hour, 0},
	} {
		policy.FinishedPodsCountFor = f.countFor
		inv := parseCluster(t, oneImage+"pod shop/p "+f.pod+" reg.example/shop/web@web").inventory(parseKnobs(t, ""))
		plan, err := prune.New(inv, policy, clusterTime)
		require.NoError(t, err)
		require.Equal(t, f.goes, plan.Summary.TagItems, f.pod)
	}
	require.Equal(t, inventory.KindPod, policy.Needs()[0])
}
