package trigger

import (
	"errors"
	"fmt"
	"strconv"
)

// Evaluate says what to do about an object now: the patch to make or the build
// to request, and for each of its image change triggers why it fires or not. The
// object is not changed. Evaluating what the patch makes of it, with the same
// tags, gives nothing to do.
//
// Of an object with the annotation every trigger counts for itself: those that
// cannot work or have no image keep none of the others from firing. Of a
// DeploymentConfig nothing fires until every automatic trigger has an image; one
// that had one before (lastTriggeredImage) keeps it where its tag is gone. The
// triggers of a BuildConfig that fire start one build together.
//
// What a build was last started for is in status.imageChangeTriggers; only where
// that has no entry for the tag does the deprecated lastTriggeredImageID of the
// spec count.
//
// The error is an [*Error] of class [ErrMalformed] or [ErrTooLarge] where the
// annotation as a whole cannot be read. Everything else, a failing resolver
// included, is in the outcomes.
func Evaluate(o *Object, resolver Resolver) (Result, error) {
	o = o.orEmpty()
	e := &evaluation{object: o, resolver: resolver, known: map[Tag]answer{}, patch: patcher{object: o}}
	switch o.form {
	case buildConfig:
		e.buildConfig()
	case deploymentConfig:
		e.deploymentConfig()
	default:
		if err := e.annotation(); err != nil {
			return Result{}, err
		}
	}
	e.result.Problems = Check(o)
	e.result.Patch = e.patch.patch()
	return e.result, nil
}

// evaluation is the evaluation of one object.
type evaluation struct {
	object   *Object
	resolver Resolver
	known    map[Tag]answer
	patch    patcher
	result   Result
}

// answer is what the resolver said of a tag.
type answer struct {
	Resolution
	reason Reason // empty where there is an image
	err    error
}

// resolve asks the resolver, once for each tag.
func (e *evaluation) resolve(tag Tag) answer {
	if a, ok := e.known[tag]; ok {
		return a
	}
	a := ask(e.resolver, tag)
	e.known[tag] = a
	return a
}

func ask(resolver Resolver, tag Tag) answer {
	if resolver == nil {
		return answer{reason: ResolverFailed, err: errNoResolver}
	}
	resolution, err := resolver.ResolveTag(tag.Namespace, tag.Stream, tag.Tag)
	switch {
	case err == nil && resolution.Image == "":
		return answer{reason: ResolverFailed, err: fmt.Errorf("the resolver gave no image for %s", tag)}
	case err == nil:
		return answer{Resolution: resolution}
	case errors.Is(err, ErrStreamMissing):
		return answer{reason: StreamMissing, err: err}
	case errors.Is(err, ErrTagMissing):
		return answer{reason: TagMissing, err: err}
	case errors.Is(err, ErrNotImported):
		return answer{reason: NotImported, err: err}
	}
	return answer{reason: ResolverFailed, err: err}
}

// took notes what the resolver said of an outcome's tag, and whether it has an
// image.
func (e *evaluation) took(out *Outcome) bool {
	a := e.resolve(out.Tag)
	out.Image, out.Pending, out.Reason, out.Err = a.Image, a.Pending, a.reason, a.err
	return a.reason == ""
}

// setImage changes the image of a container.
func (e *evaluation) setImage(s slot, image string) {
	if s.named {
		e.patch.expect(s.pointer+"/name", s.name)
	}
	e.patch.put(s.imagePointer(), s.image, image)
}

// change describes a change of a container's image.
func (s slot) change(image string) Change {
	return Change{List: s.list, Container: s.name, Field: s.field, From: s.current(), To: image}
}

// annotation evaluates the triggers of an annotation.
func (e *evaluation) annotation() error {
	triggers, _, err := e.object.bind()
	if err != nil {
		return e.object.fail("evaluate", err.(*Error))
	}
	out := make([]Outcome, len(triggers))
	for i, b := range triggers {
		out[i] = Outcome{Index: i, Reason: b.reason}
		if tag, ok := tagOf(b.From); ok {
			out[i].Tag = tag.in(e.object.namespace)
		}
		if b.err != nil {
			out[i].Err = e.object.fail("evaluate", b.err)
		}
		if b.reason == "" && b.Paused {
			out[i].Reason = Paused
		}
	}
	e.markDuplicates(triggers, out)
	for i, b := range triggers {
		if out[i].Reason != "" || !e.took(&out[i]) {
			continue
		}
		if b.slot.current() == out[i].Image {
			out[i].Reason = SameImage
			continue
		}
		out[i].Reason = Fires
		out[i].Changes = []Change{b.slot.change(out[i].Image)}
		if source, ok := e.object.Annotation(); ok {
			e.patch.expect(annotationPointer, source)
		}
		e.setImage(b.slot, out[i].Image)
	}
	e.result.Outcomes = out
	return nil
}

// markDuplicates lets one of several triggers of a container fire where they
// agree on the tag, and none where they do not: which one is meant nobody can
// know, and to let the last one win, as OpenShift's controller does, sets the
// image twice each time. A paused trigger is in nobody's way.
func (e *evaluation) markDuplicates(triggers []bound, out []Outcome) {
	groups := map[string][]int{}
	for i, b := range triggers {
		if out[i].Reason == "" {
			groups[b.slot.key()] = append(groups[b.slot.key()], i)
		}
	}
	for _, group := range groups {
		first := group[0]
		agree := true
		for _, i := range group[1:] {
			agree = agree && out[i].Tag == out[first].Tag
		}
		for n, i := range group {
			if len(group) == 1 || n == 0 && agree {
				continue
			}
			other := first
			if i == first {
				other = group[1]
			}
			field := annotationField + "[" + strconv.Itoa(i) + "].fieldPath"
			why := "trigger " + strconv.Itoa(other) + " is about the same container"
			if !agree {
				why += " and another tag"
			}
			out[i].Reason = Duplicate
			out[i].Err = e.object.fail("evaluate", about("evaluate", i, field, why, ErrDuplicate))
		}
	}
}
