package importer

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// MaxListedTags is how many tags of a repository are read at most, unless
// [Importer.MaxListed] says otherwise.
const MaxListedTags = 1 << 20

// maxTagBytes is how much of a tag is kept, in bytes. One of more than 128 is none, and
// stays none.
const maxTagBytes = 256

// LeftOutElsewhere is why a tag of a repository is not imported where the stream has one
// of that name which comes from elsewhere: nobody asked to change it.
const LeftOutElsewhere imagestream.LeftOutReason = "the stream's tag comes from elsewhere"

// LeftOutCap is why a tag of a repository is not imported where as many are imported as
// [Importer.MaxRepositoryTags] allows.
const LeftOutCap imagestream.LeftOutReason = "beyond the cap of one import"

// repositorySpecs lists a repository and returns how its tags are imported, those that
// come first first. known are imported anyway.
func (r *run) repositorySpecs(ctx context.Context, repository *Repository, known []spec) []spec {
	t, err := target(repository.From, repository.ImportPolicy.Insecure || insecureStream(r.stream))
	if err != nil {
		r.result.ListErr = &Error{Op: "read pull spec", Image: repository.From, Class: Invalid, Err: err}
		return nil
	}
	// A repository of spec.dockerImageRepository may have had a tag; it plays no part.
	t = t.repository()
	tags, listErr := r.list(ctx, t)
	if listErr != nil {
		r.result.ListErr = listErr
		return nil
	}
	options := repository.Choose
	if options.Limit == 0 {
		options.Limit = imagestream.DefaultImportLimit
	}
	choice, err := imagestream.ChooseTags(tags, options)
	if err != nil {
		r.result.ListErr = &Error{Op: "choose tags", Image: t.String(), Class: Invalid, Err: err}
		return nil
	}
	r.result.LeftOut = choice.LeftOut
	taken := map[string]bool{}
	for _, s := range known {
		taken[s.tag] = true
	}
	var specs []spec
	for _, tag := range choice.Chosen {
		if taken[tag] {
			continue
		}
		s, by := r.repositorySpec(repository, t, tag)
		if by != "" {
			r.result.LeftOut = append(r.result.LeftOut, imagestream.LeftOutTag{Tag: tag, Reason: LeftOutElsewhere, By: by})
			continue
		}
		if most := positive(r.i.MaxRepositoryTags, DefaultMaxRepositoryTags); len(specs) == most {
			r.result.LeftOut = append(r.result.LeftOut, imagestream.LeftOutTag{Tag: tag, Reason: LeftOutCap, By: strconv.Itoa(most) + " (Importer.MaxRepositoryTags)"})
			continue
		}
		specs = append(specs, s)
	}
	return specs
}

// repositorySpec returns how one tag of a repository is imported, or what the stream's
// tag of that name comes from instead.
func (r *run) repositorySpec(repository *Repository, t Target, tag string) (s spec, by string) {
	t.Tag = tag
	from := t.DockerImageReference.String()
	s = spec{tag: tag, from: from, policy: repository.ImportPolicy, referencePolicy: repository.ReferencePolicy, set: true, includeManifest: repository.includeManifest}
	old := r.stream.SpecTag(tag)
	if old == nil || old.From == nil {
		return s, ""
	}
	known, err := target(old.From.Name, t.Insecure)
	if !isImported(old) || err != nil || known.DockerImageReference != t.DockerImageReference {
		return s, or(old.From.Name, "nothing")
	}
	as := r.i.specOf(r.stream, old)
	p := repository.ImportPolicy
	if !p.Insecure && !p.Scheduled && p.ImportMode == "" && repository.ReferencePolicy.Type == "" {
		// The tag is as somebody made it.
		as.includeManifest = s.includeManifest
		return as, ""
	}
	s.prefer, s.from = as.prefer, as.from
	s.policy.ImportMode = imagestream.ImportModeType(or(string(s.policy.ImportMode), string(old.ImportPolicy.ImportMode)))
	return s, ""
}

// list lists the tags of a repository.
func (r *run) list(ctx context.Context, t Target) ([]string, *Error) {
	var tags []string
	var mirror string
	most := positive(r.i.MaxListed, MaxListedTags)
	err := r.ask(ctx, "list tags", t, &r.result.Requests.Lists, func(registry Registry) error {
		tags, mirror = tags[:0], ""
		for tag, err := range listTags(ctx, registry, t, &mirror) {
			if err != nil {
				return err
			}
			if len(tags) == most {
				return broken("", t, Unsupported, "the repository has more than %d tags (Importer.MaxListed)", most)
			}
			if len(tag) > maxTagBytes {
				tag = strings.Clone(tag[:maxTagBytes])
			}
			tags = append(tags, tag)
		}
		return ctx.Err()
	})
	if err == nil {
		r.result.ListedAt = mirror
	}
	return tags, err
}

// listTags lists, and finds out which mirror that was of, if it was.
func listTags(ctx context.Context, registry Registry, t Target, mirror *string) iter.Seq2[string, error] {
	telling, ok := registry.(ListingRegistry)
	if !ok {
		return registry.ListTags(ctx, t)
	}
	return telling.ListTagsAt(ctx, t, func(endpoint string, isMirror bool) {
		if isMirror {
			*mirror = endpoint
		}
	})
}

// positive returns n, or what stands for it where it is not above 0.
func positive(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}
