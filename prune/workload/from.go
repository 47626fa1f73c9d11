package workload

import (
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// An objectReference is what is read of a core/v1 ObjectReference, in which
// OpenShift names an image or a stream.
type objectReference struct {
	offset                int
	kind, namespace, name []byte
}

func (s *Scanner) objectReference() objectReference {
	o := objectReference{offset: s.r.Offset()}
	for key := range s.r.Object() {
		switch string(key) {
		case "kind":
			o.kind = s.r.Bytes()
		case "namespace":
			o.namespace = s.r.Bytes()
		case "name":
			o.offset = s.r.Offset()
			o.name = s.r.Bytes()
		}
	}
	return o
}

// from reads an object reference that is a pull spec, a tag or an image of a
// stream. Any other kind is passed over. What the peer reads must have a name,
// unless it is a pull spec; beyond it a nameless one is passed over.
func (s *Scanner) from(source Source) { s.fromKind(source, "", false) }

// fromKind is from with a kind for a reference that says none, and with the
// short names that an image stream's own tags may use: a tag or digest without a
// stream is one of this stream.
func (s *Scanner) fromKind(source Source, kind string, short bool) {
	o := s.objectReference()
	if s.r.Err() != nil || blank(o.name) && source != Peer {
		return
	}
	if len(o.kind) > 0 {
		kind = string(o.kind)
	}
	switch kind {
	case "DockerImage":
		if !blank(o.name) {
			s.addPullSpec(o.offset, source, s.path(".name"), o.name)
		}
	case "ImageStreamTag", "ImageStreamImage":
		ref, own := streamReference(kind, string(o.name), short)
		ref.Field, ref.Source = s.path(".name"), source
		if ref.Err == nil {
			ref.Namespace = s.texts.keep(o.namespace)
		}
		if own {
			s.own = append(s.own, len(s.refs))
		}
		s.add(o.offset, ref)
	}
}

// streamReference reads the name of an ImageStreamTag or ImageStreamImage, and
// says whether it is of the stream that holds it.
func streamReference(kind, name string, short bool) (ref Reference, own bool) {
	name = decoded(name)
	ref.Value = clip(name)
	if len(name) > mostText {
		ref.Err = tooLong(len(name))
		return ref, false
	}
	mark, parse := ":", imagestream.ParseImageStreamTagName
	if kind == "ImageStreamImage" {
		mark, parse = "@", imagestream.ParseImageStreamImageName
	}
	var part string
	if short && !strings.ContainsAny(name, mark+"@") {
		part, own = name, true
	} else if ref.Stream, part, ref.Err = parse(name); ref.Err != nil {
		return ref, false
	}
	if kind == "ImageStreamImage" {
		ref.Digest = part
	} else {
		ref.Tag = part
	}
	return ref, own
}
