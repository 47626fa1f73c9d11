package trigger

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every kind with a pod spec, whoever watches it, by name and by index.
func TestEvaluateFindsThePodSpec(t *testing.T) {
	for kind, spec := range map[string]string{
		"Deployment": "spec.template.spec", "DaemonSet": "spec.template.spec", "StatefulSet": "spec.template.spec",
		"ReplicaSet": "spec.template.spec", "Job": "spec.template.spec", "ReplicationController": "spec.template.spec",
		"Rollout": "spec.template.spec", "CronJob": "spec.jobTemplate.spec.template.spec", "Pod": "spec", "PodTemplate": "template.spec",
		"": "spec.template.spec",
	} {
		for _, selector := range []string{"0", `?(@.name=="web")`, `?(@.name=='web')`} {
			t.Run(kind+" "+selector, func(t *testing.T) {
				o := annotatedObject(t, kind, list(on("web:1", spec+".containers["+selector+"].image")), `{"containers":[{"name":"web","image":"old"}]}`)
				result, patched := evaluate(t, o, fakeTags{"shop/web:1": "new"})
				require.Equal(t, []Reason{Fires}, reasons(result))
				require.Equal(t, []Change{{Containers, "web", spec + ".containers[0].image", "old", "new"}}, result.Outcomes[0].Changes)
				require.Equal(t, []string{"containers/web=new"}, images(patched))
			})
		}
	}
}

