package importer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// maxMessage is how much of an error a condition tells, in bytes: conditions are
// part of the stream, and etcd takes 1.5 MiB.
const maxMessage = 1024

// An Error says why something was not imported. It holds no secret as long as its
// cause does not.
type Error struct {
	// Op is what was tried: "head manifest", "get manifest", "get config",
	// "list tags", "read manifest", "apply".
	Op string
	// Image is the pull spec that it was tried on.
	Image string
	// Platform is that of the image of a manifest list which failed; empty where it
	// is not about one.
	Platform string
	Class    Class
	Scope    Scope
	// RetryAfter is how long the registry asks to wait; 0 is unknown.
	RetryAfter time.Duration
	// Endpoint is the host that answered, or did not, where it is known.
	Endpoint string
	// Hint is what a person can do about it, where it is known.
	Hint string
	// NotAsked says that the registry was not asked, since the failure of something
	// else told what the answer would be.
	NotAsked bool
	Err      error
}

// Error returns the whole in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Op, e.Image)
	if e.Platform != "" {
		fmt.Fprintf(&b, " (%s)", e.Platform)
	}
	fmt.Fprintf(&b, ": %s", e.Class)
	if e.NotAsked {
		b.WriteString(" (not asked again)")
	}
	if e.Err != nil && e.Err.Error() != string(e.Class) {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Hint != "" && !strings.Contains(b.String(), e.Hint) {
		fmt.Fprintf(&b, "; %s", e.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Status is the error as the API tells it. The message is cut at 1 KiB.
func (e *Error) Status() imagestream.Status {
	s := imagestream.Status{
		Status:  imagestream.StatusFailure,
		Message: e.message(),
		Reason:  e.Class.Reason(),
		Code:    e.Class.Code(),
	}
	if e.RetryAfter > 0 {
		seconds := min(int64(e.RetryAfter+time.Second-1)/int64(time.Second), 1<<31-1)
		s.Details = &imagestream.StatusDetails{RetryAfterSeconds: int32(seconds)}
	}
	return s
}

// message is the text of the error, shortened, as valid UTF-8.
func (e *Error) message() string {
	text := e.Error()
	if len(text) > maxMessage {
		text = text[:maxMessage-len("…")] + "…"
	}
	return strings.ToValidUTF8(text, "")
}

// failure returns an error of a registry as an *Error about the given thing.
func failure(ctx context.Context, op string, image string, err error) *Error {
	e := &Error{Op: op, Image: image, Class: Unknown, Err: err}
	var told *Error
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		e.Class = Canceled
	case errors.As(err, &told):
		e.Class, e.Scope, e.RetryAfter, e.Endpoint, e.Hint = told.Class, told.Scope, told.RetryAfter, told.Endpoint, told.Hint
		if told.Err != nil && told.Op == "" {
			e.Err = told.Err
		}
	case ctx.Err() != nil:
		e.Class = Canceled
	case errors.Is(err, context.DeadlineExceeded):
		e.Class = Timeout
	case errors.Is(err, context.Canceled):
		e.Class = Canceled
	}
	return e
}

// broken returns an error about content that cannot be used.
func broken(op string, t Target, class Class, format string, args ...any) *Error {
	return &Error{Op: op, Image: t.String(), Class: class, Err: fmt.Errorf(format, args...)}
}
