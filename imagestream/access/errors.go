package access

import (
	"errors"
	"strconv"
)

// Classes of errors, for [errors.Is].
var (
	// ErrInvalidRepository: a repository that is not a namespace and the name
	// of a stream, or one where there must be none.
	ErrInvalidRepository = errors.New("invalid repository")
	// ErrUnknownAction: an action that no registry knows.
	ErrUnknownAction = errors.New("unknown action")
	// ErrInvalidScope: a scope that is not of the form type:name:actions, or
	// of a type that no registry knows.
	ErrInvalidScope = errors.New("invalid scope")
	// ErrUnknownRequest: a method and a path that the registry does not serve.
	ErrUnknownRequest = errors.New("unknown request")
	// ErrNotAsked: a review that no action of a registry needs.
	ErrNotAsked = errors.New("not what a registry asks")
)

// Error is the type of every error that this package makes.
type Error struct {
	// Op is what was tried: "review", "scope", "parse scope", "read request",
	// "read review".
	Op string
	// Object is what it was tried on, quoted where it came from outside.
	Object string
	// Reason says what is wrong; empty where the class says it all.
	Reason string
	// Err is the class, one of the errors above.
	Err error
}

func (e *Error) Error() string {
	s := "access: " + e.Op + " " + e.Object + ": "
	if e.Reason == "" && e.Err != nil {
		return s + e.Err.Error()
	}
	return s + e.Reason
}

// Unwrap returns the class.
func (e *Error) Unwrap() error { return e.Err }

// quoteShort quotes what came from outside, which may be long.
func quoteShort(s string) string {
	const most = 256
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:most]) + "… (" + strconv.Itoa(len(s)) + " bytes)"
}
