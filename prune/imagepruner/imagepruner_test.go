package imagepruner_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/imagepruner"
)

func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(text)
}

// documented reads the resource of OpenShift's documentation.
func documented(t testing.TB) *imagepruner.ImagePruner {
	t.Helper()
	p, err := imagepruner.Read(strings.NewReader(testdata(t, "cluster.json")))
	require.NoError(t, err)
	return p
}

func asYAML(t testing.TB, p *imagepruner.ImagePruner) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.WriteYAML(&b))
	return b.String()
}

func asJSON(t testing.TB, p *imagepruner.ImagePruner) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.WriteJSON(&b))
	return b.String()
}

func TestTheDocumentedResourceRoundTrips(t *testing.T) {
	for _, name := range []string{"cluster.json", "cluster.yaml"} {
		p, err := imagepruner.Read(strings.NewReader(testdata(t, name)))
		require.NoError(t, err)
		require.Equal(t, testdata(t, "cluster.json"), asJSON(t, p), name)
		require.Equal(t, testdata(t, "cluster.yaml"), asYAML(t, p), name)
		require.Empty(t, p.Check().Errors(), name)
	}
	text, err := json.Marshal(documented(t))
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(testdata(t, "cluster.json")), string(text))

	var p imagepruner.ImagePruner
	require.NoError(t, json.Unmarshal(text, &p))
	require.Equal(t, *documented(t), p)
}

func TestTheDocumentedResourceIsWhatItSays(t *testing.T) {
	p := documented(t)
	require.Equal(t, "cluster", p.Name)
	require.Equal(t, "0 0 * * *", p.Spec.Schedule)
	require.Equal(t, new(bool), p.Spec.Suspend)
	require.Equal(t, 3, *p.Spec.KeepTagRevisions)
	require.Equal(t, time.Hour, *p.Spec.KeepYoungerThan)
	require.Equal(t, time.Hour, p.Spec.KeepYoungerThanDuration.Duration)
	require.Equal(t, "{}", string(p.Spec.Resources))
	require.Equal(t, "{}", string(p.Spec.Affinity))
	require.Equal(t, map[string]string{}, p.Spec.NodeSelector)
	require.Equal(t, []json.RawMessage{}, p.Spec.Tolerations)
	require.EqualValues(t, 3, *p.Spec.SuccessfulJobsHistoryLimit)
	require.EqualValues(t, 3, *p.Spec.FailedJobsHistoryLimit)
	require.EqualValues(t, 2, p.Status.ObservedGeneration)
	require.Len(t, p.Status.Conditions, 3)
	require.Equal(t, time.Date(2019, 10, 9, 3, 13, 45, 0, time.UTC), p.Status.Conditions[2].LastTransitionTime.Time)
	require.Nil(t, p.Status.Condition("Degraded"))
}

// whole has every field, and some that no type knows.
const whole = `{"kind":"ImagePruner","apiVersion":"imageregistry.operator.openshift.io/v1",` +
	`"metadata":{"name":"cluster","uid":"u","resourceVersion":"7","generation":4,"annotations":{"a":"<b>"},"newMeta":1},` +
	`"spec":{"schedule":"@daily","suspend":true,"keepTagRevisions":0,"keepYoungerThan":60,"keepYoungerThanDuration":"90m",` +
	`"resources":{"limits":{"cpu":"1","x":{"y":[1.50,null]}}},"affinity":{"nodeAffinity":{"a":"<&>"}},"nodeSelector":{"a":"d","b":"c"},` +
	`"tolerations":[{"key":"k","operator":"Exists"}],"successfulJobsHistoryLimit":1,"failedJobsHistoryLimit":2,` +
	`"ignoreInvalidImageReferences":true,"logLevel":"Trace","dryRun":{"z":1,"a":2},"newSpec":[9007199254740993]},` +
	`"status":{"observedGeneration":3,"conditions":[{"type":"Available","status":"Unknown","lastTransitionTime":null,"newCondition":"x"}],"newStatus":{}},"newTop":null}`

