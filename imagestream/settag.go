package imagestream

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// SetTag makes a spec tag what Tag says, as an update of its ImageStreamTag
// does; the whole of it, annotations too. A tag that is not there is made.
//
// Where that changes how the tag is imported, the stream's generation rises and
// the tag gets it, which requests an import. These fields do: from.kind,
// from.namespace, from.name, reference, all of importPolicy, the reference
// policy, and the annotations [ImporterPreferArchAnnotation] and
// [ImporterPreferOSAnnotation]. (Upstream looks at the namespace, the name,
// reference and the import mode, and so does nothing where another of them
// changes.)
//
// A tag of the kind DockerImage with Reference set points to its pull spec at
// once. One that follows a tag, or is made from an image of a stream, takes what
// that points to; see [FollowAliases] for a target that is missing. A tag that
// would follow itself is a [*CycleError].
//
// Tag.Name is required. From may be nil, for a tag that is only pushed to. An
// empty reference policy is [SourceTagReferencePolicy]. Of Tag.Generation only 0
// has a meaning, which asks for an import though nothing changes; nil and other
// values leave the generation to the operation. Invalid are a name that no tag
// can have, a source that is not of its kind's form (a pull spec that does not
// parse is of class [ErrInvalidPullSpec], too), unknown policies, and a schedule
// for what is not imported.
type SetTag struct {
	Tag TagReference
}

func (SetTag) verb() string { return "set tag" }

func (o SetTag) apply(e *edit) error {
	t := o.Tag
	if err := checkSpecTag(&t); err != nil {
		return err
	}
	return e.setTag(t)
}

// setTag stores a spec tag that was checked, and brings it up to date.
func (e *edit) setTag(wanted TagReference) error {
	changed, asks := e.storeTag(wanted)
	if changed {
		if err := e.checkCycle(e.spec(wanted.Name), nil); err != nil {
			return err
		}
	}
	return e.settle(wanted.Name, asks, nil)
}

// storeTag stores a spec tag that was checked. It keeps nothing of the caller's.
// asks says that the tag comes from elsewhere now, or is asked for again.
func (e *edit) storeTag(wanted TagReference) (changed, asks bool) {
	t := *wanted.Clone()
	ask := t.Generation != nil && *t.Generation == 0
	if t.ReferencePolicy.Type == "" {
		t.ReferencePolicy.Type = SourceTagReferencePolicy
	}
	known := e.spec(t.Name)
	if known != nil {
		keepUnknown(&t.extra, known.extra)
		keepUnknown(&t.ImportPolicy.extra, known.ImportPolicy.extra)
		keepUnknown(&t.ReferencePolicy.extra, known.ReferencePolicy.extra)
	}
	diffs := diffTags(known, &t, e.s.Namespace)
	asks = ask || known == nil || slices.ContainsFunc(diffs, func(d tagDiff) bool { return d.imports })
	if known != nil && !asks && len(diffs) == 0 {
		return false, false
	}
	generation := e.bump()
	if known != nil {
		t.Generation = known.Generation
	}
	if asks {
		t.Generation = &generation
	}
	e.noteTag(known, &t, diffs)
	e.putSpec(t)
	return true, asks
}

// keepUnknown keeps fields that a newer server stored and the caller's value,
// made by a literal, cannot have.
func keepUnknown(e *extra, known extra) {
	if e.unknown == nil {
		*e = known
	}
}

func (e *edit) noteTag(known, t *TagReference, diffs []tagDiff) {
	if known == nil {
		e.note(Change{Kind: SpecTagAdded, Tag: t.Name, New: sourceText(t), Import: imports(t)})
		return
	}
	for _, d := range diffs {
		e.note(Change{Kind: SpecTagChanged, Tag: t.Name, Field: d.field, Old: d.old, New: d.new, Import: d.imports && imports(t)})
	}
	if before, after := requested(known), requested(t); before != after {
		e.note(Change{
			Kind: SpecTagChanged, Tag: t.Name, Field: "generation",
			Old: strconv.FormatInt(before, 10), New: strconv.FormatInt(after, 10), Import: imports(t),
		})
	}
}

type tagDiff struct {
	field, old, new string
	imports         bool // it makes the server import the tag
}

