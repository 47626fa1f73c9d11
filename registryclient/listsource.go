package registryclient

import (
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
)

// What a Sourcer is asked about where there is no image: no rule names these.
const (
	anyTag        = "_"
	anyRepository = "registrykit/any"
)

// TagSources says where [Client.Tags] lists the tags of a repository that
// ListOptions.AtMirrors lets it list at mirrors: at the repository itself wherever it may be
// contacted, since a mirror need not have all of them; else, as with NeverContactSource, at
// the sources that Options.Mirrors give for pulls by tag, in their order. The error is an
// *Error: [Blocked] where there is none.
func (c *Client) TagSources(repo name.Repository) ([]Source, error) {
	sources, err := c.listSources(repo.Tag(anyTag))
	return sources, failure("list tags", repo.String(), new(trail), err)
}

// listSources says where something about a reference is listed: at the place that its
// name says, or, where that may not be contacted, at all that are in its stead.
func (c *Client) listSources(ref name.Reference) ([]Source, error) {
	sources, err := c.sources(ref)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if isAt(s, ref) {
			return []Source{s}, nil
		}
	}
	return sources, nil
}

// isAt says whether a source is the place that the reference's name says.
func isAt(s Source, ref name.Reference) bool {
	return s.Ref != nil && s.Ref.Context().Name() == ref.Context().Name()
}

// itself is the source of what mirrors cannot answer, or not wholly: the place that a
// reference's name says. The error is [Blocked] where that may not be contacted.
func (c *Client) itself(ref name.Reference) (Source, error) {
	sources, err := c.listSources(ref)
	if err != nil {
		return Source{}, err
	}
	if len(sources) == 1 && isAt(sources[0], ref) {
		return sources[0], nil
	}
	rule := "the mirror policy"
	if len(sources) > 0 && sources[0].Rule != "" {
		rule = sources[0].Rule
	}
	return Source{}, &Error{Class: Blocked, Err: fmt.Errorf("%s forbids to contact %s, or leads elsewhere, and what a mirror has need not be all", rule, ref.Context().Name())}
}

// whole is itself for a registry as a whole: rules for some of its namespaces or
// repositories say nothing of it.
func (c *Client) whole(registry name.Registry) (Source, error) {
	return c.itself(registry.Repo(anyRepository).Tag(anyTag))
}
