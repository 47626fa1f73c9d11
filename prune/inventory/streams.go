package inventory

import (
	"slices"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/apikind"
)

// AddStream adds a stream with the history of its tags. The error wraps
// [ErrInvalid] for a stream or tag without a name and for a tag listed twice,
// and [ErrConflict] where the same stream was added with other content.
func (b *Builder) AddStream(s Stream) error {
	b.init()
	if b.built {
		b.ordered = false // it is an event of a watch
	}
	err := b.addStream(s)
	b.told(err, KindImageStream, s.Namespace, s.Name)
	return err
}

func (b *Builder) addStream(s Stream) error {
	object := "ImageStream " + s.Namespace + "/" + s.Name
	if s.Name == "" {
		return invalid(object, "it has no name")
	}
	rec := &streamRecord{
		namespace: b.texts.intern(s.Namespace),
		name:      b.texts.intern(s.Name),
		key:       b.texts.intern(RepositoryName(s.Namespace, s.Name)),
		ident:     newIdent(s.UID, s.ResourceVersion),
		created:   InstantOf(s.Created),
		origin:    s.Origin,
		tags:      make([]tagRecord, len(s.Tags)),
	}
	for i, tag := range s.Tags {
		if tag.Name == "" {
			return invalid(object, "a tag without a name")
		}
		rec.tags[i] = b.tagRecord(tag)
	}
	slices.SortFunc(rec.tags, func(a, c tagRecord) int { return strings.Compare(b.texts.at(a.name), b.texts.at(c.name)) })
	for i := 1; i < len(rec.tags); i++ {
		if rec.tags[i].name == rec.tags[i-1].name {
			return invalid(object, "tag %q is listed twice", b.texts.at(rec.tags[i].name))
		}
	}
	if old := b.streams[rec.key]; old != nil {
		return b.conflict(object, old.differences(rec), old.origin, rec.origin)
	}
	b.streams[rec.key] = rec
	return nil
}

func (b *Builder) tagRecord(tag Tag) tagRecord {
	rec := tagRecord{name: b.texts.intern(tag.Name), items: make([]itemRecord, len(tag.Items))}
	for i, item := range tag.Items {
		rec.items[i] = b.itemRecord(item)
	}
	return rec
}

// itemRecord keeps a reference to the item's own image, as nearly all are, by
// what stands before the "@", which the items of a stream share.
func (b *Builder) itemRecord(item TagItem) itemRecord {
	rec := itemRecord{
		created: InstantOf(item.Created),
		image:   b.digests.intern(item.Image),
		digest:  NoDigest,
	}
	if item.DockerImageReference == "" {
		return rec
	}
	spec, err := imagestream.ParsePullSpec(item.DockerImageReference)
	if err != nil { // OpenShift reads no IPv6 address; the registry is there all the same
		spec, err = imagestream.ParsePullSpecStrict(item.DockerImageReference)
	}
	if err == nil {
		rec.digest = b.digests.intern(spec.ID)
		if spec.Namespace != "" && spec.Name != "" && !strings.Contains(spec.Name, "/") {
			rec.stream = b.texts.intern(RepositoryName(spec.Namespace, spec.Name))
		}
	}
	before, ok := strings.CutSuffix(item.DockerImageReference, item.Image)
	if ok && item.Image != "" && strings.HasSuffix(before, "@") {
		rec.atImage = true
		rec.reference = b.texts.intern(before[:len(before)-1])
	} else {
		rec.reference = b.texts.intern(item.DockerImageReference)
	}
	return rec
}

func (a *streamRecord) differences(c *streamRecord) (names []string) {
	if a.namespace != c.namespace {
		names = append(names, "namespace") // "a/b" and "c", and "a" and "b/c"
	}
	if a.ident != c.ident {
		names = append(names, "uid or resourceVersion")
	}
	if a.created != c.created {
		names = append(names, "creation time")
	}
	same := func(x, y tagRecord) bool { return x.name == y.name && slices.Equal(x.items, y.items) }
	if !slices.EqualFunc(a.tags, c.tags, same) {
		names = append(names, "tags")
	}
	return names
}

// ForgetStream forgets the stream, if it is known, and what its spec names.
func (b *Builder) ForgetStream(namespace, name string) {
	b.init()
	b.dead++
	b.read(KindImageStream, namespace, name)
	delete(b.streams, b.texts.intern(RepositoryName(namespace, name)))
	b.forgetNames(namespace, name)
}

// forgetNames forgets the workload that is the stream, of whatever version.
func (b *Builder) forgetNames(namespace, name string) {
	for _, group := range apikind.Groups(string(KindImageStream)) {
		delete(b.workloads, b.workloadKey(group, KindImageStream, namespace, name))
	}
}
