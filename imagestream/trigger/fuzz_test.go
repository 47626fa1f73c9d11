package trigger

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzParse: what was read and is written reads the same again, as it was and in
// canonical form, and canonical text is stable.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `[]`, `[null]`, `{}`, `[`,
		list(on("web:1", containerPath("web"))),
		list(on("base/web:1", "spec.containers[?(@.name=='w')].image", `"paused":"true"`, `"x":[{}]`), `7`, `{"FROM":{"Kind":"ImageStreamTag"},"from":null}`),
		`[{"from":{"kind":"ImageStreamTag","name":"a:1","kind":"b","\u006eame":"c"},"fieldPath":"spec.volumes[ 1 ]image.reference","paused":false}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		for _, p := range a.Problems {
			require.True(t, p.Offset >= 0 && p.Offset <= len(text))
			require.True(t, p.Index >= 0 && p.Index < len(a.Triggers))
			require.NotEmpty(t, p.Error())
		}
		again, err := Parse(a.String())
		require.NoError(t, err)
		requireSameTriggers(t, a, again)
		require.Equal(t, a.String(), again.String())

		canonical := a.Canonical()
		again, err = Parse(canonical)
		if len(canonical) > maxAnnotation {
			return
		}
		require.NoError(t, err)
		require.Equal(t, canonical, again.Canonical())
		require.Len(t, again.Triggers, len(a.Triggers))
		for i := range a.Triggers {
			was, is := a.Triggers[i], again.Triggers[i]
			require.Equal(t, was.Err == nil, is.Err == nil)
			require.Equal(t, was.From.Name, is.From.Name)
			require.Equal(t, was.Paused, is.Paused)
			if was.Err == nil {
				wasPath, _, _ := parseFieldPath(was.FieldPath)
				isPath, warning, _ := parseFieldPath(is.FieldPath)
				require.Equal(t, wasPath, isPath)
				require.Empty(t, warning)
			}
		}
	})
}

func requireSameTriggers(t *testing.T, a, b Annotation) {
	require.Len(t, b.Triggers, len(a.Triggers))
	for i := range a.Triggers {
		require.Equal(t, a.Triggers[i].fields(), b.Triggers[i].fields())
		require.Equal(t, a.Triggers[i].Err == nil, b.Triggers[i].Err == nil)
	}
	require.Len(t, b.Problems, len(a.Problems))
}

// FuzzEvaluate: whatever the object is, evaluating and editing it never panics,
// leaves it as it is, and comes to rest once the patch is applied.
func FuzzEvaluate(f *testing.F) {
	for _, o := range []*Object{
		annotatedObject(f, "Deployment", list(on("web:1", containerPath("web")), on("web:2", "spec.template.spec.containers[0].image"), `7`), `{"containers":[{"name":"web","image":"a"}]}`),
		annotatedObject(f, "CronJob", list(on("web:1", "spec.jobTemplate.spec.template.spec.initContainers[0].image", `"paused":"no"`)), `{"initContainers":[{"image":7}]}`),
		annotatedObject(f, "PodTemplate", list(on("web:1", "template.spec.volumes[0].image.reference")), `{"volumes":[{"name":"m","image":{}}]}`),
		buildObject(f, sourceNode, list(onImage(""), onImage(tagFrom("web:1")+`,"paused":true`)), list(lastOf("web:1", "x"))),
		deploymentObject(f, list(follows("web:1", `"web","mig"`), follows("web:2", `"web"`, lastImage("y"))), `{"containers":[{"name":"web"}],"initContainers":[{"name":"mig"}]}`),
	} {
		text, err := json.Marshal(o)
		require.NoError(f, err)
		f.Add(text, uint8(1))
		f.Add(text, uint8(6))
	}
	f.Fuzz(func(t *testing.T, text []byte, mood uint8) {
		o, err := ReadObject(text)
		if err != nil {
			return
		}
		resolver := ResolverFunc(func(namespace, stream, tag string) (Resolution, error) {
			switch (int(mood) + len(namespace) + len(tag)) % 7 {
			case 0:
				return Resolution{}, ErrTagMissing
			case 1:
				return Resolution{}, errBroken
			}
			return Resolution{Image: "img/" + namespace + "/" + stream + ":" + tag}, nil
		})
		if _, err := Evaluate(o, resolver); err == nil {
			evaluate(t, o, resolver)
		}
		require.LessOrEqual(t, len(Check(o)), 10*len(text)+1)
		for _, edit := range []func(*Object, Which) (Edit, error){Pause, Resume, Remove} {
			if e, err := edit(o, Which{}); err == nil {
				edited(t, o, e, nil)
			}
		}
		for _, s := range o.slots() {
			if e, err := Set(o, Wanted{Container: s.name, List: s.list, From: Tag{"n", "s", "t"}}); err == nil {
				again, err := Set(edited(t, o, e, nil), Wanted{Container: s.name, List: s.list, From: Tag{"n", "s", "t"}})
				require.NoError(t, err)
				require.Empty(t, again.Patch)
			}
		}
		if e, err := Repair(o); err == nil {
			again, err := Repair(edited(t, o, e, nil))
			require.NoError(t, err)
			require.Empty(t, again.Patch)
		}
	})
}
