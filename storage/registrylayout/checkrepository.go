package registrylayout

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/ordered"
	"github.com/registrykit/registrykit/storage"
)

// repositoryCheck is what is known of one repository while its objects go by.
type repositoryCheck struct {
	name      string
	manifests digests
	layers    digests
	used      bits                            // of layers: a manifest here needs it
	aliases   map[digest.Digest]digest.Digest // links that hold another algorithm's digest
	tags      []tagged
	indexOnly string                 // the last tag that was found to have only an index
	upload    string                 // the last that was counted
	seen      map[digest.Digest]bool // manifests without a link that were read, or will be
	unread    []digest.Digest        // of those, the ones that will be
	doubt     bool                   // what some manifest needs is not known
}

type tagged struct {
	tag    string
	digest digest.Digest
}

func (r *repositoryCheck) reset(name string) {
	r.manifests.reset()
	r.layers.reset()
	r.used.reset()
	clear(r.tags)
	*r = repositoryCheck{name: name, manifests: r.manifests, layers: r.layers, used: r.used, tags: r.tags[:0]}
}

// target returns the digest under which a linked blob is kept.
func (r *repositoryCheck) target(d digest.Digest) digest.Digest {
	if target, ok := r.aliases[d]; ok {
		return target
	}
	return d
}

// read is what reading an object gave.
type read struct {
	target digest.Digest // of a link
	err    error
}

func (c *checker) repositories(ctx context.Context) error {
	err := ordered.Each(ctx, c.options.AtOnce, c.layout.Walk(ctx, "repositories/"), func(ctx context.Context, o Object) (r read) {
		if o.IsLink() {
			r.target, _, r.err = c.layout.readLink(ctx, o.Key, o.Digest)
		}
		return r
	}, func(o Object, r read) error {
		if o.Repository != c.repository.name {
			if err := c.finish(ctx); err != nil {
				return err
			}
			c.repository.reset(o.Repository)
		}
		return c.object(ctx, o, r)
	})
	if err != nil {
		return err
	}
	return c.finish(ctx)
}

// object takes one object of the repository that goes by.
func (c *checker) object(ctx context.Context, o Object, got read) error {
	r := &c.repository
	switch {
	case o.Kind == Upload:
		if r.upload != o.Upload {
			r.upload = o.Upload
			c.summary.Uploads++
		}
		c.summary.UploadBytes += o.Size
	case o.Kind == "" && path.Base(o.Key) == "link":
		c.broken(o, fmt.Errorf("%w: its path is none of a link", ErrBrokenLink))
	case o.Kind == "":
		c.report(Finding{Kind: Unknown, Repository: o.Repository, Key: o.Key})
	case isNotExist(got.err): // it went meanwhile
	case errors.Is(got.err, ErrBrokenLink):
		c.broken(o, got.err)
	case got.err != nil:
		return got.err
	default:
		return c.link(ctx, o, got.target)
	}
	return nil
}

func (c *checker) broken(o Object, err error) {
	if o.Kind == ManifestLink || o.Kind == Tag {
		c.repository.doubt = true // it may have been any manifest
	}
	c.report(Finding{Kind: BrokenLink, Repository: o.Repository, Key: o.Key, Err: err})
}

// link takes a link that could be read.
func (c *checker) link(ctx context.Context, o Object, target digest.Digest) error {
	r := &c.repository
	if o.Digest != "" && target != o.Digest {
		if r.aliases == nil {
			r.aliases = map[digest.Digest]digest.Digest{}
		}
		r.aliases[o.Digest] = target
	}
	sorted := true
	switch o.Kind {
	case LayerLink:
		c.summary.LayerLinks++
		sorted = r.layers.append(o.Digest)
	case ManifestLink:
		c.summary.ManifestLinks++
		sorted = r.manifests.append(o.Digest)
	case SignatureLink:
		c.need(target)
	case Tag:
		c.summary.Tags++
		r.tags = append(r.tags, tagged{o.Tag, target})
	case TagIndex:
		return c.indexed(ctx, o)
	}
	if !sorted {
		return at(o.Key, errors.New("listed out of order"))
	}
	return nil
}

// indexed looks whether a tag has more than an index. Its current link, if there
// is one, has come before.
func (c *checker) indexed(ctx context.Context, o Object) error {
	r := &c.repository
	if n := len(r.tags); n > 0 && r.tags[n-1].tag == o.Tag || r.indexOnly == o.Tag {
		return nil
	}
	r.indexOnly = o.Tag
	key, err := TagKey(o.Repository, o.Tag)
	if err != nil {
		return err
	}
	if _, err := c.layout.store.Stat(ctx, key); !isNotExist(err) {
		return err // it is broken, and was reported; or it came meanwhile
	}
	c.report(Finding{Kind: Orphan, Repository: o.Repository, Reference: TagReference, Tag: o.Tag})
	return nil
}

