package importer

import (
	"slices"

	"github.com/registrykit/registrykit/imagestream"
)

// A spec is how one tag is imported.
type spec struct {
	tag string
	// from is the pull spec as it is written.
	from       string
	generation int64
	policy     imagestream.TagImportPolicy
	// prefer is the platform to take of a list; zero is the importer's.
	prefer          Platform
	referencePolicy imagestream.TagReferencePolicy
	// set says that the spec tag is to be made, or made so, once it is imported.
	set             bool
	includeManifest bool
}

// work is what is to be imported.
type work struct {
	specs      []spec
	repository *Repository
}

// choose finds out what a request means for a stream.
func (i Importer) choose(stream *imagestream.ImageStream, request Request) (work, error) {
	if stream == nil {
		return work{}, refuse(nil, "", "there is no stream")
	}
	var w work
	w.repository = request.Repository
	never := stream.Annotations[imagestream.DockerImageRepositoryCheckAnnotation] == ""
	if w.repository == nil && stream.Spec.DockerImageRepository != "" && len(request.Tags) == 0 && (request.All || never) {
		w.repository = &Repository{From: stream.Spec.DockerImageRepository}
	}
	switch {
	case len(request.Tags) > 0:
		for _, tag := range request.Tags {
			t, err := importedTag(stream, tag)
			if err != nil {
				return work{}, err
			}
			if !slices.ContainsFunc(w.specs, func(s spec) bool { return s.tag == t.Name }) {
				w.specs = append(w.specs, i.specOf(stream, t))
			}
		}
	case request.All || never && request.Repository == nil:
		for n := range stream.Spec.Tags {
			if t := &stream.Spec.Tags[n]; isImported(t) {
				w.specs = append(w.specs, i.specOf(stream, t))
			}
		}
	case request.Repository == nil:
		for p := range stream.PendingImports() {
			w.specs = append(w.specs, i.specOf(stream, stream.SpecTag(p.Tag)))
		}
	}
	return w, nil
}

// importedTag returns the spec tag whose import brings a tag up to date.
func importedTag(stream *imagestream.ImageStream, tag string) (*imagestream.TagReference, error) {
	path, err := imagestream.FollowTag(stream, tag, nil)
	if err != nil {
		return nil, err
	}
	last := path[len(path)-1]
	t := stream.SpecTag(last.Tag)
	if t == nil || !isImported(t) {
		return nil, refuse(stream, "spec.tags["+last.Tag+"].from", "the tag is not imported from a registry")
	}
	return t, nil
}

// isImported says whether a spec tag is imported at all.
func isImported(t *imagestream.TagReference) bool {
	return t.From != nil && t.From.Kind == imagestream.KindDockerImage && !t.Reference
}

// insecureStream says whether every registry of a stream may be insecure.
func insecureStream(stream *imagestream.ImageStream) bool {
	return stream.Annotations[imagestream.InsecureRepositoryAnnotation] == "true"
}

// specOf returns how a spec tag is imported.
func (i Importer) specOf(stream *imagestream.ImageStream, t *imagestream.TagReference) spec {
	s := spec{
		tag: t.Name, from: t.From.Name, policy: t.ImportPolicy,
		prefer: Platform{
			OS:           t.Annotations[imagestream.ImporterPreferOSAnnotation],
			Architecture: t.Annotations[imagestream.ImporterPreferArchAnnotation],
		},
		referencePolicy: t.ReferencePolicy,
	}
	if t.Generation != nil {
		s.generation = *t.Generation
	}
	return s
}

// mode is the import mode of a tag.
func (i Importer) mode(s spec) imagestream.ImportModeType {
	switch {
	case s.policy.ImportMode != "":
		return s.policy.ImportMode
	case i.DefaultMode != "":
		return i.DefaultMode
	}
	return imagestream.ImportModeLegacy
}

// target returns what a pull spec asks for.
func target(from string, insecure bool) (Target, error) {
	ref, err := imagestream.ParsePullSpec(from)
	if err != nil {
		return Target{}, err
	}
	t := Target{DockerImageReference: ref.DockerClientDefaults(), Insecure: insecure}
	if t.Name == "" {
		return t, &imagestream.Error{Op: "import", Object: from, Reason: "it names a registry and no image", Err: imagestream.ErrInvalidPullSpec}
	}
	return t, nil
}
