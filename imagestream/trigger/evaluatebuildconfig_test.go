package trigger

import (
	"encoding/json"
	"testing"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/stretchr/testify/require"
)

const (
	sourceNode = `"strategy":{"sourceStrategy":{"from":{"kind":"ImageStreamTag","name":"node:20","namespace":"base"}}}`
	dockerNode = `"strategy":{"dockerStrategy":{"from":{"kind":"ImageStreamTag","name":"node:20"}}}`
)

func buildObject(t testing.TB, strategy, triggers, status string) *Object {
	t.Helper()
	text := `{"kind":"BuildConfig","apiVersion":"build.openshift.io/v1","metadata":{"namespace":"shop","name":"web","resourceVersion":"3"},"spec":{`
	if strategy != "" {
		text += strategy + ","
	}
	text += `"triggers":` + triggers + `}`
	if status != "" {
		text += `,"status":{"lastVersion":4,"imageChangeTriggers":` + status + `}`
	}
	return read(t, text+`}`)
}

// onImage writes a trigger of a BuildConfig.
func onImage(fields string) string { return `{"type":"ImageChange","imageChange":{` + fields + `}}` }

// tagFrom writes a reference to a tag in another namespace.
func tagFrom(name string) string {
	return `"from":{"kind":"ImageStreamTag","namespace":"base","name":"` + name + `"}`
}

func lastOf(name, image string) string {
	return `{"from":{"namespace":"base","name":"` + name + `"},"lastTriggeredImageID":"` + image + `","lastTriggerTime":"2024-01-01T00:00:00Z"}`
}

func TestEvaluateBuildConfig(t *testing.T) {
	tags := fakeTags{"base/node:20": "node-new", "base/tools:1": "tools-new", "shop/node:20": "shop-node"}
	tests := []struct {
		name     string
		strategy string
		triggers string
		status   string
		reasons  []Reason
		first    string // image that triggers
		causes   []string
		last     []string // of the status afterwards
	}{
		{name: "no triggers", triggers: `[]`},
		{name: "other triggers", triggers: `[{"type":"ConfigChange"},{"type":"GitHub","github":{"secret":"x"}},null,7]`},
		{name: "the first time", triggers: list(onImage(tagFrom("node:20"))),
			reasons: []Reason{Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"node-new"}},
		{name: "no such stream", triggers: list(onImage(tagFrom("gone:1"))), reasons: []Reason{StreamMissing}},
		{name: "the source strategy's image", strategy: sourceNode, triggers: list(onImage("")),
			reasons: []Reason{Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"node-new"}},
		{name: "the docker strategy's image, in the own namespace", strategy: dockerNode, triggers: list(onImage("")),
			reasons: []Reason{Fires}, first: "shop-node", causes: []string{"node:20=shop-node"}, last: []string{"shop-node"}},
		{name: "a template that leaves imageChange out", strategy: sourceNode, triggers: `[{"type":"ImageChange"}]`,
			reasons: []Reason{Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"node-new"}},
		{name: "the old spelling of the type", strategy: sourceNode, triggers: `[{"type":"imageChange","imageChange":{}}]`,
			reasons: []Reason{Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"node-new"}},
		{name: "a strategy with a pull spec", strategy: `"strategy":{"dockerStrategy":{"from":{"kind":"DockerImage","name":"quay.io/base/node:20"}}}`,
			triggers: list(onImage("")), reasons: []Reason{Ignored}},
		{name: "a Dockerfile without image stream", strategy: `"strategy":{"dockerStrategy":{}}`, triggers: list(onImage("")), reasons: []Reason{Invalid}},
		{name: "no strategy at all", triggers: list(onImage("")), reasons: []Reason{Invalid}},
		{name: "a pipeline", strategy: `"strategy":{"jenkinsPipelineStrategy":{}}`, triggers: list(onImage("")), reasons: []Reason{Invalid}},
		{name: "the status says the same image", triggers: list(onImage(tagFrom("node:20"))), status: list(lastOf("node:20", "node-new")), reasons: []Reason{SameImage}},
		{name: "the status says another image", triggers: list(onImage(tagFrom("node:20"))), status: list(lastOf("node:20", "node-old")),
			reasons: []Reason{Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"node-new"}},
		{name: "the deprecated field says the same image", triggers: list(onImage(tagFrom("node:20") + `,"lastTriggeredImageID":"node-new"`)), reasons: []Reason{SameImage}},
		{name: "the status counts before the deprecated field", triggers: list(onImage(tagFrom("node:20") + `,"lastTriggeredImageID":"node-new"`)),
			status: list(lastOf("node:20", "node-newer")), reasons: []Reason{Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"node-new"}},
		{name: "the status is of another tag", triggers: list(onImage(tagFrom("node:20"))), status: list(lastOf("node:18", "node-new")),
			reasons: []Reason{Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"node-new"}},
		{name: "one of two has no image", triggers: list(onImage(tagFrom("gone:1")), onImage(tagFrom("node:20"))),
			reasons: []Reason{StreamMissing, Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"", "node-new"}},
		{name: "one of two has no image any more", triggers: list(onImage(tagFrom("gone:1")), onImage(tagFrom("node:20"))), status: list(lastOf("gone:1", "gone-old")),
			reasons: []Reason{StreamMissing, Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"gone-old", "node-new"}},
		{name: "two triggers on a tag are one cause", triggers: list(onImage(tagFrom("node:20")), onImage(tagFrom("node:20"))),
			reasons: []Reason{Fires, Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"node-new", "node-new"}},
		{name: "two tags are one build", triggers: list(onImage(tagFrom("tools:1")), `{"type":"ConfigChange"}`, onImage(tagFrom("node:20"))),
			reasons: []Reason{Fires, Fires}, first: "tools-new", causes: []string{"tools:1=tools-new", "node:20=node-new"}, last: []string{"tools-new", "node-new"}},
		{name: "paused", triggers: list(onImage(tagFrom("node:20") + `,"paused":true`)), reasons: []Reason{Paused}},
		{name: "paused in quotes", triggers: list(onImage(tagFrom("node:20") + `,"paused":"true"`)), reasons: []Reason{Paused}},
		{name: "only one is paused, the build uses its image too", triggers: list(onImage(tagFrom("tools:1")+`,"paused":true`), onImage(tagFrom("node:20"))),
			reasons: []Reason{Paused, Fires}, first: "node-new", causes: []string{"node:20=node-new"}, last: []string{"tools-new", "node-new"}},
		{name: "an image stream image", triggers: list(onImage(`"from":{"kind":"ImageStreamImage","name":"node@sha256:1"}`)), reasons: []Reason{Ignored}},
		{name: "a stream without tag", triggers: list(onImage(tagFrom("node"))), reasons: []Reason{Invalid}},
		{name: "nonsense", triggers: `[{"type":"ImageChange","imageChange":7},{"imageChange":{"from":"node:20"}},{"imageChange":{"from":{"name":7}}}]`,
			reasons: []Reason{Invalid, Invalid, Invalid}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := buildObject(t, tt.strategy, tt.triggers, tt.status)
			result, patched := evaluate(t, o, tags)
			require.Equal(t, tt.reasons, reasons(result))
			var causes, last []string
			if result.Build != nil {
				require.Equal(t, "shop", result.Build.Namespace)
				require.Equal(t, "web", result.Build.Name)
				require.Equal(t, tt.first, result.Build.TriggeredByImage)
				require.Equal(t, result.Build.TriggeredBy[0].FromRef, result.Build.From)
				for _, c := range result.Build.TriggeredBy {
					causes = append(causes, c.FromRef.Name+"="+c.ImageID)
				}
			}
			for _, s := range result.Status {
				last = append(last, s.Last)
			}
			require.Equal(t, tt.causes, causes)
			require.Equal(t, tt.last, last)
			require.Equal(t, tt.first != "", result.Fires())
			if result.Fires() {
				require.Len(t, patched.buildStatuses(), len(last))
			} else {
				require.Empty(t, result.Patch)
			}
		})
	}
}

