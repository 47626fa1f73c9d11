package imagestream

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CycleError says that a tag follows itself. It is of class [ErrAliasCycle].
type CycleError struct {
	// Path are the tags of the cycle, each followed by the next and the last
	// by the first. It starts with the smallest, so that it is the same
	// wherever the cycle was entered.
	Path []TagName
}

// Error says which tags follow each other; of a long cycle the first ones and
// the last.
func (e *CycleError) Error() string {
	if len(e.Path) == 0 {
		return "a cycle of tags"
	}
	return "a cycle of tags: " + e.text()
}

// text writes the cycle, from the first tag to the first.
func (e *CycleError) text() string {
	path := slices.Clone(e.Path[:min(len(e.Path), mostInText)])
	return pathText(append(path, e.Path[0]), len(e.Path)+1)
}

// Is says that the error is of the class [ErrAliasCycle].
func (e *CycleError) Is(class error) bool { return class == ErrAliasCycle }

func newCycleError(path []TagName) *CycleError {
	first := 0
	for i, n := range path {
		if n.Compare(path[first]) < 0 {
			first = i
		}
	}
	return &CycleError{append(path[first:len(path):len(path)], path[:first]...)}
}

// FollowTag returns the tags from the named one to that which holds what they
// all point to: the tag itself, what it follows, what that follows, and so on.
// A tag that follows none gives a path of one.
//
// The error is a [*CycleError] where a tag follows itself; of class
// [ErrTagNotFound] or [ErrStreamNotFound] where the path leads nowhere, with the
// path as far as it goes; of class [ErrNoLookup] where it leads to another
// stream and lookup is nil; or what lookup failed with.
func FollowTag(s *ImageStream, tag string, lookup Lookup) ([]TagName, error) {
	s = s.orEmpty()
	path, err := follow{s: s, lookup: lookup}.tag(tag)
	if err != nil {
		var cycle *CycleError
		out := &Error{Op: "follow tag", Object: s.describe(), Field: specField(tag, ""), Reason: err.Error(), Err: err}
		if !errors.As(err, &cycle) && len(path) > 1 {
			out.Reason = pathText(path, len(path)) + ": " + out.Reason
		}
		return path, out
	}
	return path, nil
}

// A follow is the way from a tag of s to what it points to.
type follow struct {
	s      *ImageStream
	lookup Lookup
	sorted bool             // the tags of s are, and none is there twice
	sound  map[TagName]bool // where the way may end: followed before; nil: none
}

func (f follow) tag(tag string) ([]TagName, error) {
	var path []TagName
	places := map[TagName]int{}
	for at, n := f.s, f.s.tagName(tag); !f.sound[n]; {
		if i, ok := places[n]; ok {
			return path, newCycleError(path[i:])
		}
		places[n] = len(path)
		path = append(path, n)
		t := f.spec(at, n.Tag)
		if t == nil {
			if at.StatusTag(n.Tag) == nil {
				return path, fmt.Errorf("%s: %w", shortText(n.String()), ErrTagNotFound)
			}
			return path, nil
		}
		next, ok := at.Target(t)
		if !ok {
			return path, nil
		}
		if next.Namespace != at.Namespace || next.Stream != at.Name {
			other, err := findStream(f.s, next.Namespace, next.Stream, f.lookup)
			if err != nil {
				return append(path, next), err
			}
			at = other
		}
		n = next
	}
	return path, nil
}

func (f follow) spec(s *ImageStream, tag string) *TagReference {
	if s != f.s || !f.sorted {
		return s.SpecTag(tag)
	}
	if i, ok := findSpec(s.Spec.Tags, tag); ok {
		return &s.Spec.Tags[i]
	}
	return nil
}

// findStream finds a stream by name, s itself among them: as it is now, not as
// lookup may still know it.
func findStream(s *ImageStream, namespace, name string, lookup Lookup) (*ImageStream, error) {
	if namespace == s.Namespace && name == s.Name {
		return s, nil
	}
	if lookup == nil {
		return nil, fmt.Errorf("%s: %w", streamText(namespace, name), ErrNoLookup)
	}
	other, err := lookup(namespace, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look up %s: %w", streamText(namespace, name), err)
	case other == nil:
		return nil, fmt.Errorf("%s: %w", streamText(namespace, name), ErrStreamNotFound)
	}
	return other, nil
}

// mostInText is how many tags or images of many a message names.
const mostInText = 8

// pathText writes the way along tags, which has so many of them, or more than
// path shows; of a long one the start and the end.
func pathText(path []TagName, whole int) string {
	var b strings.Builder
	for i, n := range path {
		if i > 0 {
			b.WriteString(" -> ")
		}
		if len(path) > mostInText && i == mostInText-1 {
			fmt.Fprintf(&b, "… %d tags … -> %s", max(whole, len(path))-mostInText, shortText(path[len(path)-1].String()))
			break
		}
		b.WriteString(shortText(n.String()))
	}
	return b.String()
}