func TestNothingIsLost(t *testing.T) {
	var p imagepruner.ImagePruner
	require.NoError(t, json.Unmarshal([]byte(whole), &p))
	require.Equal(t, whole+"\n", asJSON(t, &p))

	q, err := imagepruner.Read(strings.NewReader(asYAML(t, &p)))
	require.NoError(t, err)
	require.Equal(t, whole+"\n", asJSON(t, q))

	*p.Spec.KeepTagRevisions = 5
	require.Equal(t, strings.Replace(whole, `"keepTagRevisions":0`, `"keepTagRevisions":5`, 1)+"\n", asJSON(t, &p))
	p.Spec.KeepYoungerThanDuration.Duration = time.Minute
	require.Contains(t, asJSON(t, &p), `"keepYoungerThanDuration":"1m0s"`)

	require.NoError(t, json.Unmarshal([]byte(`{"metadata":{}}`), &p))
	require.Equal(t, imagepruner.ImagePruner{}, p, "the text replaces the whole value")
	require.Equal(t, `{"metadata":{},"spec":{"schedule":""},"status":{}}`+"\n", asJSON(t, &p))
}

func TestKeysInWhateverCase(t *testing.T) {
	p, err := imagepruner.Read(strings.NewReader(`{"Spec":{"KEEPTAGREVISIONS":7,"schedule":"@daily","Schedule":"@hourly"}}`))
	require.NoError(t, err)
	require.Equal(t, 7, *p.Spec.KeepTagRevisions)
	require.Equal(t, "@daily", p.Spec.Schedule, "the exact key counts")
}

func TestWrongTypesAreAllToldAtOnce(t *testing.T) {
	p, err := imagepruner.Read(strings.NewReader(`
kind: 7
metadata: {name: cluster, labels: {a: 1}}
spec:
  schedule: [0]
  suspend: "no"
  keepTagRevisions: 3.5
  keepYoungerThan: 1h
  keepYoungerThanDuration: 60
  nodeSelector: {a: 1}
  tolerations: {}
  successfulJobsHistoryLimit: 99999999999
  failedJobsHistoryLimit: 2
  ignoreInvalidImageReferences: 1
  logLevel: {}
status:
  observedGeneration: x
  conditions:
  - {type: Available, status: true, lastTransitionTime: "2019-10-09T03:13:45"}
  - 5
`))
	require.EqualValues(t, 2, *p.Spec.FailedJobsHistoryLimit, "the rest is read")
	var invalid *imagepruner.InvalidError
	require.ErrorAs(t, err, &invalid)
	var lines []string
	for _, problem := range invalid.Problems {
		lines = append(lines, problem.String())
	}
	require.Equal(t, []string{
		`kind: want a string, got 7`,
		`metadata.labels.a: want a string, got a number`,
		`spec.schedule: want a string, got [0]`,
		`spec.suspend: want true or false, got "no"`,
		`spec.keepTagRevisions: want a whole number, got 3.5`,
		`spec.keepYoungerThan: want a whole number, got "1h"`,
		`spec.keepYoungerThanDuration: want a duration such as "60m", got 60`,
		`spec.nodeSelector: want an object of strings, got {"a":1}`,
		`spec.tolerations: want an array, got {}`,
		`spec.successfulJobsHistoryLimit: want a whole number of 32 bits, got 99999999999`,
		`spec.ignoreInvalidImageReferences: want true or false, got 1`,
		`spec.logLevel: want a string, got {}`,
		`status.observedGeneration: want a whole number, got "x"`,
		`status.conditions[0].status: want a string, got true`,
		`status.conditions[0].lastTransitionTime: want an instant in RFC 3339, got "2019-10-09T03:13:45"`,
		`status.conditions[1]: want an object, got 5`,
	}, lines)

	before := *documented(t)
	after := before
	require.ErrorAs(t, json.Unmarshal([]byte(`{"spec":{"suspend":1}}`), &after), &invalid)
	require.Equal(t, before, after, "the value stays as it was")
	require.EqualError(t, json.Unmarshal([]byte(`{"suspend":1}`), &after.Spec), "invalid ImagePruner: spec.suspend: want true or false, got 1")
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "it is empty",
		"# nothing\n":       "it is empty",
		"{} {}":             "got more behind it",
		"a: 1\n---\nb: 2\n": "want one ImagePruner, got more behind it",
		"a: [":              "neither JSON nor YAML",
		"? {a: b}\n: c":     "YAML that JSON cannot hold: line 1",
		"[]":                "want an object, got []",
		"7":                 "want an object, got 7",
		strings.Repeat(" ", imagepruner.MaxBytes+1): "more than 4194304 bytes",
	} {
		_, err := imagepruner.Read(strings.NewReader(text))
		require.ErrorContains(t, err, want, "%.20q", text)
	}
	_, err := imagepruner.Read(strings.NewReader(strings.Repeat(" ", imagepruner.MaxBytes+1)))
	require.ErrorIs(t, err, imagepruner.ErrTooLarge)
}
