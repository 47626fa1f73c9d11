package imagestream

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// names looks for tags that nobody can name.
func (l *linter) names() {
	seen := map[string]bool{}
	for i := range l.s.Spec.Tags {
		l.tagName(l.s.Spec.Tags[i].Name, specField, seen)
	}
	inSpec := l.own.spec
	seen = map[string]bool{}
	for i := range l.s.Status.Tags {
		tag := l.s.Status.Tags[i].Tag
		if inSpec[tag] != nil && !seen[tag] {
			seen[tag] = true // its name was checked in the spec
			continue
		}
		l.tagName(tag, statusField, seen)
	}
}

func (l *linter) tagName(tag string, at func(tag, field string) string, seen map[string]bool) {
	if seen[tag] {
		l.found(Finding{
			Rule: RuleDuplicateTag, Tag: tag, Field: at(tag, ""),
			Message: "the tag is there more than once; the server keeps the last",
			Hint:    "remove all but one",
		})
		return
	}
	seen[tag] = true
	if reason := checkTag(tag); reason != "" {
		if tag == "" {
			reason = "the tag has no name"
		}
		l.found(Finding{
			Rule: RuleTagName, Tag: tag, Field: at(tag, ""),
			Message: "no pull spec can name the tag: " + reason,
			Hint:    "make a tag with another name from it, and remove this one",
		})
	}
}

// specTag looks at one spec tag.
func (l *linter) specTag(t *TagReference) {
	l.policies(t)
	if !l.source(t) {
		return // the rest would follow from that
	}
	l.schedule(t)
	l.insecureTag(t)
	if t.From == nil {
		l.emptyTag(t)
		return
	}
	switch t.From.Kind {
	case KindDockerImage:
		l.imported(t)
	case KindImageStreamTag:
		if target, ok := l.s.Target(t); ok {
			l.alias(t, target)
		}
	case KindImageStreamImage:
		l.pinned(t)
	}
}

// source checks the form of where a tag comes from.
func (l *linter) source(t *TagReference) (ok bool) {
	if t.From == nil {
		return true
	}
	err := checkSource(t.From, func(name string) string { return specField(t.Name, name) })
	var at *editError
	if !errors.As(err, &at) {
		return true
	}
	hint := "want " + KindDockerImage + " with a pull spec, " + KindImageStreamTag + " with stream:tag, or " + KindImageStreamImage + " with stream@digest"
	if t.From.Kind == KindDockerImage {
		hint = "write the pull spec in full, as in registry.example.com/namespace/name:tag"
	}
	class := at.class
	if cause := (*Error)(nil); errors.As(class, &cause) {
		class = cause // of the pull spec
	}
	l.found(Finding{Rule: RuleSource, Tag: t.Name, Field: at.field, Message: at.reason, Hint: hint, Err: class})
	return false
}

// repository checks the deprecated field for a whole repository.
func (l *linter) repository() {
	reason, class := checkRepository(l.s.Spec.DockerImageRepository)
	if reason == "" {
		return
	}
	l.found(Finding{
		Rule: RuleSource, Field: "spec.dockerImageRepository", Message: reason, Err: class,
		Hint: "write registry/namespace/name, or name the tags in spec.tags instead",
	})
}

func (l *linter) policies(t *TagReference) {
	if !t.ImportPolicy.ImportMode.valid() {
		l.found(Finding{
			Rule: RulePolicy, Tag: t.Name, Field: specField(t.Name, "importPolicy.importMode"),
			Message: "there is no import mode " + quoteShort(string(t.ImportPolicy.ImportMode)),
			Hint:    fmt.Sprintf("want %s or %s", ImportModeLegacy, ImportModePreserveOriginal),
		})
	}
	if !t.ReferencePolicy.Type.valid() {
		l.found(Finding{
			Rule: RulePolicy, Tag: t.Name, Field: specField(t.Name, "referencePolicy.type"),
			Message: "there is no reference policy " + quoteShort(string(t.ReferencePolicy.Type)),
			Hint:    fmt.Sprintf("want %s or %s", SourceTagReferencePolicy, LocalTagReferencePolicy),
		})
	}
}

// schedule looks for schedules that bring nothing.
func (l *linter) schedule(t *TagReference) {
	if !t.ImportPolicy.Scheduled {
		return
	}
	why, hint := "", "set importPolicy.scheduled to false"
	switch {
	case t.From == nil:
		why = "the tag has no source"
	case t.From.Kind != KindDockerImage:
		why = "only a pull spec is imported, and the tag is made from " + shortText(sourceText(t))
	case t.Reference:
		why = "a reference is not imported"
	default:
		ref, _ := ParsePullSpec(t.From.Name) // which was checked before
		if ref.ID == "" {
			return
		}
		why = "the digest in " + quoteShort(t.From.Name) + " is of one image, which never changes"
		hint = "name a tag of the source, or " + hint
	}
	l.found(Finding{
		Rule: RuleIdleSchedule, Tag: t.Name, Field: specField(t.Name, "importPolicy.scheduled"),
		Message: "the import is scheduled and brings nothing: " + why, Hint: hint,
	})
}

func (l *linter) insecureTag(t *TagReference) {
	if !t.ImportPolicy.Insecure || t.From == nil || t.From.Kind != KindDockerImage {
		return
	}
	l.found(Finding{
		Rule: RuleInsecureTag, Tag: t.Name, Field: specField(t.Name, "importPolicy.insecure"),
		Message: fmt.Sprintf("%s may be reached over plain HTTP or with a certificate that does not verify: what is imported may be anybody's", registryText(t)),
		Hint:    "give the cluster the registry's certificate authority (image.config.openshift.io/cluster, additionalTrustedCA), and set importPolicy.insecure to false",
	})
}

func registryText(t *TagReference) string {
	ref, _ := ParsePullSpec(t.From.Name) // which was checked before
	if ref.Registry == "" {
		return DockerHub
	}
	return ref.Registry
}

func (l *linter) insecureStream() {
	if l.s.Annotations[InsecureRepositoryAnnotation] != "true" {
		return
	}
	l.found(Finding{
		Rule: RuleInsecureStream, Field: "metadata.annotations[" + InsecureRepositoryAnnotation + "]",
		Message: "every registry that the stream uses may be reached over plain HTTP or with a certificate that does not verify",
		Hint:    "remove the annotation, and set importPolicy.insecure on the tags that need it",
	})
}

// localPolicy looks for a policy that has no effect.
func (l *linter) localPolicy() {
	if l.s.Status.DockerImageRepository != "" || !l.isStored() {
		return
	}
	var tags []string
	for name, t := range l.own.spec {
		if t.ReferencePolicy.Type == LocalTagReferencePolicy {
			tags = append(tags, name)
		}
	}
	if len(tags) == 0 {
		return
	}
	slices.Sort(tags)
	l.found(Finding{
		Rule: RuleLocalPolicy, Field: "status.dockerImageRepository",
		Message: "tags have the reference policy Local, and the stream has no repository; they are pulled from their sources: " + someTags(tags),
		Hint:    "install the integrated registry, or set referencePolicy.type to Source",
	})
}

// someTags lists the first of many tags.
func someTags(tags []string) string {
	const most = 5
	shown := make([]string, 0, most)
	for _, tag := range tags[:min(most, len(tags))] {
		shown = append(shown, shortText(tag))
	}
	text := strings.Join(shown, ", ")
	if len(tags) > most {
		text += fmt.Sprintf(" and %d more", len(tags)-most)
	}
	return text
}
