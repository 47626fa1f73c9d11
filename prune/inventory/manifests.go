package inventory

import (
	"bytes"
	"maps"
	"math"
	"slices"
)

// AddManifest adds a manifest or Image object. The error wraps [ErrInvalid]
// for one without a digest or with a negative size, and [ErrConflict] where the
// same digest was added with other content.
func (b *Builder) AddManifest(m Manifest) error {
	b.init()
	err := b.addManifest(m)
	b.told(err, KindImage, "", m.Digest)
	return err
}

func (b *Builder) addManifest(m Manifest) error {
	object := "Image " + m.Digest
	if m.Digest == "" {
		return invalid("Image", "it has no name")
	}
	if m.Size < 0 || m.ConfigSize < 0 || m.ImageSize < 0 {
		return invalid(object, "a negative size")
	}
	if len(m.Layers)+len(m.Children) > math.MaxInt32 {
		return invalid(object, "%d layers and children", len(m.Layers)+len(m.Children))
	}
	for _, l := range m.Layers {
		if l.Digest == "" || l.Size < 0 {
			return invalid(object, "a layer without a digest or with a negative size")
		}
	}
	for _, c := range m.Children {
		if c.Digest == "" || c.Size < 0 {
			return invalid(object, "a child manifest without a digest or with a negative size")
		}
	}
	rec := b.imageRecord(m)
	at := b.imageSlot(rec.digest)
	if *at >= 0 {
		old := b.images.at(int(*at))
		err := b.conflict(object, b.imageDifferences(old, &rec), old.origin, rec.origin)
		if err == nil {
			b.learnSizes(m, &rec)
		}
		b.dropImage(&rec)
		return err
	}
	b.learnSizes(m, &rec)
	*at = int32(b.images.len())
	b.images.append(rec)
	b.live++
	return nil
}

func (b *Builder) imageRecord(m Manifest) imageRecord {
	d := b.digests
	rec := imageRecord{
		digest:  d.intern(m.Digest),
		config:  d.intern(m.Config),
		subject: d.intern(m.Subject),
		layers:  int32(len(m.Layers)),
		edges:   b.edges.take(len(m.Layers) + len(m.Children)),
		created: InstantOf(m.Created),
		size:    m.ImageSize,
		ident:   b.idents.take(len(m.UID) + len(m.ResourceVersion)),
		uid:     int32(len(m.UID)),
		origin:  m.Origin,
		class:   classOf(m.MediaType),
		managed: m.Managed,
		partial: m.Partial,
	}
	edges := b.edges.at(rec.edges)
	for i, blob := range m.Layers {
		edges[i] = d.intern(blob.Digest)
	}
	for i, blob := range m.Children {
		edges[len(m.Layers)+i] = d.intern(blob.Digest)
	}
	ident := b.idents.at(rec.ident)
	copy(ident[copy(ident, m.UID):], m.ResourceVersion)
	if m.Labels != nil || !m.LastPulled.IsZero() {
		b.rare.append(rareRecord{InstantOf(m.LastPulled), b.labels(m.Labels)})
		rec.rare = int32(b.rare.len())
	}
	return rec
}

// dropImage gives back the memory of the record that was made last.
func (b *facts) dropImage(rec *imageRecord) {
	b.edges.drop(rec.edges)
	b.idents.drop(rec.ident)
	if rec.rare != 0 {
		b.rare.pop()
	}
}

func (b *facts) labels(labels map[string]string) map[string]string {
	if labels == nil {
		return nil
	}
	own := make(map[string]string, len(labels))
	for name, value := range labels {
		own[b.own(name)] = b.own(value)
	}
	return own
}

// learnSizes is called once the manifest is accepted.
func (b *Builder) learnSizes(m Manifest, rec *imageRecord) {
	learn := func(d Digest, size int64) {
		if !b.stored.has(d) { // else it is known exactly
			b.digests.learnSize(d, size)
		}
	}
	learn(rec.digest, m.Size)
	learn(rec.config, m.ConfigSize)
	edges := b.edges.at(rec.edges)
	for i, blob := range m.Layers {
		learn(edges[i], blob.Size)
	}
	for i, blob := range m.Children {
		learn(edges[len(m.Layers)+i], blob.Size)
	}
}

// imageSlot returns where the index of the image with that digest is kept.
func (b *facts) imageSlot(d Digest) *int32 {
	for b.imageAt.len() <= int(d) {
		b.imageAt.append(-1)
	}
	return b.imageAt.at(int(d))
}

func (b *facts) imageDifferences(a, c *imageRecord) (names []string) {
	rareA, rareC := a.rareIn(&b.rare), c.rareIn(&b.rare)
	note := func(same bool, name string) {
		if !same {
			names = append(names, name)
		}
	}
	note(a.uid == c.uid && bytes.Equal(b.idents.at(a.ident), b.idents.at(c.ident)), "uid or resourceVersion")
	note(a.class == c.class, "media type")
	note(a.config == c.config, "config")
	note(a.layers == c.layers && slices.Equal(b.edges.at(a.edges), b.edges.at(c.edges)), "layers or child manifests")
	note(a.subject == c.subject, "subject")
	note(a.created == c.created, "creation time")
	note(rareA.pulled == rareC.pulled, "last pull")
	note(a.size == c.size, "size")
	note(a.managed == c.managed, "managed annotation")
	note(a.partial == c.partial, "completeness")
	note((rareA.labels == nil) == (rareC.labels == nil) && maps.Equal(rareA.labels, rareC.labels), "labels")
	return names
}

// ForgetManifest forgets the manifest with this digest, if it is known. Sizes
// of blobs, once learned, stay: they are the digests' own.
func (b *Builder) ForgetManifest(digest string) {
	b.init()
	if digest == "" {
		return
	}
	b.dead++
	b.read(KindImage, "", digest)
	if at := b.imageSlot(b.digests.intern(digest)); *at >= 0 {
		*at = -1
		b.live--
	}
}
