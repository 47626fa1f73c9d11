package inventory

import (
	"encoding/json"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/workload"
)

// AddImage adds an Image. Where its dockerImageMetadata is absent or cannot be read,
// its config, size and labels are not known. The error is [Builder.AddManifest]'s.
func (b *Builder) AddImage(image *imagestream.Image) error { return b.AddManifest(manifestOf(image)) }

// ReplaceImage is [Builder.ReplaceManifest] for an Image, which is read as by
// [Builder.AddImage].
func (b *Builder) ReplaceImage(image *imagestream.Image) error {
	return b.ReplaceManifest(manifestOf(image))
}

func manifestOf(image *imagestream.Image) Manifest {
	m := Manifest{
		Digest:          image.Name,
		MediaType:       image.DockerImageManifestMediaType,
		Created:         image.CreationTimestamp.Time,
		Managed:         image.Annotations[imagestream.ManagedByOpenShiftAnnotation] == "true",
		UID:             string(image.UID),
		ResourceVersion: image.ResourceVersion,
	}
	if metadata, err := image.Metadata(); err == nil && metadata != nil {
		m.Config, m.ImageSize = metadata.ID, max(0, metadata.Size)
		if metadata.Config != nil {
			m.Labels = map[string]string{}
			for name, value := range metadata.Config.Labels {
				m.Labels[name] = value
			}
		}
	}
	for _, l := range image.DockerImageLayers {
		m.Layers = append(m.Layers, Blob{l.Name, max(0, l.LayerSize)})
	}
	for _, c := range image.DockerImageManifests {
		m.Children = append(m.Children, Blob{c.Digest, max(0, c.ManifestSize)})
	}
	m.ReadRaw(image.DockerImageManifest)
	return m
}

// AddImageStream adds the history of a stream's tags and, as a [Workload] of
// kind ImageStream, what its spec tags and triggers name. Both are forgotten
// with [Builder.ForgetStream]. The error is [Builder.AddStream]'s or
// [Builder.AddWorkload]'s.
func (b *Builder) AddImageStream(stream *imagestream.ImageStream) error {
	names, err := b.namesOf(stream)
	if err == nil {
		err = b.AddStream(streamOf(stream))
	}
	if err == nil && len(names.References) > 0 {
		err = b.AddWorkload(names)
	}
	return err
}

// ReplaceImageStream is [Builder.ReplaceManifest] for an ImageStream: it fails
// as [Builder.AddImageStream] does.
func (b *Builder) ReplaceImageStream(stream *imagestream.ImageStream) error {
	names, err := b.namesOf(stream)
	if err == nil {
		err = b.ReplaceStream(streamOf(stream))
	}
	if err != nil {
		return err
	}
	b.forgetNames(stream.Namespace, stream.Name)
	if len(names.References) > 0 {
		err = b.AddWorkload(names)
	}
	return err
}

// namesOf reads what a stream names besides its history, as it is read from
// JSON.
func (b *Builder) namesOf(stream *imagestream.ImageStream) (Workload, error) {
	const apiVersion = "image.openshift.io/v1"
	b.init()
	slim := imagestream.ImageStream{Spec: imagestream.ImageStreamSpec{Tags: stream.Spec.Tags}}
	slim.Kind, slim.APIVersion = string(KindImageStream), apiVersion
	slim.Namespace, slim.Name, slim.Annotations = stream.Namespace, stream.Name, stream.Annotations
	slim.CreationTimestamp = stream.CreationTimestamp
	if len(slim.Spec.Tags)+len(slim.Annotations) == 0 {
		return Workload{}, nil
	}
	text, err := json.Marshal(&slim)
	var result workload.Result
	if err == nil {
		var scanner *workload.Scanner
		if scanner, err = workload.NewScanner(workload.Options{}); err == nil {
			result, err = scanner.Scan(text)
		}
	}
	if err != nil {
		b.Unread(KindImageStream, stream.Namespace, stream.Name)
		return Workload{}, &Error{Object: "ImageStream " + stream.Namespace + "/" + stream.Name, Err: err}
	}
	return WorkloadOf(result, nil), nil
}

func streamOf(stream *imagestream.ImageStream) Stream {
	s := Stream{
		Namespace:       stream.Namespace,
		Name:            stream.Name,
		UID:             string(stream.UID),
		ResourceVersion: stream.ResourceVersion,
		Created:         stream.CreationTimestamp.Time,
	}
	for _, list := range stream.Status.Tags {
		tag := Tag{Name: list.Tag}
		for _, event := range list.Items {
			tag.Items = append(tag.Items, TagItem{
				Image:                event.Image,
				Created:              event.Created.Time,
				DockerImageReference: event.DockerImageReference,
			})
		}
		s.Tags = append(s.Tags, tag)
	}
	return s
}
