package trigger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func deploymentObject(t testing.TB, triggers, podSpec string) *Object {
	t.Helper()
	spec := `{"triggers":` + triggers
	if podSpec != "" {
		spec += `,"template":{"spec":` + podSpec + `}`
	}
	return read(t, `{"kind":"DeploymentConfig","apiVersion":"apps.openshift.io/v1","metadata":{"namespace":"shop","name":"web","resourceVersion":"5"},"spec":`+spec+`}}`)
}

// follows writes an automatic trigger of a DeploymentConfig.
func follows(name, containers string, more ...string) string {
	s := `{"type":"ImageChange","imageChangeParams":{"automatic":true,"containerNames":[` + containers + `],` + tagFrom(name)
	for _, m := range more {
		s += "," + m
	}
	return s + `}}`
}

func lastImage(image string) string { return `"lastTriggeredImage":"` + image + `"` }

func lastImages(o *Object) []string {
	var all []string
	triggers, _ := o.deploymentTriggers()
	for _, t := range triggers {
		all = append(all, t.last)
	}
	return all
}

func TestEvaluateDeploymentConfig(t *testing.T) {
	tags := fakeTags{"base/web:1": "web-new", "base/proxy:1": "proxy-new", "base/gone:1": "untagged", "base/later:1": "pending", "base/broken:1": "broken"}
	const pod = `{"containers":[{"name":"web","image":"web-old"},{"name":"proxy","image":"proxy-old"}],"initContainers":[{"name":"mig","image":"mig-old"}]}`
	none := []string{"containers/web=web-old", "containers/proxy=proxy-old", "initContainers/mig=mig-old"}
	tests := []struct {
		name     string
		triggers string
		pod      string
		reasons  []Reason
		images   []string
		last     []string
	}{
		{"no triggers", `[]`, pod, nil, none, nil},
		{"other triggers", `[{"type":"ConfigChange"},null,"x"]`, pod, nil, none, nil},
		{"the first time", list(follows("web:1", `"web"`)), pod,
			[]Reason{Fires}, []string{"containers/web=web-new", none[1], none[2]}, []string{"web-new"}},
		{"a new image", list(follows("web:1", `"web"`, lastImage("web-old"))), pod,
			[]Reason{Fires}, []string{"containers/web=web-new", none[1], none[2]}, []string{"web-new"}},
		{"an init container", list(follows("web:1", `"mig"`)), pod,
			[]Reason{Fires}, []string{none[0], none[1], "initContainers/mig=web-new"}, []string{"web-new"}},
		{"two containers", list(follows("web:1", `"web","proxy"`)), pod,
			[]Reason{Fires}, []string{"containers/web=web-new", "containers/proxy=web-new", none[2]}, []string{"web-new"}},
		{"two containers again", list(follows("web:1", `"web","proxy"`, lastImage("web-older"))), pod,
			[]Reason{Fires}, []string{"containers/web=web-new", "containers/proxy=web-new", none[2]}, []string{"web-new"}},
		{"the container was set by hand", list(follows("web:1", `"web"`, lastImage("web-new"))), pod,
			[]Reason{Fires}, []string{"containers/web=web-new", none[1], none[2]}, []string{"web-new"}},
		{"nothing new", list(follows("web:1", `"web"`, lastImage("web-new"))), `{"containers":[{"name":"web","image":"web-new"}]}`,
			[]Reason{SameImage}, []string{"containers/web=web-new"}, []string{"web-new"}},
		{"no container, but the image is noted", list(follows("web:1", `"other"`)), pod, []Reason{Fires}, none, []string{"web-new"}},
		{"no container, noted before", list(follows("web:1", `"other"`, lastImage("web-new"))), pod, []Reason{SameImage}, none, []string{"web-new"}},
		{"not automatic", list(`{"type":"ImageChange","imageChangeParams":{"containerNames":["web"],` + tagFrom("web:1") + `}}`), pod, []Reason{NotAutomatic}, none, []string{""}},
		{"no image", list(follows("gone:1", `"web"`)), pod, []Reason{TagMissing}, none, []string{""}},
		{"one of two has no image", list(follows("web:1", `"web"`), follows("later:1", `"proxy"`)), pod, []Reason{Waiting, NotImported}, none, []string{"", ""}},
		{"one of two has no image, the other nothing new", list(follows("web:1", `"web"`, lastImage("web-old")), follows("web:2", `"proxy"`)),
			`{"containers":[{"name":"web","image":"web-old"},{"name":"proxy","image":"proxy-old"}]}`,
			[]Reason{Waiting, StreamMissing}, none[:2], []string{"web-old", ""}},
		{"both have", list(follows("web:1", `"web"`), follows("proxy:1", `"proxy"`)), pod,
			[]Reason{Fires, Fires}, []string{"containers/web=web-new", "containers/proxy=proxy-new", none[2]}, []string{"web-new", "proxy-new"}},
		{"both follow one tag", list(follows("web:1", `"web"`, lastImage("web-old")), follows("web:1", `"proxy"`, lastImage("web-old"))), pod,
			[]Reason{Fires, Fires}, []string{"containers/web=web-new", "containers/proxy=web-new", none[2]}, []string{"web-new", "web-new"}},
		{"one had an image before", list(follows("web:1", `"web"`), follows("gone:1", `"proxy"`, lastImage("proxy-old"))), pod,
			[]Reason{Fires, SameImage}, []string{"containers/web=web-new", none[1], none[2]}, []string{"web-new", "proxy-old"}},
		{"one goes back to the image that it had", list(follows("gone:1", `"proxy"`, lastImage("proxy-known"))), pod,
			[]Reason{Fires}, []string{none[0], "containers/proxy=proxy-known", none[2]}, []string{"proxy-known"}},
		{"the resolver fails for one that had an image", list(follows("web:1", `"web"`), follows("broken:1", `"proxy"`, lastImage("proxy-known"))), pod,
			[]Reason{Fires, ResolverFailed}, []string{"containers/web=web-new", none[1], none[2]}, []string{"web-new", "proxy-known"}},
		{"the resolver fails for one that had none", list(follows("web:1", `"web"`), follows("broken:1", `"proxy"`)), pod,
			[]Reason{Waiting, ResolverFailed}, none, []string{"", ""}},
		{"one that is not automatic is not waited for", list(follows("web:1", `"web"`), `{"type":"ImageChange","imageChangeParams":{"containerNames":["proxy"],`+tagFrom("gone:1")+`}}`), pod,
			[]Reason{Fires, NotAutomatic}, []string{"containers/web=web-new", none[1], none[2]}, []string{"web-new", ""}},
		{"one of another kind is not waited for", list(follows("web:1", `"web"`), `{"type":"ImageChange","imageChangeParams":{"automatic":true,"containerNames":["proxy"],"from":{"kind":"DockerImage","name":"x:1"}}}`), pod,
			[]Reason{Fires, Ignored}, []string{"containers/web=web-new", none[1], none[2]}, []string{"web-new", ""}},
		{"one that can never work is waited for", list(follows("web:1", `"web"`), follows("web", `"proxy"`)), pod, []Reason{Waiting, Invalid}, none, []string{"", ""}},
		{"two tags for one container", list(follows("web:1", `"web"`), follows("proxy:1", `"web","proxy"`)), pod,
			[]Reason{Duplicate, Fires}, []string{none[0], "containers/proxy=proxy-new", none[2]}, []string{"", "proxy-new"}},
		{"one tag twice for one container", list(follows("web:1", `"web"`), follows("web:1", `"web"`)), pod,
			[]Reason{Fires, Fires}, []string{"containers/web=web-new", none[1], none[2]}, []string{"web-new", "web-new"}},
		{"one tag twice, gone, and two images seen last", list(follows("gone:1", `"web"`, lastImage("x")), follows("gone:1", `"web"`, lastImage("y"))), pod,
			[]Reason{Duplicate, Duplicate}, none, []string{"x", "y"}},
		{"no template", list(follows("web:1", `"web"`)), "", []Reason{Fires}, nil, []string{"web-new"}},
		{"nonsense", `[{"type":"ImageChange"},{"imageChangeParams":7},{"imageChangeParams":{"automatic":1,"containerNames":"web"}}]`, pod,
			[]Reason{Invalid, Invalid, Invalid}, none, []string{"", "", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := deploymentObject(t, tt.triggers, tt.pod)
			result, patched := evaluate(t, o, tags)
			require.Equal(t, tt.reasons, reasons(result))
			require.Equal(t, tt.images, images(patched))
			require.Equal(t, tt.last, lastImages(patched))
			require.Nil(t, result.Build)
		})
	}
}