// finish judges the repository that has gone by.
func (c *checker) finish(ctx context.Context) error {
	r := &c.repository
	if r.name == "" {
		return nil
	}
	c.summary.Repositories++
	for i := range r.layers.len() {
		if err := c.refer(ctx, LayerReference, r.layers.at(i), r.layers.at(i), Finding{}); err != nil {
			return err
		}
	}
	if err := c.manifests(ctx); err != nil {
		return err
	}
	for _, t := range r.tags {
		if err := c.refer(ctx, TagReference, t.digest, t.digest, Finding{Tag: t.tag}); err != nil {
			return err
		}
		c.unlinked(t.digest)
	}
	if err := c.readUnlinked(ctx); err != nil {
		return err
	}
	for i := range r.layers.len() {
		d := r.layers.at(i)
		switch {
		case r.doubt:
			c.need(r.target(d))
		case !r.used.has(i):
			c.report(Finding{Kind: Orphan, Repository: r.name, Reference: LayerReference, Digest: d})
		}
	}
	c.progress(0)
	return nil
}

// need notes that a blob is needed, and by the repository that goes by.
func (c *checker) need(d digest.Digest) {
	if i := c.all.find(c.repository.target(d)); i >= 0 {
		c.needed.add(i)
	}
	if i := c.repository.layers.find(d); i >= 0 {
		c.repository.used.add(i)
	}
}

// refer reports a reference if it dangles.
func (c *checker) refer(ctx context.Context, kind ReferenceKind, from, to digest.Digest, f Finding) error {
	r := &c.repository
	linked := false
	look := kind
	switch kind {
	case LayerReference, ConfigReference:
		linked = r.layers.find(to) >= 0
	case ManifestReference, TagReference:
		look = ManifestReference
		linked = r.manifests.find(to) >= 0
	case ChildReference:
		linked = r.manifests.find(to) >= 0 || r.layers.find(to) >= 0
	}
	if linked && c.all.find(r.target(to)) >= 0 {
		return nil
	}
	missing, err := c.layout.missing(ctx, nil, r.name, to, look)
	if err != nil || missing == nil {
		return err
	}
	f.Kind, f.Repository, f.Reference = Dangling, r.name, kind
	f.Digest, f.Missing, f.Unlinked = from, to, missing.Unlinked
	c.report(f)
	return nil
}

// content is what a manifest was found to hold.
type content struct {
	needs []need
	err   error
}

func (c *checker) fetch(ctx context.Context, d digest.Digest) (m content) {
	raw, err := c.layout.ReadManifestBlob(ctx, d)
	if err != nil {
		return content{err: err}
	}
	m.needs, m.err = readNeeds(raw)
	return m
}

// manifests judges those that the repository links.
func (c *checker) manifests(ctx context.Context) error {
	r := &c.repository
	return ordered.Each(ctx, c.options.AtOnce, ordered.Count(r.manifests.len()), func(ctx context.Context, i int) content {
		return c.fetch(ctx, r.target(r.manifests.at(i)))
	}, func(i int, m content) error {
		d := r.manifests.at(i)
		if err := c.refer(ctx, ManifestReference, d, d, Finding{}); err != nil {
			return err
		}
		return c.manifest(ctx, r.target(d), m, true)
	})
}

// manifest notes what a manifest needs, and, where it is served, reports what of it
// is missing.
func (c *checker) manifest(ctx context.Context, d digest.Digest, m content, served bool) error {
	if i := c.all.find(d); i >= 0 {
		c.needed.add(i)
	}
	if m.err != nil {
		return c.unreadable(d, m.err, served)
	}
	for _, n := range m.needs {
		c.need(n.digest)
		if n.kind == ChildReference {
			c.unlinked(n.digest)
		}
		if !served || n.optional {
			continue
		}
		if err := c.refer(ctx, n.kind, d, n.digest, Finding{}); err != nil {
			return err
		}
	}
	return nil
}

// unreadable reports a manifest that cannot be read, or returns an error that is not
// the manifest's.
func (c *checker) unreadable(d digest.Digest, err error, served bool) error {
	c.repository.doubt = true
	switch {
	case isNotExist(err): // reported as dangling
	case errors.Is(err, ErrDigest):
		c.mismatch(c.all.find(d), d, err)
	case errors.Is(err, ErrManifest) || errors.Is(err, storage.ErrTooLarge):
		if served {
			key, _ := BlobKey(d) // it could be looked for
			c.report(Finding{Kind: Unreadable, Repository: c.repository.name, Digest: d, Key: key, Err: err})
		}
	default:
		return err
	}
	return nil
}

// unlinked notes a manifest that the repository names and has no link to: when in
// doubt, what it needs is needed.
func (c *checker) unlinked(d digest.Digest) {
	r := &c.repository
	if c.all.find(d) < 0 || r.manifests.find(d) >= 0 || r.layers.find(d) >= 0 || r.seen[d] {
		return
	}
	if r.seen == nil {
		r.seen = map[digest.Digest]bool{}
	}
	r.seen[d] = true
	r.unread = append(r.unread, d)
}

// readUnlinked notes what those need that unlinked has noted, and those that they own.
func (c *checker) readUnlinked(ctx context.Context) error {
	r := &c.repository
	for len(r.unread) > 0 {
		d := r.unread[len(r.unread)-1]
		r.unread = r.unread[:len(r.unread)-1]
		if err := c.manifest(ctx, d, c.fetch(ctx, d), false); err != nil {
			return err
		}
	}
	return nil
}

func isNotExist(err error) bool { return errors.Is(err, storage.ErrNotExist) }
