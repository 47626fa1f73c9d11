package imagestream

import (
	"strings"
)

// CopyTag makes a tag of a stream from something else, as
// `oc tag SOURCE STREAM:TAG` does. [ParseTagSource] reads what stands for SOURCE.
//
// A tag of a stream is frozen: the new tag names the image that the source
// points to now, or, where that is a bare reference, its pull spec. With Alias
// it follows the source instead, which must be of the same stream. A pull spec
// is imported, and imported anew where the tag had it already.
//
// Two things differ from oc, which loses them: the annotations of a tag that is
// there already stay, and so does its import mode where ImportMode is empty.
//
// The error is of class [ErrTagNotFound], [ErrStreamNotFound] or
// [ErrImageNotFound] where the source is not there, of class [ErrNoImage] where
// it points to nothing, of class [ErrNoLookup] where another stream is meant and
// [Applier.Lookup] is nil; of class [ErrAliasCycle]; and of class
// [ErrInvalidOperation] where the fields do not go together.
type CopyTag struct {
	// Source is what to copy: a DockerImage, an ImageStreamTag or an
	// ImageStreamImage. Its namespace is that of the stream where empty.
	Source ObjectReference
	// To is the tag to make.
	To string
	// Alias follows the source, an ImageStreamTag of this stream.
	Alias bool
	// Reference keeps pulling from where the source is pulled from, and
	// imports nothing.
	Reference bool
	// Scheduled and Insecure are for pull specs only.
	Scheduled, Insecure bool
	// ImportMode is what becomes of manifest lists; empty: as it was.
	ImportMode ImportModeType
	// ReferencePolicy is [SourceTagReferencePolicy] where it is empty.
	ReferencePolicy TagReferencePolicyType
}

func (CopyTag) verb() string { return "copy tag" }

func (o CopyTag) apply(e *edit) error {
	if err := o.check(e); err != nil {
		return err
	}
	from, err := o.from(e)
	if err != nil {
		return err
	}
	t := TagReference{
		Name: o.To, From: &from, Reference: o.Reference,
		ImportPolicy:    TagImportPolicy{Insecure: o.Insecure, Scheduled: o.Scheduled, ImportMode: o.ImportMode},
		ReferencePolicy: TagReferencePolicy{Type: o.ReferencePolicy},
	}
	if known := e.spec(o.To); known != nil {
		t.Annotations = known.Annotations
		if t.ImportPolicy.ImportMode == "" {
			t.ImportPolicy.ImportMode = known.ImportPolicy.ImportMode
		}
	}
	if from.Kind == KindDockerImage {
		t.Generation = pointerTo(int64(0))
	}
	if err := checkSpecTag(&t); err != nil {
		return err
	}
	return e.setTag(t)
}

func (o CopyTag) check(e *edit) error {
	if err := checkTagName(o.To); err != nil {
		return err
	}
	if err := checkSource(&o.Source, func(name string) string { return "source." + strings.TrimPrefix(name, "from.") }); err != nil {
		return err
	}
	if o.Source.Kind != KindDockerImage && (o.Scheduled || o.Insecure) {
		return invalidf(specField(o.To, "importPolicy"), "only a pull spec is imported: Scheduled and Insecure are for kind %s", KindDockerImage)
	}
	if !o.Alias {
		return nil
	}
	if o.Source.Kind != KindImageStreamTag {
		return invalidf("source.kind", "only a tag can be followed, not kind %s", o.Source.Kind)
	}
	source := TagReference{From: &o.Source}
	if target, ok := e.s.Target(&source); !ok || target.Namespace != e.s.Namespace || target.Stream != e.s.Name {
		return invalidf("source.name", "a tag of another stream can be copied, not followed")
	}
	return nil
}

// from returns the source as the spec tag names it.
func (o CopyTag) from(e *edit) (ObjectReference, error) {
	from := ObjectReference{Kind: o.Source.Kind, Namespace: o.Source.Namespace, Name: o.Source.Name}
	switch {
	case from.Kind == KindDockerImage:
		from.Namespace = ""
		return from, nil
	case from.Namespace == e.s.Namespace:
		from.Namespace = ""
	}
	if from.Kind == KindImageStreamTag && !o.Alias {
		return o.freeze(e, from)
	}
	if from.Kind == KindImageStreamImage {
		return o.complete(e, from)
	}
	return from, nil
}

