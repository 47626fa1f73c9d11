package dump_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

func TestWhichKindsWereListed(t *testing.T) {
	pod := `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}`
	bare := `{"metadata":{"name":"a"}}`
	for _, c := range []struct {
		name, text           string
		complete, incomplete string // of Pod, and of whatever else
	}{
		{"a List holds it", `{"kind":"List","items":[` + pod + `]}`, "Pod", ""},
		{"an empty List says nothing", `{"kind":"List","items":[]}`, "", ""},
		{"a List without items", `{"kind":"List","items":null}`, "", ""},
		{"a List without a place for items", `{"kind":"List"}`, "", ""},
		{"a single object", pod, "", ""},
		{"a single object behind a List", `{"kind":"List","items":[]}` + pod, "", ""},
		{"a single object before a List", pod + `{"kind":"List","items":[{"kind":"Job","metadata":{"name":"a"}}]}`, "Job", ""},
		{"a typed list", `{"kind":"PodList","items":[` + bare + `]}`, "Pod", ""},
		{"an empty typed list", `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}`, "Pod", ""},
		{"an empty typed list, items first", `{"items":[],"kind":"PodList"}`, "Pod", ""},
		{"a typed list of null", `{"items":null,"kind":"PodList"}`, "Pod", ""},
		{"a typed list without a place for items", `{"kind":"PodList"}`, "Pod", ""},
		{"an empty list of another kind", `{"kind":"ConfigMapList","apiVersion":"v1","items":[]}`, "ConfigMap", ""},
		{"a list of another kind without a place for items is an object", `{"kind":"AllowList","apiVersion":"acme.com/v1"}`, "", ""},
		{"a typed list that holds something else", `{"kind":"PodList","items":[{"kind":"Job","metadata":{"name":"a"}}]}`, "Pod", ""},

		{"it goes on", `{"kind":"PodList","metadata":{"continue":"x"},"items":[` + bare + `]}`, "", "Pod"},
		{"it goes on, metadata behind", `{"kind":"PodList","items":[` + bare + `],"metadata":{"continue":"x"}}`, "", "Pod"},
		{"it goes on, all behind", `{"items":[` + bare + `],"metadata":{"continue":"x"},"kind":"PodList"}`, "", "Pod"},
		{"it goes on, nothing here", `{"metadata":{"continue":"x"},"items":[],"kind":"PodList"}`, "", "Pod"},
		{"it goes on, no place for items", `{"metadata":{"continue":"x"},"kind":"PodList"}`, "", "Pod"},
		{"some remain", `{"kind":"PodList","metadata":{"remainingItemCount":3},"items":[]}`, "", "Pod"},
		{"some remain, and it goes on", `{"kind":"PodList","metadata":{"remainingItemCount":3,"continue":"x"},"items":[]}`, "", "Pod"},
		{"none remains", `{"kind":"PodList","metadata":{"remainingItemCount":0,"continue":""},"items":[]}`, "Pod", ""},
		{"null remains", `{"kind":"PodList","metadata":{"remainingItemCount":null,"continue":null},"items":[]}`, "Pod", ""},
		{"no metadata", `{"kind":"PodList","metadata":null,"items":[]}`, "Pod", ""},
		{"a List goes on", `{"kind":"List","metadata":{"continue":"x"},"items":[` + pod + `]}`, "", "Pod"},
		{"an object's continue is its own", `{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a","continue":"x"}}]}`, "Pod", ""},
		{"the rest of it", `{"kind":"PodList","metadata":{"continue":"x"},"items":[]}{"kind":"PodList","items":[]}`, "", "Pod"},

		{"a List in a List", `{"kind":"List","items":[{"kind":"List","items":[` + pod + `]}]}`, "Pod", ""},
		{"a List in a List goes on", `{"kind":"List","items":[{"kind":"List","metadata":{"continue":"x"},"items":[` + pod + `]},{"kind":"Job","metadata":{"name":"a"}}]}`, "Job", "Pod"},
		{"a List of a List goes on", `{"kind":"List","metadata":{"continue":"x"},"items":[{"kind":"List","items":[` + pod + `]}]}`, "", "Pod"},
		{"a typed list in a List", `{"kind":"List","items":[{"kind":"PodList","items":[` + bare + `]}]}`, "Pod", ""},
		{"an empty typed list in a List", `{"kind":"List","items":[{"kind":"PodList","items":[]},{"kind":"JobList","metadata":{"continue":"x"}}]}`, "Pod", "Job"},
		{"a typed list of another kind in a List", `{"kind":"List","items":[{"kind":"SecretList","items":[{"metadata":{"name":"a"}}]}]}`, "Secret", ""},
	} {
		v, err := read(nil, c.text)
		require.NoError(t, err, c.name)
		var complete, incomplete []string
		for _, e := range v.Evidence() {
			require.Equal(t, v.Complete(e.Kind), e.Complete)
			if e.Complete {
				complete = append(complete, string(e.Kind))
			} else if e.Listed {
				incomplete = append(incomplete, string(e.Kind))
			}
		}
		require.Equal(t, c.complete, strings.Join(complete, " "), c.name)
		require.Equal(t, c.incomplete, strings.Join(incomplete, " "), c.name)
	}
}

