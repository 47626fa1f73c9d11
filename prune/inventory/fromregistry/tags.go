package fromregistry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
)

// The longest names that registries have: of a repository by distribution, of a tag by
// the specification.
const (
	maxRepositoryName = 255
	maxTagName        = 128
)

// repository lists the tags of a repository. One that is gone meanwhile, as the registry
// says itself, has none.
func (r *reader) repository(ctx context.Context, repo string) repository {
	listed := repository{name: repo}
	names, err := r.listTags(ctx, repo)
	if err != nil {
		r.unreadStream("list tags", repo, repo, err)
	}
	for _, t := range names {
		listed.tags = append(listed.tags, tag{name: t})
	}
	return listed
}

// listTags lists the tags of a repository, each once, as far as that goes.
func (r *reader) listTags(ctx context.Context, repo string) (names []string, err error) {
	named, err := name.NewRepository(r.registry.Name()+"/"+repo, name.StrictValidation)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for t, err := range r.client.Tags(ctx, named, registryclient.ListOptions{}) {
		switch {
		case saysNotFound(err) && len(names) == 0:
			return nil, nil
		case err != nil:
			return names, err
		case len(t) > maxTagName:
			return names, fmt.Errorf("the name of a tag has %d bytes", len(t))
		case seen[t]: // a page may repeat what moved while the list was read
		case r.tags.Add(1) > int64(r.o.MaxTags):
			return names, fmt.Errorf("all repositories together have more than %d tags (Options.MaxTags)", r.o.MaxTags)
		default:
			seen[t] = true
			names = append(names, t)
		}
	}
	return names, nil
}

// heads finds out what all tags point to. Those that are gone meanwhile are left out.
func (r *reader) heads(ctx context.Context, repositories []repository) {
	type one struct{ repository, tag int }
	var all []one
	for n := range repositories {
		for m := range repositories[n].tags {
			all = append(all, one{n, m})
		}
	}
	r.each(len(all), func(n int) {
		repo := &repositories[all[n].repository]
		r.head(ctx, repo.name, &repo.tags[all[n].tag])
	})
	r.each(len(repositories), func(n int) { r.readMissing(ctx, &repositories[n]) })
	for n := range repositories {
		repositories[n].tags = slices.DeleteFunc(repositories[n].tags, func(t tag) bool { return t.digest == "" })
	}
}

// head finds out what a tag points to, or that it is not there.
func (r *reader) head(ctx context.Context, repo string, t *tag) {
	t.missing = false
	ref, err := name.NewTag(r.registry.Name()+"/"+repo+":"+t.name, name.StrictValidation)
	var info registryclient.ManifestInfo
	if err == nil {
		info, err = r.client.HeadManifest(ctx, ref)
	}
	switch {
	case err == nil:
		t.digest = info.Digest.String()
	case errors.Is(err, registryclient.NotFound):
		t.missing, t.err = true, err
	default:
		r.unreadStream("read tag", repo, repo+":"+t.name, err)
	}
}

// readMissing looks again at the tags that were listed and then not there. Such a tag is
// gone where it is not listed any more; where it still is, it is not known what it
// points to, as with replicas that are behind, or a manifest that was lost.
func (r *reader) readMissing(ctx context.Context, repo *repository) {
	if !slices.ContainsFunc(repo.tags, func(t tag) bool { return t.missing }) || ctx.Err() != nil {
		return
	}
	r.tags.Add(-int64(len(repo.tags)))
	names, err := r.listTags(ctx, repo.name)
	if err != nil {
		r.unreadStream("list tags", repo.name, repo.name, err)
		return
	}
	listed := map[string]bool{}
	for _, t := range names {
		listed[t] = true
	}
	for n := range repo.tags {
		t := &repo.tags[n]
		if !t.missing || !listed[t.name] {
			continue
		}
		if r.head(ctx, repo.name, t); t.missing {
			r.unreadStream("read tag", repo.name, repo.name+":"+t.name, fmt.Errorf("it is listed, twice, and not there: %w", t.err))
		}
	}
}

// unreadStream tells that something of a repository could not be read.
func (r *reader) unreadStream(op, repo, object string, err error) {
	r.warn(op, object, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.unreadStreams, repo) {
		r.unreadStreams = append(r.unreadStreams, repo)
	}
}
