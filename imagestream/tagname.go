package imagestream

import (
	"cmp"
	"strings"
)

// TagName names a tag of an image stream. It is comparable.
type TagName struct {
	Namespace string
	Stream    string
	Tag       string
}

// String returns namespace/stream:tag, without the namespace where it is empty.
func (n TagName) String() string {
	s := n.Stream + ":" + n.Tag
	if n.Namespace != "" {
		s = n.Namespace + "/" + s
	}
	return s
}

// Compare orders by namespace, stream and tag, and returns -1, 0 or 1.
func (n TagName) Compare(other TagName) int {
	return cmp.Or(
		strings.Compare(n.Namespace, other.Namespace),
		strings.Compare(n.Stream, other.Stream),
		strings.Compare(n.Tag, other.Tag),
	)
}

// Target returns the tag that a spec tag of this stream follows: From is of the
// kind ImageStreamTag, and names a tag ("stable", of this stream) or a stream
// and a tag ("web:stable"), in this namespace unless it names another. ok is
// false for a spec tag that follows none, or whose name is not of that form.
func (s *ImageStream) Target(t *TagReference) (target TagName, ok bool) {
	if s == nil || t == nil || t.From == nil || t.From.Kind != KindImageStreamTag {
		return TagName{}, false
	}
	stream, tag, ok := cutFrom(t.From.Name, ":")
	if !ok {
		return TagName{}, false
	}
	return TagName{cmp.Or(t.From.Namespace, s.Namespace), cmp.Or(stream, s.Name), tag}, true
}

// cutFrom splits the name of a source: stream, mark and part, or the part alone,
// which is then of the stream that names it.
func cutFrom(name, mark string) (stream, part string, ok bool) {
	stream, part, cut := strings.Cut(name, mark)
	if !cut {
		return "", name, name != ""
	}
	return stream, part, stream != "" && part != "" && !strings.Contains(part, mark)
}

// streamText names a stream in a message, shortened.
func streamText(namespace, name string) string {
	if namespace == "" {
		return shortText(name)
	}
	return shortText(namespace + "/" + name)
}

func (s *ImageStream) tagName(tag string) TagName { return TagName{s.Namespace, s.Name, tag} }
