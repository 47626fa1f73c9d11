package trigger

import (
	"github.com/registrykit/registrykit/imagestream"
)

// Tag names a tag of an image stream. An empty Namespace is that of the object
// that has the trigger. The zero value names none.
type Tag struct {
	Namespace string
	Stream    string
	Tag       string
}

// String returns namespace/stream:tag, without the namespace where it is empty.
func (t Tag) String() string {
	if t == (Tag{}) {
		return ""
	}
	name := t.Stream + ":" + t.Tag
	if t.Namespace != "" {
		return t.Namespace + "/" + name
	}
	return name
}

// in fills the namespace in.
func (t Tag) in(namespace string) Tag {
	if t.Namespace == "" && t != (Tag{}) {
		t.Namespace = namespace
	}
	return t
}

// is says whether two tags are the same one, for an object in a namespace.
func (t Tag) is(other Tag, namespace string) bool { return t.in(namespace) == other.in(namespace) }

// check says what is wrong with a tag that a caller gives.
func (t Tag) check() string {
	stream, tag, err := imagestream.ParseImageStreamTagName(t.Stream + ":" + t.Tag)
	if err != nil || stream != t.Stream || tag != t.Tag {
		return "want the names of an image stream and of a tag, got " + quote(t.String())
	}
	return ""
}

// tagOf reads the tag that a reference names. The kind is the caller's business.
func tagOf(ref imagestream.ObjectReference) (Tag, bool) {
	stream, tag, err := imagestream.ParseImageStreamTagName(ref.Name)
	return Tag{Namespace: ref.Namespace, Stream: stream, Tag: tag}, err == nil
}
