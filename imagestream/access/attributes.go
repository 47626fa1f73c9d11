package access

import (
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// ResourceAttributes are what an access review is about, in the JSON of
// authorization.k8s.io/v1. It is comparable. An empty Namespace means all
// namespaces, or the cluster; an empty Name all names.
type ResourceAttributes struct {
	Namespace   string `json:"namespace,omitempty"`
	Verb        string `json:"verb,omitempty"`
	Group       string `json:"group,omitempty"`
	Version     string `json:"version,omitempty"`
	Resource    string `json:"resource,omitempty"`
	Subresource string `json:"subresource,omitempty"`
	Name        string `json:"name,omitempty"`
}

// Attributes returns what is asked for an access. The error is an [*Error] of
// class [ErrUnknownAction], or [ErrInvalidRepository] where the repository is
// not one, is missing, or is there where the action has none.
func (a Access) Attributes() (ResourceAttributes, error) {
	r, ok := rowOf(a.Action)
	if !ok {
		return ResourceAttributes{}, &Error{"review", quoteShort(string(a.Action)), "", ErrUnknownAction}
	}
	attributes := ResourceAttributes{
		Verb: r.verb, Group: imagestream.GroupName, Resource: r.resource, Subresource: r.subresource,
	}
	if !r.repository {
		if a.Repository != "" {
			return ResourceAttributes{}, a.repositoryError("review", "the action is not on a repository")
		}
		return attributes, nil
	}
	namespace, name, reason := splitPattern(a.Repository)
	if reason != "" {
		return ResourceAttributes{}, a.repositoryError("review", reason)
	}
	if r.ofStream {
		attributes.Namespace, attributes.Name = namespace, name
	}
	return attributes, nil
}

func (a Access) repositoryError(op, reason string) error {
	return &Error{op, string(a.Action) + " " + quoteShort(a.Repository), reason, ErrInvalidRepository}
}

// Accesses returns everything that the answer to a review decides: reading a
// stream's layers is [Pull] and [ReadSignatures], deleting images is [Prune] and
// [Delete] in any repository. [Access.Attributes] of each gives the review
// again. A review without a name, or without a namespace, is about all
// repositories there.
//
// Resource and Subresource may also be joined by a slash in Resource. Version
// plays no part. The error is an [*Error] of class [ErrNotAsked] where no action
// needs exactly that review: one of another group, for all verbs, or of a single
// image.
func (r ResourceAttributes) Accesses() ([]Access, error) {
	if resource, subresource, ok := strings.Cut(r.Resource, "/"); ok && r.Subresource == "" {
		r.Resource, r.Subresource = resource, subresource
	}
	r.Version = ""
	wrong := func(reason string) ([]Access, error) {
		return nil, &Error{"read review", quoteShort(r.String()), reason, ErrNotAsked}
	}
	switch {
	case r.Group != imagestream.GroupName:
		return wrong("the group is not " + imagestream.GroupName)
	case r.Namespace == "" && r.Name != "":
		return wrong("a name without a namespace")
	}
	var found []Access
	for _, row := range table {
		if row.verb != r.Verb || row.resource != r.Resource || row.subresource != r.Subresource {
			continue
		}
		a := Access{Action: row.action}
		if row.repository {
			a.Repository = joinPattern(r.Namespace, r.Name)
		}
		attributes, err := a.Attributes()
		if err != nil {
			return wrong(err.(*Error).Reason)
		}
		if attributes == r {
			found = append(found, a)
		}
	}
	if len(found) == 0 {
		return wrong("")
	}
	return found, nil
}

// String returns the review as kubectl auth can-i has it, as in "get
// imagestreams.image.openshift.io/layers app -n dev".
func (r ResourceAttributes) String() string {
	s := r.Verb + " " + r.Resource
	if r.Group != "" {
		s += "." + r.Group
	}
	if r.Subresource != "" {
		s += "/" + r.Subresource
	}
	if r.Name != "" {
		s += " " + r.Name
	}
	if r.Namespace != "" {
		s += " -n " + r.Namespace
	}
	return s
}

// Joined returns the attributes as the integrated registry sends those of
// streams: with imagestreams/layers as the resource, and no subresource. A rule
// for imagestreams/layers, imagestreams/* or * answers both alike, as the two are
// joined before they are compared; a rule for */layers allows only the other
// form. So ask in this form to foretell what that registry will answer.
// Other attributes stay as they are, registry/metrics too: so does it send those.
func (r ResourceAttributes) Joined() ResourceAttributes {
	if r.Resource == "imagestreams" && r.Subresource != "" {
		r.Resource, r.Subresource = r.Resource+"/"+r.Subresource, ""
	}
	return r
}
