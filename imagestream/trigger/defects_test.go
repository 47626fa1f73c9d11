package trigger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// okd#2063: "false" in quotes made the controller read none of the triggers.
func TestPausedInQuotesIsRead(t *testing.T) {
	o := annotatedObject(t, "Deployment", list(on("web:1", containerPath("web"), `"paused":"false"`), on("proxy:1", containerPath("proxy"), `"paused":"true"`)),
		`{"containers":[{"name":"web"},{"name":"proxy"}]}`)
	result, _ := evaluate(t, o, fakeTags{"shop/web:1": "new", "shop/proxy:1": "new"})
	require.Equal(t, []Reason{Fires, Paused}, reasons(result))
	for _, p := range result.Problems {
		require.True(t, p.Warning)
		require.ErrorIs(t, p, ErrNotCanonical)
	}
	require.Len(t, result.Problems, 2)
}

// OCPBUGS-26073: the console wrote pause, and nothing was paused. It is not
// paused here either, as in the cluster, but somebody is told.
func TestPauseIsSaidToBeATypo(t *testing.T) {
	o := annotatedObject(t, "Deployment", list(on("web:1", containerPath("web"), `"pause":true`)), `{"containers":[{"name":"web"}]}`)
	result, _ := evaluate(t, o, fakeTags{"shop/web:1": "new"})
	require.Equal(t, []Reason{Fires}, reasons(result))
	require.Equal(t, []string{"warning [0].pause: no trigger has this field; it does nothing. Is paused meant?"}, says(result.Problems))
}

// openshift-docs PR 32824: the documented example had single quotes and did
// nothing.
func TestSingleQuotesWork(t *testing.T) {
	o := annotatedObject(t, "Deployment", list(on("web:1", "spec.template.spec.containers[?(@.name=='web')].image")), `{"containers":[{"name":"web"}]}`)
	result, _ := evaluate(t, o, fakeTags{"shop/web:1": "new"})
	require.Equal(t, []Reason{Fires}, reasons(result))
	edit, err := Repair(o)
	require.Equal(t, list(on("web:1", containerPath("web"))), edited(t, o, edit, err).mustAnnotation())
}

func (o *Object) mustAnnotation() string {
	text, _ := o.Annotation()
	return text
}

// oc set triggers wrote every trigger back as one of containers, those of init
// containers too, and dropped those it could not resolve.
func TestEditsLeaveInitContainersAlone(t *testing.T) {
	mig := on("mig:1", `spec.template.spec.initContainers[?(@.name=="mig")].image`)
	migByIndex := on("seed:1", `spec.template.spec.initContainers[1].image`)
	gone := on("gone:1", containerPath("gone"))
	o := annotatedObject(t, "Deployment", list(mig, migByIndex, gone), `{"initContainers":[{"name":"mig"},{"name":"seed"}],"containers":[{"name":"web"}]}`)
	edit, err := Set(o, Wanted{Container: "web", From: Tag{"", "web", "1"}})
	require.Equal(t, list(mig, migByIndex, gone, on("web:1", containerPath("web"))), edited(t, o, edit, err).mustAnnotation())
}

