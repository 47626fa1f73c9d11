package inventory

import (
	"iter"
	"maps"
	"slices"
	"sort"

	"github.com/registrykit/registrykit/internal/manifest"
)

// A Class tells manifests apart by their media type.
type Class uint8

// The classes of manifests.
const (
	ClassOther Class = iota // schema 1, artifacts, unknown media types
	ClassImage              // an OCI or Docker schema 2 image manifest
	ClassIndex              // an OCI index or Docker manifest list
)

func classOf(mediaType string) Class {
	switch {
	case manifest.IsImage(mediaType):
		return ClassImage
	case manifest.IsIndex(mediaType):
		return ClassIndex
	}
	return ClassOther
}

// An Image is a manifest of an inventory. Its slices must not be changed.
type Image struct {
	Digest   Digest
	Class    Class
	Config   Digest // NoDigest: none, or unknown
	Layers   []Digest
	Children []Digest
	Subject  Digest // NoDigest: none
	Created  Instant
	Pulled   Instant
	Size     int64 // dockerImageMetadata.Size; 0: unknown
	Managed  bool
	Partial  bool              // layers or children may be missing
	Labels   map[string]string // nil: unknown
}

// Images returns how many images there are.
func (v *Inventory) Images() int { return len(v.images) }

// Image returns an image.
func (v *Inventory) Image(i int) Image {
	r := v.imageRecord(i)
	edges, rare := v.edges.at(r.edges), r.rareIn(&v.rare)
	return Image{
		Digest: r.digest, Class: r.class, Config: r.config,
		Layers: edges[:r.layers:r.layers], Children: edges[r.layers:],
		Subject: r.subject, Created: r.created, Pulled: rare.pulled, Size: r.size,
		Managed: r.managed, Partial: r.partial, Labels: rare.labels,
	}
}

func (v *Inventory) imageRecord(i int) *imageRecord { return v.imageRecords.at(int(v.images[i])) }

// Children returns what an image owns, as its field of that name.
func (v *Inventory) Children(i int) []Digest {
	r := v.imageRecord(i)
	return v.edges.at(r.edges)[r.layers:]
}

// ImagesUnordered yields every image with its number, in the order in which
// they lie in memory: much faster than by number where there are many, and a
// different one for the same facts. Nothing that is shown may depend on it.
func (v *Inventory) ImagesUnordered() iter.Seq2[int, Image] {
	return func(yield func(int, Image) bool) {
		for at := range v.imageRecords.len() {
			i := v.imageOf[v.imageRecords.at(at).digest]
			if i >= 0 && v.images[i] == int32(at) && !yield(int(i), v.Image(int(i))) {
				return
			}
		}
	}
}

// ImageIdentity returns the UID and resourceVersion of an image.
func (v *Inventory) ImageIdentity(i int) (uid, resourceVersion string) {
	r := v.imageRecord(i)
	both := v.idents.at(r.ident)
	return string(both[:r.uid]), string(both[r.uid:])
}

// ImageOf returns the image with a digest, or -1.
func (v *Inventory) ImageOf(d Digest) int {
	if d == NoDigest {
		return -1
	}
	return int(v.imageOf[d])
}

// An ImageStream is a stream of an inventory. Its tags are those numbered from
// FirstTag up to, not including, EndTag.
type ImageStream struct {
	Namespace, Name      string
	UID, ResourceVersion string
	Created              Instant
	FirstTag, EndTag     int
}

// LabelRead reports whether the images' labels of that name were read. Where
// they were not, that an image has none in its Labels says nothing; see
// [Builder.OnlyLabels].
func (v *Inventory) LabelRead(name string) bool { return v.labelled == nil || v.labelled[name] }

// LabelsRead returns the names of the labels that were read, sorted. all says
// that every label was, and then there are no names.
func (v *Inventory) LabelsRead() (names []string, all bool) {
	return slices.Sorted(maps.Keys(v.labelled)), v.labelled == nil
}

// Repository returns namespace/name.
func (s ImageStream) Repository() string { return RepositoryName(s.Namespace, s.Name) }

// Streams returns how many streams there are.
func (v *Inventory) Streams() int { return len(v.streams) }

// Stream returns a stream.
func (v *Inventory) Stream(i int) ImageStream {
	r := v.streams[i]
	uid, resourceVersion := r.ident.split()
	return ImageStream{
		Namespace: v.text(r.namespace), Name: v.text(r.name),
		UID: uid, ResourceVersion: resourceVersion, Created: r.created,
		FirstTag: int(v.firstTag[i]), EndTag: int(v.firstTag[i+1]),
	}
}

// FindStream returns the stream of a repository, or -1.
func (v *Inventory) FindStream(namespace, name string) int {
	i := sort.Search(len(v.streams), func(i int) bool {
		n := v.text(v.streams[i].namespace)
		return n > namespace || n == namespace && v.text(v.streams[i].name) >= name
	})
	if i < len(v.streams) && v.text(v.streams[i].namespace) == namespace && v.text(v.streams[i].name) == name {
		return i
	}
	return -1
}

// A StreamTag is a tag of a stream. Its items, newest first, are those numbered
// from FirstItem up to, not including, EndItem.
type StreamTag struct {
	Stream             int
	Name               string
	FirstItem, EndItem int
}

// Tags returns how many tags there are, of all streams.
func (v *Inventory) Tags() int { return len(v.tags) }

