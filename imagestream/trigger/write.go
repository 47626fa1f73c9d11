package trigger

import (
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// String writes the annotation. A trigger that was read and not changed is
// written as it was, byte for byte; a trigger that was changed or made is written
// in canonical form, with the fields that this package does not know behind the
// known ones. [Annotation.Canonical] writes all in canonical form.
func (a Annotation) String() string {
	return a.write(func(t Trigger) string {
		if t.source != "" && t.fields() == t.asRead {
			return t.source
		}
		return t.canonical()
	})
}

// Canonical writes every trigger as OpenShift's controller reads it: paused as a
// boolean and only where it is true, the path in double quotes. A trigger that
// could not be read is written as it was. [Repair], which knows the object, also
// writes containers by name and in their list.
func (a Annotation) Canonical() string { return a.write(Trigger.canonical) }

func (a Annotation) write(write func(Trigger) string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, t := range a.Triggers {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(write(t))
	}
	b.WriteByte(']')
	return b.String()
}

// canonical writes one trigger.
func (t Trigger) canonical() string {
	if t.Err != nil && t.fields() == t.asRead {
		return t.source
	}
	path := t.FieldPath
	if p, _, reason := parseFieldPath(path); reason == "" {
		path = p.String()
	}
	var w objectWriter
	w.raw("from", writeReference(t.From, t.unknownFrom))
	w.string("fieldPath", path)
	if t.Paused {
		w.raw("paused", "true")
	}
	w.members(t.unknown)
	return w.end()
}

func writeReference(ref imagestream.ObjectReference, unknown []member) string {
	var w objectWriter
	w.string("kind", ref.Kind)
	w.string("name", ref.Name)
	if ref.Namespace != "" {
		w.string("namespace", ref.Namespace)
	}
	if ref.APIVersion != "" {
		w.string("apiVersion", ref.APIVersion)
	}
	w.members(unknown)
	return w.end()
}

// objectWriter writes a JSON object field by field.
type objectWriter struct{ b strings.Builder }

func (w *objectWriter) raw(key, value string) {
	if w.b.Len() == 0 {
		w.b.WriteByte('{')
	} else {
		w.b.WriteByte(',')
	}
	w.b.WriteString(quoteJSON(key))
	w.b.WriteByte(':')
	w.b.WriteString(value)
}

func (w *objectWriter) string(key, value string) { w.raw(key, quoteJSON(value)) }

func (w *objectWriter) members(members []member) {
	for _, m := range members {
		w.raw(m.key, m.value)
	}
}

func (w *objectWriter) end() string { return w.b.String() + "}" }

// quoteJSON writes a string; every string has JSON.
func quoteJSON(s string) string {
	text, err := marshal(s)
	if err != nil {
		return `""`
	}
	return string(text)
}