func TestImagesAfterStreams(t *testing.T) {
	const (
		image   = `{"kind":"Image","metadata":{"name":"sha256:1"}}`
		another = `{"kind":"Image","metadata":{"name":"sha256:2"}}`
		stream  = `{"kind":"ImageStream","metadata":{"namespace":"a","name":"b"}}`
		pod     = `{"kind":"Pod","metadata":{"name":"a"}}`
		images  = `{"kind":"ImageList","items":[{"metadata":{"name":"sha256:3"}}]}`
		streams = `{"kind":"ImageStreamList","items":[{"metadata":{"namespace":"a","name":"c"}}]}`
		none    = `{"kind":"ImageList","items":[]}`
		nowhere = `{"kind":"ImageStreamList","items":[]}`
	)
	for _, c := range []struct {
		inputs []string
		want   bool
	}{
		{[]string{list(pod, stream, image, another)}, true},
		{[]string{list(stream, image, pod, another)}, true},
		{[]string{list(image, stream)}, false},
		{[]string{list(stream, image, strings.Replace(stream, `"b"`, `"c"`, 1))}, false},
		{[]string{list(stream), list(image)}, true},
		{[]string{list(image), list(stream)}, false},
		{[]string{list(stream, image), list(another)}, true},
		{[]string{list(stream, image), streams}, false},
		{[]string{streams + images}, true},
		{[]string{images + streams}, false},
		{[]string{streams, images}, true},
		{[]string{images, streams}, false},
		{[]string{nowhere, images}, true},
		{[]string{images, nowhere}, false},
		{[]string{streams, none}, true},
		{[]string{none, streams}, false},
		{[]string{none, streams, images}, false},
		{[]string{list(image)}, true},
		{[]string{images}, true},
		{[]string{streams}, false},
		{[]string{list(pod)}, false},
		{nil, false},
		{[]string{list(streams, images)}, true},
		{[]string{list(images, streams)}, false},
		{[]string{list(list(image), list(stream))}, false},
		{[]string{list(list(stream), list(image))}, true},
		{[]string{`{"items":[{"metadata":{"namespace":"a","name":"c"}}],"kind":"ImageStreamList","apiVersion":"v1"}`, images}, true},
		{[]string{images, `{"items":[{"metadata":{"namespace":"a","name":"c"}}],"kind":"ImageStreamList","apiVersion":"v1"}`}, false},
		{[]string{image, list(stream, another)}, false}, // one Image was read too early
	} {
		v, err := read(nil, c.inputs...)
		require.NoError(t, err)
		require.Equal(t, c.want, v.ImagesAfterStreams(), "%v", c.inputs)
		v, err = read(&dump.Options{ImagesAfterStreams: true}, c.inputs...)
		require.NoError(t, err)
		require.True(t, v.ImagesAfterStreams())
	}
}

func TestKindsThatWereListedWithoutAnyObject(t *testing.T) {
	text := list(`{"kind":"Pod","metadata":{"name":"a"}}`)
	v, err := read(&dump.Options{Listed: []inventory.Kind{inventory.KindJob, "Secret"}}, text)
	require.NoError(t, err)
	for kind, complete := range map[inventory.Kind]bool{"Pod": true, "Job": true, "Secret": true, "CronJob": false, "Image": false} {
		require.Equal(t, complete, v.Complete(kind), kind)
	}
	// What the text says to be missing is missing all the same.
	v, err = read(&dump.Options{Listed: []inventory.Kind{"Pod"}}, `{"kind":"PodList","metadata":{"continue":"x"},"items":[]}`)
	require.NoError(t, err)
	require.False(t, v.Complete("Pod"))
}

