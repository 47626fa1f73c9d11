package trigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/registrykit/registrykit/imagestream"
)

// maxAnnotation is what Kubernetes allows for all annotations of an object
// together (apimachinery, api/validation, TotalAnnotationSizeLimitB).
const maxAnnotation = 256 << 10

// An Annotation is the list of triggers that an annotation holds. The zero value
// is an empty list.
type Annotation struct {
	// Triggers are all of them in their order, the bad ones too.
	Triggers []Trigger
	// Problems are what is wrong with them, in the order of the text.
	Problems []*Error
}

// A Trigger is one element of the annotation. One that was read, changed and
// written back keeps the fields that this type does not know.
type Trigger struct {
	// From is the image stream tag. Kind is ImageStreamTag, Name is stream:tag,
	// and an empty Namespace is that of the object. A trigger of another kind, or
	// with an APIVersion, is ignored.
	From imagestream.ObjectReference
	// FieldPath is where the image goes, as written; see [ParseFieldPath].
	FieldPath string
	// Paused says that the trigger does nothing for now.
	Paused bool
	// Err is the first problem with the trigger for which it cannot work, nil
	// where there is none. Nothing reads it.
	Err *Error

	// source is the text of the trigger, and asRead what it said; unknown are
	// the fields not known.
	source      string
	offset      int  // of source in the annotation
	pathOffset  int  // of fieldPath
	sloppy      bool // whether OpenShift's controller may not read it
	asRead      triggerFields
	unknown     []member
	unknownFrom []member
}

// triggerFields are what a trigger says, to see whether it was changed.
type triggerFields struct {
	kind, name, namespace, apiVersion, fieldPath string
	paused                                       bool
}

func (t Trigger) fields() triggerFields {
	return triggerFields{t.From.Kind, t.From.Name, t.From.Namespace, t.From.APIVersion, t.FieldPath, t.Paused}
}

// member is one field of a JSON object as it was written.
type member struct{ key, value string }

// NewTrigger makes a trigger that puts the image of a tag into the place that a
// path names.
func NewTrigger(from Tag, path FieldPath) Trigger {
	return Trigger{
		From: imagestream.ObjectReference{
			Kind: imagestream.KindImageStreamTag, Name: from.Stream + ":" + from.Tag, Namespace: from.Namespace,
		},
		FieldPath: path.String(),
	}
}

// Parse reads the text of the annotation. What is wrong with single triggers is
// in Problems, and the other triggers are there all the same. An empty text
// holds no triggers, and so does null.
//
// The error is an [*Error], of class [ErrMalformed] where the text is not a JSON
// list (its Offset says where), or [ErrTooLarge] where it has more than 256 KiB
// or is nested too deep.
func Parse(annotation string) (Annotation, error) {
	a, err := parse(annotation)
	if err != nil {
		return Annotation{}, err
	}
	a.Problems = append(a.Problems, samePaths(a.Triggers)...)
	sortProblems(a.Problems)
	return a, nil
}

// parse leaves the duplicates to those who know the object.
func parse(annotation string) (Annotation, error) {
	if err := checkAnnotation(annotation); err != nil {
		return Annotation{}, err
	}
	var a Annotation
	if strings.TrimSpace(annotation) == "" {
		return a, nil
	}
	elements, offset, isList := readList(annotation)
	if !isList {
		return a, parseError(offset, "want a JSON list of triggers", ErrMalformed)
	}
	for i, e := range elements {
		r := triggerReader{index: i, problems: &a.Problems}
		a.Triggers = append(a.Triggers, r.trigger(e))
	}
	return a, nil
}

func checkAnnotation(annotation string) *Error {
	switch {
	case len(annotation) > maxAnnotation:
		return parseError(-1, fmt.Sprintf("the annotation has %d bytes, at most %d are allowed", len(annotation), maxAnnotation), ErrTooLarge)
	case !utf8.ValidString(annotation):
		return parseError(-1, "the text is not UTF-8", ErrMalformed)
	case strings.TrimSpace(annotation) == "":
		return nil
	case tooDeep([]byte(annotation)):
		return parseError(-1, fmt.Sprintf("nested deeper than %d levels", maxDepth), ErrTooLarge)
	}
	var any json.RawMessage
	if err := json.Unmarshal([]byte(annotation), &any); err != nil {
		return parseError(offsetOf(err, len(annotation)), "not JSON: "+err.Error(), errors.Join(ErrMalformed, err))
	}
	return nil
}

func parseError(offset int, reason string, class error) *Error {
	return &Error{Op: "parse", Object: "annotation", Index: -1, Offset: offset, Reason: reason, Err: class}
}

// samePaths finds triggers whose paths are the same however they are written.
// Whether an index and a name mean the same container only the object says.
func samePaths(triggers []Trigger) []*Error {
	first := map[FieldPath]int{}
	var problems []*Error
	for i, t := range triggers {
		path, _, reason := parseFieldPath(t.FieldPath)
		if reason != "" || t.Err != nil {
			continue
		}
		if j, ok := first[path]; ok {
			e := about("parse", i, "["+strconv.Itoa(i)+"].fieldPath", "trigger "+strconv.Itoa(j)+" is about the same container", ErrDuplicate)
			e.Offset = t.pathOffset
			problems = append(problems, e)
			continue
		}
		first[path] = i
	}
	return problems
}
