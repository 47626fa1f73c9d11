package trigger

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/stretchr/testify/require"
)

// edited applies an edit and checks what holds for all of them: the object is
// not changed, the annotation is the one that the patch gives, and everything
// but the triggers stays.
func edited(t testing.TB, o *Object, edit Edit, err error) *Object {
	t.Helper()
	require.NoError(t, err)
	patched, err := edit.Patch.Apply(o)
	require.NoError(t, err)
	if o.form == annotated {
		text, _ := patched.Annotation()
		require.Equal(t, edit.Annotation, text)
	}
	without := func(o *Object) any {
		copied := deepCopy(o.content)
		if annotations, ok := at(copied, "metadata", "annotations").(map[string]any); ok {
			delete(annotations, imagestream.TriggersAnnotation)
		}
		dropEmpty(copied, "metadata", "annotations")
		dropEmpty(copied, "metadata")
		if spec, ok := at(copied, "spec").(map[string]any); ok && o.form != annotated {
			delete(spec, "triggers")
		}
		return copied
	}
	require.Equal(t, without(o), without(patched))
	return patched
}

// dropEmpty takes out an object of which nothing is left, or null.
func dropEmpty(value any, keys ...string) {
	last := len(keys) - 1
	parent, ok := at(value, keys[:last]...).(map[string]any)
	if child, isObject := parent[keys[last]].(map[string]any); ok && (parent[keys[last]] == nil || isObject && len(child) == 0) {
		delete(parent, keys[last])
	}
}

