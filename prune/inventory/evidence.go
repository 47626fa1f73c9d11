package inventory

import "maps"

// Listed says that the objects of these kinds were listed in all namespaces:
// what was not added is not there.
func (b *Builder) Listed(kinds ...Kind) {
	b.init()
	for _, k := range kinds {
		k = Kind(b.own(string(k)))
		l := b.listings[k]
		l.listed = true
		b.listings[k] = l
	}
}

// Incomplete says that some objects of the kind may be missing, whatever else
// is said of it: a list that goes on elsewhere, an error in the middle.
func (b *Builder) Incomplete(kinds ...Kind) {
	b.init()
	for _, k := range kinds {
		k = Kind(b.own(string(k)))
		l := b.listings[k]
		l.incomplete = true
		b.listings[k] = l
	}
}

// Unread says that an object is there, new or changed, and could not be read:
// its kind is incomplete until the object is added, replaced or forgotten, or
// its kind [Builder.Unlisted]. An Add or Replace that fails says so by itself;
// this is for what fails before it becomes a fact. What was known of the object
// stays known. The namespace of an Image is "", its name the digest.
func (b *Builder) Unread(kind Kind, namespace, name string) {
	b.init()
	b.unread[unreadKey{Kind(b.own(string(kind))), b.own(namespace), b.own(name)}] = struct{}{}
}

// told notes whether an object was read.
func (b *Builder) told(err error, kind Kind, namespace, name string) {
	if err != nil {
		b.Unread(kind, namespace, name)
	} else {
		b.read(kind, namespace, name)
	}
}

// read takes back what Unread said.
func (b *facts) read(kind Kind, namespace, name string) {
	if len(b.unread) > 0 {
		delete(b.unread, unreadKey{kind, namespace, name})
	}
}

// OnlyLabels says that of the labels of images only those of these names were
// read: any other is unknown, also where an image has labels. Where several
// calls say so, what they have in common was read. Without a call, all of them
// were.
func (b *Builder) OnlyLabels(names ...string) {
	b.init()
	labelled := map[string]bool{}
	for _, name := range names {
		if b.labelled == nil || b.labelled[name] {
			labelled[b.own(name)] = true
		}
	}
	b.labelled = labelled
}

// Unlisted takes back what was said of these kinds, as before they are listed
// anew: nothing is known of how complete they are, and no object of them is
// [Builder.Unread] any more.
func (b *Builder) Unlisted(kinds ...Kind) {
	b.init()
	for _, k := range kinds {
		delete(b.listings, k)
		maps.DeleteFunc(b.unread, func(key unreadKey, _ struct{}) bool { return key.kind == k })
	}
}

// ImagesAfterStreams says whether the Images were listed after the
// ImageStreams, so that an Image named by a stream and not listed is gone
// rather than too new. By default they were not.
//
// It must hold for every stream, not for the first lists alone: the events of two
// watches come in no order, and that of a stream with a new item may come before
// that of the item's Image. So what was said holds no longer once a stream is
// replaced, or added after a Build; a program that follows watches says true
// again when it has listed the Images anew.
func (b *Builder) ImagesAfterStreams(yes bool) {
	b.init()
	b.ordered = yes
}

// AddOther counts an object of a kind that holds no facts.
func (b *Builder) AddOther(kind string) {
	b.init()
	b.others[b.own(kind)]++
}

// ForgetOther undoes one [Builder.AddOther].
func (b *Builder) ForgetOther(kind string) {
	b.init()
	kind = b.own(kind)
	if b.others[kind]--; b.others[kind] <= 0 {
		delete(b.others, kind)
	}
}

// own returns s in the Builder's own memory. A map would keep the argument's,
// even where it has the key already.
func (b *facts) own(s string) string { return b.texts.at(b.texts.intern(s)) }
