package imagestream

import (
	"maps"
	"strings"
	"time"
)

// RecordImport makes a tag point to an image that was imported for it. The
// conditions of the tag go, and the import that was requested is answered. Tags
// that follow this one follow at once. [DockerImageRepositoryCheckAnnotation] is
// set where something else changes or it is missing: a server that misses it
// imports the whole stream.
//
// It needs the spec tag; without one it is of class [ErrTagNotFound], and where
// the tag comes from elsewhere by now, of class [ErrSuperseded]. To import what
// no spec tag asks for, put a [SetTag] before it in a [Batch].
type RecordImport struct {
	Tag string
	// Image is the digest of the manifest.
	Image string
	// DockerImageReference is where the image is pulled from, best by digest.
	DockerImageReference string
	// Generation is the generation of the spec tag that the import was
	// started for ([PendingImport.Requested]); 0 is the present one.
	Generation int64
}

func (RecordImport) verb() string { return "record import" }

func (o RecordImport) apply(e *edit) error {
	generation, err := e.answered(o.Tag, o.Generation)
	if err != nil {
		return err
	}
	item, err := e.newItem(o.Tag, o.Image, o.DockerImageReference)
	if err != nil {
		return err
	}
	item.Generation = generation
	e.addEvent(o.Tag, item)
	e.clearConditions(o.Tag, func(c *TagEventCondition) bool { return c.Type == ImportSuccess })
	e.noteCheck()
	return e.settleFollowers(o.Tag, nil)
}

// RecordImportFailure records that an import of a tag failed: the tag keeps
// pointing to what it points to, gets the condition [ImportSuccess] with status
// False, and the import that was requested is answered, also where the failure
// is the same as the time before.
//
// Errors are as of [RecordImport].
type RecordImportFailure struct {
	Tag string
	// Reason is one word, such as Unauthorized ([StatusReason]); Message is
	// for people. An empty message is "the import failed". A registry may
	// have written any of it, and every failure is stored in the stream: what
	// is beyond 128 bytes of the reason and 4 KiB of the message is cut off.
	Reason  string
	Message string
	// Generation is as in [RecordImport].
	Generation int64
}

func (RecordImportFailure) verb() string { return "record import failure" }

func (o RecordImportFailure) apply(e *edit) error {
	generation, err := e.answered(o.Tag, o.Generation)
	if err != nil {
		return err
	}
	message := o.Message
	if message == "" {
		message = "the import failed"
	}
	e.setCondition(o.Tag, TagEventCondition{
		Type: ImportSuccess, Status: ConditionFalse, LastTransitionTime: e.now,
		Reason: cut(o.Reason, maxReason), Message: cut(message, maxMessage), Generation: generation,
	})
	e.noteCheck()
	return nil
}

// The most bytes of a failure that are stored.
const (
	maxReason  = 128
	maxMessage = 4 << 10
)

// cut returns what fits of a text, valid UTF-8 up to its end.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const mark = "…"
	return strings.ToValidUTF8(text[:most-len(mark)], "") + mark
}

// answered returns the generation that the result of an import answers.
func (e *edit) answered(tag string, generation int64) (int64, error) {
	if err := checkTagName(tag); err != nil {
		return 0, err
	}
	t := e.spec(tag)
	switch {
	case t == nil:
		return 0, refuse(specField(tag, ""), ErrTagNotFound, "there is no such tag to import")
	case !imports(t):
		return 0, refuse(specField(tag, "from"), ErrSuperseded, "the tag is not imported (any more): it is made from %q", sourceText(t))
	}
	now := requested(t)
	if now == 0 {
		now = e.s.Generation
	}
	switch {
	case generation < 0 || generation > now:
		return 0, invalidf(specField(tag, "generation"), "the import is for generation %d, and the tag is at %d", generation, now)
	case generation != 0 && generation < now:
		return 0, refuse(specField(tag, "generation"), ErrSuperseded, "the import was for generation %d, and the tag is at %d", generation, now)
	}
	return now, nil
}

// noteCheck notes that an import was tried, without which the server imports
// every tag again. It alone is reason to write only where it is missing.
func (e *edit) noteCheck() {
	before, ok := e.s.Annotations[DockerImageRepositoryCheckAnnotation]
	if ok && len(e.changes) == 0 {
		return
	}
	now := e.now.UTC().Format(time.RFC3339)
	if before == now {
		return
	}
	annotations := maps.Clone(e.s.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[DockerImageRepositoryCheckAnnotation] = now
	e.s.Annotations = annotations
	e.note(Change{
		Kind: StreamChanged, Field: "metadata.annotations[" + DockerImageRepositoryCheckAnnotation + "]", Old: before, New: now,
	})
}
