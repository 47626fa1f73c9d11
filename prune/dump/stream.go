package dump

import (
	"github.com/registrykit/registrykit/internal/rawjson"
	"github.com/registrykit/registrykit/prune/inventory"
)

// stream reads the history of an ImageStream's tags. It tells whether the stream
// may name images as well: in tags of its spec, or in an annotation.
func (o *objects) stream(text []byte, offset int64) (names bool, err error) {
	s := inventory.Stream{Origin: o.d.originOf(offset)}
	spec, status := false, false
	r := &o.r
	r.Reset(text)
	for key := range r.Object() {
		switch string(key) {
		case "metadata":
			names = streamMetadata(r, &s) || names
		case "spec":
			spec = r.Kind() != 'n'
			for key := range r.Object() {
				if string(key) == "tags" {
					for range r.Array() {
						names = true
					}
				}
			}
		case "status":
			status = r.Kind() != 'n'
			for key := range r.Object() {
				if string(key) == "tags" {
					s.Tags = o.tags(r)
				}
			}
		}
	}
	if err := r.Err(); err != nil {
		return false, err
	}
	o.seen(s.Created)
	o.namespaces.object(s.Namespace)
	if err := o.d.builder.AddStream(s); err != nil {
		return false, err
	}
	if spec && !status && !o.d.opts.PhaselessPodsFinished {
		// The API server writes a status for every stream: somebody has left it
		// out, as programs do that clean manifests up.
		o.d.builder.Unread(inventory.KindImageStream, s.Namespace, s.Name)
	}
	return names, nil
}

func streamMetadata(r *rawjson.Reader, s *inventory.Stream) (annotated bool) {
	for key := range r.Object() {
		switch string(key) {
		case "namespace":
			s.Namespace = r.Text()
		case "name":
			s.Name = r.Text()
		case "uid":
			s.UID = r.Text()
		case "resourceVersion":
			s.ResourceVersion = r.Text()
		case "creationTimestamp":
			s.Created = timestamp(r)
		case "annotations":
			annotated = r.Kind() != 'n'
		}
	}
	return annotated
}

// tags reads the histories into memory that the next stream uses again.
func (o *objects) tags(r *rawjson.Reader) []inventory.Tag {
	o.streamTags, o.items = o.streamTags[:0], o.items[:0]
	for range r.Array() {
		var tag inventory.Tag
		for key := range r.Object() {
			switch string(key) {
			case "tag":
				tag.Name = r.Text()
			case "items":
				first := len(o.items)
				for range r.Array() {
					o.items = append(o.items, o.tagItem(r))
				}
				tag.Items = o.items[first:]
			}
		}
		o.streamTags = append(o.streamTags, tag)
	}
	return o.streamTags
}

func (o *objects) tagItem(r *rawjson.Reader) inventory.TagItem {
	var item inventory.TagItem
	for key := range r.Object() {
		switch string(key) {
		case "created":
			item.Created = timestamp(r)
		case "image":
			item.Image = r.Text()
		case "dockerImageReference":
			item.DockerImageReference = r.Text()
		}
	}
	o.seen(item.Created)
	return item
}