// A trigger that falls back says why.
func TestDeploymentConfigFallsBack(t *testing.T) {
	o := deploymentObject(t, list(follows("gone:1", `"web"`, lastImage("web-known"))), `{"containers":[{"name":"web"}]}`)
	result, _ := evaluate(t, o, fakeTags{"base/gone:1": "untagged"})
	require.Equal(t, Fires, result.Outcomes[0].Reason)
	require.Equal(t, "web-known", result.Outcomes[0].Image)
	require.ErrorIs(t, result.Outcomes[0].Err, ErrTagMissing)
}

// The one that waits says for which.
func TestDeploymentConfigSaysWhatItWaitsFor(t *testing.T) {
	o := deploymentObject(t, list(`{"type":"ConfigChange"}`, follows("web:1", `"web"`), follows("gone:1", `"proxy"`)), `{"containers":[{"name":"web"},{"name":"proxy"}]}`)
	result, _ := evaluate(t, o, fakeTags{"base/web:1": "web-new"})
	require.ErrorContains(t, result.Outcomes[0].Err, "no image yet for trigger 2 of this object")
	require.Equal(t, 1, result.Outcomes[0].Index)
}

// Typed objects have no kind, and a DeploymentConfig is known by its triggers.
func TestDeploymentConfigWithoutKind(t *testing.T) {
	o := read(t, `{"metadata":{"namespace":"shop","name":"web"},"spec":{"triggers":`+list(follows("web:1", `"web"`))+`,"template":{"metadata":{},"spec":{"containers":[{"name":"web"}]}}}}`)
	result, patched := evaluate(t, o, fakeTags{"base/web:1": "web-new"})
	require.True(t, result.Fires())
	require.Equal(t, []string{"containers/web=web-new"}, images(patched))
}
