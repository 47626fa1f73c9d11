package registrylayout

import (
	"errors"
	"fmt"
)

// Classes of errors, for [errors.Is]. Those of package storage come through as
// they are: storage.ErrNotExist for a link, tag or blob that is not there.
var (
	// ErrName: not a repository's name, a tag, a digest or an upload's ID.
	ErrName = errors.New("invalid name")
	// ErrBrokenLink: a link file does not hold what it must.
	ErrBrokenLink = errors.New("broken link")
	// ErrDigest: the bytes have another digest.
	ErrDigest = errors.New("digest does not match")
	// ErrManifest: the manifest cannot be read.
	ErrManifest = errors.New("unreadable manifest")
	// ErrDangling: what a manifest needs is not in its repository.
	ErrDangling = errors.New("refers to what is not there")
	// ErrLapsed: the lease ended before the link was written; what it was held
	// on may be gone. Try again.
	ErrLapsed = errors.New("the lease ended too early")
	// ErrInUse: a writer is using it, so it is not deleted.
	ErrInUse = errors.New("in use")
)

// Error is the type of every error of this package that is about one object.
// Errors of a storage.Store come through as they are: they name their key too.
type Error struct {
	// Key is the object's; "" where there is none, since a name was invalid.
	Key string
	Err error
}

func (e *Error) Error() string {
	if e.Key == "" {
		return "registry layout: " + e.Err.Error()
	}
	return fmt.Sprintf("registry layout: %s: %v", e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func at(key string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Key: key, Err: err}
}

func invalid(what, name string) error {
	return &Error{Err: fmt.Errorf("%w: %s %.100q", ErrName, what, name)}
}
