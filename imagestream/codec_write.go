package imagestream

import (
	"bytes"
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// scratch holds buffers to write into, which spares their growth each time.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// mostScratch is the largest buffer that is kept for the next value.
const mostScratch = 1 << 20

// writeJSON is MarshalJSON for every object and part of one.
func writeJSON[T any](v *T) ([]byte, error) {
	t := reflect.TypeFor[T]()
	buffer := scratch.Get().(*[]byte)
	b, err := codecOf(t).write((*buffer)[:0], reflect.ValueOf(v).Elem())
	if cap(b) <= mostScratch {
		*buffer = b
		defer scratch.Put(buffer)
	}
	if err != nil {
		return nil, asWriteError(t.Name(), err)
	}
	return bytes.Clone(b), nil
}

// fieldError says in which field a value is that cannot be written.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string { return e.field + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

func inField(field string, err error) error {
	if inner, ok := err.(*fieldError); ok {
		return &fieldError{field: joinField(field, inner.field), err: inner.err}
	}
	return &fieldError{field: field, err: err}
}

func joinField(outer, inner string) string {
	if inner == "" || strings.HasPrefix(inner, "[") {
		return outer + inner
	}
	return outer + "." + inner
}

func (s *structCodec) write(b []byte, v reflect.Value) ([]byte, error) {
	b = append(b, '{')
	start := len(b)
	for i := range s.fields {
		f := &s.fields[i]
		value := f.of(v)
		if f.omitEmpty && f.codec.empty != nil && f.codec.empty(value) || f.omitZero && isZero(value) {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(b, f.key...)
		var err error
		if b, err = f.codec.write(b, value); err != nil {
			return b, inField(f.name, err)
		}
	}
	if s.extra {
		for _, f := range unknownOf(v).fields() {
			if len(b) > start {
				b = append(b, ',')
			}
			b = appendString(b, f.name)
			b = append(b, ':')
			b = append(b, f.raw...)
		}
	}
	return append(b, '}'), nil
}

// isZero is what omitzero asks: a Time in any zone may be the zero instant.
func isZero(v reflect.Value) bool {
	if t, ok := v.Addr().Interface().(*Time); ok {
		return t.IsZero()
	}
	return v.IsZero()
}

func writeRawValue(b []byte, v reflect.Value) ([]byte, error) {
	return v.Addr().Interface().(rawCodec).appendJSON(b)
}

func writeString(b []byte, v reflect.Value) ([]byte, error) { return appendString(b, v.String()), nil }
func writeBool(b []byte, v reflect.Value) ([]byte, error) {
	return strconv.AppendBool(b, v.Bool()), nil
}
func writeInt(b []byte, v reflect.Value) ([]byte, error) {
	return strconv.AppendInt(b, v.Int(), 10), nil
}

func writeBytes(b []byte, v reflect.Value) ([]byte, error) {
	if v.IsNil() {
		return append(b, "null"...), nil
	}
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, v.Bytes())
	return append(b, '"'), nil
}

func writePointer(elem *valueCodec) func([]byte, reflect.Value) ([]byte, error) {
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return elem.write(b, v.Elem())
	}
}

func writeSlice(elem *valueCodec) func([]byte, reflect.Value) ([]byte, error) {
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = elem.write(b, v.Index(i)); err != nil {
				return b, inField("["+strconv.Itoa(i)+"]", err)
			}
		}
		return append(b, ']'), nil
	}
}

func writeStringMap(b []byte, v reflect.Value) ([]byte, error) {
	m := *v.Addr().Interface().(*map[string]string)
	if m == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '{')
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, key)
		b = append(b, ':')
		b = appendString(b, m[key])
	}
	return append(b, '}'), nil
}

func writeMap(elem *valueCodec) func([]byte, reflect.Value) ([]byte, error) {
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		b = append(b, '{')
		value := reflect.New(v.Type().Elem()).Elem() // the codecs want what can be addressed
		for i, key := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, key.String())
			b = append(b, ':')
			value.Set(v.MapIndex(key))
			var err error
			if b, err = elem.write(b, value); err != nil {
				return b, inField("["+strconv.Quote(key.String())+"]", err)
			}
		}
		return append(b, '}'), nil
	}
}

// appendString appends a JSON string. What encoding/json escapes for HTML it
// escapes itself, where it is asked to.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[start:i]...)
		b = appendEscaped(b, c)
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// appendEscaped appends a byte that a string cannot hold as it is; one that is
// not UTF-8 becomes U+FFFD.
func appendEscaped(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	if c >= utf8.RuneSelf {
		return append(b, `\ufffd`...)
	}
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
}