func TestEditAnnotation(t *testing.T) {
	const pod = `{"containers":[{"name":"web"},{"name":"proxy"}],"initContainers":[{"name":"mig"}],"volumes":[{"name":"web","image":{"reference":"x"}}]}`
	web := on("web:1", "spec.template.spec.containers[?(@.name=='web')].image", `"owner":"a"`)
	webByIndex := on("web:2", "spec.template.spec.containers[0].image")
	proxy := ` {"fieldPath" : "spec.template.spec.containers[1].image","paused":"false","from":{"kind":"ImageStreamTag","name":"proxy:1"}}`
	mig := on("mig:1", `spec.template.spec.initContainers[?(@.name=="mig")].image`)
	bad := `{"from":{"kind":"ImageStreamTag","name":"web:1"},"fieldPath":"spec.template.spec.containers[?(@.name==web)].image"}`
	dangling := on("old:1", containerPath("gone"))
	webCanonical := `{"from":{"kind":"ImageStreamTag","name":"web:1"},"fieldPath":"spec.template.spec.containers[?(@.name==\"web\")].image","owner":"a"}`
	tag := func(name string) Tag {
		stream, tag, _ := strings.Cut(name, ":")
		return Tag{Stream: stream, Tag: tag}
	}
	set := func(want Wanted) func(*Object) (Edit, error) {
		return func(o *Object) (Edit, error) { return Set(o, want) }
	}
	does := func(f func(*Object, Which) (Edit, error), which Which) func(*Object) (Edit, error) {
		return func(o *Object) (Edit, error) { return f(o, which) }
	}
	tests := []struct {
		name   string
		before string // "-" for no annotation
		edit   func(*Object) (Edit, error)
		after  string // "" for no annotation, "same" for no change
	}{
		{"set the first", "-", set(Wanted{Container: "proxy", From: tag("p:1")}), list(on("p:1", containerPath("proxy")))},
		{"set one more, paused", list(web, proxy), set(Wanted{Container: "mig", From: Tag{"base", "m", "1"}, Paused: true}),
			list(web, strings.TrimSpace(proxy), `{"from":{"kind":"ImageStreamTag","name":"m:1","namespace":"base"},"fieldPath":"spec.template.spec.initContainers[?(@.name==\"mig\")].image","paused":true}`)},
		{"set one that is there", list(bad, proxy, web, mig), set(Wanted{Container: "web", From: tag("web:3")}),
			list(bad, strings.TrimSpace(proxy), strings.Replace(webCanonical, "web:1", "web:3", 1), mig)},
		{"set in place of two for the container", list(web, mig, webByIndex), set(Wanted{Container: "web", From: tag("web:3")}),
			list(strings.Replace(webCanonical, "web:1", "web:3", 1), mig)},
		{"set what is so already", list(mig, proxy), set(Wanted{Container: "mig", From: Tag{"shop", "mig", "1"}}), "same"},
		{"set what is so, but not canonical", list(mig, web), set(Wanted{Container: "web", From: tag("web:1")}), list(mig, webCanonical)},
		{"set one that was ignored", list(`{"from":{"kind":"ImageStreamTag","name":"mig:1","apiVersion":"v1"},"fieldPath":"spec.template.spec.initContainers[0].image"}`),
			set(Wanted{Container: "mig", From: tag("mig:1")}), list(mig)},
		{"set an image volume", list(web), set(Wanted{Container: "web", List: ImageVolumes, From: tag("model:1")}),
			list(web, on("model:1", `spec.template.spec.volumes[?(@.name=="web")].image.reference`))},
		{"pause a container", list(web, proxy, bad, mig), does(Pause, Which{Container: "web"}),
			list(strings.Replace(webCanonical, `,"owner"`, `,"paused":true,"owner"`, 1), strings.TrimSpace(proxy), bad, mig)},
		{"pause by index and by name", list(web, mig, webByIndex), does(Pause, Which{Container: "web"}),
			list(strings.Replace(webCanonical, `,"owner"`, `,"paused":true,"owner"`, 1), mig, on("web:2", containerPath("web"), `"paused":true`))},
		{"pause a tag", list(mig, on("web:1", containerPath("proxy"))), does(Pause, Which{From: Tag{"shop", "web", "1"}}),
			list(mig, on("web:1", containerPath("proxy"), `"paused":true`))},
		{"pause all that can be read", list(mig, bad, dangling), does(Pause, Which{}),
			list(strings.TrimSuffix(mig, "}")+`,"paused":true}`, bad, strings.TrimSuffix(dangling, "}")+`,"paused":true}`)},
		{"pause what is paused", list(on("web:1", containerPath("web"), `"paused":true`)), does(Pause, Which{Container: "web"}), "same"},
		{"resume", list(on("web:1", containerPath("web"), `"paused":true`), proxy), does(Resume, Which{Container: "web"}), list(on("web:1", containerPath("web")), strings.TrimSpace(proxy))},
		{"resume in quotes", list(on("web:1", containerPath("web"), `"paused":"true"`)), does(Resume, Which{Container: "web"}), list(on("web:1", containerPath("web")))},
		{"remove a container's", list(web, proxy, webByIndex, bad, mig), does(Remove, Which{Container: "web"}), list(strings.TrimSpace(proxy), bad, mig)},
		{"remove one whose container is gone", list(dangling, web), does(Remove, Which{Container: "gone"}), list(web)},
		{"remove by list", list(web, mig), does(Remove, Which{List: InitContainers}), list(web)},
		{"remove the last", list(web), does(Remove, Which{Container: "web"}), ""},
		{"repair", list(web, bad, proxy, on("mig:1", containerPath("mig"), `"paused":"true"`), dangling), Repair,
			list(webCanonical, bad, on("proxy:1", containerPath("proxy")), strings.TrimSuffix(mig, "}")+`,"paused":true}`, dangling)},
		{"repair what is canonical", "[ " + mig + " ]", Repair, "same"},
		{"repair nothing", "-", Repair, "same"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o *Object
			if tt.before == "-" {
				o = read(t, `{"kind":"Deployment","metadata":{"name":"app","namespace":"shop"},"spec":{"template":{"spec":`+pod+`}}}`)
			} else {
				o = annotatedObject(t, "Deployment", tt.before, pod)
			}
			edit, err := tt.edit(o)
			patched := edited(t, o, edit, err)
			text, _ := patched.Annotation()
			if tt.after == "same" {
				require.Empty(t, edit.Patch)
				return
			}
			require.NotEmpty(t, edit.Patch)
			require.Equal(t, tt.after, text)
			again, err := tt.edit(patched)
			if err == nil {
				require.Empty(t, again.Patch, "doing it again changes nothing")
			} else {
				require.ErrorIs(t, err, ErrNoTrigger)
			}
		})
	}
}

