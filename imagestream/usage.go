package imagestream

import (
	"maps"
	"slices"
)

// StreamUsage is what a stream takes of its limits.
type StreamUsage struct {
	// Images are the different images in the histories of all tags of the
	// status, sorted: what [ResourceImageStreamImages] counts.
	Images []string
	// References are the different sources of the spec tags, in the form that
	// [UsageReference] gives, sorted: what [ResourceImageStreamTags] counts.
	// Two tags of the same source count once, a tag that is only pushed to
	// not at all.
	References []string
	// Uncounted are the names of the spec tags whose source has no such form,
	// sorted. The API server does not count them either. Most are aliases
	// that name a tag of this stream alone, as latest of 10.0, without the
	// stream.
	Uncounted []string
}

// Usage returns what the stream takes of its limits, counted as the API server
// does. A nil stream takes nothing.
func (s *ImageStream) Usage() StreamUsage {
	if s == nil {
		return StreamUsage{}
	}
	// Of tags with the same name the server keeps the last.
	sources := map[string]*ObjectReference{}
	for i := range s.Spec.Tags {
		sources[s.Spec.Tags[i].Name] = s.Spec.Tags[i].From
	}
	histories := map[string][]TagEvent{}
	for i := range s.Status.Tags {
		histories[s.Status.Tags[i].Tag] = s.Status.Tags[i].Items
	}

	images, references := map[string]struct{}{}, map[string]struct{}{}
	var u StreamUsage
	for name, from := range sources {
		if from == nil {
			continue
		}
		reference, err := UsageReference(s.Namespace, from)
		if err != nil {
			u.Uncounted = append(u.Uncounted, name)
			continue
		}
		references[reference] = struct{}{}
	}
	for _, items := range histories {
		for i := range items {
			if items[i].Image != "" {
				images[items[i].Image] = struct{}{}
			}
		}
	}
	slices.Sort(u.Uncounted)
	u.Images, u.References = slices.Sorted(maps.Keys(images)), slices.Sorted(maps.Keys(references))
	return u
}

// Count returns how much of a resource the stream takes, and 0 for one that
// streams do not take.
func (u StreamUsage) Count(resource ResourceName) int64 {
	switch resource {
	case ResourceImageStreamImages:
		return int64(len(u.Images))
	case ResourceImageStreamTags:
		return int64(len(u.References))
	}
	return 0
}

// UsageReference returns the source of a spec tag in the form in which the API
// server counts sources: two that mean the same have the same. namespace is that
// of the stream. It is
//
//   - for a DockerImage, its pull spec with docker.io where there is no registry
//     (and for the other names of Docker Hub), without the namespace library
//     there, without the tag latest, and without any tag where it has a digest;
//   - for an ImageStreamTag, namespace/stream:tag;
//   - for an ImageStreamImage, namespace/stream@digest.
//
// What OpenShift reads as a registry without a name (see [ParsePullSpec]) is the
// empty string, whatever the registry, and so counts once for all of them. The
// error is an [*Error] of class [ErrInvalidPullSpec] or [ErrInvalidName], also for
// nil, other kinds, an image without its digest, and a tag without its stream, though
// that is a valid source.
func UsageReference(namespace string, from *ObjectReference) (string, error) {
	if from == nil {
		return "", nameError("", "a tag that is only pushed to has no source")
	}
	if from.Namespace != "" {
		namespace = from.Namespace
	}
	switch from.Kind {
	case KindDockerImage:
		return dockerImageUsage(from.Name)
	case KindImageStreamTag:
		if _, _, err := ParseImageStreamTagName(from.Name); err != nil {
			return "", err
		}
		if namespace == "" {
			return from.Name, nil
		}
		return namespace + "/" + from.Name, nil
	case KindImageStreamImage:
		return imageStreamImageUsage(namespace, from.Name)
	}
	return "", nameError(from.Name, "no spec tag has a source of the kind "+quoteShort(from.Kind))
}

func dockerImageUsage(spec string) (string, error) {
	r, err := ParsePullSpec(spec)
	if err != nil || r.Name == "" {
		return "", err
	}
	if r.Registry == "" {
		r.Registry = DockerHub
	}
	return minimalUsage(r), nil
}

func imageStreamImageUsage(namespace, name string) (string, error) {
	r, err := ParsePullSpec(name)
	if err != nil {
		return "", err
	}
	if r.ID == "" {
		return "", nameError(name, "want stream@digest")
	}
	if r.Name == "" {
		return "", nil
	}
	if r.Namespace == "" {
		r.Namespace = namespace
	}
	return minimalUsage(r), nil
}

// minimalUsage leaves out what container tools take for granted. The server knows
// the names of Docker Hub in lower case only.
func minimalUsage(r DockerImageReference) string {
	switch r.Registry {
	case DockerHub, "index." + DockerHub, "registry-1." + DockerHub:
		r.Registry = DockerHub
		if r.Namespace == "library" {
			r.Namespace = ""
		}
	}
	if r.Tag == DefaultImageTag {
		r.Tag = ""
	}
	return r.Exact()
}

// ImageUsage is what an image takes of the limit on its size.
type ImageUsage struct {
	// Bytes is the size of the config and of each different layer: all of it,
	// or, where not all is known, what is.
	Bytes int64
	// Complete is true where all is known.
	Complete bool
}

// Usage returns what the image takes of the limit on its size, as the API server
// counts: the Size of its metadata, or where there is none, the sum of its
// different layers and its config. A manifest list or index has no size of its
// own: 0 bytes, and complete. The error is that of [Image.Metadata].
func (i *Image) Usage() (ImageUsage, error) {
	if i == nil {
		return ImageUsage{}, nil
	}
	m, err := i.Metadata()
	if err != nil {
		return ImageUsage{}, err
	}
	if m != nil && m.Size > 0 {
		return ImageUsage{Bytes: m.Size, Complete: true}, nil
	}
	if isIndex(i) {
		return ImageUsage{Complete: true}, nil
	}
	u := ImageUsage{Bytes: int64(len(i.DockerImageConfig)), Complete: i.DockerImageConfig != "" && len(i.DockerImageLayers) > 0}
	seen := map[string]bool{}
	for _, layer := range i.DockerImageLayers {
		if seen[layer.Name] {
			continue
		}
		seen[layer.Name] = true
		// What a size is that no layer has, is not known.
		if layer.LayerSize <= 0 || u.Bytes+layer.LayerSize < 0 {
			u.Complete = false
			continue
		}
		u.Bytes += layer.LayerSize
	}
	return u, nil
}
