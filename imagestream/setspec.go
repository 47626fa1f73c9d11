package imagestream

import (
	"errors"
	"strconv"
)

// SetSpec makes the spec of a stream what Spec says, as an update of the stream
// does: tags that it has are set ([SetTag] says how), those that it has not are
// removed from the spec and keep their history.
type SetSpec struct {
	Spec ImageStreamSpec
}

func (SetSpec) verb() string { return "set spec" }

func (o SetSpec) apply(e *edit) error {
	wanted := make(map[string]bool, len(o.Spec.Tags))
	for i := range o.Spec.Tags {
		t := &o.Spec.Tags[i]
		if err := checkSpecTag(t); err != nil {
			return err
		}
		if wanted[t.Name] {
			return invalidf(specField(t.Name, ""), "the tag is there twice")
		}
		wanted[t.Name] = true
	}
	if reason, class := checkRepository(o.Spec.DockerImageRepository); reason != "" {
		return refuse("spec.dockerImageRepository", errors.Join(ErrInvalidOperation, class), "%s", reason)
	}
	e.setPlainSpec(&o.Spec)
	var gone []TagReference
	for _, t := range e.s.Spec.Tags {
		if !wanted[t.Name] {
			gone = append(gone, t)
		}
	}
	for i := range gone {
		e.removeSpec(&gone[i])
	}
	return e.storeTags(o.Spec.Tags)
}

// storeTags stores all spec tags of a stream, and then brings them up to date, so
// that their order does not matter.
func (e *edit) storeTags(tags []TagReference) error {
	var changed []string
	asked := map[string]bool{}
	for i := range tags {
		stored, asks := e.storeTag(tags[i])
		if stored {
			changed = append(changed, tags[i].Name)
		}
		asked[tags[i].Name] = asks
	}
	sound := map[TagName]bool{}
	for _, name := range changed {
		if err := e.checkCycle(e.spec(name), sound); err != nil {
			return err
		}
	}
	return e.settleAll(asked)
}

// checkRepository says why a stream cannot follow a repository; none is right.
func checkRepository(spec string) (reason string, class error) {
	if spec == "" {
		return "", nil
	}
	switch ref, err := ParsePullSpec(spec); {
	case err != nil:
		return reasonOf(err), err
	case ref.Name == "":
		return quoteShort(spec) + " is read as a registry without a repository", ErrInvalidPullSpec
	case ref.Tag != "" || ref.ID != "":
		return quoteShort(spec) + " names an image, and a repository is wanted", ErrInvalidPullSpec
	}
	return "", nil
}

// setPlainSpec sets what is not a tag.
func (e *edit) setPlainSpec(wanted *ImageStreamSpec) {
	for _, f := range []struct{ field, old, new string }{
		{"spec.lookupPolicy.local", strconv.FormatBool(e.s.Spec.LookupPolicy.Local), strconv.FormatBool(wanted.LookupPolicy.Local)},
		{"spec.dockerImageRepository", e.s.Spec.DockerImageRepository, wanted.DockerImageRepository},
	} {
		if f.old != f.new {
			e.bump()
			e.note(Change{Kind: StreamChanged, Field: f.field, Old: f.old, New: f.new})
		}
	}
	e.s.Spec.LookupPolicy.Local = wanted.LookupPolicy.Local
	e.s.Spec.DockerImageRepository = wanted.DockerImageRepository
}
