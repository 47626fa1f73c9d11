package auth

import "errors"

// opaque keeps the text of an error that others made.
func opaque(err error) error { return opaqueText(err, err.Error()) }

// opaqueText keeps an error under another text. errors.Is and errors.As reach the
// error, errors.Unwrap does not: test frameworks and loggers that print the chain
// would show what was taken out of the text. That the cause is held by a function
// keeps those away that look at fields.
func opaqueText(err error, text string) error {
	return &opaqueError{text: text, cause: func() error { return err }}
}

type opaqueError struct {
	text  string
	cause func() error
}

func (e *opaqueError) Error() string { return e.text }

// Is is for errors.Is.
func (e *opaqueError) Is(target error) bool { return errors.Is(e.cause(), target) }

// As is for errors.As.
func (e *opaqueError) As(target any) bool { return errors.As(e.cause(), target) }
