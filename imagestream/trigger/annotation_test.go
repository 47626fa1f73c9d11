package trigger

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each problem has the index of its trigger, and an offset at which the text is
// that says at.
func TestParseProblems(t *testing.T) {
	path := quoteJSON(containerPath("web"))
	good := on("web:1", containerPath("good"))
	tests := []struct {
		name, trigger string
		field, reason string
		at            string
		class         error
		warning       bool
	}{
		{"a number", `7`, "[1]", "want an object", `7`, ErrInvalid, false},
		{"null", `null`, "[1]", "want an object", `null`, ErrInvalid, false},
		{"no from", `{"fieldPath":` + path + `}`, "[1].from", "missing", `{"fieldPath"`, ErrInvalid, false},
		{"from is null", `{"from":null,"fieldPath":` + path + `}`, "[1].from", "missing", `{"from"`, ErrInvalid, false},
		{"from is a name", `{"from":"web:1","fieldPath":` + path + `}`, "[1].from", "want an object", `"web:1"`, ErrInvalid, false},
		{"the name is a number", `{"from":{"kind":"ImageStreamTag","name":7},"fieldPath":` + path + `}`, "[1].from.name", "want a string", `7`, ErrInvalid, false},
		{"no tag", `{"from":{"kind":"ImageStreamTag","name":"web"},"fieldPath":` + path + `}`, "[1].from.name", "want stream:tag", `"web"`, ErrInvalid, false},
		{"no name", `{"from":{"kind":"ImageStreamTag"},"fieldPath":` + path + `}`, "[1].from.name", "want stream:tag", `{"kind"`, ErrInvalid, false},
		{"a digest", `{"from":{"kind":"ImageStreamTag","name":"web@sha256:1"},"fieldPath":` + path + `}`, "[1].from.name", "want stream:tag", `"web@`, ErrInvalid, false},
		{"another kind", `{"from":{"kind":"ImageStream","name":"web"},"fieldPath":` + path + `}`, "[1].from", "only the kind ImageStreamTag", `{"kind"`, ErrIgnored, true},
		{"an apiVersion", `{"from":{"kind":"ImageStreamTag","name":"web:1","apiVersion":"v1"},"fieldPath":` + path + `}`, "[1].from", "apiVersion", `{"kind"`, ErrIgnored, true},
		{"no path", `{"from":{"kind":"ImageStreamTag","name":"web:1"}}`, "[1].fieldPath", "missing", `{"from"`, ErrInvalid, false},
		{"a path of another type", `{"from":{"kind":"ImageStreamTag","name":"web:1"},"fieldPath":["x"]}`, "[1].fieldPath", "want a string", `["x"]`, ErrInvalid, false},
		{"a bad path", on("web:1", "spec.containers"), "[1].fieldPath", "want the path", `"spec.containers"`, ErrInvalid, false},
		{"single quotes", on("web:1", "spec.containers[?(@.name=='w')].image"), "[1].fieldPath", "double quotes", `"spec.containers`, ErrNotCanonical, true},
		{"spaces", on("web:1", `spec.containers[?(@.name == "w")].image`), "[1].fieldPath", "without spaces", `"spec.containers`, ErrNotCanonical, true},
		{"an ephemeral container", on("web:1", `spec.ephemeralContainers[0].image`), "[1].fieldPath", "does not read ephemeralContainers", `"spec.eph`, ErrIgnored, true},
		{"true in quotes", on("web:1", containerPath("w"), `"paused":"true"`), "[1].paused", "without quotes", `"true"`, ErrNotCanonical, true},
		{"false in quotes", on("web:1", containerPath("w"), `"paused": "False"`), "[1].paused", "without quotes", `"False"`, ErrNotCanonical, true},
		{"a number for a boolean", on("web:1", containerPath("w"), `"paused":1`), "[1].paused", "want true or false, got 1", `1}`, ErrInvalid, false},
		{"a word for a boolean", on("web:1", containerPath("w"), `"paused":"yes"`), "[1].paused", `want true or false, got "yes"`, `"yes"`, ErrInvalid, false},
		{"pause", on("web:1", containerPath("w"), `"pause":true`), "[1].pause", "Is paused meant?", `true}`, ErrUnknownField, true},
		{"field_path", on("web:1", containerPath("w"), `"field_path":"x"`), "[1].field_path", "Is fieldPath meant?", `"x"`, ErrUnknownField, true},
		{"an unknown field", on("web:1", containerPath("w"), `"owner":{"team":"a"}`), "[1].owner", "it does nothing", `{"team"`, ErrUnknownField, true},
		{"an unknown field of from", `{"from":{"kind":"ImageStreamTag","name":"web:1","uid":"x"},"fieldPath":` + path + `}`, "[1].from.uid", "it does nothing", `"x"`, ErrUnknownField, true},
		{"other letters", `{"From":{"kind":"ImageStreamTag","name":"web:1"},"fieldPath":` + path + `}`, "[1].From", "the field is called from", `{"kind"`, ErrNotCanonical, true},
		{"twice", on("web:1", containerPath("w"), `"paused":7`, `"paused":true`), "[1].paused", "the last one holds", `7`, ErrNotCanonical, true},
		{"the same path", on("web:2", containerPath("good")), "[1].fieldPath", "trigger 0 is about the same container", quoteJSON(containerPath("good")), ErrDuplicate, false},
		{"the same path in other quotes", on("web:2", "spec.template.spec.containers[?(@.name=='good')].image"), "[1].fieldPath", "", `"spec`, ErrNotCanonical, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := " [\n " + good + " , \t" + tt.trigger + " ]"
			a, err := Parse(text)
			require.NoError(t, err)
			require.Len(t, a.Triggers, 2)
			require.NoError(t, asError(a.Triggers[0].Err), "the other one works")
			require.Equal(t, "web:1", a.Triggers[0].From.Name)
			require.NotEmpty(t, a.Problems)
			p := a.Problems[0]
			require.Equal(t, tt.field, p.Field)
			require.Contains(t, p.Reason, tt.reason)
			require.Equal(t, 1, p.Index)
			require.ErrorIs(t, p, tt.class)
			require.Equal(t, tt.warning, p.Warning)
			require.True(t, strings.HasPrefix(text[p.Offset:], tt.at), "at %d: %s", p.Offset, text[p.Offset:])
			require.Equal(t, p.Warning || p.Err == ErrDuplicate, a.Triggers[1].Err == nil)
		})
	}
}

