package trigger

import (
	"errors"
	"strconv"

	"github.com/registrykit/registrykit/imagestream"
)

// annotationField is where the annotation is in an object.
const annotationField = `metadata.annotations["` + imagestream.TriggersAnnotation + `"]`

// A bound trigger is one of the annotation, with the container that it means.
type bound struct {
	Trigger
	path  FieldPath
	slot  slot
	found bool
	// reason and err say why the trigger cannot fire, whatever its tag is;
	// reason is empty where it can.
	reason Reason
	err    *Error
}

// bind reads the annotation and finds the containers. The problems are in no
// order yet. The error is that of [Parse].
func (o *Object) bind() ([]bound, []*Error, error) {
	value := at(o.content, "metadata", "annotations", imagestream.TriggersAnnotation)
	if value == nil {
		return nil, nil, nil
	}
	source, ok := value.(string)
	if !ok {
		return nil, nil, o.unreadable(parseError(-1, "the annotation is not a string", ErrMalformed))
	}
	a, err := parse(source)
	if err != nil {
		var e *Error
		errors.As(err, &e)
		return nil, nil, o.unreadable(e)
	}
	all := o.slots()
	problems := a.Problems
	triggers := make([]bound, len(a.Triggers))
	for i, t := range a.Triggers {
		b := bound{Trigger: t}
		problems = append(problems, b.bindTo(o, all, i)...)
		triggers[i] = b
	}
	problems = append(problems, duplicates(triggers)...)
	for _, e := range problems {
		e.Object, e.Field = o.String(), annotationField+e.Field
	}
	return triggers, problems, nil
}

func (o *Object) unreadable(e *Error) *Error {
	e.Object, e.Field = o.String(), annotationField
	return e
}

// bindTo finds the container, or why the trigger cannot fire.
func (b *bound) bindTo(o *Object, all slots, index int) []*Error {
	fail := func(reason Reason, class error, why string) *Error {
		e := about("check", index, "["+strconv.Itoa(index)+"].fieldPath", why, class)
		e.Offset = b.pathOffset
		if reason != "" {
			b.reason, b.err = reason, e
		}
		return e
	}
	if b.Err != nil {
		b.reason, b.err = Invalid, b.Err
	}
	path, _, wrong := parseFieldPath(b.FieldPath)
	if wrong != "" {
		return nil // it is a problem already
	}
	b.path = path
	b.slot, b.found = all.find(path)
	if why := ignored(b.From); why != "" && b.reason == "" {
		b.reason = Ignored
		b.err = about("evaluate", index, annotationField+"["+strconv.Itoa(index)+"].from", why, ErrIgnored).warning()
		return nil
	}
	switch {
	case b.reason != "":
		return nil
	case o.podSpec == "":
		return []*Error{fail(ContainerMissing, ErrNoContainer, "the object has no pod spec")}
	case path.PodSpec != o.podSpec:
		b.found = false
		return []*Error{fail(Invalid, ErrInvalid, "the pod spec of the object is at "+o.podSpec+", not at "+path.PodSpec)}
	case !b.found:
		return []*Error{fail(ContainerMissing, ErrNoContainer, "the object has no such container: "+quote(path.String()))}
	case b.slot.list != path.List:
		return []*Error{fail("", ErrNotCanonical, "the container is in "+string(b.slot.list)+", not in "+string(path.List)).warning()}
	}
	return nil
}

// duplicates finds triggers about the same container, however they name it.
func duplicates(triggers []bound) []*Error {
	first := map[string]int{}
	var problems []*Error
	for i, b := range triggers {
		if b.Err != nil || b.path == (FieldPath{}) {
			continue
		}
		key := b.path.String()
		if b.found {
			key = b.slot.key()
		}
		if j, ok := first[key]; ok {
			e := about("check", i, "["+strconv.Itoa(i)+"].fieldPath", "trigger "+strconv.Itoa(j)+" is about the same container", ErrDuplicate)
			e.Offset = b.pathOffset
			problems = append(problems, e)
			continue
		}
		first[key] = i
	}
	return problems
}
