package trigger

import (
	"errors"
	"strconv"
	"strings"
)

// Classes of errors and problems, for [errors.Is].
var (
	// ErrMalformed: an object or an annotation cannot be read at all.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge: an annotation of more than 256 KiB, which no Kubernetes
	// object can have, or an object of more than 16 MiB, or nested too deep.
	ErrTooLarge = errors.New("too large")
	// ErrInvalid: one trigger cannot work, whatever the image stream does.
	ErrInvalid = errors.New("invalid trigger")
	// ErrNoContainer: the object has no such container, or no pod spec at all.
	ErrNoContainer = errors.New("no such container")
	// ErrDuplicate: another trigger is about the same container.
	ErrDuplicate = errors.New("duplicate trigger")
	// ErrNoTrigger: an edit found no trigger to work on.
	ErrNoTrigger = errors.New("no such trigger")
	// ErrPatch: a patch does not apply to the object, mostly because one of its
	// tests failed.
	ErrPatch = errors.New("patch does not apply")

	// ErrNotCanonical is the class of warnings about what is understood here but
	// not by OpenShift's controller, or not by all of its releases: single
	// quotes, "true" in quotes, a container looked for in another list than its
	// own.
	ErrNotCanonical = errors.New("not canonical")
	// ErrUnknownField is the class of warnings about fields that no trigger has,
	// such as pause.
	ErrUnknownField = errors.New("unknown field")
	// ErrIgnored is the class of warnings about triggers that are passed over:
	// of another kind than ImageStreamTag or with an apiVersion, or in a place
	// that OpenShift's controller does not read.
	ErrIgnored = errors.New("ignored")
)

// Error is the type of every error that this package makes, and of the problems
// that [Parse] and [Check] list.
type Error struct {
	// Op is what was tried: "read", "parse", "check", "evaluate", "set" and so
	// on.
	Op string
	// Object is the object as in Deployment shop/web, where it is known.
	Object string
	// Index is the trigger in its list, -1 where it is about no single one.
	Index int
	// Offset is where in the text of the annotation, or of the object where it
	// could not be read, in bytes from its start. It is -1 where there is no
	// text to point into.
	Offset int
	// Field is the field within the object or the annotation, as in
	// spec.triggers[0].imageChange.from.name or [1].paused.
	Field string
	// Reason says what is wrong; empty where the class and the cause say it all.
	Reason string
	// Warning says that the trigger works all the same.
	Warning bool
	// Err is the class, joined with the cause where there is one.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("trigger: ")
	b.WriteString(e.Op)
	if e.Object != "" {
		b.WriteByte(' ')
		b.WriteString(e.Object)
	}
	if e.Field != "" {
		b.WriteString(": ")
		b.WriteString(e.Field)
	}
	if e.Offset >= 0 {
		b.WriteString(" (byte ")
		b.WriteString(strconv.Itoa(e.Offset))
		b.WriteByte(')')
	}
	b.WriteString(": ")
	switch {
	case e.Reason != "":
		b.WriteString(e.Reason)
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the class and, joined with it, the cause.
func (e *Error) Unwrap() error { return e.Err }

// about makes an error of one trigger that lies in no text.
func about(op string, index int, field, reason string, class error) *Error {
	return &Error{Op: op, Index: index, Offset: -1, Field: field, Reason: reason, Err: class}
}

// warning turns an error into one.
func (e *Error) warning() *Error {
	e.Warning = true
	return e
}

// clip shortens what came from outside and is put into an error.
func clip(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// quote quotes what came from outside.
func quote(s string) string { return strconv.Quote(clip(s)) }
