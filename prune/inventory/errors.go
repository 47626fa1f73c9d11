package inventory

import (
	"errors"
	"fmt"
)

// ErrConflict is in the chain of the error for an object that was given twice
// with different content.
var ErrConflict = errors.New("the same object with different content")

// ErrInvalid is in the chain of the error for a fact that cannot be one: an
// object without a name, a negative size, a tag listed twice.
var ErrInvalid = errors.New("invalid fact")

// An Error tells which object a fact was refused for, and why.
type Error struct {
	Object string // as in "Image sha256:…" or "ImageStream dev/app"
	Err    error
}

func (e *Error) Error() string { return e.Object + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

func invalid(object, format string, args ...any) error {
	return &Error{Object: object, Err: fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))}
}
