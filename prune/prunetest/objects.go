package prunetest

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/madeup"
	"github.com/registrykit/registrykit/prune/inventory"
)

// Images returns the Image objects as the API server has them, in the order in
// which they were added: managed images with their manifests cleared, but for
// those that have a subject, which nothing else tells.
func (c *Cluster) Images() []imagestream.Image {
	var list []imagestream.Image
	for _, i := range c.images {
		if !i.Missing {
			list = append(list, c.typedImage(i))
		}
	}
	return list
}

func (c *Cluster) typedImage(i *Image) imagestream.Image {
	created := c.createdOf(i)
	o := imagestream.Image{
		TypeMeta: imagestream.TypeMeta{Kind: string(inventory.KindImage), APIVersion: imagestream.APIVersion},
		ObjectMeta: imagestream.ObjectMeta{
			Name: i.digest, UID: i.uid, ResourceVersion: i.version,
			CreationTimestamp: imagestream.NewTime(created),
			Annotations: map[string]string{
				imagestream.DockerImageLayersOrderAnnotation: imagestream.DockerImageLayersOrderAscending,
			},
		},
		DockerImageMetadata:          imagestream.RawExtension{Raw: i.metadata(created)},
		DockerImageMetadataVersion:   imagestream.DockerImageMetadataVersion10,
		DockerImageManifestMediaType: i.mediaType,
	}
	if !i.Imported {
		o.Annotations[imagestream.ManagedByOpenShiftAnnotation] = "true"
	}
	if i.home != nil {
		o.DockerImageReference = i.home.Digest(i)
	}
	for _, l := range i.layers {
		o.DockerImageLayers = append(o.DockerImageLayers, imagestream.ImageLayer{Name: l.Digest, LayerSize: l.Size, MediaType: l.MediaType})
	}
	for n, child := range i.children {
		o.DockerImageManifests = append(o.DockerImageManifests, imagestream.ImageManifest{
			Digest: child.digest, MediaType: child.mediaType, ManifestSize: int64(len(child.manifest)),
			OS: "linux", Architecture: []string{"amd64", "arm64", "s390x", "ppc64le"}[n%4],
		})
	}
	o.DockerImageManifest = i.storedManifest()
	return o
}

func (i *Image) storedManifest() string {
	if i.subject == nil {
		return ""
	}
	return string(i.manifest)
}

// metadata is the decoded config. An index has its own digest for an ID.
func (i *Image) metadata(created time.Time) []byte {
	m := fields{
		"kind": "DockerImage", "apiVersion": imagestream.DockerImageAPIVersion,
		"Id": i.configID(), "Created": created.Add(-time.Minute).Format(time.RFC3339),
	}
	if i.mediaType != ociIndex {
		config := fields{"Cmd": []string{"/bin/app"}}
		if len(i.Labels) > 0 {
			config["Labels"] = i.Labels
		}
		m["Architecture"], m["Config"], m["Size"] = "amd64", config, i.size()
	}
	return madeup.JSON(m)
}

func (i *Image) configID() string {
	if i.mediaType == ociIndex {
		return i.digest
	}
	return i.config.Digest
}

// ImageStreams returns the ImageStream objects as the API server has them, in
// the order in which they were added.
func (c *Cluster) ImageStreams() []imagestream.ImageStream {
	var list []imagestream.ImageStream
	for _, s := range c.streams {
		o := imagestream.ImageStream{
			TypeMeta: imagestream.TypeMeta{Kind: string(inventory.KindImageStream), APIVersion: imagestream.APIVersion},
			ObjectMeta: imagestream.ObjectMeta{
				Namespace: s.namespace, Name: s.name, UID: s.uid, ResourceVersion: s.version,
				CreationTimestamp: imagestream.NewTime(s.created()),
			},
			Status: imagestream.ImageStreamStatus{DockerImageRepository: s.repository()},
		}
		for _, tag := range s.tagNames() {
			history := imagestream.NamedTagEventList{Tag: tag}
			events := s.history(tag)
			for n, e := range events {
				item := imagestream.TagEvent{
					Created: imagestream.NewTime(e.created), DockerImageReference: e.reference, Generation: int64(len(events) - n),
				}
				if e.image != nil {
					item.Image = e.image.digest
				}
				history.Items = append(history.Items, item)
			}
			o.Status.Tags = append(o.Status.Tags, history)
		}
		list = append(list, o)
	}
	return list
}

// objects returns the objects of a kind that were listed.
func (c *Cluster) objects(kind inventory.Kind) (list []any) {
	switch kind {
	case inventory.KindImage:
		for _, o := range c.Images() {
			list = append(list, o)
		}
	case inventory.KindImageStream:
		for _, o := range c.ImageStreams() {
			list = append(list, o)
		}
	case inventory.KindLimitRange:
		for n := range c.limits {
			list = append(list, c.limitObject(n))
		}
	default:
		for _, w := range c.workloads {
			if w.Kind == kind {
				list = append(list, c.workloadObject(w))
			}
		}
	}
	return list
}

// JSON returns the listed objects as `oc get -o json` prints them: a v1 List,
// indented. A kind whose list is incomplete is in a typed list of its own,
// behind or before the others, that says so.
//
// That a kind was listed of which there is no object cannot be seen in it: tell
// a reader [Cluster.Listed].
func (c *Cluster) JSON() []byte {
	kinds := c.Listed()
	if c.tooEarly {
		slices.Reverse(kinds)
	}
	var text []byte
	var together []any
	flush := func() {
		if together != nil {
			text = append(text, indented(fields{
				"apiVersion": "v1", "kind": "List", "metadata": fields{"resourceVersion": ""}, "items": together,
			})...)
			together = nil
		}
	}
	for _, kind := range kinds {
		objects := c.objects(kind)
		if !c.incomplete[kind] {
			together = append(together, objects...)
			continue
		}
		flush()
		text = append(text, indented(fields{
			"apiVersion": apiVersions[kind], "kind": kind + "List",
			"metadata": fields{"continue": "there-is-more"}, "items": append([]any{}, objects...),
		})...)
	}
	if text == nil && together == nil {
		together = []any{}
	}
	flush()
	return text
}

func indented(v any) []byte {
	text, err := json.MarshalIndent(v, "", "    ")
	if err != nil {
		panic(err) // only where a type cannot be written, and these can
	}
	return append(text, '\n')
}

// labels returns the image's labels; an index has none that are known.
func (i *Image) labels() map[string]string {
	if i.mediaType == ociIndex {
		return nil
	}
	if i.Labels == nil {
		return map[string]string{}
	}
	return maps.Clone(i.Labels)
}