// Kinds of the same name in other groups are not those that evidence is about.
func TestKindsOfOtherGroups(t *testing.T) {
	for _, c := range []struct{ apiVersion, kind, want string }{
		{"image.openshift.io/v1", "Image", "Image"},
		{"v1", "Image", "Image"},
		{"", "Image", "Image"},
		{"config.openshift.io/v1", "Image", "Image.config.openshift.io"},
		{"image.openshift.io.evil/v1", "Image", "Image.image.openshift.io.evil"},
		{"config.openshift.io/v1", "Build", "Build.config.openshift.io"},
		{"build.openshift.io/v1", "Build", "Build"},
		{"shipwright.io/v1beta1", "Build", "Build.shipwright.io"},
		{"image.openshift.io/v1", "ImageStream", "ImageStream"},
		{"apps/v1", "Deployment", "Deployment"},
		{"extensions/v1beta1", "Deployment", "Deployment"},
		{"v1", "Deployment", "Deployment."},
		{"apps/v1", "Pod", "Pod.apps"},
		{"batch/v1beta1", "CronJob", "CronJob"},
		{"batch.volcano.sh/v1alpha1", "Job", "Job.batch.volcano.sh"},
		{"v1", "DeploymentConfig", "DeploymentConfig"},
		{"apps.openshift.io/v1", "DeploymentConfig", "DeploymentConfig"},
		{"serving.knative.dev/v1", "Service", "Service"}, // counted by name alone
		{"metrics.k8s.io/v1beta1", "PodMetrics", "PodMetrics"},
		{"", "pod", "pod"},
	} {
		object := `{"apiVersion":"` + c.apiVersion + `","kind":"` + c.kind + `","metadata":{"name":"sha256:1","namespace":"a"}}`
		bare := `{"metadata":{"name":"sha256:1","namespace":"a"}}`
		for shape, text := range map[string]string{
			"List":                     list(object),
			"typed list":               `{"apiVersion":"` + c.apiVersion + `","kind":"` + c.kind + `List","items":[` + bare + `]}`,
			"typed list, kind behind":  `{"apiVersion":"` + c.apiVersion + `","items":[` + bare + `],"kind":"` + c.kind + `List"}`,
			"typed list, group behind": `{"kind":"` + c.kind + `List","items":[` + bare + `],"apiVersion":"` + c.apiVersion + `"}`,
			"both":                     `{"apiVersion":"` + c.apiVersion + `","kind":"` + c.kind + `List","items":[` + object + `]}`,
			"List in a List":           list(list(object)),
		} {
			v, err := read(nil, text)
			require.NoError(t, err, "%v %s", c, shape)
			want := inventory.Evidence{Kind: inventory.Kind(c.want), Count: 1, Listed: true, Complete: true}
			require.Equal(t, want, evidence(v, inventory.Kind(c.want)), "%v %s", c, shape)
			if c.want != c.kind {
				require.Zero(t, evidence(v, inventory.Kind(c.kind)).Count, "%v %s", c, shape)
				require.False(t, v.Complete(inventory.Kind(c.kind)), "%v %s", c, shape)
				require.Zero(t, v.Images()+v.Streams())
			}
		}
	}
}