// Tag returns a tag.
func (v *Inventory) Tag(t int) StreamTag {
	p := v.tags[t]
	return StreamTag{
		Stream: int(p.stream), Name: v.text(p.record.name),
		FirstItem: int(p.firstItem), EndItem: int(p.firstItem) + len(p.record.items),
	}
}

// FindTag returns a stream's tag of that name, or -1.
func (v *Inventory) FindTag(stream int, name string) int {
	first, end := int(v.firstTag[stream]), int(v.firstTag[stream+1])
	t := first + sort.Search(end-first, func(i int) bool { return v.text(v.tags[first+i].record.name) >= name })
	if t < end && v.text(v.tags[t].record.name) == name {
		return t
	}
	return -1
}

// An Item is an entry in the history of a tag.
type Item struct {
	Tag     int
	Index   int    // in the history, from 0
	Image   Digest // NoDigest: a reference tag
	Created Instant
	// Named is the digest in its dockerImageReference, and NamedStream the
	// stream of the repository there; NoDigest and -1 where there is none.
	Named       Digest
	NamedStream int
}

// Items returns how many items there are, of all tags.
func (v *Inventory) Items() int { return len(v.itemTag) }

// Item returns an item.
func (v *Inventory) Item(i int) Item {
	tag := int(v.itemTag[i])
	p := v.tags[tag]
	index := i - int(p.firstItem)
	r := &p.record.items[index]
	return Item{
		Tag: tag, Index: index, Image: r.image, Created: r.created,
		Named: r.digest, NamedStream: v.streamAt(r.stream),
	}
}

func (v *Inventory) streamAt(key text) int {
	if key == 0 {
		return -1
	}
	return int(v.streamOf[key])
}

// ItemReference returns an item's dockerImageReference.
func (v *Inventory) ItemReference(i int) string {
	p := v.tags[v.itemTag[i]]
	r := &p.record.items[i-int(p.firstItem)]
	if !r.atImage {
		return v.text(r.reference)
	}
	return v.text(r.reference) + "@" + v.DigestText(r.image)
}

// An Object is a workload of an inventory.
type Object struct {
	Group           string
	Kind            Kind
	Namespace, Name string
	Created         Instant
	Finished        bool
}

// String returns the object as in "Pod dev/web".
func (o Object) String() string { return objectName(string(o.Kind), o.Namespace, o.Name) }

// Workloads returns how many workloads there are.
func (v *Inventory) Workloads() int { return len(v.workloads) }

// Workload returns a workload.
func (v *Inventory) Workload(w int) Object {
	r := v.workloads[w]
	return Object{
		Group: v.text(r.group), Kind: Kind(v.text(r.kind)),
		Namespace: v.text(r.namespace), Name: v.text(r.name),
		Created: r.created, Finished: r.finished,
	}
}

// A Use is one reference of a workload.
type Use struct {
	Workload                  int
	Field, Source, Value, Err string
	// Repository is the namespace/name of the stream that is named, "" for
	// none, and Stream its number, -1 where it is not known.
	Repository string
	Stream     int
	Tag        string // "" where it is the digest that counts
	Digest     Digest
}

// Uses returns how many references there are, of all workloads.
func (v *Inventory) Uses() int { return len(v.references) }

// Use returns a reference.
func (v *Inventory) Use(r int) Use {
	p := v.references[r]
	return Use{
		Workload: int(p.workload), Field: v.text(p.record.field), Source: v.text(p.record.source),
		Value: v.text(p.record.value), Err: v.text(p.record.err),
		Repository: v.text(p.record.stream), Stream: v.streamAt(p.record.stream),
		Tag: v.text(p.record.tag), Digest: p.record.digest,
	}
}

// MaxImageSize returns the smallest limit on an image's size in a namespace,
// in bytes, and the LimitRange that sets it; ok is false where there is none.
func (v *Inventory) MaxImageSize(namespace string) (limit int64, limitRange string, ok bool) {
	l := v.smallest[namespace]
	if l == nil {
		return 0, "", false
	}
	return l.max, v.text(l.name), true
}

// Evidence says how a kind was listed.
type Evidence struct {
	Kind     Kind
	Count    int  // objects that are known
	Listed   bool // of all namespaces
	Complete bool // listed, and nothing may be missing
}

// Evidence returns what is said of the kinds of [Kinds], in that order, and
// then of all others that were met, sorted.
func (v *Inventory) Evidence() []Evidence {
	count := map[Kind]int{KindImage: len(v.images), KindImageStream: len(v.streams), KindLimitRange: len(v.limits)}
	for _, w := range v.workloads {
		if kind := Kind(v.text(w.kind)); kind != KindImageStream {
			count[kind]++
		}
	}
	for kind, n := range v.otherKinds {
		count[Kind(kind)] += n
	}
	for kind := range v.listings {
		count[kind] += 0
	}
	var all []Evidence
	for _, kind := range Kinds() {
		all = append(all, v.evidence(kind, count[kind]))
		delete(count, kind)
	}
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		all = append(all, v.evidence(kind, count[kind]))
	}
	return all
}

func (v *Inventory) evidence(kind Kind, count int) Evidence {
	return Evidence{Kind: kind, Count: count, Listed: v.listings[kind].listed, Complete: v.Complete(kind)}
}

// Complete reports whether all objects of the kind are known.
func (v *Inventory) Complete(kind Kind) bool {
	l := v.listings[kind]
	return l.listed && !l.incomplete
}

// ImagesAfterStreams reports whether the Images were listed after the streams.
func (v *Inventory) ImagesAfterStreams() bool { return v.imagesAfterStreams }