func asError(e *Error) error {
	if e == nil {
		return nil
	}
	return e
}

func TestParseRefuses(t *testing.T) {
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	for name, tt := range map[string]struct {
		text   string
		class  error
		offset int
	}{
		"not JSON":      {`[{"from": nope}]`, ErrMalformed, 11},
		"cut off":       {`[{"from": {`, ErrMalformed, 11},
		"not a list":    {` {"from": {}}`, ErrMalformed, 1},
		"a string":      {`"[]"`, ErrMalformed, 0},
		"two lists":     {`[] []`, ErrMalformed, 3},
		"not UTF-8":     {"[\"\xff\"]", ErrMalformed, -1},
		"too large":     {"[" + strings.Repeat(" ", maxAnnotation) + "]", ErrTooLarge, -1},
		"nested deeper": {deep, ErrTooLarge, -1},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Parse(tt.text)
			require.ErrorIs(t, err, tt.class)
			require.Empty(t, a.Triggers)
			var e *Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, tt.offset, e.Offset)
			require.Equal(t, -1, e.Index)
			require.Less(t, len(err.Error()), 600)
		})
	}
	for _, empty := range []string{"", "  ", "[]", "null", " [ ] "} {
		a, err := Parse(empty)
		require.NoError(t, err)
		require.Empty(t, a.Triggers)
		require.Equal(t, "[]", a.String())
	}
}

// What is not changed is written byte for byte, what is changed in canonical
// form, and unknown fields stay in both.
func TestAnnotationString(t *testing.T) {
	const text = `[ {"paused" : "false", "fieldPath":"spec.containers[?(@.name=='a')].image","from":{"name":"a:1","kind":"ImageStreamTag","x":[1]},"owner":"<b>"} ,
		{"bad":true}, {"from":{"kind":"ImageStreamTag","name":"c:1"},"fieldPath":"spec.containers[2].image"} ]`
	a, err := Parse(text)
	require.NoError(t, err)
	require.Equal(t, `[{"paused" : "false", "fieldPath":"spec.containers[?(@.name=='a')].image","from":{"name":"a:1","kind":"ImageStreamTag","x":[1]},"owner":"<b>"},`+
		`{"bad":true},{"from":{"kind":"ImageStreamTag","name":"c:1"},"fieldPath":"spec.containers[2].image"}]`, a.String())
	require.Equal(t, `[{"from":{"kind":"ImageStreamTag","name":"a:1","x":[1]},"fieldPath":"spec.containers[?(@.name==\"a\")].image","owner":"<b>"},`+
		`{"bad":true},{"from":{"kind":"ImageStreamTag","name":"c:1"},"fieldPath":"spec.containers[2].image"}]`, a.Canonical())

	a.Triggers[0].From.Namespace = "base"
	a.Triggers[2].Paused = true
	require.Equal(t, `[{"from":{"kind":"ImageStreamTag","name":"a:1","namespace":"base","x":[1]},"fieldPath":"spec.containers[?(@.name==\"a\")].image","owner":"<b>"},`+
		`{"bad":true},{"from":{"kind":"ImageStreamTag","name":"c:1"},"fieldPath":"spec.containers[2].image","paused":true}]`, a.String())
}

// A list can be made without an annotation to read.
func TestNewTrigger(t *testing.T) {
	a := Annotation{Triggers: []Trigger{
		NewTrigger(Tag{"base", "node", "20"}, FieldPath{"spec.template.spec", Containers, "web", 0}),
		NewTrigger(Tag{"", "node", "20"}, FieldPath{"spec", ImageVolumes, "", 1}),
	}}
	require.Equal(t, list(
		`{"from":{"kind":"ImageStreamTag","name":"node:20","namespace":"base"},"fieldPath":"spec.template.spec.containers[?(@.name==\"web\")].image"}`,
		`{"from":{"kind":"ImageStreamTag","name":"node:20"},"fieldPath":"spec.volumes[1].image.reference"}`), a.String())
}
