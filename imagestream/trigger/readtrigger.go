package trigger

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

var (
	triggerKeys   = []string{"from", "fieldPath", "paused"}
	referenceKeys = []string{"kind", "name", "namespace", "apiVersion"}
)

// triggerReader reads one element of the annotation.
type triggerReader struct {
	index    int
	problems *[]*Error
	t        Trigger
}

// problem lists one; the first that is no warning is that of the trigger.
func (r *triggerReader) problem(field string, offset int, reason string, class error) *Error {
	if field != "" {
		field = "." + field
	}
	e := &Error{
		Op: "parse", Index: r.index, Offset: offset,
		Field: "[" + strconv.Itoa(r.index) + "]" + clip(field), Reason: reason, Err: class,
	}
	*r.problems = append(*r.problems, e)
	return e
}

func (r *triggerReader) invalid(field string, offset int, reason string) {
	e := r.problem(field, offset, reason, ErrInvalid)
	if r.t.Err == nil {
		r.t.Err = e
	}
}

func (r *triggerReader) warn(field string, offset int, reason string, class error) {
	r.problem(field, offset, reason, class).Warning = true
	r.t.sloppy = r.t.sloppy || class == ErrNotCanonical
}

func (r *triggerReader) trigger(e element) Trigger {
	r.t.source, r.t.offset, r.t.pathOffset = e.text, e.offset, e.offset
	fields, ok := e.fields()
	if !ok {
		r.invalid("", e.offset, "want an object with from and fieldPath")
		r.t.asRead = r.t.fields()
		return r.t
	}
	var from, path bool
	r.each("", fields, triggerKeys, &r.t.unknown, func(key string, f field) {
		switch key {
		case "from":
			from = r.from(f)
		case "fieldPath":
			path = r.path(f)
		case "paused":
			r.paused(f)
		}
	})
	if !from && r.t.Err == nil {
		r.invalid("from", e.offset, "it is missing")
	}
	if !path && r.t.Err == nil {
		r.invalid("fieldPath", e.offset, "it is missing")
	}
	r.t.asRead = r.t.fields()
	return r.t
}

// each goes through the fields of an object. As with encoding/json, which reads
// the annotation in the cluster, the last of two fields of one name holds.
func (r *triggerReader) each(path string, fields []field, known []string, unknown *[]member, read func(string, field)) {
	last := map[string]int{}
	for i, f := range fields {
		name, ok := knownAs(f.key, known)
		if !ok {
			name = f.key
		}
		last[name] = i
	}
	for i, f := range fields {
		name, isKnown := knownAs(f.key, known)
		if !isKnown {
			name = f.key
		}
		if last[name] != i {
			r.warn(path+f.key, f.offset, "the field is there twice, the last one holds", ErrNotCanonical)
			continue
		}
		if isKnown {
			if name != f.key {
				r.warn(path+f.key, f.offset, "the field is called "+name, ErrNotCanonical)
			}
			read(name, f)
			continue
		}
		*unknown = append(*unknown, member{f.key, f.text})
		reason := "no trigger has this field; it does nothing"
		if better := meant(f.key, known); better != "" {
			reason += ". Is " + better + " meant?"
		}
		r.warn(path+f.key, f.offset, reason, ErrUnknownField)
	}
}

// from reads what triggers; it is false where there is nothing to complain of
// beyond its absence.
func (r *triggerReader) from(f field) bool {
	if f.isNull() {
		return false
	}
	fields, ok := f.fields()
	if !ok {
		r.invalid("from", f.offset, "want an object with kind and name")
		return true
	}
	ref := &r.t.From
	nameAt := f.offset
	valid := true
	r.each("from.", fields, referenceKeys, &r.t.unknownFrom, func(key string, f field) {
		value, ok := f.string()
		if !ok && !f.isNull() {
			r.invalid("from."+key, f.offset, "want a string")
			valid = false
			return
		}
		switch key {
		case "kind":
			ref.Kind = value
		case "name":
			ref.Name, nameAt = value, f.offset
		case "namespace":
			ref.Namespace = value
		case "apiVersion":
			ref.APIVersion = value
		}
	})
	if valid {
		r.reference(f.offset, nameAt)
	}
	return true
}

// reference judges what triggers. What OpenShift's controller passes over is
// not wrong, it just does nothing.
func (r *triggerReader) reference(at, nameAt int) {
	if reason := ignored(r.t.From); reason != "" {
		r.warn("from", at, reason, ErrIgnored)
		return
	}
	if _, ok := tagOf(r.t.From); !ok {
		r.invalid("from.name", nameAt, "want stream:tag, got "+quote(r.t.From.Name))
	}
}

// ignored says why a reference is passed over (openshift-controller-manager,
// pkg/image/trigger/cache.go); "" where it is not.
func ignored(ref imagestream.ObjectReference) string {
	switch {
	case ref.Kind != imagestream.KindImageStreamTag:
		return "only the kind ImageStreamTag triggers, got " + quote(ref.Kind)
	case ref.APIVersion != "":
		return "a reference with an apiVersion does not trigger, got " + quote(ref.APIVersion)
	}
	return ""
}

func (r *triggerReader) path(f field) bool {
	if f.isNull() {
		return false
	}
	path, ok := f.string()
	if !ok {
		r.invalid("fieldPath", f.offset, "want a string")
		return true
	}
	r.t.FieldPath, r.t.pathOffset = path, f.offset
	if path == "" {
		return false
	}
	switch p, warning, reason := parseFieldPath(path); {
	case reason != "":
		r.invalid("fieldPath", f.offset, reason)
	case p.List == EphemeralContainers || p.List == ImageVolumes:
		r.warn("fieldPath", f.offset, "OpenShift's controller does not read "+string(p.List), ErrIgnored)
	case warning != "":
		r.warn("fieldPath", f.offset, warning, ErrNotCanonical)
	}
	return true
}

func (r *triggerReader) paused(f field) {
	switch f.kind() {
	case 't':
		r.t.Paused = true
	case 'f', 'n':
	default:
		value, _ := f.string()
		switch {
		case strings.EqualFold(value, "true"), strings.EqualFold(value, "false"):
			r.t.Paused = strings.EqualFold(value, "true")
			r.warn("paused", f.offset, "OpenShift's controller wants true or false without quotes, and reads none of the triggers otherwise", ErrNotCanonical)
		default:
			r.invalid("paused", f.offset, "want true or false, got "+clip(f.text))
		}
	}
}

// sortProblems puts them in the order of the triggers and of the text.
func sortProblems(problems []*Error) {
	slices.SortStableFunc(problems, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Field, b.Field))
	})
}
