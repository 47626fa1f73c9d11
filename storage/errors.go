package storage

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// Classes of errors, for [errors.Is].
var (
	// ErrNotExist: there is no such object or upload. It is a fs.ErrNotExist.
	ErrNotExist error = &class{"does not exist", fs.ErrNotExist}
	// ErrExist: IfAbsent was asked, and there is one. It is a fs.ErrExist.
	ErrExist error = &class{"exists already", fs.ErrExist}
	// ErrPrecondition: the object is not there in the version that IfVersion
	// asks.
	ErrPrecondition = errors.New("not the version that was asked for")
	// ErrConflict: the key is a directory of other keys, another object's key
	// is a directory of it, or a move is onto itself.
	ErrConflict = errors.New("conflicts with another key")
	// ErrInvalidKey: see [CheckKey] and [CheckPrefix].
	ErrInvalidKey = errors.New("invalid key")
	// ErrInvalidRange: see [Range].
	ErrInvalidRange = errors.New("invalid range")
	// ErrForeign: what stands there was put by no driver: a symbolic link, a
	// device, a name that is no key. It is neither followed nor changed.
	ErrForeign = errors.New("not an object of this store")
	// ErrReadOnly: this store changes nothing.
	ErrReadOnly = errors.New("read-only")
	// ErrBusy: somebody else holds the upload.
	ErrBusy = errors.New("in use elsewhere")
	// ErrEnded: the upload was committed, suspended or aborted before.
	ErrEnded = errors.New("the upload has ended")
	// ErrTooLarge: more bytes than the caller wants to have.
	ErrTooLarge = errors.New("too large")
	// ErrUnsupported: the driver cannot do this and has done nothing. It is an
	// errors.ErrUnsupported.
	ErrUnsupported error = &class{"not supported by this store", errors.ErrUnsupported}
	// ErrUnavailable: the store did not answer or was overloaded. The call may
	// have taken effect or not; it can be tried again.
	ErrUnavailable = errors.New("unavailable")
)

// class is a sentinel that is also one of the standard library's.
type class struct {
	text string
	like error
}

func (c *class) Error() string        { return c.text }
func (c *class) Is(target error) bool { return target == c.like }

// Error is the type of every error that a [Store] returns.
type Error struct {
	// Op is what was tried: "open", "read", "stat", "create", "write",
	// "commit", "suspend", "abort", "list", "delete", "move", "resume",
	// "uploads", "discard", "probe".
	Op string
	// Key is what it was tried on; a prefix for "list", "uploads" and "probe".
	Key string
	// Err is the cause.
	Err error
}

func (e *Error) Error() string {
	return "storage: " + e.Op + " " + quoteShort(e.Key) + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// at names the operation and the key, unless the error does so already.
func at(op, key string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		return e
	}
	return &Error{Op: op, Key: key, Err: err}
}

// quoteShort quotes a key that is not an ordinary one; it may be long.
func quoteShort(s string) string {
	const most = 256
	tail := ""
	if len(s) > most {
		s, tail = s[:most], "… ("+strconv.Itoa(len(s))+" bytes)"
	}
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == '"' || r == '\\' || !strconv.IsPrint(r)
	})
	if plain {
		return s + tail
	}
	return strconv.Quote(s) + tail
}
