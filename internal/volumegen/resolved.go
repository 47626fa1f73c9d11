package volumegen

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// Resolved returns what each tag of a volume resolves to, by "repository:tag": a
// line for each link and each blob that is there, of the tag's manifest, of its
// config and layers, of all that an index owns, and of the manifests of the
// repository that refer to one of these. Each blob is read and must have its
// digest. What is not there has no line.
//
// It goes from link to link, with no planner's eyes.
func Resolved(ctx context.Context, l *registrylayout.Layout) (map[string][]string, error) {
	found := map[string][]string{}
	for repository, err := range l.Repositories(ctx) {
		if err != nil {
			return nil, err
		}
		r := resolver{ctx: ctx, layout: l, repository: repository}
		if err := r.findReferrers(); err != nil {
			return nil, err
		}
		for tag, err := range l.Tags(ctx, repository) {
			if err != nil {
				return nil, err
			}
			root, err := l.ResolveTag(ctx, repository, tag)
			if errors.Is(err, storage.ErrNotExist) {
				continue // the index of a tag that was
			}
			if err != nil {
				return nil, err
			}
			r.lines = nil
			if err := r.manifest(root, map[digest.Digest]bool{}); err != nil {
				return nil, err
			}
			slices.Sort(r.lines)
			found[repository+":"+tag] = slices.Compact(r.lines)
		}
	}
	return found, nil
}

// A resolver goes through one repository.
type resolver struct {
	ctx        context.Context
	layout     *registrylayout.Layout
	repository string
	referrers  map[digest.Digest][]digest.Digest // by subject
	lines      []string
}

type part struct {
	Digest digest.Digest `json:"digest"`
}

// parts are what a manifest names.
type parts struct {
	Config    part   `json:"config"`
	Layers    []part `json:"layers"`
	Manifests []part `json:"manifests"`
	Subject   part   `json:"subject"`
}

func (r *resolver) read(d digest.Digest) (p parts, there bool, err error) {
	raw, err := r.layout.ReadManifestBlob(r.ctx, d)
	if errors.Is(err, storage.ErrNotExist) {
		return p, false, nil
	}
	if err != nil {
		return p, false, err
	}
	return p, true, json.Unmarshal(raw, &p)
}

func (r *resolver) findReferrers() error {
	r.referrers = map[digest.Digest][]digest.Digest{}
	for link, err := range r.layout.Manifests(r.ctx, r.repository) {
		if err != nil {
			return err
		}
		p, _, err := r.read(link.Digest)
		if err != nil {
			return err
		}
		if p.Subject.Digest != "" {
			r.referrers[p.Subject.Digest] = append(r.referrers[p.Subject.Digest], link.Digest)
		}
	}
	return nil
}

func (r *resolver) manifest(d digest.Digest, seen map[digest.Digest]bool) error {
	if seen[d] {
		return nil
	}
	seen[d] = true
	p, there, err := r.read(d)
	if err != nil {
		return err
	}
	if err := r.line("manifest link "+string(d), r.layout.HasManifest(r.ctx, r.repository, d)); err != nil {
		return err
	}
	if there {
		r.lines = append(r.lines, "manifest "+string(d))
	}
	for _, b := range append(slices.Clone(p.Layers), p.Config) {
		if b.Digest == "" {
			continue
		}
		err := r.line("layer link "+string(b.Digest), r.layout.HasLayer(r.ctx, r.repository, b.Digest))
		if err == nil {
			err = r.line("blob "+string(b.Digest), r.layout.VerifyBlob(r.ctx, b.Digest))
		}
		if err != nil {
			return err
		}
	}
	next := slices.Clone(r.referrers[d])
	for _, child := range p.Manifests {
		next = append(next, child.Digest)
	}
	for _, d := range next {
		if err := r.manifest(d, seen); err != nil {
			return err
		}
	}
	return nil
}

// line notes what is there.
func (r *resolver) line(text string, err error) error {
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	if err == nil {
		r.lines = append(r.lines, text)
	}
	return err
}
