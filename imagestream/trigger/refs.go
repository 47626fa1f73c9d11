package trigger

import (
	"encoding/json"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// specTrigger is what the triggers of BuildConfigs and DeploymentConfigs have in
// common.
type specTrigger struct {
	index  int
	field  string // path of the image change
	values map[string]any
	ref    imagestream.ObjectReference
	tag    Tag // with its namespace; the zero value where it has none
	last   string
	reason Reason // why it cannot fire, whatever its tag is
	err    *Error
}

// problem lists a problem with a trigger; one that is no warning makes it
// invalid.
func (t *specTrigger) problem(field, why string, class error) *Error {
	e := about("check", t.index, strings.TrimSuffix(t.field+"."+field, "."), why, class)
	return e
}

func (t *specTrigger) invalid(field, why string) *Error {
	e := t.problem(field, why, ErrInvalid)
	if t.reason == "" {
		t.reason, t.err = Invalid, e
	}
	return e
}

// specTriggers calls read for each trigger of spec.triggers that is one of
// images; key is where it says which.
func (o *Object) specTriggers(key string, read func(index int, t map[string]any, values any)) *Error {
	value := at(o.content, "spec", "triggers")
	if value == nil {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		return about("check", -1, "spec.triggers", "want a list", ErrMalformed)
	}
	for i, entry := range list {
		t, _ := entry.(map[string]any)
		// The name is spelled imageChange by objects of the first releases.
		if t[key] != nil || strings.EqualFold(text(t, "type"), "ImageChange") {
			read(i, t, t[key])
		}
	}
	return nil
}

// source reads the reference of a trigger, from its own field or from elsewhere.
func (t *specTrigger) source(namespace string, from any, field string) []*Error {
	ref, ok := referenceOf(from)
	if !ok {
		return []*Error{t.invalid(field, "want an object with kind and name")}
	}
	t.ref = ref
	tag, isTag := tagOf(ref)
	if why := ignored(ref); why != "" {
		e := t.problem(field, why, ErrIgnored).warning()
		if t.reason == "" {
			t.reason, t.err = Ignored, e
		}
		return []*Error{e}
	}
	if !isTag {
		return []*Error{t.invalid(field+".name", "want stream:tag, got "+quote(ref.Name))}
	}
	t.tag = tag.in(namespace)
	return nil
}

// referenceOf reads a reference with all that it holds.
func referenceOf(value any) (ref imagestream.ObjectReference, ok bool) {
	if _, ok := value.(map[string]any); !ok {
		return ref, false
	}
	data, err := marshal(value)
	if err != nil {
		return ref, false
	}
	return ref, json.Unmarshal(data, &ref) == nil
}

// boolean reads true or false; what is in quotes counts, with a warning.
func (t *specTrigger) boolean(key string) (value bool, problem *Error) {
	switch v := t.values[key].(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return strings.EqualFold(v, "true"), t.problem(key, "the API server wants true or false without quotes", ErrNotCanonical).warning()
		}
	}
	return false, t.invalid(key, "want true or false")
}

// strange warns of fields that a trigger does not have.
func (t *specTrigger) strange(known ...string) []*Error {
	var problems []*Error
	for key := range t.values {
		if _, ok := knownAs(key, known); ok {
			continue
		}
		why := "no trigger has this field; it does nothing"
		if better := meant(key, known); better != "" {
			why += ". Is " + better + " meant?"
		}
		problems = append(problems, t.problem(clip(key), why, ErrUnknownField).warning())
	}
	return problems
}