func TestEditFails(t *testing.T) {
	const pod = `{"containers":[{"name":"web"}],"ephemeralContainers":[{"name":"dbg"}]}`
	deployment := annotatedObject(t, "Deployment", list(on("web:1", containerPath("web"))), pod)
	web1 := Tag{"", "web", "1"}
	for name, tt := range map[string]struct {
		object *Object
		edit   func(o *Object) (Edit, error)
		class  error
	}{
		"set no such container": {deployment, func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "no", From: web1}) }, ErrNoContainer},
		"set no container":      {deployment, func(o *Object) (Edit, error) { return Set(o, Wanted{From: web1}) }, ErrNoContainer},
		"set in the wrong list": {deployment, func(o *Object) (Edit, error) {
			return Set(o, Wanted{Container: "web", List: InitContainers, From: web1})
		}, ErrNoContainer},
		"set no tag":                 {deployment, func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "web"}) }, ErrInvalid},
		"set a tag with a colon":     {deployment, func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "web", From: Tag{"", "a:b", "c"}}) }, ErrInvalid},
		"pause no such container":    {deployment, func(o *Object) (Edit, error) { return Pause(o, Which{Container: "no"}) }, ErrNoTrigger},
		"remove no such tag":         {deployment, func(o *Object) (Edit, error) { return Remove(o, Which{From: Tag{"", "web", "2"}}) }, ErrNoTrigger},
		"repair what cannot be read": {annotatedObject(t, "Pod", "[", `{"containers":[]}`), Repair, ErrMalformed},
		"too large": {annotatedObject(t, "Deployment", list(on("web:1", containerPath("web"), `"x":"`+strings.Repeat("x", maxAnnotation-150)+`"`)), `{"containers":[{"name":"web"},{"name":"b"}]}`),
			func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "b", From: web1}) }, ErrTooLarge},
		"annotations of another type": {read(t, `{"kind":"Pod","metadata":{"annotations":[]},"spec":{"containers":[{"name":"web"}]}}`),
			func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "web", From: web1}) }, ErrMalformed},
		"a container for a BuildConfig":                {buildObject(t, sourceNode, `[]`, ""), func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "web", From: web1}) }, ErrNoContainer},
		"no image stream in the build strategy":        {buildObject(t, `"strategy":{"dockerStrategy":{}}`, `[]`, ""), func(o *Object) (Edit, error) { return Set(o, Wanted{}) }, ErrInvalid},
		"pause no such build trigger":                  {buildObject(t, sourceNode, `[]`, ""), func(o *Object) (Edit, error) { return Pause(o, Which{}) }, ErrNoTrigger},
		"build triggers of another type":               {buildObject(t, sourceNode, `{}`, ""), func(o *Object) (Edit, error) { return Set(o, Wanted{}) }, ErrMalformed},
		"an ephemeral container of a DeploymentConfig": {deploymentObject(t, `[]`, pod), func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "dbg", From: web1}) }, ErrNoContainer},
		"pause no such deployment trigger":             {deploymentObject(t, `[]`, pod), func(o *Object) (Edit, error) { return Pause(o, Which{Container: "web"}) }, ErrNoTrigger},
	} {
		t.Run(name, func(t *testing.T) {
			edit, err := tt.edit(tt.object)
			require.ErrorIs(t, err, tt.class)
			require.Empty(t, edit)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tt.object.String(), e.Object)
		})
	}
}

func TestEditBuildConfig(t *testing.T) {
	tools := onImage(tagFrom("tools:1") + `,"lastTriggeredImageID":"x"`)
	strategy := onImage("")
	other := `{"type":"ConfigChange"}`
	tests := []struct {
		name, before string
		edit         func(o *Object) (Edit, error)
		after        string
	}{
		{"set the strategy's", list(other), func(o *Object) (Edit, error) { return Set(o, Wanted{}) }, list(other, strategy)},
		{"set the strategy's again", list(strategy), func(o *Object) (Edit, error) { return Set(o, Wanted{}) }, list(strategy)},
		{"set another tag", list(strategy), func(o *Object) (Edit, error) { return Set(o, Wanted{From: Tag{"base", "tools", "1"}}) },
			list(strategy, `{"type":"ImageChange","imageChange":{"from":{"kind":"ImageStreamTag","namespace":"base","name":"tools:1"}}}`)},
		{"set the first", `null`, func(o *Object) (Edit, error) { return Set(o, Wanted{Paused: true}) }, list(`{"type":"ImageChange","imageChange":{"paused":true}}`)},
		{"set one that is there paused", list(tools), func(o *Object) (Edit, error) { return Set(o, Wanted{From: Tag{"base", "tools", "1"}, Paused: true}) },
			list(onImage(tagFrom("tools:1") + `,"lastTriggeredImageID":"x","paused":true`))},
		{"pause the strategy's by its tag", list(tools, strategy), func(o *Object) (Edit, error) { return Pause(o, Which{From: Tag{"base", "node", "20"}}) },
			list(tools, onImage(`"paused":true`))},
		{"pause one without imageChange", list(`{"type":"ImageChange"}`), func(o *Object) (Edit, error) { return Pause(o, Which{}) }, list(onImage(`"paused":true`))},
		{"pause all", list(tools, other, strategy), func(o *Object) (Edit, error) { return Pause(o, Which{}) },
			list(onImage(tagFrom("tools:1")+`,"lastTriggeredImageID":"x","paused":true`), other, onImage(`"paused":true`))},
		{"resume", list(onImage(`"paused":true`)), func(o *Object) (Edit, error) { return Resume(o, Which{}) }, list(strategy)},
		{"remove all", list(tools, other, strategy), func(o *Object) (Edit, error) { return Remove(o, Which{}) }, list(other)},
		{"repair", list(tools), Repair, list(tools)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := buildObject(t, sourceNode, tt.before, "")
			edit, err := tt.edit(o)
			patched := edited(t, o, edit, err)
			requireTriggers(t, tt.after, patched)
			require.Equal(t, tt.before == tt.after, len(edit.Patch) == 0)
		})
	}
}

