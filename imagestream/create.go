package imagestream

// creation makes a stored stream of one that nobody has stored, as the server
// does, and brings the tags that it came with up to date.
type creation struct{}

func (creation) verb() string { return "create" }

func (creation) apply(e *edit) error {
	if reason := checkStreamName(e.s.Namespace, e.s.Name); reason != "" {
		return invalidf("metadata.name", "%s", reason)
	}
	e.create()
	return e.settleAll(nil)
}

// isNew: a server gives every stream what this one has not.
func (e *edit) isNew() bool {
	m := &e.s.ObjectMeta
	return m.Generation == 0 && m.UID == "" && m.ResourceVersion == ""
}

// create sets what the server sets: generation 1, that of the spec tags too.
func (e *edit) create() {
	m := &e.s.ObjectMeta
	m.Generation, e.bumped = 1, true
	if m.CreationTimestamp.IsZero() {
		m.CreationTimestamp = e.now
	}
	e.note(Change{Kind: StreamCreated, New: e.s.tagless()})
	for i := range e.s.Spec.Tags {
		e.specTags()[i].Generation = pointerTo(int64(1))
		t := &e.s.Spec.Tags[i]
		e.note(Change{Kind: SpecTagAdded, Tag: t.Name, New: sourceText(t), Import: imports(t)})
	}
}

// checkStreamName says why no stream can have a name: namespace/name is the name
// of its repository (openshift-apiserver, ValidateImageStreamName). An empty
// namespace is not known yet.
func checkStreamName(namespace, name string) (reason string) {
	switch {
	case name == "":
		return "the stream has no name"
	case len(namespace)+len("/")+len(name) > maxName:
		return "namespace and name are longer than 255 bytes together"
	}
	return checkComponent(name)
}
