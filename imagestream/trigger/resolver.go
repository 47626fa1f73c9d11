package trigger

import "errors"

// What a [Resolver] answers where a tag has no image. It may wrap them.
var (
	// ErrStreamMissing: there is no such image stream.
	ErrStreamMissing = errors.New("image stream not found")
	// ErrTagMissing: the image stream has no such tag.
	ErrTagMissing = errors.New("tag not found")
	// ErrNotImported: the tag is in the stream's spec, but nothing was imported
	// or pushed for it yet, or its import fails.
	ErrNotImported = errors.New("tag not imported yet")
)

var errNoResolver = errors.New("there is no resolver")

// A Resolver finds out which image a tag of an image stream stands for.
type Resolver interface {
	// ResolveTag returns the image that the tag stands for now. Where there is
	// none the error is, or wraps, [ErrStreamMissing], [ErrTagMissing] or
	// [ErrNotImported]; any other error says that the resolver itself failed and
	// nothing is known. It is asked at most once for a tag in one evaluation.
	ResolveTag(namespace, stream, tag string) (Resolution, error)
}

// ResolverFunc is a function that is a [Resolver].
type ResolverFunc func(namespace, stream, tag string) (Resolution, error)

// ResolveTag calls the function. A nil one fails.
func (f ResolverFunc) ResolveTag(namespace, stream, tag string) (Resolution, error) {
	if f == nil {
		return Resolution{}, errNoResolver
	}
	return f(namespace, stream, tag)
}

// A Resolution is the image that a tag stands for.
type Resolution struct {
	// Image is the pull spec to put into a container, by digest as a rule; never
	// empty.
	Image string
	// Pending says that a newer image was asked for and is not imported yet. The
	// trigger fires with Image all the same, and the [Outcome] says so.
	Pending bool
}
