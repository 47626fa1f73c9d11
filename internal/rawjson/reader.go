// Package rawjson reads JSON where it lies, in one pass, without decoding what
// nobody asks for.
//
// The text is expected to have been checked by a real tokenizer already (a
// jsontext.Decoder, or json.Valid). On text that was not, a Reader reports an
// error or reads nonsense, but it never panics and never loops.
//
// A Reader stands before a value. Each value is read by exactly one call:
// [Reader.Object], [Reader.Array], [Reader.String], [Reader.Skip] and so on.
// What the body of an Object or Array loop leaves unread is passed over:
//
//	for key := range r.Object() {
//		switch string(key) {
//		case "name":
//			name = r.String()
//		}
//	}
//	if err := r.Err(); err != nil { … }
//
// null reads as the zero value of everything, as in encoding/json.
package rawjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"unsafe"
)

// An Error says where a value is not what the caller asked for.
type Error struct {
	Field  string // path of the value, as in spec.containers[0].image
	Offset int    // of the value, in bytes from the start of the text
	Err    error
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Err.Error()
	}
	return e.Field + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// ErrMalformed is the cause of the error for text that is not JSON.
var ErrMalformed = errors.New("malformed JSON")

// A Reader reads one JSON text. It keeps the first error and reads nothing
// after it. It must not be used by several goroutines at once.
type Reader struct {
	data []byte
	pos  int
	path []step
	err  error
}

type step struct {
	key   []byte // nil in an array
	index int
}

// NewReader returns a Reader of the JSON text data, which it keeps.
func NewReader(data []byte) *Reader {
	r := &Reader{}
	r.Reset(data)
	return r
}

// Reset makes the reader read another text from its start, without error.
func (r *Reader) Reset(data []byte) {
	r.data, r.pos, r.path, r.err = data, 0, r.path[:0], nil
	r.space()
}

// Err returns the first error, an [*Error], or nil.
func (r *Reader) Err() error { return r.err }

// Kind returns the first byte of the value that comes next: one of {["tfn, a
// digit or minus for a number, 0 where nothing is left.
func (r *Reader) Kind() byte {
	if r.pos >= len(r.data) {
		return 0
	}
	return r.data[r.pos]
}

// Offset returns where the next value starts.
func (r *Reader) Offset() int { return r.pos }

// Path returns the path of the value that comes next or, within the loop of an
// Object or Array, of the member that the loop is at.
func (r *Reader) Path() string {
	var b []byte
	for _, s := range r.path {
		switch {
		case s.key == nil:
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(s.index), 10)
			b = append(b, ']')
		case bytes.ContainsAny(s.key, "./[]"):
			b = append(b, '[')
			b = strconv.AppendQuote(b, string([]rune(string(s.key)))) // U+FFFD for what is not UTF-8
			b = append(b, ']')
		default:
			if len(b) > 0 {
				b = append(b, '.')
			}
			b = append(b, s.key...)
		}
	}
	return string(b)
}

// Fail records an error at the value that comes next, unless there is one, and
// ends the reading.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = &Error{Field: r.Path(), Offset: r.pos, Err: err}
	}
	r.pos = len(r.data)
}

// Object reads an object: it yields each key, with the reader before the
// member's value. The key is valid until the body reads on.
func (r *Reader) Object() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !r.open('{', "an object") {
			return
		}
		depth := len(r.path)
		for r.more('}') {
			key := r.text()
			r.expect(':')
			if r.err != nil {
				return
			}
			if !r.visit(depth, step{key: key}, func() bool { return yield(key) }) {
				return
			}
		}
	}
}

// Array reads an array: it yields each index, with the reader before the
// element.
func (r *Reader) Array() iter.Seq[int] {
	return func(yield func(int) bool) {
		if !r.open('[', "an array") {
			return
		}
		depth := len(r.path)
		for i := 0; r.more(']'); i++ {
			if !r.visit(depth, step{index: i}, func() bool { return yield(i) }) {
				return
			}
		}
	}
}

