package inventory

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

// Unlisted takes back what was said of these kinds, as before they are listed
// anew: nothing is known of how complete they are.
func (b *Builder) Unlisted(kinds ...Kind) {
	b.init()
	for _, k := range kinds {
		delete(b.listings, k)
	}
}

// ImagesAfterStreams says whether the Images were listed after the
// ImageStreams, so that an Image named by a stream and not listed is gone
// rather than too new. By default they were not.
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
