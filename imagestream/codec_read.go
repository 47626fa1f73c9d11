package imagestream

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// readJSON is UnmarshalJSON for every object and part of one. null changes
// nothing, which is the convention for that method.
func readJSON[T any](data []byte, v *T) error {
	if string(data) == "null" {
		return nil
	}
	var read T
	if err := readObject(data, &read); err != nil {
		return asReadError(describeJSON(reflect.TypeFor[T](), data), err)
	}
	*v = read
	return nil
}

func readObject[T any](data []byte, v *T) error {
	r := rawjson.NewReader(data)
	codecOf(reflect.TypeFor[T]()).read(r, reflect.ValueOf(v).Elem())
	return r.Err()
}

func (s *structCodec) read(r *rawjson.Reader, v reflect.Value) {
	var unknown unknownFields
	for key := range r.Object() {
		f := s.field(key)
		switch {
		case f != nil:
			f.codec.read(r, f.of(v))
		case s.extra:
			name := text(key) // before Raw: a key lasts until the next read
			unknown = append(unknown, unknownField{name: name, raw: r.Raw()})
		}
	}
	if s.extra && r.Err() == nil {
		unknownOf(v).add(unknown)
	}
}

func (f *structField) of(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}

func readRawValue(r *rawjson.Reader, v reflect.Value) {
	v.Addr().Interface().(rawCodec).readJSON(r)
}

// text turns a string into one of its own memory. Bytes that are not UTF-8
// become U+FFFD each, as in encoding/json.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}

func readString(r *rawjson.Reader, v reflect.Value) {
	if !skipNull(r) {
		v.SetString(text(r.Bytes()))
	}
}

func readBool(r *rawjson.Reader, v reflect.Value) {
	if !skipNull(r) {
		v.SetBool(r.Bool())
	}
}

func readInt(r *rawjson.Reader, v reflect.Value) {
	if skipNull(r) {
		return
	}
	n := r.Int64()
	if v.OverflowInt(n) {
		r.Fail(fmt.Errorf("%d is too large for %d bits", n, v.Type().Bits()))
		return
	}
	v.SetInt(n)
}

func readBytes(r *rawjson.Reader, v reflect.Value) {
	if skipNull(r) {
		v.SetZero()
		return
	}
	encoded := r.Bytes()
	if r.Err() != nil {
		return
	}
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Decode(decoded, encoded)
	if err != nil {
		r.Fail(errors.New("want bytes in base64"))
		return
	}
	v.SetBytes(decoded[:n])
}

func readPointer(elem *valueCodec) func(*rawjson.Reader, reflect.Value) {
	return func(r *rawjson.Reader, v reflect.Value) {
		if skipNull(r) {
			v.SetZero()
			return
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		elem.read(r, v.Elem())
	}
}

func readSlice(elem *valueCodec) func(*rawjson.Reader, reflect.Value) {
	return func(r *rawjson.Reader, v reflect.Value) {
		v.SetZero()
		if skipNull(r) {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		for i := range r.Array() {
			if i == v.Cap() {
				v.Grow(1)
			}
			v.SetLen(i + 1)
			elem.read(r, v.Index(i))
		}
	}
}

func readStringMap(r *rawjson.Reader, v reflect.Value) {
	m := v.Addr().Interface().(*map[string]string)
	if skipNull(r) {
		*m = nil
		return
	}
	if *m == nil {
		*m = map[string]string{}
	}
	for key := range r.Object() {
		name := text(key)
		(*m)[name] = text(r.Bytes())
	}
}

func readMap(elem *valueCodec) func(*rawjson.Reader, reflect.Value) {
	return func(r *rawjson.Reader, v reflect.Value) {
		if skipNull(r) {
			v.SetZero()
			return
		}
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		for key := range r.Object() {
			name := reflect.ValueOf(text(key)).Convert(v.Type().Key())
			value := reflect.New(v.Type().Elem()).Elem()
			elem.read(r, value)
			v.SetMapIndex(name, value)
		}
	}
}

// skipNull passes over null, which leaves a scalar as it is.
func skipNull(r *rawjson.Reader) bool {
	if r.Kind() != 'n' {
		return false
	}
	r.Skip()
	return true
}

// describeJSON names the object that could not be read, by its own metadata as
// far as that can be read.
func describeJSON(t reflect.Type, data []byte) string {
	if !reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ isObject() }]()) {
		return t.Name()
	}
	var namespace, name string
	r := rawjson.NewReader(data)
	if r.Kind() != '{' {
		return t.Name()
	}
	for key := range r.Object() {
		if string(key) != "metadata" || r.Kind() != '{' {
			continue
		}
		for key := range r.Object() {
			switch {
			case r.Kind() != '"':
			case string(key) == "namespace":
				namespace = r.String()
			case string(key) == "name":
				name = r.String()
			}
		}
	}
	return describe(t.Name(), namespace, name)
}

func describe(kind, namespace, name string) string {
	switch {
	case name == "":
		return kind
	case namespace == "":
		return kind + " " + printable(name)
	}
	return kind + " " + printable(namespace) + "/" + printable(name)
}

// printable leaves names as they are, and quotes what cannot be one.
func printable(name string) string {
	if len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || !unicode.IsPrint(r) }) {
		return quoteShort(name)
	}
	return name
}