// visit runs the body of a loop on one member, and passes over the member's
// value where the body did not read it. It is false where the loop must end;
// a body that breaks leaves the reader within the value, so the reading ends.
func (r *Reader) visit(depth int, s step, body func() bool) bool {
	r.path = append(r.path, s)
	start := r.pos
	if !body() {
		r.pos = len(r.data)
		return false
	}
	if r.err != nil {
		return false
	}
	if r.pos == start {
		r.Skip()
	}
	r.path = r.path[:depth]
	return r.err == nil
}

// String reads a string into memory of its own.
func (r *Reader) String() string { return string(r.Bytes()) }

// Text reads a string without copying it: the result is part of the text, and
// is nonsense once that is written over.
func (r *Reader) Text() string {
	b := r.Bytes()
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Bytes reads a string. The result is part of the text where the string has no
// escapes, so it must not be written to.
func (r *Reader) Bytes() []byte {
	switch r.Kind() {
	case '"':
		return r.text()
	case 'n':
		r.Skip()
	default:
		r.wrong("a string")
	}
	return nil
}

// Int64 reads a whole number.
func (r *Reader) Int64() int64 {
	k := r.Kind()
	if k == 'n' {
		r.Skip()
		return 0
	}
	if k != '-' && (k < '0' || k > '9') {
		r.wrong("a number")
		return 0
	}
	start := r.pos
	raw := r.Raw()
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		r.pos = start
		r.Fail(fmt.Errorf("want a whole number of at most 64 bits, got %s", shorten(raw)))
		return 0
	}
	return n
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	switch r.Kind() {
	case 't':
		r.Skip()
		return true
	case 'f', 'n':
		r.Skip()
	default:
		r.wrong("true or false")
	}
	return false
}

// Raw passes over a value and returns its text.
func (r *Reader) Raw() []byte {
	start := r.pos
	end := r.skip()
	return r.data[start:end]
}

// Skip passes over a value.
func (r *Reader) Skip() { r.skip() }

func (r *Reader) skip() (end int) {
	end = skipValue(r.data, r.pos)
	if end < 0 {
		r.Fail(ErrMalformed)
		return len(r.data)
	}
	r.pos = end
	r.space()
	return end
}

// open steps into an object or array; it is false for null and on an error.
func (r *Reader) open(bracket byte, want string) bool {
	switch r.Kind() {
	case bracket:
		r.pos++
		r.space()
		return true
	case 'n':
		r.Skip()
	default:
		r.wrong(want)
	}
	return false
}

// more steps to the next member, or out of the object or array.
func (r *Reader) more(bracket byte) bool {
	if r.Kind() == ',' {
		r.pos++
		r.space()
	}
	switch r.Kind() {
	case bracket:
		r.pos++
		r.space()
		return false
	case 0, ',', ':', '}', ']':
		r.Fail(ErrMalformed)
		return false
	}
	return r.err == nil
}

func (r *Reader) expect(c byte) {
	if r.Kind() != c {
		r.Fail(ErrMalformed)
		return
	}
	r.pos++
	r.space()
}

func (r *Reader) text() []byte {
	start := r.pos
	if r.Kind() != '"' {
		r.Fail(ErrMalformed)
		return nil
	}
	end, plain := shortString(r.data, start)
	if end < 0 {
		if end = skipString(r.data, start); end < 0 {
			r.Fail(ErrMalformed)
			return nil
		}
		plain = bytes.IndexByte(r.data[start:end], '\\') < 0
	}
	r.pos = end
	r.space()
	if plain {
		return r.data[start+1 : end-1]
	}
	var s string
	if json.Unmarshal(r.data[start:end], &s) != nil {
		r.Fail(ErrMalformed)
	}
	return []byte(s)
}

func (r *Reader) wrong(want string) {
	if r.err != nil {
		return
	}
	start := r.pos
	got := kindName(r.Kind())
	r.pos = start
	r.Fail(fmt.Errorf("want %s, got %s", want, got))
}

func (r *Reader) space() {
	for r.pos < len(r.data) && isSpace(r.data[r.pos]) {
		r.pos++
	}
}

func kindName(k byte) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	case 0:
		return "nothing"
	}
	return "a number"
}

func shorten(raw []byte) []byte {
	const most = 40
	if len(raw) > most {
		return append(append([]byte{}, raw[:most]...), "…"...)
	}
	return raw
}
