package importer

import (
	"errors"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// Apply applies the result to a stream, which may be a newer reading than the one that
// was imported for: a tag that comes from elsewhere by now is left alone, and becomes
// Failed with the class [Superseded]. The stream is only read; where nothing changes
// it is what is returned. The registry is not asked.
//
// The error is an [*imagestream.Error] about the stream as a whole.
func (r *Result) Apply(stream *imagestream.ImageStream, applier imagestream.Applier, now time.Time) (*imagestream.ImageStream, []imagestream.Change, error) {
	var all imagestream.Batch
	for n := range r.Tags {
		all = append(all, operations(stream, &r.Tags[n])...)
	}
	if len(all) == 0 {
		return stream, nil, nil
	}
	updated, changes, err := applier.Apply(stream, all, now)
	if err == nil {
		return updated, changes, nil
	}
	return r.applyEach(stream, applier, now)
}

// applyEach finds out which tags cannot be applied, and applies the others in one
// write.
func (r *Result) applyEach(stream *imagestream.ImageStream, applier imagestream.Applier, now time.Time) (*imagestream.ImageStream, []imagestream.Change, error) {
	var good imagestream.Batch
	scratch := stream
	for n := range r.Tags {
		t := &r.Tags[n]
		batch := operations(stream, t)
		if len(batch) == 0 {
			continue
		}
		next, _, err := applier.Apply(scratch, batch, now)
		if err != nil {
			t.refuse(err)
			continue
		}
		scratch, good = next, append(good, batch...)
	}
	if len(good) == 0 {
		return stream, nil, nil
	}
	return applier.Apply(stream, good, now)
}

// refuse records that what was imported for a tag cannot be applied.
func (t *TagResult) refuse(err error) {
	class := Invalid
	switch {
	case errors.Is(err, imagestream.ErrSuperseded), errors.Is(err, imagestream.ErrTagNotFound):
		class = Superseded
	case errors.Is(err, imagestream.ErrTooLarge):
		class = Unsupported
	}
	t.Status, t.Err, t.RetryAt = Failed, &Error{Op: "apply", Image: t.From, Class: class, Err: err}, time.Time{}
	t.Head, t.Image = Head{}, ""
}

// operations returns what the result of one tag does to a stream.
func operations(stream *imagestream.ImageStream, t *TagResult) imagestream.Batch {
	var batch imagestream.Batch
	if t.Tag == "" {
		// The image of an ImageStreamImport that names no tag.
		return nil
	}
	generation := t.spec.generation
	switch t.Status {
	case Imported, Unchanged:
		if set, ok := t.spec.setTag(stream); ok {
			batch, generation = append(batch, set), 0
		}
		return append(batch, imagestream.RecordImport{
			Tag: t.Tag, Image: t.Image,
			DockerImageReference: t.target.by(t.Image).Exact(),
			Generation:           generation,
		})
	case Failed:
		if t.Err.Class == Superseded {
			return nil
		}
		if set, ok := t.spec.setTag(stream); ok && stream.SpecTag(t.Tag) == nil {
			batch, generation = append(batch, set), 0
		}
		return append(batch, imagestream.RecordImportFailure{
			Tag: t.Tag, Reason: string(t.Err.Class.Reason()), Message: t.Err.message(), Generation: generation,
		})
	}
	return nil
}

// setTag returns the operation that makes the spec tag; ok is false where it is as it
// should be. What the request does not say stays as it was: the annotations, and the
// import mode. (An `oc import-image` without --import-mode makes it Legacy, which
// loses all but one image of a list.)
func (s spec) setTag(stream *imagestream.ImageStream) (set imagestream.SetTag, ok bool) {
	if !s.set {
		return set, false
	}
	tag := imagestream.TagReference{
		Name:            s.tag,
		From:            &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: s.from},
		ImportPolicy:    s.policy,
		ReferencePolicy: s.referencePolicy,
	}
	if tag.ReferencePolicy.Type == "" {
		tag.ReferencePolicy.Type = imagestream.SourceTagReferencePolicy
	}
	old := stream.SpecTag(s.tag)
	if old == nil {
		return imagestream.SetTag{Tag: tag}, true
	}
	tag.Annotations = old.Annotations
	if tag.ImportPolicy.ImportMode == "" {
		tag.ImportPolicy.ImportMode = old.ImportPolicy.ImportMode
	}
	same := isImported(old) && old.From.Name == tag.From.Name &&
		old.ImportPolicy.Insecure == tag.ImportPolicy.Insecure &&
		old.ImportPolicy.Scheduled == tag.ImportPolicy.Scheduled &&
		old.ImportPolicy.ImportMode == tag.ImportPolicy.ImportMode &&
		old.ReferencePolicy.Type == tag.ReferencePolicy.Type
	return imagestream.SetTag{Tag: tag}, !same
}
