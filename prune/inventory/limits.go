package inventory

// AddLimit adds a LimitRange. The error wraps [ErrInvalid] for one without a
// name and [ErrConflict] where it was added with another limit.
func (b *Builder) AddLimit(l Limit) error {
	b.init()
	err := b.addLimit(l)
	b.told(err, KindLimitRange, l.Namespace, l.Name)
	return err
}

func (b *Builder) addLimit(l Limit) error {
	object := objectName(string(KindLimitRange), l.Namespace, l.Name)
	if l.Name == "" || l.MaxImageSize < -1 {
		return invalid(object, "it has no name or a negative limit")
	}
	key := [2]text{b.texts.intern(l.Namespace), b.texts.intern(l.Name)}
	rec := &limitRecord{namespace: key[0], name: key[1], max: l.MaxImageSize, origin: l.Origin}
	if old := b.limits[key]; old != nil {
		var differences []string
		if old.max != rec.max {
			differences = append(differences, "max.storage")
		}
		return b.conflict(object, differences, old.origin, rec.origin)
	}
	b.limits[key] = rec
	return nil
}

// ForgetLimit forgets the LimitRange, if it is known.
func (b *Builder) ForgetLimit(namespace, name string) {
	b.init()
	b.dead++
	b.read(KindLimitRange, namespace, name)
	delete(b.limits, [2]text{b.texts.intern(namespace), b.texts.intern(name)})
}