// freeze names what a tag points to now.
func (o CopyTag) freeze(e *edit, from ObjectReference) (ObjectReference, error) {
	target, _ := e.s.Target(&TagReference{From: &from})
	s, err := findStream(e.s, target.Namespace, target.Stream, e.rules.Lookup)
	if err != nil {
		return from, &editError{field: "source.name", reason: err.Error(), class: err}
	}
	item := s.LatestEvent(target.Tag)
	switch {
	case item == nil && s.SpecTag(target.Tag) == nil:
		return from, refuse("source.name", ErrTagNotFound, "%s: there is no such tag", target)
	case item == nil:
		return from, refuse("source.name", ErrNoImage, "%s points to no image yet", target)
	case item.Image == "":
		ref, err := ParsePullSpec(item.DockerImageReference)
		if err != nil {
			return from, &editError{field: "source.name", reason: reasonOf(err), class: err}
		}
		return ObjectReference{Kind: KindDockerImage, Name: ref.Exact()}, nil
	}
	return ObjectReference{Kind: KindImageStreamImage, Namespace: from.Namespace, Name: target.Stream + "@" + item.Image}, nil
}

// complete gives the digest in full, so that what is unambiguous today stays so.
func (o CopyTag) complete(e *edit, from ObjectReference) (ObjectReference, error) {
	stream, id, _ := cutFrom(from.Name, "@")
	if stream == "" {
		stream = e.s.Name
	}
	namespace := from.Namespace
	if namespace == "" {
		namespace = e.s.Namespace
	}
	s, err := findStream(e.s, namespace, stream, e.rules.Lookup)
	if err == nil {
		var item *TagEvent
		if item, err = s.FindImage(id); err == nil {
			from.Name = stream + "@" + item.Image
			return from, nil
		}
	}
	return from, &editError{field: "source.name", reason: err.Error(), class: err}
}

// ParseTagSource reads the SOURCE of `oc tag`, in a namespace. kind is what
// --source says: imagestreamtag or istag, imagestreamimage or isimage,
// dockerimage or docker, in any case; empty lets the source decide: with a
// registry it is a pull spec, else with a digest an image of a stream, else with
// a tag a tag of a stream, else a pull spec. The namespace of the result is the
// given one where the source names none.
//
// The error is an [*Error] of class [ErrInvalidPullSpec] or [ErrInvalidName].
func ParseTagSource(kind, source, namespace string) (ObjectReference, error) {
	wrong := func(reason string) (ObjectReference, error) {
		return ObjectReference{}, &Error{Op: "parse source", Object: quoteShort(source), Reason: reason, Err: ErrInvalidName}
	}
	ref, err := ParsePullSpec(source)
	if err != nil {
		return ObjectReference{}, err
	}
	switch strings.ToLower(kind) {
	case "imagestreamtag", "istag":
		kind = KindImageStreamTag
	case "imagestreamimage", "isimage":
		kind = KindImageStreamImage
	case "dockerimage", "docker":
		kind = KindDockerImage
	case "":
		kind = guessKind(ref)
	default:
		return wrong("the kind " + quoteShort(kind) + " is none of istag, isimage and docker")
	}
	switch {
	case kind == KindDockerImage:
		return ObjectReference{Kind: kind, Name: ref.Exact()}, nil
	case ref.Registry != "":
		return wrong("only a pull spec names a registry")
	case strings.Contains(ref.Name, "/"):
		return wrong("want namespace/stream")
	case kind == KindImageStreamTag && (ref.Tag == "" || ref.ID != ""):
		return wrong("want stream:tag")
	case kind == KindImageStreamImage && ref.ID == "":
		return wrong("want stream@digest")
	}
	name := ref.Name + ":" + ref.Tag
	if kind == KindImageStreamImage {
		name = ref.Name + "@" + ref.ID
	}
	if ref.Namespace != "" {
		namespace = ref.Namespace
	}
	return ObjectReference{Kind: kind, Namespace: namespace, Name: name}, nil
}

func guessKind(ref DockerImageReference) string {
	switch {
	case ref.Registry != "":
		return KindDockerImage
	case ref.ID != "":
		return KindImageStreamImage
	case ref.Tag != "":
		return KindImageStreamTag
	}
	return KindDockerImage
}
