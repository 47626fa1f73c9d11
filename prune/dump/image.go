package dump

import (
	"errors"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/rawjson"
	"github.com/registrykit/registrykit/prune/inventory"
)

// image reads an Image object.
func (o *objects) image(text []byte, offset int64) error {
	if _, err := o.readImage(text); err != nil {
		return err
	}
	return o.addImage(text, offset)
}

// guessImage reads an object as an Image, since the one before it was one: its
// kind stands behind most of the text, which is then read once instead of
// twice. It is false where the object turns out to be something else.
func (o *objects) guessImage(text []byte, offset int64) (bool, error) {
	const kind = inventory.KindImage
	isImage, err := o.readImage(text)
	if !isImage {
		return false, nil
	}
	if err == nil {
		err = o.addImage(text, offset)
	}
	if err != nil {
		return true, o.fail(text, string(kind), offset, err)
	}
	o.d.listings.met(kind)
	return true, nil
}

func (o *objects) addImage(text []byte, offset int64) error {
	for _, u := range o.unread {
		o.d.readInPart(o.fail(text, string(inventory.KindImage), offset, u.err))
	}
	o.manifest.Origin = o.d.originOf(offset)
	o.seen(o.manifest.Created)
	if o.manifest.Managed {
		o.namespaces.image(o.pullSpec)
	}
	err := o.d.builder.AddManifest(o.manifest)
	if err == nil && slices.ContainsFunc(o.unread, unreadField.hidesParts) {
		o.d.builder.Unread(inventory.KindImage, "", o.manifest.Digest)
	}
	return err
}

// readImage fills in o.manifest and o.pullSpec, which are part of the text, and tells
// whether the object says that it is an Image. What the image is made of and cannot be
// read is noted in o.unread, and is not known.
func (o *objects) readImage(text []byte) (isImage bool, err error) {
	o.unread = nil
	for {
		isImage, err = o.tryImage(text)
		field := partOfImage(err)
		if field == "" || o.passesOver(field) {
			return isImage, err
		}
		o.unread = append(o.unread, unreadField{field, err})
	}
}

// An unreadField is a member of an Image that is not what it should be, and why.
type unreadField struct {
	name string
	err  error
}

// hidesParts reports whether the field may say that the image has more than is known:
// then the Images are not known completely. Without its metadata, it is its config that
// is not known, its size and its labels.
func (u unreadField) hidesParts() bool {
	return u.name != "dockerImageMetadata" && u.name != "dockerImageReference"
}

func (o *objects) passesOver(field string) bool {
	return slices.ContainsFunc(o.unread, func(u unreadField) bool { return u.name == field })
}

// partOfImage returns the member of an Image that an error is about, where it says what
// the image is made of; "" for any other error.
func partOfImage(err error) string {
	var failed *rawjson.Error
	if err == nil || !errors.As(err, &failed) || errors.Is(err, rawjson.ErrMalformed) {
		return ""
	}
	name := failed.Field
	if end := strings.IndexAny(name, ".["); end >= 0 {
		name = name[:end]
	}
	switch name {
	case "dockerImageMetadata", "dockerImageLayers", "dockerImageManifests", "dockerImageManifest",
		"dockerImageManifestMediaType", "dockerImageReference":
		return name
	}
	return ""
}

// tryImage reads an Image without the fields that are known to be unreadable. The
// reader stops at the next one.
func (o *objects) tryImage(text []byte) (bool, error) {
	m := &o.manifest
	*m = inventory.Manifest{Layers: m.Layers[:0], Children: m.Children[:0]}
	o.pullSpec = ""
	r := &o.r
	r.Reset(text)
	var apiVersion, kind, raw string
	for key := range r.Object() {
		if o.unread != nil && o.passesOver(string(key)) {
			continue
		}
		switch string(key) {
		case "apiVersion":
			apiVersion = r.Text()
		case "kind":
			kind = r.Text()
		case "metadata":
			o.imageMetadata(r, m)
		case "dockerImageManifestMediaType":
			m.MediaType = r.Text()
		case "dockerImageLayers":
			m.Layers = readBlobs(r, m.Layers, "name", "size")
		case "dockerImageManifests":
			m.Children = readBlobs(r, m.Children, "digest", "manifestSize")
		case "dockerImageMetadata":
			o.dockerImage(r, m)
		case "dockerImageManifest":
			raw = r.Text()
		case "dockerImageReference":
			o.pullSpec = r.Text()
		}
	}
	m.ReadRaw(raw)
	isImage := kind == string(inventory.KindImage) && inventory.KindOf(apiVersion, kind) == inventory.KindImage
	return isImage, r.Err()
}

func (o *objects) imageMetadata(r *rawjson.Reader, m *inventory.Manifest) {
	for key := range r.Object() {
		switch string(key) {
		case "name":
			m.Digest = r.Text()
		case "uid":
			m.UID = r.Text()
		case "resourceVersion":
			m.ResourceVersion = r.Text()
		case "creationTimestamp":
			m.Created = timestamp(r)
		case "annotations":
			for key := range r.Object() {
				if string(key) == imagestream.ManagedByOpenShiftAnnotation {
					m.Managed = r.Text() == "true"
				}
			}
		}
	}
}

// dockerImage reads the decoded metadata: the config's digest, the size that
// limits are compared with, and labels that somebody asked for.
func (o *objects) dockerImage(r *rawjson.Reader, m *inventory.Manifest) {
	for key := range r.Object() {
		switch string(key) {
		case "Id":
			m.Config = r.Text()
		case "Size":
			m.ImageSize = size(r)
		case "Config":
			if (o.d.opts.AllLabels || len(o.labels) > 0) && r.Kind() != 'n' {
				o.readLabels(r, m)
			}
		}
	}
}

func (o *objects) readLabels(r *rawjson.Reader, m *inventory.Manifest) {
	m.Labels = map[string]string{}
	for key := range r.Object() {
		if string(key) != "Labels" {
			continue
		}
		for key := range r.Object() {
			if name := string(key); o.d.opts.AllLabels || o.labels[name] {
				m.Labels[name] = r.String()
			}
		}
	}
}

func readBlobs(r *rawjson.Reader, blobs []inventory.Blob, digestKey, sizeKey string) []inventory.Blob {
	for range r.Array() {
		var b inventory.Blob
		for key := range r.Object() {
			switch string(key) {
			case digestKey:
				b.Digest = r.Text()
			case sizeKey:
				b.Size = size(r)
			}
		}
		blobs = append(blobs, b)
	}
	return blobs
}
