package trigger

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/stretchr/testify/require"
)

// fakeTags are the tags of a cluster: namespace/stream:tag to an image, or to
// one of the words missing, untagged, pending, broken.
type fakeTags map[string]string

var errBroken = errors.New("connection refused")

func (f fakeTags) ResolveTag(namespace, stream, tag string) (Resolution, error) {
	image, ok := f[namespace+"/"+stream+":"+tag]
	switch {
	case !ok, image == "missing":
		return Resolution{}, ErrStreamMissing
	case image == "untagged":
		return Resolution{}, ErrTagMissing
	case image == "pending":
		return Resolution{}, ErrNotImported
	case image == "broken":
		return Resolution{}, errBroken
	}
	image, pending := strings.CutSuffix(image, " (newer pending)")
	return Resolution{Image: image, Pending: pending}, nil
}

// read reads an object of a test.
func read(t testing.TB, text string) *Object {
	t.Helper()
	o, err := ReadObject([]byte(text))
	require.NoError(t, err)
	return o
}

// annotatedObject makes an object of a kind with an annotation and a pod spec.
func annotatedObject(t testing.TB, kind, annotation, podSpec string) *Object {
	t.Helper()
	spec := `{"template":{"spec":` + podSpec + `}}`
	switch kind {
	case "CronJob":
		spec = `{"jobTemplate":{"spec":` + spec + `}}`
	case "Pod":
		spec = podSpec
	case "PodTemplate":
		return read(t, `{"kind":"PodTemplate","metadata":`+metadata(annotation)+`,"template":{"spec":`+podSpec+`}}`)
	}
	return read(t, `{"kind":"`+kind+`","metadata":`+metadata(annotation)+`,"spec":`+spec+`}`)
}

func metadata(annotation string) string {
	text, _ := json.Marshal(map[string]any{
		"name": "app", "namespace": "shop", "resourceVersion": "7",
		"annotations": map[string]string{imagestream.TriggersAnnotation: annotation, "team": "a"},
	})
	return string(text)
}

// on writes a trigger of the annotation.
func on(name, path string, more ...string) string {
	from := `"name":"` + name + `"`
	if namespace, rest, ok := strings.Cut(name, "/"); ok {
		from = `"name":"` + rest + `","namespace":"` + namespace + `"`
	}
	return strings.Join(append([]string{`{"from":{"kind":"ImageStreamTag",` + from + `},"fieldPath":` + quoteJSON(path)}, more...), ",") + "}"
}

// list writes an annotation.
func list(triggers ...string) string { return "[" + strings.Join(triggers, ",") + "]" }

// paths of the containers of a Deployment.
func containerPath(name string) string {
	return `spec.template.spec.containers[?(@.name=="` + name + `")].image`
}

// evaluate evaluates an object and checks what holds for every evaluation: the
// object stays as it is, the patch applies, and once it is applied there is
// nothing left to do.
func evaluate(t testing.TB, o *Object, resolver Resolver) (Result, *Object) {
	t.Helper()
	before, err := json.Marshal(o)
	require.NoError(t, err)
	result, err := Evaluate(o, resolver)
	require.NoError(t, err)
	after, err := json.Marshal(o)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "the object was changed")
	if o.form != buildConfig {
		require.Equal(t, len(result.Patch) > 0, result.Fires())
	}

	patched, err := result.Patch.Apply(o)
	require.NoError(t, err)
	again, err := Evaluate(patched, resolver)
	require.NoError(t, err)
	require.False(t, again.Fires(), "it fires again: %v", again.Outcomes)
	return result, patched
}

// reasons are those of all outcomes.
func reasons(r Result) []Reason {
	var all []Reason
	for _, o := range r.Outcomes {
		all = append(all, o.Reason)
	}
	return all
}

// images are those of all containers of an object, as list/name=image.
func images(o *Object) []string {
	var all []string
	for _, s := range o.slots() {
		all = append(all, string(s.list)+"/"+s.name+"="+s.current())
	}
	return all
}

// says writes problems in short.
func says(problems []*Error) []string {
	var all []string
	for _, p := range problems {
		word := "error"
		if p.Warning {
			word = "warning"
		}
		all = append(all, word+" "+strings.TrimPrefix(p.Field, annotationField)+": "+p.Reason)
	}
	return all
}