// oc get without -A lists what one namespace has, and all images.
func TestADumpOfOneNamespaceIsDoubted(t *testing.T) {
	object := func(kind, namespace string) string {
		return `{"kind":"` + kind + `","metadata":{"name":"x","namespace":"` + namespace + `"}}`
	}
	image := func(name, namespace, managed string) string {
		return `{"kind":"Image","metadata":{"name":"` + name + `","annotations":{"openshift.io/image.managed":"` + managed + `"}},
			"dockerImageReference":"registry:5000/` + namespace + `/app@` + digest(name) + `"}`
	}
	shop, other := image("sha256:1", "shop", "true"), image("sha256:2", "other", "true")
	for _, c := range []struct {
		name    string
		objects []string
		doubted bool
	}{
		{"everything is of one namespace", []string{object("Pod", "shop"), object("ImageStream", "shop"), shop}, false},
		{"images of another", []string{object("Pod", "shop"), object("ImageStream", "shop"), shop, other}, true},
		{"images of another alone", []string{object("Pod", "shop"), object("ImageStream", "shop"), other}, true},
		{"images before", []string{other, shop, object("ImageStream", "shop"), object("Pod", "shop")}, true},
		{"two namespaces", []string{object("Pod", "shop"), object("ImageStream", "third"), shop, other}, false},
		{"the other namespace has nothing but a pod", []string{object("Pod", "other"), object("ImageStream", "shop"), shop, other}, false},
		{"imported images", []string{object("Pod", "shop"), object("ImageStream", "shop"), image("sha256:3", "other", "false")}, false},
		{"no objects but images", []string{shop, other}, false},
		{"what is in no namespace does not count", []string{`{"kind":"Node","metadata":{"name":"n"}}`, object("ImageStream", "shop"), object("Pod", "shop"), other}, true},
	} {
		v := mustRead(t, list(c.objects...))
		if slices.Contains(c.objects, object("Pod", "shop")) {
			require.Equal(t, !c.doubted, v.Complete(inventory.KindPod), c.name)
		}
		if slices.Contains(c.objects, object("ImageStream", "shop")) {
			require.Equal(t, !c.doubted, v.Complete(inventory.KindImageStream), c.name)
		}
		require.Equal(t, len(c.objects) > 0 && strings.Contains(strings.Join(c.objects, ""), `"Image"`), v.Complete(inventory.KindImage), "%s: images are in no namespace", c.name)

		v, err := read(&dump.Options{Listed: []inventory.Kind{inventory.KindPod}}, list(c.objects...))
		require.NoError(t, err)
		require.True(t, v.Complete(inventory.KindPod), "%s: somebody says so", c.name)
	}
}

// Programs that clean manifests up take the status away, and what a stream's tags
// list with it.
func TestAStreamWithoutItsStatusMayListAnything(t *testing.T) {
	stream := func(rest string) string {
		return list(`{"kind":"ImageStream","metadata":{"namespace":"shop","name":"web"}` + rest + `}`)
	}
	for rest, complete := range map[string]bool{
		`,"spec":{"lookupPolicy":{"local":false}}`:                                              false,
		`,"spec":{"lookupPolicy":{"local":false}},"status":null`:                                false,
		`,"spec":{"lookupPolicy":{"local":false}},"status":{"dockerImageRepository":""}`:        true,
		`,"status":{"dockerImageRepository":""},"spec":{"lookupPolicy":{"local":false}}`:        true,
		`,"spec":{"tags":[{"name":"v1","from":{"kind":"DockerImage","name":"a"}}]},"status":{}`: true,
		``:             true, // nothing was left out of what was never there
		`,"spec":null`: true,
	} {
		require.Equal(t, complete, mustRead(t, stream(rest)).Complete(inventory.KindImageStream), rest)
		v, err := read(&dump.Options{Listed: inventory.Kinds()}, stream(rest))
		require.NoError(t, err)
		require.Equal(t, complete, v.Complete(inventory.KindImageStream), "%s, although the kind was listed", rest)
		v, err = read(&dump.Options{PhaselessPodsFinished: true}, stream(rest))
		require.NoError(t, err)
		require.True(t, v.Complete(inventory.KindImageStream), "%s, as the peer reads it", rest)
	}
}

func TestUnknownKindsAreCounted(t *testing.T) {
	v := mustRead(t, list(
		`{"kind":"ConfigMap","metadata":{"name":"a"}}`, `{"kind":"ConfigMap"}`,
		`{"kind":"Rollout","apiVersion":"argoproj.io/v1alpha1","metadata":{"name":"a"},"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}`,
		`{"kind":"Rollout","apiVersion":"argoproj.io/v1alpha1","metadata":{"name":"b"}}`,
		`{"kind":"Status","status":"Failure"}`))
	require.Equal(t, 2, evidence(v, "ConfigMap").Count)
	require.Equal(t, 2, evidence(v, "Rollout").Count)
	require.Equal(t, 1, evidence(v, "Status").Count)
	require.Equal(t, 1, v.Workloads(), "those that name no image are only counted")
}