// What the status holds beyond the image stays, entries without trigger go.
func TestBuildStatusKeepsWhatItHolds(t *testing.T) {
	o := buildObject(t, "", list(onImage(tagFrom("tools:1")+`,"paused":true`), onImage(tagFrom("node:20"))),
		list(lastOf("old:1", "x"), `{"from":{"namespace":"base","name":"tools:1","note":"n"},"lastTriggeredImageID":"tools-new","extra":1}`))
	result, patched := evaluate(t, o, fakeTags{"base/node:20": "node-new", "base/tools:1": "tools-new"})
	require.Equal(t, []BuildTriggerStatus{
		{Index: 0, From: Tag{"base", "tools", "1"}, Last: "tools-new", Before: "tools-new"},
		{Index: 1, From: Tag{"base", "node", "20"}, Last: "node-new", Changed: true, Fired: true},
	}, result.Status)
	status, err := json.Marshal(at(patched.content, "status"))
	require.NoError(t, err)
	require.JSONEq(t, `{"lastVersion":4,"imageChangeTriggers":[
		{"from":{"namespace":"base","name":"tools:1","note":"n"},"lastTriggeredImageID":"tools-new","extra":1},
		{"from":{"namespace":"base","name":"node:20"},"lastTriggeredImageID":"node-new"}]}`, string(status))
}

func TestPausedBuildConfig(t *testing.T) {
	o := read(t, `{"kind":"BuildConfig","metadata":{"namespace":"shop","name":"web","annotations":{"openshift.io/build-config.paused":"true"}},
		"spec":{"triggers":`+list(onImage(tagFrom("node:20")))+`}}`)
	result, _ := evaluate(t, o, fakeTags{"base/node:20": "node-new"})
	require.Equal(t, []Reason{Paused}, reasons(result))
	require.Nil(t, result.Build, "the API server would refuse it")
}

// A typed object from an informer has no kind.
func TestBuildConfigWithoutKind(t *testing.T) {
	o := read(t, `{"metadata":{"namespace":"shop","name":"web"},"spec":{`+sourceNode+`,"triggers":[{"type":"ImageChange","imageChange":{}}]},"status":{"lastVersion":0}}`)
	result, _ := evaluate(t, o, fakeTags{"base/node:20": "node-new"})
	require.NotNil(t, result.Build)
	require.Equal(t, "BuildConfig shop/web", o.String())
}

// The reference goes to the API server as it is in the spec, which finds the
// trigger by it.
func TestBuildRequestKeepsTheReference(t *testing.T) {
	o := buildObject(t, "", list(onImage(`"from":{"kind":"ImageStreamTag","name":"node:20","uid":"u","future":true}`)), "")
	result, _ := evaluate(t, o, fakeTags{"shop/node:20": "node-new"})
	body, err := json.Marshal(result.Build)
	require.NoError(t, err)
	var decoded struct {
		From json.RawMessage
	}
	require.NoError(t, json.Unmarshal(body, &decoded))
	require.JSONEq(t, `{"kind":"ImageStreamTag","name":"node:20","uid":"u","future":true}`, string(decoded.From))
	require.Equal(t, imagestream.KindImageStreamTag, result.Build.From.Kind)
}
