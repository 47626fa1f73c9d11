package inventory

// ReplaceManifest puts the manifest in the place of what was known of its
// digest, as a watch needs it, whether anything was. Where it fails, as
// [Builder.AddManifest] does but for conflicts, what was known stays and Images
// count as incomplete: see [Builder.Unread].
func (b *Builder) ReplaceManifest(m Manifest) error {
	b.init()
	if m.Digest == "" {
		return b.AddManifest(m)
	}
	d := b.digests.intern(m.Digest)
	old := *b.imageSlot(d)
	if old >= 0 {
		*b.imageSlot(d) = -1
		b.live--
	}
	err := b.AddManifest(m)
	switch {
	case old < 0:
	case err == nil:
		b.dead++
	default:
		*b.imageSlot(d) = old
		b.live++
	}
	return err
}

// ReplaceStream is [Builder.ReplaceManifest] for a stream: it fails as
// [Builder.AddStream] does. What the stream's spec names is a fact of its own
// and stays; [Builder.ReplaceImageStream] replaces both.
func (b *Builder) ReplaceStream(s Stream) error {
	b.init()
	b.ordered = false
	key := b.texts.intern(RepositoryName(s.Namespace, s.Name))
	return replace(b, b.streams, key, func() error { return b.AddStream(s) })
}

// ReplaceWorkload is [Builder.ReplaceManifest] for a workload: it fails as
// [Builder.AddWorkload] does.
func (b *Builder) ReplaceWorkload(w Workload) error {
	b.init()
	key := b.workloadKey(w.Group, w.Kind, w.Namespace, w.Name)
	return replace(b, b.workloads, key, func() error { return b.AddWorkload(w) })
}

// ReplaceLimit is [Builder.ReplaceManifest] for a LimitRange: it fails as
// [Builder.AddLimit] does.
func (b *Builder) ReplaceLimit(l Limit) error {
	b.init()
	key := [2]text{b.texts.intern(l.Namespace), b.texts.intern(l.Name)}
	return replace(b, b.limits, key, func() error { return b.AddLimit(l) })
}

// replace takes out the record with the key, and puts it back where add fails.
func replace[K comparable, R any](b *Builder, records map[K]*R, key K, add func() error) error {
	old := records[key]
	delete(records, key)
	err := add()
	switch {
	case old == nil:
	case err == nil:
		b.dead++
	default:
		records[key] = old
	}
	return err
}