func requireTriggers(t *testing.T, want string, o *Object) {
	t.Helper()
	triggers, err := json.Marshal(at(o.content, "spec", "triggers"))
	require.NoError(t, err)
	require.JSONEq(t, want, string(triggers))
}

func TestEditDeploymentConfig(t *testing.T) {
	const pod = `{"containers":[{"name":"web"},{"name":"proxy"}],"initContainers":[{"name":"mig"}]}`
	config := `{"type":"ConfigChange"}`
	both := follows("web:1", `"web","proxy"`, lastImage("x"))
	manual := func(name, containers string, more ...string) string {
		return strings.Replace(follows(name, containers, more...), `"automatic":true`, `"automatic":false`, 1)
	}
	base := func(name string) Tag {
		stream, tag, _ := strings.Cut(name, ":")
		return Tag{"base", stream, tag}
	}
	tests := []struct {
		name, before string
		edit         func(o *Object) (Edit, error)
		after        string
	}{
		{"set the first", `null`, func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "mig", From: base("mig:1")}) }, list(follows("mig:1", `"mig"`))},
		{"set one more", list(config, both), func(o *Object) (Edit, error) {
			return Set(o, Wanted{Container: "mig", From: base("mig:1"), Paused: true})
		},
			list(config, both, manual("mig:1", `"mig"`))},
		{"set one of two to another tag", list(both, config), func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "web", From: base("web:2")}) },
			list(follows("web:1", `"proxy"`, lastImage("x")), config, follows("web:2", `"web"`))},
		{"set the only one to another tag", list(follows("web:1", `"web"`, lastImage("x")), config), func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "web", From: base("web:2")}) },
			list(follows("web:2", `"web"`), config)},
		{"set what is so already", list(both), func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "web", From: base("web:1")}) }, list(both)},
		{"set in place of two", list(both, follows("old:1", `"web"`)), func(o *Object) (Edit, error) { return Set(o, Wanted{Container: "web", From: base("web:1")}) }, list(both)},
		{"pause one of two", list(both, config), func(o *Object) (Edit, error) { return Pause(o, Which{Container: "web"}) },
			list(follows("web:1", `"proxy"`, lastImage("x")), manual("web:1", `"web"`, lastImage("x")), config)},
		{"pause both", list(both, config), func(o *Object) (Edit, error) { return Pause(o, Which{From: base("web:1")}) }, list(manual("web:1", `"web","proxy"`, lastImage("x")), config)},
		{"pause what is not automatic", list(manual("web:1", `"web"`)), func(o *Object) (Edit, error) { return Pause(o, Which{}) }, list(manual("web:1", `"web"`))},
		{"resume", list(manual("web:1", `"web"`)), func(o *Object) (Edit, error) { return Resume(o, Which{Container: "web"}) }, list(follows("web:1", `"web"`))},
		{"remove one of two", list(both), func(o *Object) (Edit, error) { return Remove(o, Which{Container: "web"}) }, list(follows("web:1", `"proxy"`, lastImage("x")))},
		{"remove by list", list(follows("mig:1", `"mig"`), both), func(o *Object) (Edit, error) { return Remove(o, Which{List: InitContainers}) }, list(both)},
		{"remove all", list(both, config, follows("x:1", "")), func(o *Object) (Edit, error) { return Remove(o, Which{}) }, list(config)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := deploymentObject(t, tt.before, pod)
			edit, err := tt.edit(o)
			patched := edited(t, o, edit, err)
			requireTriggers(t, tt.after, patched)
			require.Equal(t, tt.before == tt.after, len(edit.Patch) == 0)
		})
	}
}
