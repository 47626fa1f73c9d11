package trigger

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomObject makes an object of any form with up to five triggers on three
// containers, written in all ways there are.
func randomObject(t *testing.T, r *rand.Rand) *Object {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	image := func() string { return pick(`"image":"img/base/a:1"`, `"image":"old"`, `"x":1`) }
	pod := fmt.Sprintf(`{"containers":[{"name":"web",%s},{"name":"proxy",%s}],"initContainers":[{"name":"mig",%s}]}`, image(), image(), image())
	last := func() string { return pick(lastImage("img/base/a:1"), lastImage("old"), `"y":1`) }
	var triggers []string
	form := r.IntN(3)
	for range r.IntN(6) {
		name := pick("a:1", "b:1", "c:1", "bad")
		switch form {
		case 0:
			path := "spec.template.spec." + pick(`containers[0]`, `containers[1]`, `initContainers[0]`, `containers[?(@.name=='web')]`,
				`containers[?(@.name=="mig")]`, `initContainers[?(@.name=="mig")]`, `containers[?(@.name=="no")]`, `containers[x]`) + ".image"
			triggers = append(triggers, on("base/"+name, path, pick(`"paused":true`, `"paused":"false"`, `"owner":"a"`, `"pause":1`)))
		case 1:
			triggers = append(triggers, pick(`{"type":"ConfigChange"}`, onImage(pick("", `"paused":true`)), onImage(tagFrom(name)+pick("", `,"paused":true`, `,"lastTriggeredImageID":"old"`))))
		default:
			triggers = append(triggers, pick(`{"type":"ConfigChange"}`, follows(name, pick(`"web"`, `"web","mig"`, `"proxy"`, `"no"`), last(), pick(`"automatic":false`, `"z":1`))))
		}
	}
	switch form {
	case 0:
		return annotatedObject(t, "Deployment", list(triggers...), pod)
	case 1:
		return buildObject(t, sourceNode, list(triggers...), pick("", `[]`, list(lastOf("a:1", "old"))))
	}
	return deploymentObject(t, list(triggers...), pod)
}

func randomTags(r *rand.Rand) fakeTags {
	tags := fakeTags{}
	for _, name := range []string{"base/a:1", "base/b:1", "base/c:1", "base/node:20"} {
		tags[name] = []string{"img/" + name, "img/" + name, "untagged", "pending", "broken"}[r.IntN(5)]
	}
	return tags
}

// Evaluating comes to rest, and evaluating twice says the same.
func TestEvaluateComesToRest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	fired := 0
	for range 3000 {
		o, tags := randomObject(t, r), randomTags(r)
		result, _ := evaluate(t, o, tags)
		again, err := Evaluate(o, tags)
		require.NoError(t, err)
		require.Equal(t, result, again)
		if result.Fires() {
			fired++
		}
	}
	require.Greater(t, fired, 500, "the objects are too dull")
}

// meaning is what the triggers say of each container or tag but one.
func meaning(o *Object, without string) []string {
	var all []string
	switch o.form {
	case annotated:
		triggers, _, _ := o.bind()
		for _, b := range triggers {
			if b.found && b.slot.name == without && b.Err == nil {
				continue
			}
			all = append(all, b.source) // byte for byte
		}
	case deploymentConfig:
		triggers, _ := o.deploymentTriggers()
		for _, name := range []string{"web", "proxy", "mig", "no"} {
			for _, t := range triggers {
				for _, n := range t.names {
					if n == name && n != without {
						all = append(all, fmt.Sprint(n, t.tag, t.ref.Name, t.automatic, t.last, t.reason))
					}
				}
			}
		}
	}
	return all
}

// An edit of one container leaves what the triggers say of the others.
func TestEditsLeaveTheRest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	changed := 0
	for range 3000 {
		o := randomObject(t, r)
		container := []string{"web", "proxy", "mig"}[r.IntN(3)]
		which := Which{Container: container}
		edits := []func() (Edit, error){
			func() (Edit, error) { return Pause(o, which) },
			func() (Edit, error) { return Resume(o, which) },
			func() (Edit, error) { return Remove(o, which) },
			func() (Edit, error) {
				return Set(o, Wanted{Container: container, From: Tag{"base", "c", "1"}, Paused: r.IntN(2) == 0})
			},
		}
		edit, err := edits[r.IntN(len(edits))]()
		if err != nil {
			continue
		}
		patched := edited(t, o, edit, nil)
		before, _ := json.Marshal(o)
		require.Equal(t, meaning(o, container), meaning(patched, container), "%s\n%s", before, edit.Annotation)
		if len(edit.Patch) > 0 {
			changed++
		}
	}
	require.Greater(t, changed, 500, "the edits are too dull")
}