// origin#18777: one bad DeploymentConfig stopped the triggers of all. Here each
// object is for itself, and none panics: without template, without strategy,
// with nonsense for triggers.
func TestOneBadObjectHarmsNone(t *testing.T) {
	for _, text := range []string{
		`{"kind":"DeploymentConfig","spec":{"triggers":[{"type":"ImageChange","imageChangeParams":{"automatic":true,"from":{"kind":"ImageStreamTag","name":"web:1"}}}]}}`,
		`{"kind":"DeploymentConfig","spec":{"triggers":{"a":1},"template":null}}`,
		`{"kind":"DeploymentConfig","spec":7}`,
		`{"kind":"DeploymentConfig"}`,
		`{"kind":"BuildConfig","spec":{"triggers":[{"type":"ImageChange","imageChange":{}}]}}`,
		`{"kind":"BuildConfig","spec":{"strategy":[],"triggers":[[]]},"status":[]}`,
		`{"kind":"Deployment","metadata":{"annotations":{"image.openshift.io/triggers":"[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"web:1\"},\"fieldPath\":\"spec.containers[0].image\"}]"}},"spec":{"template":{"spec":{"containers":[null,7,{"image":3}]}}}}`,
		`{"kind":"Deployment","metadata":7}`,
	} {
		evaluate(t, read(t, text), fakeTags{"/web:1": "new"})
	}
	good := deploymentObject(t, list(follows("web:1", `"web"`)), `{"containers":[{"name":"web"}]}`)
	result, _ := evaluate(t, good, fakeTags{"base/web:1": "new"})
	require.True(t, result.Fires())
}

// A trigger by index and one by name for the same container passed the check for
// duplicates.
func TestDuplicatesAreFoundByMeaning(t *testing.T) {
	o := annotatedObject(t, "Deployment", list(on("web:1", containerPath("web")), on("web:1", "spec.template.spec.containers[1].image"), on("mig:1", containerPath("mig")),
		on("mig:1", "spec.template.spec.initContainers[0].image")), `{"initContainers":[{"name":"mig"}],"containers":[{"name":"web"},{"name":"proxy"}]}`)
	require.Equal(t, []string{
		"warning [2].fieldPath: the container is in initContainers, not in containers",
		"error [3].fieldPath: trigger 2 is about the same container",
	}, says(Check(o)))
}

// One duplicate, or one bad path, cost the triggers of the whole object.
func TestOneBadTriggerHarmsNone(t *testing.T) {
	o := annotatedObject(t, "Deployment", list(on("a:1", "spec.nonsense"), on("web:1", containerPath("web")), on("web:1", containerPath("web")), on("b:1", containerPath("none")), on("proxy:1", containerPath("proxy"))),
		`{"containers":[{"name":"web"},{"name":"proxy"}]}`)
	result, patched := evaluate(t, o, fakeTags{"shop/web:1": "web-new", "shop/proxy:1": "proxy-new", "shop/a:1": "x", "shop/b:1": "x"})
	require.Equal(t, []Reason{Invalid, Fires, Duplicate, ContainerMissing, Fires}, reasons(result))
	require.Equal(t, []string{"containers/web=web-new", "containers/proxy=proxy-new"}, images(patched))
}

func TestCheckSpecTriggers(t *testing.T) {
	require.Equal(t, []string{
		"warning spec.triggers[0].imageChange.paused: the API server wants true or false without quotes",
		"warning spec.triggers[1].imageChange.from: trigger 0 is on the same tag",
		"warning spec.triggers[1].imageChange.pause: no trigger has this field; it does nothing. Is paused meant?",
		"error spec.triggers[2].imageChange.from.name: want stream:tag, got \"node\"",
	}, says(Check(buildObject(t, "", list(onImage(tagFrom("node:20")+`,"paused":"false"`), onImage(tagFrom("node:20")+`,"pause":true`), onImage(tagFrom("node"))), ""))))
	require.Equal(t, []string{
		"error spec.triggers[0].imageChangeParams.containerNames[1]: there is no such container: \"no\"",
		"error spec.triggers[1].imageChangeParams.containerNames: trigger 0 is about the same container: \"web\"",
		"error spec.triggers[2].imageChangeParams: want an object",
	}, says(Check(deploymentObject(t, list(follows("web:1", `"web","no"`), follows("web:2", `"web"`), `{"type":"ImageChange"}`), `{"containers":[{"name":"web"}]}`))))
	require.Equal(t, []string{"warning : it is not read, the triggers are in spec.triggers"},
		says(Check(read(t, `{"kind":"BuildConfig","metadata":{"annotations":{"image.openshift.io/triggers":"[]"}}}`))))
}
