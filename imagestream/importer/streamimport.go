package importer

import (
	"context"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// ImportStreamImport answers an ImageStreamImport as the API server does: the object
// with its status, and what stands behind it. stream is the stream that it is named
// for, nil where there is none yet. Both are only read. Without spec.import nothing is
// applied, and the status tells what was found.
//
// A spec tag that is there keeps its annotations, and its import mode where the request
// has none, unlike in OpenShift. A tag whose import failed keeps what it is made from;
// one that is not there is made.
//
// The error is an [*imagestream.Error]: of class ErrInvalidOperation for a request that
// the API server does not take, ErrStreamNotFound where the request is for another
// stream of that name (metadata.uid), and ErrSuperseded where it is for an older one
// (metadata.resourceVersion).
func (i Importer) ImportStreamImport(ctx context.Context, request *imagestream.ImageStreamImport, stream *imagestream.ImageStream, now time.Time) (*imagestream.ImageStreamImport, *Result, error) {
	if stream == nil && request != nil {
		stream = imagestream.New(request.Namespace, request.Name)
	}
	w, err := i.chooseStreamImport(request, stream)
	if err != nil {
		return nil, nil, err
	}
	r := i.newRun(stream, Request{DryRun: false}, now)
	r.needImages = true
	r.fetch(ctx, w)
	r.collect()
	r.result.Stream = stream
	answered := request.Clone()
	answered.Status = imagestream.ImageStreamImportStatus{}
	if request.Spec.Import {
		updated, changes, err := r.result.Apply(stream, i.Applier, now)
		if err != nil {
			return nil, nil, err
		}
		r.result.Stream, r.result.Changes = updated, changes
		answered.Status.Import = updated.Clone()
	}
	r.answer(answered, len(w.specs))
	return answered, r.result, nil
}

// chooseStreamImport checks a request and finds out what it means.
func (i Importer) chooseStreamImport(request *imagestream.ImageStreamImport, stream *imagestream.ImageStream) (work, error) {
	if request == nil {
		return work{}, refuse(nil, "", "there is no ImageStreamImport")
	}
	reject := func(field string, class error, format string, args ...any) (work, error) {
		return work{}, &imagestream.Error{
			Op: "import", Object: "ImageStreamImport " + request.Namespace + "/" + request.Name, Field: field,
			Reason: fmt.Sprintf(format, args...), Err: class,
		}
	}
	switch {
	case request.Name == "":
		return reject("metadata.name", imagestream.ErrInvalidOperation, "it names no stream")
	case request.Name != stream.Name || request.Namespace != stream.Namespace:
		return reject("metadata.name", imagestream.ErrInvalidOperation, "the stream is %s/%s", stream.Namespace, stream.Name)
	case request.UID != "" && request.UID != stream.UID:
		return reject("metadata.uid", imagestream.ErrStreamNotFound, "there is no stream with the UID %q", request.UID)
	case request.ResourceVersion != "" && request.ResourceVersion != stream.ResourceVersion:
		return reject("metadata.resourceVersion", imagestream.ErrSuperseded, "the stream is at %q", stream.ResourceVersion)
	case request.Spec.Repository == nil && len(request.Spec.Images) == 0:
		return reject("spec", imagestream.ErrInvalidOperation, "there is nothing to import")
	}
	var w work
	for n, image := range request.Spec.Images {
		field := fmt.Sprintf("spec.images[%d]", n)
		if image.From.Kind != imagestream.KindDockerImage {
			return reject(field+".from.kind", imagestream.ErrInvalidOperation, "only %s is imported, not %q", imagestream.KindDockerImage, image.From.Kind)
		}
		t, err := target(image.From.Name, false)
		if err != nil {
			return reject(field+".from.name", imagestream.ErrInvalidOperation, "%v", err)
		}
		s := i.imageSpec(stream, image, t)
		if s.tag != "" && !imagestream.ValidTag(s.tag) {
			return reject(field+".to.name", imagestream.ErrInvalidOperation, "%.200q is no tag", s.tag)
		}
		w.specs = append(w.specs, s)
	}
	repository := request.Spec.Repository
	if repository == nil {
		return w, nil
	}
	if repository.From.Kind != imagestream.KindDockerImage {
		return reject("spec.repository.from.kind", imagestream.ErrInvalidOperation, "only %s is imported, not %q", imagestream.KindDockerImage, repository.From.Kind)
	}
	ref, err := imagestream.ParsePullSpec(repository.From.Name)
	if err != nil || ref.Tag != "" || ref.ID != "" || ref.Name == "" {
		return reject("spec.repository.from.name", imagestream.ErrInvalidOperation, "%.200q is no repository", repository.From.Name)
	}
	w.repository = &Repository{
		From: repository.From.Name, ImportPolicy: repository.ImportPolicy, ReferencePolicy: repository.ReferencePolicy,
		Choose: imagestream.ChooseOptions{Limit: i.MaxTags}, includeManifest: repository.IncludeManifest,
	}
	return w, nil
}

// imageSpec returns how one image of a request is imported.
func (i Importer) imageSpec(stream *imagestream.ImageStream, image imagestream.ImageImportSpec, t Target) spec {
	s := spec{
		from: image.From.Name, policy: image.ImportPolicy, referencePolicy: image.ReferencePolicy,
		set: true, includeManifest: image.IncludeManifest,
	}
	if image.To != nil {
		s.tag = image.To.Name
	} else if ref, err := imagestream.ParsePullSpec(image.From.Name); err == nil {
		s.tag = ref.Tag
	}
	if old := stream.SpecTag(s.tag); old != nil && isImported(old) {
		s.prefer = i.specOf(stream, old).prefer
		if known, err := target(old.From.Name, false); err == nil && known == t && s.policy.ImportMode == "" {
			s.policy.ImportMode = old.ImportPolicy.ImportMode
		}
	}
	return s
}

// answer fills in the status of a request, whose first tags are its images.
func (r *run) answer(answered *imagestream.ImageStreamImport, images int) {
	for n := range r.result.Tags[:images] {
		answered.Status.Images = append(answered.Status.Images, r.imageStatus(&r.result.Tags[n]))
	}
	if answered.Spec.Repository == nil {
		return
	}
	status := &imagestream.RepositoryImportStatus{Status: imagestream.Status{Status: imagestream.StatusSuccess}}
	answered.Status.Repository = status
	if r.result.ListErr != nil {
		status.Status = r.result.ListErr.Status()
		return
	}
	for n := range r.result.Tags[images:] {
		status.Images = append(status.Images, r.imageStatus(&r.result.Tags[images+n]))
	}
	for _, l := range r.result.LeftOut {
		if l.Reason != imagestream.LeftOutDuplicate {
			status.AdditionalTags = append(status.AdditionalTags, l.Tag)
		}
	}
}

// imageStatus is what the API tells of one image.
func (r *run) imageStatus(t *TagResult) imagestream.ImageImportStatus {
	status := imagestream.ImageImportStatus{Tag: t.Tag, Status: imagestream.Status{Status: imagestream.StatusSuccess}}
	if t.Err != nil {
		status.Status = t.Err.Status()
		return status
	}
	status.Image = t.image.Clone()
	for n := range t.manifests {
		status.Manifests = append(status.Manifests, *t.manifests[n].Clone())
	}
	return status
}
