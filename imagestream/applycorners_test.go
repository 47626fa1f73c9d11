package imagestream

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// A server's stream may have fields that these types do not know, at any depth.
func TestUnknownFieldsSurviveOperations(t *testing.T) {
	var s ImageStream
	require.NoError(t, json.Unmarshal([]byte(`{
		"metadata": {"name": "web", "namespace": "shop", "generation": 4, "color": "red"},
		"spec": {"mood": 1, "tags": [{"name": "a", "priority": 3, "generation": 4,
			"from": {"kind": "DockerImage", "name": "quay.io/shop/web:1"}, "importPolicy": {"retry": 5}}]},
		"status": {"load": 2, "tags": [{"tag": "a", "heat": 7, "items": [], "conditions": [
			{"type": "ImportSuccess", "status": "False", "generation": 4, "since": "noon"}]}]}
	}`), &s))
	next := apply(t, &s, RecordImportFailure{Tag: "a", Message: "no"}, fromDocker("a", "quay.io/shop/web:2"), push("b", 1).at(local(1)))
	written, err := json.Marshal(next)
	require.NoError(t, err)
	for _, field := range []string{`"color":"red"`, `"mood":1`, `"priority":3`, `"retry":5`, `"load":2`, `"heat":7`, `"since":"noon"`} {
		require.Contains(t, string(written), field)
	}
}

func (o RecordPush) at(reference string) RecordPush {
	o.DockerImageReference = reference
	return o
}

func TestAFollowersGenerationIsNotTurnedBack(t *testing.T) {
	s := apply(t, shop(), alias("b", "a"), push("a", 1), fromDocker("x", "quay.io/shop/web:1"), push("b", 2), push("b", 1), push("b", 1))
	require.Equal(t, int64(3), s.LatestEvent("b").Generation)
	same, _ := applyOne(t, Applier{}, s, FollowAliases{}, at(9))
	require.Same(t, s, same)
}

func TestTheTimeOfTheLastImportIsKept(t *testing.T) {
	s := apply(t, shop(), fromDocker("a", "quay.io/shop/web:1"), imported("a", 1), imported("a", 2))
	require.Equal(t, "2026-11-01T00:03:00Z", s.Annotations[DockerImageRepositoryCheckAnnotation])
	s = apply(t, s, RecordImportFailure{Tag: "a"})
	require.Equal(t, "2026-11-01T00:01:00Z", s.Annotations[DockerImageRepositoryCheckAnnotation])
	// Where it is missing, even a result that changes nothing is written.
	s.Annotations = nil
	s = apply(t, s, RecordImportFailure{Tag: "a"})
	require.NotEmpty(t, s.Annotations)
}

// Tags in any order: the followers of a tag follow, and the argument stays.
func TestStreamsThatAreNotSorted(t *testing.T) {
	s := apply(t, shop(), alias("z", "a"), alias("b", "a"), push("a", 1), push("a", 2))
	unsorted := s.Clone()
	unsorted.Spec.Tags[0], unsorted.Spec.Tags[1] = unsorted.Spec.Tags[1], unsorted.Spec.Tags[0]
	unsorted.Status.Tags[0], unsorted.Status.Tags[2] = unsorted.Status.Tags[2], unsorted.Status.Tags[0]
	want, _ := applyOne(t, Applier{}, s, push("a", 3), at(0))
	got, _ := applyOne(t, Applier{}, unsorted, push("a", 3), at(0)) // by a clock that is behind
	require.Equal(t, want, got)
	require.Equal(t, "3", images(got, "z")[0])

	unsorted.Spec.Tags = append(unsorted.Spec.Tags, unsorted.Spec.Tags[0])
	_, _, err := Apply(unsorted, push("a", 3), at(0))
	requireClass(t, err, ErrInvalidObject, "spec.tags[z]")
	unsorted.Spec.Tags = nil
	unsorted.Status.Tags = append(unsorted.Status.Tags, unsorted.Status.Tags[0])
	_, _, err = Apply(unsorted, push("a", 3), at(0))
	requireClass(t, err, ErrInvalidObject, "status.tags[z]")
}

func TestGenerationsThatNoServerCountsTo(t *testing.T) {
	for _, generation := range []int64{-1, math.MinInt64, math.MaxInt64} {
		s := shop()
		s.Generation = generation
		_, _, err := Apply(s, fromDocker("a", "quay.io/shop/web:1"), at(1))
		requireClass(t, err, ErrInvalidObject, "metadata.generation")
	}
}

func TestAnOldFailureSaysNothingOfANewerItem(t *testing.T) {
	s := apply(t, shop(), push("a", 1), push("a", 2))
	s.Status.Tags[0].Items[0].Generation = 3
	s.Status.Tags[0].Conditions = []TagEventCondition{{Type: ImportSuccess, Status: ConditionFalse, Generation: 2}}
	_, newer, err := s.RecentPullSpec("a", ResolveOptions{})
	require.NoError(t, err)
	require.NoError(t, newer)
}

func TestNewStreams(t *testing.T) {
	s := New("shop", "web")
	s.Spec.Tags = []TagReference{fromDocker("b", "quay.io/shop/web:1").Tag, alias("a", "b").Tag}
	next, changes := applyOne(t, Applier{}, s, push("c", 1).at(local(1)), at(1))
	require.Equal(t, []string{
		`StreamCreated: "" -> "shop/web"`,
		`SpecTagAdded a: "" -> "ImageStreamTag b"`,
		`SpecTagAdded b: "" -> "DockerImage quay.io/shop/web:1" (import)`,
		`EventAdded c: "" -> "` + local(1) + `"`,
	}, texts(changes))
	require.Equal(t, at(1), next.CreationTimestamp.Time)
	for p := range next.PendingImports() {
		require.Equal(t, PendingImport{Tag: "b", Requested: 1, From: "quay.io/shop/web:1"}, p)
	}
	// A file that was never stored: the import is pending before it is applied.
	require.Len(t, pending(s), 1)
}
