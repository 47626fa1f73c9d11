package auth

import (
	"errors"
	"strings"
)

// The classes of errors, for errors.Is.
var (
	// ErrMalformed is for a document, entry, key, secret or helper answer that
	// is not what its format asks for.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge is for input that was cut off at its limit.
	ErrTooLarge = errors.New("too large")
	// ErrNotFound is for a Secret or ServiceAccount that does not exist. A
	// [SecretReader] returns an error that is it.
	ErrNotFound = errors.New("not found")
	// ErrDenied is the class of [DeniedError]: no credential was accepted.
	ErrDenied = errors.New("denied")
	// ErrHelper is for a credential helper that cannot be started, fails or
	// does not answer in time. A helper that knows no credential is no error.
	ErrHelper = errors.New("credential helper failed")
	// ErrImage is for a text that names no image.
	ErrImage = errors.New("not an image name")
	// ErrPlainHTTP is for a credential that was not sent because the connection
	// is not encrypted. See [AllowPlainHTTP].
	ErrPlainHTTP = errors.New("withheld from plain HTTP")
)

// An Error says what was tried and on what. Its text never holds a secret, nor
// do those of its causes.
type Error struct {
	// Op is what was tried: "read", "parse", "list", "run".
	Op string
	// Object is what it was tried on, as in "file /root/.docker/config.json",
	// "secret dev/pull" or "helper docker-credential-pass".
	Object string
	// Field is where in it, as in auths["quay.io"].auth; empty for the whole.
	Field string
	// Err is the cause.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteByte(' ')
	b.WriteString(e.Object)
	if e.Field != "" {
		b.WriteString(": ")
		b.WriteString(e.Field)
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// problem is a reason of a class.
type problem struct {
	class  error
	reason string
}

func (p *problem) Error() string { return p.class.Error() + ": " + p.reason }
func (p *problem) Unwrap() error { return p.class }

func malformed(reason string) error { return &problem{ErrMalformed, reason} }
