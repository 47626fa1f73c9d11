package imagestream

import (
	"errors"
	"strings"
)

// ResolveOptions say which pull spec is wanted. The zero value is what pods of
// the cluster use.
type ResolveOptions struct {
	// Public asks for the registry's public address where the tag's reference
	// policy is [LocalTagReferencePolicy].
	Public bool
}

// NewestPullSpec returns the pull spec of what a tag should point to now: of its
// newest item, unless more was asked for since. The reference policy of the spec
// tag decides where it is pulled from: [SourceTagReferencePolicy] gives the
// reference of the item, [LocalTagReferencePolicy] the stream's own repository
// with the digest, or the reference where the stream has no repository that can
// be read, or the item no image.
//
// The error is an [*Error] of class [ErrTagNotFound]; [ErrImportPending] where
// an import was asked for and not answered; [ErrImportFailed] where it was
// answered by a failure; or [ErrNoImage].
func (s *ImageStream) NewestPullSpec(tag string, o ResolveOptions) (string, error) {
	spec, pending, err := s.RecentPullSpec(tag, o)
	if err == nil && pending != nil {
		err = pending
	}
	if err != nil {
		return "", err
	}
	return spec, nil
}

// RecentPullSpec returns the pull spec of what a tag points to: the most recent
// that works, though something newer may have been asked for. newer says so: it
// is what [ImageStream.NewestPullSpec] fails with, of class [ErrImportPending]
// or [ErrImportFailed], or nil. The error is of class [ErrTagNotFound], or, where
// the tag points to nothing or its item has no pull spec, of class [ErrNoImage]
// and, where it is so, of that of newer too.
func (s *ImageStream) RecentPullSpec(tag string, o ResolveOptions) (spec string, newer, err error) {
	t, list := s.SpecTag(tag), s.StatusTag(tag)
	if t == nil && list == nil {
		return "", nil, s.unresolved(tag, "", ErrTagNotFound)
	}
	newer = s.newerThan(tag, t, list)
	if list != nil && len(list.Items) > 0 {
		if spec = s.pullSpec(t, &list.Items[0], o); spec == "" {
			return "", newer, s.unresolved(tag, "its newest item has no pull spec", errors.Join(ErrNoImage, newer))
		}
		return spec, newer, nil
	}
	if t != nil && t.Reference && t.From != nil && t.From.Kind == KindDockerImage {
		return t.From.Name, nil, nil
	}
	if newer != nil {
		return "", newer, s.unresolved(tag, "nothing was imported yet", errors.Join(ErrNoImage, newer))
	}
	return "", nil, s.unresolved(tag, "", ErrNoImage)
}

// newerThan says why a tag does not point to what it should.
func (s *ImageStream) newerThan(tag string, t *TagReference, list *NamedTagEventList) error {
	if t != nil && importPending(t, list) {
		return s.unresolved(tag, "", ErrImportPending)
	}
	if list == nil {
		return nil
	}
	for i := range list.Conditions {
		c := &list.Conditions[i]
		if c.Type != ImportSuccess || c.Status != ConditionFalse {
			continue
		}
		if len(list.Items) == 0 || c.Generation > list.Items[0].Generation || isAliasCondition(c) {
			return s.unresolved(tag, conditionText(c), ErrImportFailed)
		}
	}
	return nil
}

func (s *ImageStream) unresolved(tag, reason string, class error) error {
	return &Error{Op: "resolve", Object: s.orEmpty().describe(), Field: "tag " + printable(tag), Reason: reason, Err: class}
}

func (s *ImageStream) pullSpec(t *TagReference, item *TagEvent, o ResolveOptions) string {
	if t == nil || t.ReferencePolicy.Type != LocalTagReferencePolicy || item.Image == "" {
		return item.DockerImageReference
	}
	home := s.Status.DockerImageRepository
	if o.Public && s.Status.PublicDockerImageRepository != "" {
		home = s.Status.PublicDockerImageRepository
	}
	ref, err := ParsePullSpec(home)
	if err != nil || ref.Name == "" {
		return item.DockerImageReference
	}
	ref.Tag, ref.ID = "", item.Image
	return ref.Exact()
}

// ResolveLocalName returns the pull spec that a short name in an object of a
// namespace means, such as "mysql", "php:8" or "php@sha256:…": that of the
// stream of that name, where its lookup policy is local. ok is false where the
// name means no stream and stays what it is: it has a registry or a namespace,
// there is no such stream, or its policy is not local. Errors are those of
// [ImageStream.RecentPullSpec] and [ImageStream.FindImage], or what lookup failed
// with other than [ErrStreamNotFound]; without lookup, of class [ErrNoLookup].
func ResolveLocalName(namespace, name string, lookup Lookup, o ResolveOptions) (spec string, ok bool, err error) {
	ref, err := ParsePullSpec(name)
	if err != nil || ref.Registry != "" || ref.Namespace != "" || strings.Contains(ref.Name, "/") {
		return "", false, nil
	}
	if lookup == nil {
		return "", false, &Error{Op: "resolve", Object: quoteShort(name), Err: ErrNoLookup}
	}
	s, err := lookup(namespace, ref.Name)
	switch {
	case errors.Is(err, ErrStreamNotFound), err == nil && s == nil:
		return "", false, nil
	case err != nil:
		return "", false, &Error{Op: "resolve", Object: quoteShort(name), Reason: err.Error(), Err: err}
	case !s.Spec.LookupPolicy.Local:
		return "", false, nil
	}
	if ref.ID != "" {
		item, err := s.FindImage(ref.ID)
		if err != nil {
			return "", false, s.unresolved("@"+ref.ID, err.Error(), err)
		}
		return s.pullSpec(nil, item, o), true, nil
	}
	tag := ref.Tag
	if tag == "" {
		tag = DefaultImageTag
	}
	spec, _, err = s.RecentPullSpec(tag, o)
	return spec, err == nil, err
}
