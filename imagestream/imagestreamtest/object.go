package imagestreamtest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// Object returns the stream as an API server has it: tags sorted by name; each
// spec tag with the generation of the call that made it, which its items have
// too, unless an import is pending or failed. It is the caller's.
func (s *Stream) Object() *imagestream.ImageStream {
	o := &imagestream.ImageStream{
		TypeMeta: imagestream.TypeMeta{Kind: "ImageStream", APIVersion: imagestream.APIVersion},
		ObjectMeta: imagestream.ObjectMeta{
			Namespace: s.namespace, Name: s.name, UID: s.uid,
			CreationTimestamp: imagestream.NewTime(s.created()), Generation: 1,
		},
		Status: imagestream.ImageStreamStatus{DockerImageRepository: s.Repository()},
	}
	for _, name := range s.order {
		t := s.tags[name]
		was := o.Generation
		if t.spec {
			was++
			o.Generation++
		}
		asked := was
		if t.pending || t.failure != nil {
			o.Generation++
			asked = o.Generation
		}
		if t.spec {
			o.Spec.Tags = append(o.Spec.Tags, t.reference(name, asked))
		}
		if list := s.list(name, was, asked); len(list.Items)+len(list.Conditions) > 0 {
			o.Status.Tags = append(o.Status.Tags, list)
		}
	}
	o.ResourceVersion = strconv.FormatInt(1000+o.Generation, 10)
	slices.SortFunc(o.Spec.Tags, func(a, b imagestream.TagReference) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Status.Tags, func(a, b imagestream.NamedTagEventList) int { return strings.Compare(a.Tag, b.Tag) })
	for _, edit := range s.edits {
		edit(o)
	}
	return o
}

func (t *tag) reference(name string, generation int64) imagestream.TagReference {
	ref := imagestream.TagReference{
		Name: name, Reference: t.refer, Generation: &generation,
		ReferencePolicy: imagestream.TagReferencePolicy{Type: imagestream.SourceTagReferencePolicy},
	}
	if t.from != nil {
		from := *t.from
		ref.From = &from
	}
	for _, set := range t.settings {
		set(&ref)
	}
	return ref
}

// list is the history of a tag: items of generation was, and a failure of what was
// asked for since.
func (s *Stream) list(name string, was, asked int64) imagestream.NamedTagEventList {
	t := s.tags[name]
	list := imagestream.NamedTagEventList{Tag: name}
	for _, e := range s.history(name, map[imagestream.TagName]bool{}) {
		list.Items = append(list.Items, imagestream.TagEvent{
			Created: imagestream.NewTime(e.created), DockerImageReference: e.reference, Image: e.image, Generation: was,
		})
	}
	if t.failure != nil {
		generation := asked
		if t.pending {
			generation = was // asked for again since
		}
		list.Conditions = []imagestream.TagEventCondition{{
			Type: imagestream.ImportSuccess, Status: imagestream.ConditionFalse,
			LastTransitionTime: imagestream.NewTime(t.failure.at),
			Reason:             t.failure.reason, Message: t.failure.message, Generation: generation,
		}}
	}
	return list
}

// cutNamespace splits namespace/rest, where there is a namespace.
func cutNamespace(name string) (namespace, rest string) {
	namespace, rest, ok := strings.Cut(name, "/")
	if !ok {
		return "", name
	}
	return namespace, rest
}