func TestEvaluateAnnotation(t *testing.T) {
	web, proxy := containerPath("web"), containerPath("proxy")
	const pod = `{"containers":[{"name":"web","image":"web-old"},{"name":"proxy"}],"initContainers":[{"name":"migrate","image":"mig-old"}],
		"ephemeralContainers":[{"name":"debug","image":"dbg-old"}],
		"volumes":[{"name":"web","emptyDir":{}},{"name":"model","image":{"reference":"model-old"}}]}`
	untouched := []string{"containers/web=web-old", "containers/proxy=", "initContainers/migrate=mig-old", "ephemeralContainers/debug=dbg-old", "volumes/model=model-old"}
	with := func(i int, image string) []string {
		changed := append([]string(nil), untouched...)
		changed[i] += image
		return changed
	}
	replaced := func(i int, image string) []string {
		changed := append([]string(nil), untouched...)
		changed[i] = image
		return changed
	}
	tests := []struct {
		name       string
		annotation string
		tags       fakeTags
		reasons    []Reason
		images     []string
	}{
		{"no trigger in the list", `[]`, nil, nil, untouched},
		{"an empty annotation", ``, nil, nil, untouched},
		{"the tag of another namespace", list(on("base/web:1", web)), fakeTags{"base/web:1": "web-new"},
			[]Reason{Fires}, replaced(0, "containers/web=web-new")},
		{"a container that had no image", list(on("proxy:1", proxy)), fakeTags{"shop/proxy:1": "proxy-new"},
			[]Reason{Fires}, with(1, "proxy-new")},
		{"an init container", list(on("mig:1", `spec.template.spec.initContainers[?(@.name=="migrate")].image`)), fakeTags{"shop/mig:1": "mig-new"},
			[]Reason{Fires}, replaced(2, "initContainers/migrate=mig-new")},
		{"an ephemeral container", list(on("dbg:1", `spec.template.spec.ephemeralContainers[0].image`)), fakeTags{"shop/dbg:1": "dbg-new"},
			[]Reason{Fires}, replaced(3, "ephemeralContainers/debug=dbg-new")},
		{"an image volume", list(on("model:1", `spec.template.spec.volumes[?(@.name=="model")].image.reference`)), fakeTags{"shop/model:1": "model-new"},
			[]Reason{Fires}, replaced(4, "volumes/model=model-new")},
		{"an image volume by its index among all volumes", list(on("model:1", `spec.template.spec.volumes[1].image.reference`)), fakeTags{"shop/model:1": "model-new"},
			[]Reason{Fires}, replaced(4, "volumes/model=model-new")},
		{"a volume without image", list(on("model:1", `spec.template.spec.volumes[?(@.name=="web")].image.reference`)), fakeTags{"shop/model:1": "model-new"},
			[]Reason{ContainerMissing}, untouched},
		{"an init container looked for among the containers", list(on("mig:1", containerPath("migrate"))), fakeTags{"shop/mig:1": "mig-new"},
			[]Reason{Fires}, replaced(2, "initContainers/migrate=mig-new")},
		{"the same image", list(on("web:1", web)), fakeTags{"shop/web:1": "web-old"}, []Reason{SameImage}, untouched},
		{"paused", list(on("web:1", web, `"paused":true`)), fakeTags{"shop/web:1": "web-new"}, []Reason{Paused}, untouched},
		{"no such stream", list(on("web:1", web)), nil, []Reason{StreamMissing}, untouched},
		{"no such tag", list(on("web:1", web)), fakeTags{"shop/web:1": "untagged"}, []Reason{TagMissing}, untouched},
		{"not imported yet", list(on("web:1", web)), fakeTags{"shop/web:1": "pending"}, []Reason{NotImported}, untouched},
		{"the resolver fails", list(on("web:1", web)), fakeTags{"shop/web:1": "broken"}, []Reason{ResolverFailed}, untouched},
		{"the resolver gives no image", list(on("web:1", web)), fakeTags{"shop/web:1": ""}, []Reason{ResolverFailed}, untouched},
		{"a newer image is pending", list(on("web:1", web)), fakeTags{"shop/web:1": "web-new (newer pending)"},
			[]Reason{Fires}, replaced(0, "containers/web=web-new")},
		{"no such container by name", list(on("web:1", containerPath("gone"))), fakeTags{"shop/web:1": "web-new"}, []Reason{ContainerMissing}, untouched},
		{"no such container by index", list(on("web:1", "spec.template.spec.containers[2].image")), fakeTags{"shop/web:1": "web-new"}, []Reason{ContainerMissing}, untouched},
		{"the path ends at the container", list(on("web:1", `spec.template.spec.containers[?(@.name=="web")]`)), fakeTags{"shop/web:1": "web-new"}, []Reason{Invalid}, untouched},
		{"the path is not closed", list(on("web:1", `spec.template.spec.containers[?(@.name=="web").image`)), fakeTags{"shop/web:1": "web-new"}, []Reason{Invalid}, untouched},
		{"the selector is none", list(on("web:1", `spec.template.spec.containers[@.name=web].image`)), fakeTags{"shop/web:1": "web-new"}, []Reason{Invalid}, untouched},
		{"the pod spec is elsewhere", list(on("web:1", `spec.jobTemplate.spec.template.spec.containers[0].image`)), fakeTags{"shop/web:1": "web-new"}, []Reason{Invalid}, untouched},
		{"a stream without tag", list(on("web", web)), fakeTags{"shop/web:": "web-new"}, []Reason{Invalid}, untouched},
		{"another kind", list(`{"from":{"kind":"DockerImage","name":"web:1"},"fieldPath":` + quoteJSON(web) + `}`), fakeTags{"shop/web:1": "web-new"}, []Reason{Ignored}, untouched},
		{"no kind", list(`{"from":{"name":"web:1"},"fieldPath":` + quoteJSON(web) + `}`), fakeTags{"shop/web:1": "web-new"}, []Reason{Ignored}, untouched},
		{"an apiVersion", list(`{"from":{"kind":"ImageStreamTag","apiVersion":"image.openshift.io/v1","name":"web:1"},"fieldPath":` + quoteJSON(web) + `}`), fakeTags{"shop/web:1": "web-new"}, []Reason{Ignored}, untouched},
		{"one of two has an image", list(on("web:1", web), on("proxy:1", proxy)), fakeTags{"shop/web:1": "web-new"},
			[]Reason{Fires, StreamMissing}, replaced(0, "containers/web=web-new")},
		{"both have the same image", list(on("web:1", web), on("web:1", proxy)), fakeTags{"shop/web:1": "web-new"},
			[]Reason{Fires, Fires}, []string{"containers/web=web-new", "containers/proxy=web-new", untouched[2], untouched[3], untouched[4]}},
		{"bad ones between good ones", list(`7`, on("web:1", web), `{"fieldPath":3}`, on("proxy:1", proxy, `"paused":"maybe"`), on("mig:1", "spec.template.spec.initContainers[0].image")),
			fakeTags{"shop/web:1": "web-new", "shop/mig:1": "mig-old", "shop/proxy:1": "x"},
			[]Reason{Invalid, Fires, Invalid, Invalid, SameImage}, replaced(0, "containers/web=web-new")},
		{"two for a container that agree", list(on("web:1", web), on("shop/web:1", "spec.template.spec.containers[0].image")), fakeTags{"shop/web:1": "web-new"},
			[]Reason{Fires, Duplicate}, replaced(0, "containers/web=web-new")},
		{"two for a container that do not agree", list(on("web:1", web), on("web:2", "spec.template.spec.containers[0].image"), on("proxy:1", proxy)),
			fakeTags{"shop/web:1": "web-new", "shop/web:2": "web-newer", "shop/proxy:1": "proxy-new"},
			[]Reason{Duplicate, Duplicate, Fires}, with(1, "proxy-new")},
		{"two for a container, one paused", list(on("web:1", web, `"paused":true`), on("web:2", "spec.template.spec.containers[0].image")),
			fakeTags{"shop/web:1": "web-new", "shop/web:2": "web-newer"},
			[]Reason{Paused, Fires}, replaced(0, "containers/web=web-newer")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := annotatedObject(t, "Deployment", tt.annotation, pod)
			result, patched := evaluate(t, o, tt.tags)
			require.Equal(t, tt.reasons, reasons(result))
			require.Equal(t, tt.images, images(patched))
			for _, out := range result.Outcomes {
				switch out.Reason {
				case Fires, SameImage, Paused:
					require.NoError(t, out.Err)
				default:
					require.Error(t, out.Err, "%v", out)
				}
				require.Equal(t, out.Reason == Fires, len(out.Changes) == 1)
			}
		})
	}
}

