package imagepruner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// unknown keeps the fields of an object that its type does not know. Nobody
// changes the map after it was read, so copies of a value share it.
type unknown struct {
	fields map[string]json.RawMessage
}

func (u *unknown) unknownFields() *unknown { return u }

// MarshalJSON implements json.Marshaler: compact, the fields in the order of the
// API, unknown ones after them by name.
func (p ImagePruner) MarshalJSON() ([]byte, error) { return writeObject(&p) }

// UnmarshalJSON implements json.Unmarshaler. The text replaces the whole value.
// The error is an [*InvalidError] with every field that has a value of the wrong
// type, and then the value stays as it was.
func (p *ImagePruner) UnmarshalJSON(b []byte) error { return replace(p, "", b) }

// MarshalJSON implements json.Marshaler, as that of ImagePruner does.
func (s ImagePrunerSpec) MarshalJSON() ([]byte, error) { return writeObject(&s) }

// UnmarshalJSON implements json.Unmarshaler, as that of ImagePruner does.
func (s *ImagePrunerSpec) UnmarshalJSON(b []byte) error { return replace(s, "spec", b) }

// MarshalJSON implements json.Marshaler, as that of ImagePruner does.
func (s ImagePrunerStatus) MarshalJSON() ([]byte, error) { return writeObject(&s) }

// UnmarshalJSON implements json.Unmarshaler, as that of ImagePruner does.
func (s *ImagePrunerStatus) UnmarshalJSON(b []byte) error { return replace(s, "status", b) }

// MarshalJSON implements json.Marshaler, as that of ImagePruner does.
func (c OperatorCondition) MarshalJSON() ([]byte, error) { return writeObject(&c) }

// UnmarshalJSON implements json.Unmarshaler, as that of ImagePruner does.
func (c *OperatorCondition) UnmarshalJSON(b []byte) error { return replace(c, "", b) }

func replace[T any](v *T, path string, b []byte) error {
	var read T
	var problems Problems
	readStruct(reflect.ValueOf(&read).Elem(), path, b, &problems)
	if len(problems) > 0 {
		return &InvalidError{Problems: problems}
	}
	*v = read
	return nil
}

// A jsonField is a field of a struct, or of a struct that is inlined in it.
type jsonField struct {
	name  string
	index []int
}

func jsonFields(t reflect.Type) (fields []jsonField) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || slices.ContainsFunc(fields, func(g jsonField) bool { return inside(f.Index, g.index) }) {
			continue
		}
		fields = append(fields, jsonField{name, f.Index})
	}
	return fields
}

// inside reports whether a field lies in another that has a name of its own.
func inside(index, outer []int) bool {
	return len(index) > len(outer) && slices.Equal(index[:len(outer)], outer)
}

// readStruct reads a JSON object into a struct, field by field, so that one of the
// wrong type does not hide the others.
func readStruct(v reflect.Value, path string, b []byte, problems *Problems) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		problems.add(path, wrongType(err, b, "an object"))
		return
	}
	for _, f := range jsonFields(v.Type()) {
		if raw, ok := member(members, f.name); ok {
			readField(v.FieldByIndex(f.index), join(path, f.name), raw, problems)
		}
	}
	if len(members) > 0 {
		v.Addr().Interface().(interface{ unknownFields() *unknown }).unknownFields().fields = members
	}
}

// member takes out what a name stands for: exactly or, as the API server and
// encoding/json read it, whatever the case.
func member(members map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	key, found := name, false
	if _, found = members[name]; !found {
		for _, other := range slices.Sorted(maps.Keys(members)) {
			if strings.EqualFold(other, name) {
				key, found = other, true
				break
			}
		}
	}
	raw := members[key]
	delete(members, key)
	return raw, found
}

func readField(v reflect.Value, path string, raw json.RawMessage, problems *Problems) {
	null := string(raw) == "null"
	switch {
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		if !null {
			v.SetBytes(bytes.Clone(raw))
		}
	case v.Type() == reflect.TypeFor[[]OperatorCondition]() && !null:
		readConditions(v, path, raw, problems)
	case v.Type() == reflect.TypeFor[ImagePrunerSpec]() || v.Type() == reflect.TypeFor[ImagePrunerStatus]():
		if !null {
			readStruct(v, path, raw, problems)
		}
	default:
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
			v.SetZero()
			if at := new(imagestream.Error); errors.As(err, &at) && at.Field != "" {
				path = join(path, at.Field)
			}
			problems.add(path, wrongType(err, raw, wantOf(v.Type())))
		}
	}
}

func readConditions(v reflect.Value, path string, raw json.RawMessage, problems *Problems) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		problems.add(path, wrongType(err, raw, "an array"))
		return
	}
	conditions := make([]OperatorCondition, len(elements))
	for i, element := range elements {
		if string(element) != "null" {
			readStruct(reflect.ValueOf(&conditions[i]).Elem(), fmt.Sprintf("%s[%d]", path, i), element, problems)
		}
	}
	v.Set(reflect.ValueOf(conditions))
}

func join(path, name string) string {
	if path == "" || strings.HasPrefix(name, "[") {
		return path + name
	}
	return path + "." + name
}

// wantOf says in words what a type takes.
func wantOf(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Int32:
		return "a whole number of 32 bits"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	case reflect.Map:
		return "an object of strings"
	}
	return "an object"
}

// wrongType says what is wrong with a value that encoding/json did not take.
func wrongType(err error, raw []byte, want string) string {
	if at := new(imagestream.Error); errors.As(err, &at) {
		return at.Reason
	}
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		return "not JSON: " + short(err.Error())
	}
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		return fmt.Sprintf("want %s, got %s", want, short(string(raw)))
	}
	return short(err.Error())
}

// writeObject writes the fields that are not left out, and the unknown ones.
func writeObject[T any](v *T) ([]byte, error) {
	s := reflect.ValueOf(v).Elem()
	var b bytes.Buffer
	b.WriteByte('{')
	put := func(name string, value any) error {
		text, err := compact(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		key, err := compact(name)
		b.Write(key)
		b.WriteByte(':')
		b.Write(text)
		return err
	}
	for _, f := range jsonFields(s.Type()) {
		value, tag := s.FieldByIndex(f.index), s.Type().FieldByIndex(f.index).Tag.Get("json")
		if strings.HasSuffix(tag, ",omitempty") && isEmpty(value) || strings.HasSuffix(tag, ",omitzero") && value.IsZero() {
			continue
		}
		if err := put(f.name, value.Interface()); err != nil {
			return nil, err
		}
	}
	fields := s.Addr().Interface().(interface{ unknownFields() *unknown }).unknownFields().fields
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := put(name, fields[name]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String:
		return v.Len() == 0
	}
	return v.IsZero()
}

// compact is JSON with no more escapes than it needs.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
