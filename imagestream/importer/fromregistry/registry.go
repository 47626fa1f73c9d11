// Package fromregistry makes an importer.Registry of a registryclient.Client: imports
// from real registries.
//
//	registry := fromregistry.New(registryclient.Options{Keychain: resolver, Mirrors: mirrors})
//	defer registry.Close()
//	i := importer.Importer{Registry: registry, Anonymous: registry.Anonymous()}
//
// Manifests and configs are read from mirrors where the options name some; tags are
// listed at the registry itself, since a mirror need not have all of them, and at a mirror
// only where the registry may not be contacted (NeverContactSource): importer.Result says
// which, since it may lack some. What a tag points to keeps the name of its source, wherever
// it was read.
//
// A keychain that has a method Candidates, as *auth.Resolver has, is asked for all its
// credentials where a repository denies the first: see [Registry.Candidates].
package fromregistry

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient"
)

// A Registry asks real registries. It may be used by many goroutines at once. Close it
// when it is no longer needed.
type Registry struct {
	clients   *clients
	anonymous bool
	// one is the client of a candidate, which is for one import of one repository.
	one *registryclient.Client
}

var (
	_ importer.CandidateRegistry = (*Registry)(nil)
	_ importer.ListingRegistry   = (*Registry)(nil)
)

// clients are those of a Registry and of the anonymous one beside it.
type clients struct {
	o  registryclient.Options
	mu sync.Mutex
	// by is by the host that may be insecure, "" for none. What a tag may do to its
	// own registry is so kept from others, and from tags that may not.
	by map[clientKey]*registryclient.Client
}

type clientKey struct {
	insecure  string
	anonymous bool
}

// New returns a registry. A target that may be insecure is asked over plain HTTP where
// its host does not speak HTTPS, and with whatever certificate it has; its mirrors, token
// service and redirects are as the options say.
func New(o registryclient.Options) *Registry {
	return &Registry{clients: &clients{o: o, by: map[clientKey]*registryclient.Client{}}}
}

// Anonymous returns the same registry without a credential. It is closed with r.
func (r *Registry) Anonymous() *Registry { return &Registry{clients: r.clients, anonymous: true} }

// Close closes the connections that are not in use.
func (r *Registry) Close() {
	r.clients.mu.Lock()
	defer r.clients.mu.Unlock()
	for _, c := range r.clients.by {
		c.Close()
	}
}

// client returns the client for a target.
func (r *Registry) client(t importer.Target) *registryclient.Client {
	if r.one != nil {
		return r.one
	}
	c := r.clients
	c.mu.Lock()
	defer c.mu.Unlock()
	key := clientKey{anonymous: r.anonymous}
	if t.Insecure {
		key.insecure = t.Registry
	}
	if client := c.by[key]; client != nil {
		return client
	}
	with := clientKey{insecure: key.insecure}
	client := c.by[with]
	if client == nil {
		o := c.o
		if key.insecure != "" {
			o.Host = insecure(o.Host, key.insecure)
		}
		client = registryclient.New(o)
		c.by[with] = client
	}
	if r.anonymous {
		client = client.WithKeychain(nil)
		c.by[key] = client
	}
	return client
}

// insecure returns host options that allow one host what an insecure tag does.
func insecure(host func(string) registryclient.HostOptions, one string) func(string) registryclient.HostOptions {
	return func(h string) registryclient.HostOptions {
		var o registryclient.HostOptions
		if host != nil {
			o = host(h)
		}
		if h == one {
			o.SkipVerify = true
			if o.PlainHTTP == registryclient.HTTPSOnly {
				o.PlainHTTP = registryclient.HTTPFallback
			}
		}
		return o
	}
}

// HeadManifest implements importer.Registry.
func (r *Registry) HeadManifest(ctx context.Context, t importer.Target) (importer.Descriptor, error) {
	ref, err := reference(t)
	if err != nil {
		return importer.Descriptor{}, err
	}
	info, err := r.client(t).HeadManifest(ctx, ref)
	if err != nil {
		return importer.Descriptor{}, r.failure(err)
	}
	return descriptor(info), nil
}

// GetManifest implements importer.Registry.
func (r *Registry) GetManifest(ctx context.Context, t importer.Target) (importer.Manifest, error) {
	ref, err := reference(t)
	if err != nil {
		return importer.Manifest{}, err
	}
	m, err := r.client(t).GetManifest(ctx, ref)
	if err != nil {
		return importer.Manifest{}, r.failure(err)
	}
	return importer.Manifest{Descriptor: descriptor(m.ManifestInfo), Raw: m.Raw}, nil
}

// GetBlob implements importer.Registry.
func (r *Registry) GetBlob(ctx context.Context, t importer.Target, d importer.Descriptor, limit int64) ([]byte, error) {
	repository, err := repository(t)
	if err != nil {
		return nil, err
	}
	if _, err := name.NewDigest(repository.Name() + "@" + d.Digest); err != nil {
		return nil, unsupported(err)
	}
	blob, err := r.client(t).OpenBlob(ctx, repository.Digest(d.Digest), registryclient.BlobOptions{Size: d.Size})
	if err != nil {
		return nil, r.failure(err)
	}
	defer blob.Close()
	content, err := io.ReadAll(io.LimitReader(blob, limit+1))
	if err != nil {
		return nil, r.failure(err)
	}
	if int64(len(content)) > limit {
		return nil, &importer.Error{Class: importer.Integrity, Endpoint: blob.Source().Endpoint(), Err: fmt.Errorf("blob %s has more than %d bytes", d.Digest, limit)}
	}
	return content, nil
}

// ListTags implements importer.Registry.
func (r *Registry) ListTags(ctx context.Context, t importer.Target) iter.Seq2[string, error] {
	return r.ListTagsAt(ctx, t, func(string, bool) {})
}

// ListTagsAt implements importer.ListingRegistry.
func (r *Registry) ListTagsAt(ctx context.Context, t importer.Target, at func(endpoint string, mirror bool)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		repository, err := repository(t)
		if err != nil {
			yield("", err)
			return
		}
		// An import only adds, so it may do with a part.
		o := registryclient.ListOptions{AtMirrors: true, Served: func(s registryclient.Source) { at(s.Endpoint(), s.Mirror) }}
		for tag, err := range r.client(t).Tags(ctx, repository, o) {
			if err != nil {
				yield("", r.failure(err))
				return
			}
			if !yield(tag, nil) {
				return
			}
		}
	}
}

func descriptor(info registryclient.ManifestInfo) importer.Descriptor {
	return importer.Descriptor{MediaType: info.MediaType, Digest: info.Digest.String(), Size: info.Size, Endpoint: info.Source.Endpoint()}
}

// repository returns the name of a target's repository.
func repository(t importer.Target) (name.Repository, error) {
	repository, err := name.NewRepository(t.AsRepository().String(), name.StrictValidation)
	if err != nil {
		return repository, &importer.Error{Class: importer.Invalid, Err: err}
	}
	return repository, nil
}

// reference returns the name of a target.
func reference(t importer.Target) (name.Reference, error) {
	repository, err := repository(t)
	switch {
	case err != nil:
		return nil, err
	case t.ID == "":
		return repository.Tag(t.Tag), nil
	}
	digest, err := name.NewDigest(repository.Name() + "@" + t.ID)
	if err != nil {
		return nil, unsupported(err)
	}
	return digest, nil
}

// unsupported is the error for a digest of an algorithm that go-containerregistry does
// not know.
func unsupported(err error) error { return &importer.Error{Class: importer.Unsupported, Err: err} }
