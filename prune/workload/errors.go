package workload

import (
	"errors"
	"strconv"
	"strings"

	"github.com/registrykit/registrykit/internal/rawjson"
)

var (
	// ErrMalformed is the cause where the text is not JSON.
	ErrMalformed = rawjson.ErrMalformed

	// ErrNoKind is the cause where neither the object nor the caller says of
	// which kind it is.
	ErrNoKind = errors.New("the object has no kind")

	// ErrList is the cause where the text is a list of objects. Its items are to
	// be read one by one: see [Scanner.ScanItem].
	ErrList = errors.New("want one object, got a list of them")

	// ErrTooDeep is the cause where objects and arrays are nested deeper than
	// 10,000 levels, the limit that encoding/json has as well.
	ErrTooDeep = errors.New("nested deeper than 10,000 levels")

	// ErrTooMuch is the cause where the paths of the references in one object
	// have more than 64 MiB.
	ErrTooMuch = errors.New("too many references under too long paths")

	errNameless = errors.New("a tag of its own image stream, which has no name")
)

// An Error says which field of which object cannot be read.
type Error struct {
	Object Object // as far as it is known
	Field  string // "" for the object as a whole
	Offset int    // of the field, in bytes from the start of the object's text
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Object.String())
	if e.Field != "" {
		b.WriteString(": ")
		b.WriteString(e.Field)
	}
	if e.Offset > 0 {
		b.WriteString(" (byte ")
		b.WriteString(strconv.Itoa(e.Offset))
		b.WriteString(")")
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// newError tells which object of which text the error err is about.
func newError(raw []byte, itemAPIVersion, itemKind string, err error) error {
	e := &Error{Err: err}
	var at *rawjson.Error
	if errors.As(err, &at) {
		e.Field, e.Offset, e.Err = clip(at.Field), at.Offset, at.Err
	}
	e.Object = identify(raw, itemAPIVersion, itemKind)
	return e
}

// identify finds out what it can about an object of which something is wrong.
func identify(raw []byte, itemAPIVersion, itemKind string) Object {
	var o Object
	var apiVersion string
	r := rawjson.NewReader(raw)
	if r.Kind() != '{' {
		return o
	}
	text := func() string {
		if r.Kind() != '"' {
			return ""
		}
		return clip(r.String())
	}
	for key := range r.Object() {
		switch string(key) {
		case "apiVersion":
			apiVersion = text()
		case "kind":
			o.Kind = text()
		case "metadata":
			if r.Kind() != '{' {
				continue
			}
			for key := range r.Object() {
				switch string(key) {
				case "namespace":
					o.Namespace = text()
				case "name":
					o.Name = text()
				}
			}
		}
	}
	apiVersion, o.Kind = withDefaults(apiVersion, o.Kind, itemAPIVersion, itemKind)
	o.Group, o.Version = splitAPIVersion(apiVersion)
	return o
}
