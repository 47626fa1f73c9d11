package imagestream

import (
	"errors"
	"strconv"
	"strings"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// Classes of errors, for [errors.Is].
var (
	// ErrInvalidPullSpec is the class of what [ParsePullSpec] and
	// [ParsePullSpecStrict] do not accept.
	ErrInvalidPullSpec = errors.New("invalid pull spec")
	// ErrInvalidName is the class of what [ParseImageStreamTagName] and
	// [ParseImageStreamImageName] do not accept.
	ErrInvalidName = errors.New("invalid name")
	// ErrInvalidObject is the class of JSON that does not fit an object's
	// type, and of values that JSON cannot hold.
	ErrInvalidObject = errors.New("invalid object")

	// ErrInvalidOperation is the class of an [Operation] that no stream
	// allows.
	ErrInvalidOperation = errors.New("invalid operation")
	// ErrStreamNotFound says that there is no stream of that name.
	ErrStreamNotFound = errors.New("no such image stream")
	// ErrTagNotFound says that neither the spec nor the status of a stream
	// has the tag.
	ErrTagNotFound = errors.New("no such tag")
	// ErrImageNotFound says that no history has the image, or that there is
	// no [Image] of that name.
	ErrImageNotFound = errors.New("no such image")
	// ErrAmbiguousImage is the class of an [*AmbiguousImageError].
	ErrAmbiguousImage = errors.New("ambiguous image")
	// ErrNoImage says that a tag points to nothing yet.
	ErrNoImage = errors.New("the tag points to no image")
	// ErrImportPending says that an import of the tag was requested and not
	// answered yet.
	ErrImportPending = errors.New("an import of the tag is pending")
	// ErrImportFailed says that the last import of the tag failed.
	ErrImportFailed = errors.New("the last import of the tag failed")
	// ErrSuperseded says that the result of an import is not wanted any more:
	// the tag comes from elsewhere by now.
	ErrSuperseded = errors.New("the import is superseded")
	// ErrAliasCycle is the class of a [*CycleError].
	ErrAliasCycle = errors.New("a tag follows itself")
	// ErrNoLookup says that another stream decides and no [Lookup] was given.
	ErrNoLookup = errors.New("the stream cannot be looked up")
	// ErrTooLarge says that a stream would be larger than it may be.
	ErrTooLarge = errors.New("the image stream is too large")
)

// Error is the type of every error that this package makes.
type Error struct {
	// Op is what was tried: "read", "write", "parse pull spec", "parse name",
	// "resolve", "set tag" and so on.
	Op string
	// Object is what it was tried on: the type and, where it is known, the
	// name of the object (ImageStream dev/app), or the text to parse.
	Object string
	// Field is where in the object, as in spec.tags[3].from.name; empty where
	// it is about the whole.
	Field string
	// Reason says what is wrong; empty where the class says it all.
	Reason string
	// Err is the class, one of the errors above, or a cause of that class.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("imagestream: ")
	b.WriteString(e.Op)
	b.WriteByte(' ')
	b.WriteString(e.Object)
	if e.Field != "" {
		b.WriteString(": ")
		b.WriteString(e.Field)
	}
	b.WriteString(": ")
	if e.Reason == "" && e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	b.WriteString(e.Reason)
	return b.String()
}

// Unwrap returns the class.
func (e *Error) Unwrap() error { return e.Err }

func asReadError(object string, err error) error {
	e := &Error{Op: "read", Object: object, Reason: err.Error(), Err: ErrInvalidObject}
	var at *rawjson.Error
	if errors.As(err, &at) {
		e.Field, e.Reason = at.Field, at.Err.Error()
	}
	return e
}

func asWriteError(object string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: "write", Object: object, Reason: err.Error(), Err: ErrInvalidObject}
	var at *fieldError
	if errors.As(err, &at) {
		e.Field, e.Reason = at.field, at.err.Error()
	}
	return e
}

// quoteShort quotes what came from outside, which may be long.
func quoteShort(s string) string {
	const most = 256
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:most]) + "… (" + strconv.Itoa(len(s)) + " bytes)"
}
