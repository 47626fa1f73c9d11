package trigger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// picks says whether a trigger of the annotation is meant. One that cannot be
// read is never meant.
func (w Which) picks(b bound, namespace string) bool {
	if b.Err != nil {
		return false
	}
	list, name := b.path.List, b.path.Name
	if b.found {
		list, name = b.slot.list, b.slot.name
	}
	tag, _ := tagOf(b.From)
	return (w.Container == "" || w.Container == name) &&
		(w.List == "" || w.List == list) &&
		(w.From == (Tag{}) || w.From.is(tag, namespace))
}

func (o *Object) editAnnotation(op string, which Which) (Edit, error) {
	triggers, _, err := o.bind()
	if err != nil {
		return Edit{}, o.fail(op, err.(*Error))
	}
	var texts []string
	found := false
	for _, b := range triggers {
		meant := which.picks(b, o.namespace)
		found = found || meant
		switch paused := op == "pause"; {
		case !meant, op != "remove" && b.Paused == paused:
			texts = append(texts, b.source)
		case op == "remove":
		default:
			b.Paused = paused
			texts = append(texts, b.repaired(o))
		}
	}
	if !found {
		return Edit{}, o.noTrigger(op, which)
	}
	return o.writeAnnotation(op, texts)
}

func (o *Object) setAnnotation(want Wanted) (Edit, error) {
	s, err := o.wantedSlot(want)
	if err != nil {
		return Edit{}, err
	}
	triggers, _, err := o.bind()
	if err != nil {
		return Edit{}, o.fail("set", err.(*Error))
	}
	var texts []string
	done := false
	for _, b := range triggers {
		switch {
		case b.Err != nil || !b.found || b.slot.key() != s.key():
			texts = append(texts, b.source)
		case !done:
			texts = append(texts, b.setTo(o, want))
			done = true
		}
	}
	if !done {
		t := NewTrigger(want.From, s.path(o.podSpec))
		t.Paused = want.Paused
		texts = append(texts, t.canonical())
	}
	return o.writeAnnotation("set", texts)
}

// setTo writes the trigger as it is wanted; as it was, where it is so already.
func (b bound) setTo(o *Object, want Wanted) string {
	tag, ok := tagOf(b.From)
	if ok && b.reason == "" && tag.is(want.From, o.namespace) && b.Paused == want.Paused && !b.sloppy && b.slot.list == b.path.List {
		return b.source
	}
	b.From.Kind, b.From.APIVersion = imagestream.KindImageStreamTag, ""
	if !ok || !tag.is(want.From, o.namespace) {
		b.From.Name, b.From.Namespace = want.From.Stream+":"+want.From.Tag, want.From.Namespace
	}
	b.Paused = want.Paused
	return b.repaired(o)
}

// repaired writes the trigger in canonical form, with its container by name and
// in its list. One that cannot be read, or means no container, stays as it is.
func (b bound) repaired(o *Object) string {
	if b.found && b.Err == nil {
		b.FieldPath = b.slot.path(o.podSpec).String()
	}
	return b.canonical()
}

// writeAnnotation makes the patch that writes the triggers.
func (o *Object) writeAnnotation(op string, texts []string) (Edit, error) {
	was, exists := o.Annotation()
	now := "[" + strings.Join(texts, ",") + "]"
	if len(now) > maxAnnotation {
		why := fmt.Sprintf("the annotation would have %d bytes, at most %d are allowed", len(now), maxAnnotation)
		return Edit{}, o.fail(op, about(op, -1, annotationField, why, ErrTooLarge))
	}
	if exists && sameTexts(was, texts) || !exists && len(texts) == 0 {
		return Edit{Annotation: was}, nil
	}
	p := patcher{object: o}
	switch annotations, ok := at(o.content, "metadata", "annotations").(map[string]any); {
	case len(texts) == 0:
		p.expect(annotationPointer, was)
		p.do("remove", annotationPointer, nil)
		return Edit{Patch: p.patch()}, nil
	case ok:
		p.put(annotationPointer, annotations[imagestream.TriggersAnnotation], now)
	case at(o.content, "metadata") == nil:
		p.do("add", "/metadata", map[string]any{"annotations": map[string]any{imagestream.TriggersAnnotation: now}})
	case at(o.content, "metadata", "annotations") == nil && isObject(o.content["metadata"]):
		p.put("/metadata/annotations", nil, map[string]any{imagestream.TriggersAnnotation: now})
	default:
		return Edit{}, o.fail(op, about(op, -1, "metadata.annotations", "want an object", ErrMalformed))
	}
	return Edit{Patch: p.patch(), Annotation: now}, nil
}

func isObject(value any) bool {
	_, ok := value.(map[string]any)
	return ok
}

// sameTexts says whether the annotation holds these triggers already, whatever
// spaces are between them.
func sameTexts(annotation string, texts []string) bool {
	elements, _, _ := readList(annotation)
	return slices.EqualFunc(elements, texts, func(e element, text string) bool { return e.text == text })
}