// diffTags compares what a tag was with what it becomes; nil was nothing.
func diffTags(old, next *TagReference, namespace string) (diffs []tagDiff) {
	if old == nil {
		return nil
	}
	add := func(field, a, b string, imports bool) {
		if a != b {
			diffs = append(diffs, tagDiff{field, a, b, imports})
		}
	}
	a, b := sourceOf(old, namespace), sourceOf(next, namespace)
	add("from.kind", a.Kind, b.Kind, true)
	add("from.namespace", a.Namespace, b.Namespace, true)
	add("from.name", a.Name, b.Name, true)
	add("reference", strconv.FormatBool(old.Reference), strconv.FormatBool(next.Reference), true)
	add("importPolicy.insecure", strconv.FormatBool(old.ImportPolicy.Insecure), strconv.FormatBool(next.ImportPolicy.Insecure), true)
	add("importPolicy.scheduled", strconv.FormatBool(old.ImportPolicy.Scheduled), strconv.FormatBool(next.ImportPolicy.Scheduled), true)
	add("importPolicy.importMode", string(old.ImportPolicy.ImportMode), string(next.ImportPolicy.ImportMode), true)
	add("referencePolicy.type", string(referencePolicy(old)), string(referencePolicy(next)), true)
	keys := slices.Sorted(maps.Keys(old.Annotations))
	keys = slices.AppendSeq(keys, maps.Keys(next.Annotations))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		before, had := old.Annotations[key]
		after, has := next.Annotations[key]
		if had != has || before != after {
			diffs = append(diffs, tagDiff{"annotations[" + key + "]", before, after,
				key == ImporterPreferArchAnnotation || key == ImporterPreferOSAnnotation})
		}
	}
	return diffs
}

// sourceOf is From with the namespace that it means. That of a pull spec means
// nothing.
func sourceOf(t *TagReference, namespace string) ObjectReference {
	if t.From == nil {
		return ObjectReference{}
	}
	from := ObjectReference{Kind: t.From.Kind, Namespace: t.From.Namespace, Name: t.From.Name}
	switch {
	case from.Kind == KindDockerImage:
		from.Namespace = ""
	case from.Namespace == "":
		from.Namespace = namespace
	}
	return from
}

func referencePolicy(t *TagReference) TagReferencePolicyType {
	if t.ReferencePolicy.Type == "" {
		return SourceTagReferencePolicy
	}
	return t.ReferencePolicy.Type
}

func checkSpecTag(t *TagReference) error {
	if err := checkTagName(t.Name); err != nil {
		return err
	}
	field := func(name string) string { return specField(t.Name, name) }
	if !t.ImportPolicy.ImportMode.valid() {
		return invalidf(field("importPolicy.importMode"), "want %s or %s, got %s",
			ImportModeLegacy, ImportModePreserveOriginal, quoteShort(string(t.ImportPolicy.ImportMode)))
	}
	if !t.ReferencePolicy.Type.valid() {
		return invalidf(field("referencePolicy.type"), "want %s or %s, got %s",
			SourceTagReferencePolicy, LocalTagReferencePolicy, quoteShort(string(t.ReferencePolicy.Type)))
	}
	if t.ImportPolicy.Scheduled && !imports(t) {
		return invalidf(field("importPolicy.scheduled"), "only what is imported from a registry has a schedule")
	}
	if t.From == nil {
		return nil
	}
	return checkSource(t.From, field)
}

func checkSource(from *ObjectReference, field func(string) string) error {
	switch from.Kind {
	case KindDockerImage:
		ref, err := ParsePullSpec(from.Name)
		if err != nil {
			return invalidSpec(field("from.name"), err)
		}
		if ref.Name == "" {
			return invalidf(field("from.name"), "%s is read as a registry without an image", quoteShort(from.Name))
		}
	case KindImageStreamTag:
		if _, tag, ok := cutFrom(from.Name, ":"); !ok || strings.Contains(from.Name, "@") || checkTag(tag) != "" {
			return invalidf(field("from.name"), "want tag or stream:tag, got %s", quoteShort(from.Name))
		}
	case KindImageStreamImage:
		if _, _, ok := cutFrom(from.Name, "@"); !ok {
			return invalidf(field("from.name"), "want digest or stream@digest, got %s", quoteShort(from.Name))
		}
	default:
		return invalidf(field("from.kind"), "want %s, %s or %s, got %s",
			KindDockerImage, KindImageStreamTag, KindImageStreamImage, quoteShort(from.Kind))
	}
	return nil
}

func checkTagName(name string) error {
	if name == "" {
		return invalidf("tag", "the tag has no name")
	}
	if reason := checkTag(name); reason != "" {
		return invalidf("tag", "%s: %s", quoteShort(name), reason)
	}
	return nil
}

func reasonOf(err error) string {
	if e, ok := err.(*Error); ok {
		return e.Object + ": " + e.Reason
	}
	return err.Error()
}
