package dump

import (
	"errors"
	"fmt"
	"io"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// ErrTooLarge is in the chain of the error for an object above the limit, and
// for more objects than four times as much that do not say their type before
// their list does.
var ErrTooLarge = errors.New("object is too large")

// ErrEmpty is in the chain of the error for an input that holds no document: more
// likely what wrote it failed than that there is nothing to say.
var ErrEmpty = errors.New("it is empty: it holds no JSON or YAML document")

// ErrFailed is the error for an inventory that is asked for although a Read
// failed.
var ErrFailed = errors.New("a read failed, so there is no inventory")

// An Error says where in a dump something is wrong. Read ends with it, but for what an
// Image is made of: see [Reader.InPart].
type Error struct {
	Input  string // as given to Read; "" for none
	Offset int64  // in bytes, of the object or of the place in the text
	Line   int    // of a YAML text, instead of the offset; 0 in JSON
	Object string // as in "Image sha256:…"; "" where it cannot be told
	Err    error
}

func (e *Error) Error() string {
	where := fmt.Sprintf("byte %d", e.Offset)
	if e.Line > 0 {
		where = fmt.Sprintf("line %d", e.Line)
	}
	if e.Input != "" {
		where = e.Input + ": " + where
	}
	if e.Object != "" {
		where += ": " + e.Object
	}
	return where + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// describe names the object in a text that may end anywhere: as much of it as
// can be read. The kind is itemKind where the text does not say one.
func describe(raw []byte, itemKind string) string {
	var kind, namespace, name string
	r := rawjson.NewReader(raw)
	for key := range r.Object() {
		switch string(key) {
		case "kind":
			kind = text(r)
		case "metadata":
			for key := range r.Object() {
				switch string(key) {
				case "namespace":
					namespace = text(r)
				case "name":
					name = text(r)
				}
			}
		}
	}
	if kind == "" {
		kind = itemKind
	}
	switch {
	case kind == "" && name == "":
		return ""
	case kind == "":
		kind = "object"
	case name == "":
		return clip(kind)
	}
	if namespace != "" {
		name = namespace + "/" + name
	}
	return clip(kind) + " " + clip(name)
}

// clip shortens what is too long for a name, which has at most 253 bytes.
func clip(s string) string { return fmt.Sprintf("%.300s", s) }

// lastField returns the path of the value in which a text ends too early.
func lastField(raw []byte) string {
	r := rawjson.NewReader(raw)
	walk(r)
	var e *rawjson.Error
	if errors.As(r.Err(), &e) {
		return e.Field
	}
	return ""
}

func walk(r *rawjson.Reader) {
	switch r.Kind() {
	case '{':
		for range r.Object() {
			walk(r)
		}
	case '[':
		for range r.Array() {
			walk(r)
		}
	default:
		r.Skip()
		if r.Kind() == 0 {
			r.Fail(io.ErrUnexpectedEOF)
		}
	}
}

func text(r *rawjson.Reader) string {
	if r.Kind() != '"' {
		return ""
	}
	return r.String()
}
