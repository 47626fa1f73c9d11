package imagestream

import (
	"iter"
	"strconv"
)

// Two generations of a tag are kept apart. What was requested is the generation
// of the spec tag: that of the stream when somebody last changed where the tag
// comes from, or asked for it again. What was observed is the generation that
// the last import answered, well or badly. An import is pending while more was
// requested than observed. Only an import observes; a push, an alias and a
// rollback do not.

// PendingImport is a tag whose import was requested and not answered yet.
type PendingImport struct {
	Tag string
	// Requested is the generation of the spec tag, 0 where it has none yet:
	// the server sets it when the stream is written.
	Requested int64
	// Observed is the last that was answered; 0: none.
	Observed int64
	// From is where the tag comes from, a pull spec.
	From   string
	Policy TagImportPolicy
}

// PendingImports returns the tags whose import is pending, in the order of the
// spec.
func (s *ImageStream) PendingImports() iter.Seq[PendingImport] {
	return func(yield func(PendingImport) bool) {
		s := s.orEmpty()
		lists := s.lists()
		for i := range s.Spec.Tags {
			t := &s.Spec.Tags[i]
			list := lists[t.Name]
			if !importPending(t, list) {
				continue
			}
			p := PendingImport{t.Name, requested(t), observed(list), t.From.Name, t.ImportPolicy}
			if !yield(p) {
				return
			}
		}
	}
}

// ObservedGeneration returns the generation of the spec tag that the last import
// of a tag answered; 0 where none did. It is the higher one of the newest item's
// and of the condition [ImportSuccess].
func (s *ImageStream) ObservedGeneration(tag string) int64 { return observed(s.StatusTag(tag)) }

// imports says whether the server imports the tag at all.
func imports(t *TagReference) bool {
	return t.From != nil && t.From.Kind == KindDockerImage && !t.Reference
}

func requested(t *TagReference) int64 {
	if t.Generation == nil {
		return 0
	}
	return *t.Generation
}

func observed(list *NamedTagEventList) int64 {
	if list == nil {
		return 0
	}
	var g int64
	if len(list.Items) > 0 {
		g = list.Items[0].Generation
	}
	for i := range list.Conditions {
		if list.Conditions[i].Type == ImportSuccess {
			g = max(g, list.Conditions[i].Generation)
		}
	}
	return g
}

// importPending: a tag of long ago has no generation; it was imported if it has
// anything. 0 asks for an import.
func importPending(t *TagReference, list *NamedTagEventList) bool {
	switch {
	case !imports(t):
		return false
	case t.Generation == nil:
		return list == nil || len(list.Items) == 0 && len(list.Conditions) == 0
	case *t.Generation == 0:
		return true
	}
	return *t.Generation > observed(list)
}

// bump returns the generation that changes of the spec carry: one more than the
// stream had, once for the whole edit.
func (e *edit) bump() int64 {
	if !e.bumped {
		before := e.s.Generation
		e.s.Generation++
		e.bumped = true
		e.note(Change{
			Kind: StreamChanged, Field: "metadata.generation",
			Old: strconv.FormatInt(before, 10), New: strconv.FormatInt(e.s.Generation, 10),
		})
	}
	return e.s.Generation
}

// unimported returns the generation of an item that no import made. Upstream
// takes the stream's, which makes a pending import look done; here it stays
// below what is requested. (Where that is 1 it is 0, which the server replaces
// when it stores an item that it did not make itself: a tag that is created and
// pushed to before its first import is then taken for imported.)
func (e *edit) unimported(tag string) int64 {
	t := e.spec(tag)
	if t == nil || !importPending(t, e.status(tag)) || requested(t) == 0 {
		return e.s.Generation
	}
	return min(e.s.Generation, requested(t)-1)
}

func (s *ImageStream) lists() map[string]*NamedTagEventList {
	lists := make(map[string]*NamedTagEventList, len(s.Status.Tags))
	for i := range s.Status.Tags {
		lists[s.Status.Tags[i].Tag] = &s.Status.Tags[i]
	}
	return lists
}