func TestEvaluateKeepsTheCause(t *testing.T) {
	o := annotatedObject(t, "Deployment", list(on("web:1", containerPath("web")), on("web:2", containerPath("no"))), `{"containers":[{"name":"web"}]}`)
	result, err := Evaluate(o, ResolverFunc(func(_, stream, tag string) (Resolution, error) {
		return Resolution{}, fmt.Errorf("get %s:%s: %w", stream, tag, errBroken)
	}))
	require.NoError(t, err)
	require.ErrorIs(t, result.Outcomes[0].Err, errBroken)
	require.EqualError(t, result.Outcomes[0].Err, "get web:1: connection refused")

	var e *Error
	require.ErrorAs(t, result.Outcomes[1].Err, &e)
	require.ErrorIs(t, e, ErrNoContainer)
	require.Equal(t, "Deployment shop/app", e.Object)
	require.Equal(t, 1, e.Index)
	require.Contains(t, e.Field, "[1].fieldPath")
	annotation, _ := o.Annotation()
	require.Equal(t, quoteJSON(containerPath("no")), annotation[e.Offset:e.Offset+len(quoteJSON(containerPath("no")))])
}

// The resolver is asked once for a tag, so that both containers get one image
// even where the tag moves in the meantime.
func TestEvaluateAsksOncePerTag(t *testing.T) {
	o := annotatedObject(t, "Deployment", list(on("web:1", "spec.template.spec.containers[0].image"), on("shop/web:1", "spec.template.spec.containers[1].image")),
		`{"containers":[{"name":"a"},{"name":"b"}]}`)
	asked := 0
	result, err := Evaluate(o, ResolverFunc(func(string, string, string) (Resolution, error) {
		asked++
		return Resolution{Image: fmt.Sprint("image-", asked)}, nil
	}))
	require.NoError(t, err)
	require.Equal(t, 1, asked)
	require.Equal(t, "image-1", result.Outcomes[1].Image)
}

func TestEvaluateFailsOnAnUnreadableAnnotation(t *testing.T) {
	for name, annotation := range map[string]string{"not JSON": `[{"from":}]`, "not a list": `{"from":{}}`, "cut off": `[{"from":{"kind":"ImageStreamTag"`} {
		t.Run(name, func(t *testing.T) {
			o := annotatedObject(t, "Deployment", annotation, `{"containers":[{"name":"web"}]}`)
			_, err := Evaluate(o, fakeTags{})
			require.ErrorIs(t, err, ErrMalformed)
			require.ErrorContains(t, err, "Deployment shop/app")
			problems := Check(o)
			require.Len(t, problems, 1)
			require.ErrorIs(t, problems[0], ErrMalformed)
			_, err = Set(o, Wanted{Container: "web", From: Tag{"", "web", "1"}})
			require.ErrorIs(t, err, ErrMalformed, "what cannot be read is not written over")
		})
	}
}

// What the patch rests on is tested, so that a change in the meantime makes it
// fail instead of being written over.
func TestPatchFailsAfterAConcurrentChange(t *testing.T) {
	const pod = `{"containers":[{"name":"web","image":"old"},{"name":"proxy"}]}`
	triggers := list(on("web:1", containerPath("web")), on("proxy:1", containerPath("proxy")))
	result, err := Evaluate(annotatedObject(t, "Deployment", triggers, pod), fakeTags{"shop/web:1": "new", "shop/proxy:1": "new"})
	require.NoError(t, err)
	for name, other := range map[string]*Object{
		"a trigger was paused":    annotatedObject(t, "Deployment", list(on("web:1", containerPath("web"), `"paused":true`), on("proxy:1", containerPath("proxy"))), pod),
		"the image was changed":   annotatedObject(t, "Deployment", triggers, `{"containers":[{"name":"web","image":"rolled-back"},{"name":"proxy"}]}`),
		"the containers moved":    annotatedObject(t, "Deployment", triggers, `{"containers":[{"name":"proxy"},{"name":"web","image":"old"}]}`),
		"a container has gone":    annotatedObject(t, "Deployment", triggers, `{"containers":[]}`),
		"another version, no old": read(t, `{"kind":"Deployment","metadata":`+metadata(triggers)[:len(metadata(triggers))-len(`"7"}`)]+`"8"},"spec":{"template":{"spec":`+pod+`}}}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := result.Patch.Apply(other)
			require.ErrorIs(t, err, ErrPatch)
		})
	}
}
