package inventory

import (
	"slices"
	"strings"
)

// AddWorkload adds an object with the images that it names. The error wraps
// [ErrInvalid] for an object without a kind or name, and [ErrConflict] where
// the same object was added with other content.
func (b *Builder) AddWorkload(w Workload) error {
	b.init()
	err := b.addWorkload(w)
	b.told(err, w.Kind, w.Namespace, w.Name)
	return err
}

func (b *Builder) addWorkload(w Workload) error {
	object := objectName(string(w.Kind), w.Namespace, w.Name)
	if w.Kind == "" || w.Name == "" {
		return invalid(object, "it has no kind or no name")
	}
	key := b.workloadKey(w.Group, w.Kind, w.Namespace, w.Name)
	rec := &workloadRecord{
		group: key.group, kind: key.kind, namespace: key.namespace, name: key.name,
		created:    InstantOf(w.Created),
		finished:   w.Finished,
		references: make([]referenceRecord, len(w.References)),
		origin:     w.Origin,
	}
	for i, r := range w.References {
		rec.references[i] = b.referenceRecord(r)
	}
	slices.SortStableFunc(rec.references, func(a, c referenceRecord) int {
		return strings.Compare(b.texts.at(a.field), b.texts.at(c.field))
	})
	if old := b.workloads[key]; old != nil {
		return b.conflict(object, old.differences(rec), old.origin, rec.origin)
	}
	b.workloads[key] = rec
	return nil
}

func (b *Builder) workloadKey(group string, kind Kind, namespace, name string) workloadKey {
	t := b.texts
	return workloadKey{t.intern(group), t.intern(string(kind)), t.intern(namespace), t.intern(name)}
}

func (b *Builder) referenceRecord(r Reference) referenceRecord {
	t := b.texts
	rec := referenceRecord{
		field:  t.intern(r.Field),
		source: t.intern(r.Source),
		value:  t.intern(r.Value),
		err:    t.intern(r.Err),
		tag:    t.intern(r.Tag),
		digest: b.digests.intern(r.Digest),
	}
	if r.Stream != "" {
		rec.stream = t.intern(RepositoryName(r.Namespace, r.Stream))
	}
	return rec
}

func (a *workloadRecord) differences(c *workloadRecord) (names []string) {
	if a.created != c.created {
		names = append(names, "creation time")
	}
	if a.finished != c.finished {
		names = append(names, "phase")
	}
	if !slices.Equal(a.references, c.references) {
		names = append(names, "images")
	}
	return names
}

// ForgetWorkload forgets the object, if it is known.
func (b *Builder) ForgetWorkload(group string, kind Kind, namespace, name string) {
	b.init()
	b.dead++
	b.read(kind, namespace, name)
	delete(b.workloads, b.workloadKey(group, kind, namespace, name))
}
