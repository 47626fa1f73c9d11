package inventory

import (
	"github.com/registrykit/registrykit/imagestream"
)

// AddImage adds an Image. Its labels are known only where its metadata can be
// read. The error is [Builder.AddManifest]'s, or says why dockerImageMetadata
// cannot be read.
func (b *Builder) AddImage(image *imagestream.Image) error {
	m := Manifest{
		Digest:          image.Name,
		MediaType:       image.DockerImageManifestMediaType,
		Created:         image.CreationTimestamp.Time,
		Managed:         image.Annotations[imagestream.ManagedByOpenShiftAnnotation] == "true",
		UID:             string(image.UID),
		ResourceVersion: image.ResourceVersion,
	}
	metadata, err := image.Metadata()
	if err != nil {
		return &Error{Object: "Image " + image.Name, Err: err}
	}
	if metadata != nil {
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
	return b.AddManifest(m)
}

// AddImageStream adds the history of a stream's tags. What its spec tags point
// to is a matter of references, which package workload reads. The error is
// [Builder.AddStream]'s.
func (b *Builder) AddImageStream(stream *imagestream.ImageStream) error {
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
	return b.AddStream(s)
}
