package importer

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/manifest"
)

const (
	// MaxManifests is the most images that a manifest list may have, those of the
	// lists in it included.
	MaxManifests = 256
	// MaxDepth is how deep lists may be in lists.
	MaxDepth = 4
	// MaxConfigBytes is the largest config of an image that is read.
	MaxConfigBytes = 4 << 20
)

// An image is what was fetched for a tag.
type image struct {
	image *imagestream.Image
	// manifests are the Images of a list, at every depth, each before its list.
	manifests []imagestream.Image
	platforms []PlatformResult
	// platform is what was asked of a list; empty where it was taken whole.
	platform string
}

// fetchOnce fetches an image, or waits for who does already. target has a digest.
func (r *run) fetchOnce(ctx context.Context, t Target, s spec) (image, *Error) {
	key := fetchKey{target: t, mode: r.i.mode(s), want: r.i.wanted(s), keep: r.keeps(s)}
	r.mu.Lock()
	f, ok := r.fetched[key]
	if !ok {
		f = &fetched{done: make(chan struct{})}
		r.fetched[key] = f
	}
	r.mu.Unlock()
	if ok {
		<-f.done
		return f.image, f.err
	}
	defer close(f.done)
	f.image, f.err = r.fetchImage(ctx, t, s)
	return f.image, f.err
}

// keeps says whether the raw manifest and config stay in the Images of a tag.
func (r *run) keeps(s spec) bool { return r.request.IncludeManifest || s.includeManifest }

// fetchImage fetches an image, or a list in the way that its tag asks for.
func (r *run) fetchImage(ctx context.Context, t Target, s spec) (image, *Error) {
	m, err := r.manifest(ctx, t)
	if err != nil {
		return image{}, err
	}
	f := fetcher{run: r, spec: s, count: new(atomic.Int64)}
	if !manifest.IsIndex(m.MediaType) {
		object, err := f.single(ctx, t, m)
		return image{image: object}, err
	}
	if r.i.mode(s) == imagestream.ImportModePreserveOriginal {
		list, err := f.list(ctx, t, m, 1)
		return image{image: list.object, manifests: list.images, platforms: list.results}, err
	}
	object, platforms, err := f.one(ctx, t, m, 1)
	return image{image: object, platforms: platforms, platform: r.i.wanted(s).String()}, err
}

// manifest fetches a manifest by its digest and checks it.
func (r *run) manifest(ctx context.Context, t Target) (Manifest, *Error) {
	var m Manifest
	err := r.ask(ctx, "get manifest", t, &r.result.Requests.Manifests, func(registry Registry) (err error) {
		m, err = registry.GetManifest(ctx, t)
		return err
	})
	if err != nil {
		return m, err
	}
	if len(m.Raw) > manifest.MaxBytes {
		return m, broken("get manifest", t, Integrity, "the manifest has %d bytes, more than %d", len(m.Raw), manifest.MaxBytes)
	}
	if !hasDigest(m.Raw, t.ID) {
		return m, broken("get manifest", t, Integrity, "the content has another digest")
	}
	parsed, parseErr := manifest.Parse(m.Raw)
	if parseErr != nil {
		return m, broken("read manifest", t, Invalid, "%w", parseErr)
	}
	// The digest is of the content alone: what the content says of itself goes before
	// what was said of it.
	if parsed.MediaType != "" {
		m.MediaType = parsed.MediaType
	}
	if err := checkKind(t, m.MediaType, parsed); err != nil {
		return m, err
	}
	m.Digest, m.Size = t.ID, int64(len(m.Raw))
	return m, nil
}

// checkKind refuses what is neither an image nor an index, or could be read as both.
func checkKind(t Target, mediaType string, m manifest.Manifest) *Error {
	image := m.Config.Digest != "" || len(m.Layers) > 0
	switch {
	case !manifest.IsIndex(mediaType) && !manifest.IsImage(mediaType):
		return broken("read manifest", t, Unsupported, "it is of the media type %.100q", mediaType)
	case image && len(m.Manifests) > 0, manifest.IsIndex(mediaType) && image, manifest.IsImage(mediaType) && len(m.Manifests) > 0:
		return broken("read manifest", t, Integrity, "it could be read as an image and as an index")
	case manifest.IsImage(mediaType) && !imagestream.ValidDigest(m.Config.Digest):
		return broken("read manifest", t, Invalid, "config.digest is %.100q", m.Config.Digest)
	}
	return nil
}

// A fetcher fetches the parts of one list.
type fetcher struct {
	*run
	spec spec
	// count of images so far, those of lists in the list included.
	count *atomic.Int64
}

// single makes the Image of an image, with its config.
func (f fetcher) single(ctx context.Context, t Target, m Manifest) (*imagestream.Image, *Error) {
	parsed, parseErr := manifest.Parse(m.Raw)
	if parseErr != nil {
		return nil, broken("read manifest", t, Invalid, "%w", parseErr)
	}
	var config []byte
	if isImageConfig(parsed.Config.MediaType) {
		var err *Error
		if config, err = f.config(ctx, t, parsed.Config); err != nil {
			return nil, err
		}
	}
	return f.imageOf(t, m, parsed, config)
}

// config fetches the config of an image.
func (f fetcher) config(ctx context.Context, t Target, d manifest.Descriptor) ([]byte, *Error) {
	if d.Size < 0 || d.Size > MaxConfigBytes {
		return nil, broken("get config", t, Integrity, "the manifest says that the config has %d bytes; at most %d are read", d.Size, MaxConfigBytes)
	}
	var config []byte
	blob := Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}
	err := f.ask(ctx, "get config", t, &f.result.Requests.Blobs, func(registry Registry) (err error) {
		config, err = registry.GetBlob(ctx, t, blob, MaxConfigBytes)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(config) > MaxConfigBytes:
		return nil, broken("get config", t, Integrity, "the config has more than %d bytes", MaxConfigBytes)
	case !hasDigest(config, d.Digest):
		return nil, broken("get config", t, Integrity, "the config has another digest than %s", d.Digest)
	}
	return config, nil
}

// one takes one image out of a list.
func (f fetcher) one(ctx context.Context, t Target, m Manifest, depth int) (*imagestream.Image, []PlatformResult, *Error) {
	children, err := f.children(t, m, depth)
	if err != nil {
		return nil, nil, err
	}
	child, ok := f.i.pick(children, f.spec)
	if !ok {
		return nil, nil, broken("read manifest", t, NotFound, "the manifest list has no image in it, of %d entries", len(children))
	}
	own := PlatformResult{Platform: platformOf(child).String(), Digest: child.Digest, Depth: depth}
	var inner []PlatformResult
	object, err := f.child(ctx, t, child, func(m Manifest) (object *imagestream.Image, err *Error) {
		if !manifest.IsIndex(m.MediaType) {
			return f.single(ctx, t.by(child.Digest), m)
		}
		object, inner, err = f.one(ctx, t.by(child.Digest), m, depth+1)
		return object, err
	})
	own.Err = err
	return object, append([]PlatformResult{own}, inner...), err
}

// child fetches an image of a list, and says in its error which one it was.
func (f fetcher) child(ctx context.Context, t Target, c manifest.Child, read func(Manifest) (*imagestream.Image, *Error)) (*imagestream.Image, *Error) {
	m, err := f.manifest(ctx, t.by(c.Digest))
	if err == nil && c.Size > 0 && int64(len(m.Raw)) != c.Size {
		err = broken("get manifest", t.by(c.Digest), Integrity, "it has %d bytes, and %d according to its list", len(m.Raw), c.Size)
	}
	var object *imagestream.Image
	if err == nil {
		object, err = read(m)
	}
	if err != nil && err.Platform == "" {
		named := *err
		named.Platform = platformOf(c).String()
		err = &named
	}
	return object, err
}

// children reads the images of a list and counts them.
func (f fetcher) children(t Target, m Manifest, depth int) ([]manifest.Child, *Error) {
	children, parseErr := manifest.Children(m.Raw)
	if parseErr != nil {
		return nil, broken("read manifest", t, Invalid, "%w", parseErr)
	}
	total := f.count.Add(int64(len(children)))
	switch {
	case total > MaxManifests:
		return nil, broken("read manifest", t, Invalid, "the manifest list has more than %d images", MaxManifests)
	case depth > MaxDepth && len(children) > 0:
		return nil, broken("read manifest", t, Invalid, "manifest lists are nested deeper than %d", MaxDepth)
	}
	for n, c := range children {
		if !imagestream.ValidDigest(c.Digest) {
			return nil, broken("read manifest", t, Invalid, "manifests[%d].digest is %.100q", n, c.Digest)
		}
	}
	return children, nil
}

// list makes the Images of a list and of all that is in it.
func (f fetcher) list(ctx context.Context, t Target, m Manifest, depth int) (part, *Error) {
	children, err := f.children(t, m, depth)
	if err != nil {
		return part{}, err
	}
	parts := make([]part, len(children))
	var wait sync.WaitGroup
	for n, c := range children {
		wait.Go(func() { parts[n] = f.part(ctx, t, c, depth) })
	}
	wait.Wait()
	var list part
	var fatal, first *Error
	got := 0
	for _, p := range parts {
		list.images = append(list.images, p.images...)
		list.results = append(list.results, p.results...)
		switch err := p.results[0].Err; {
		case err == nil:
			got++
		case !mayMiss(err) && fatal == nil:
			fatal = err
		case first == nil:
			first = err
		}
	}
	if fatal == nil && got == 0 {
		fatal = first
	}
	if fatal != nil {
		return part{results: list.results}, fatal
	}
	list.object, err = f.indexOf(t, m, children, parts)
	return list, err
}

// mayMiss says whether a list is imported without the image that failed so: lists are
// pushed with some of their images only, and with artifacts in them.
func mayMiss(err *Error) bool { return err.Class == NotFound || err.Class == Unsupported }

// A part is what was fetched of one entry of a list.
type part struct {
	// object is its own Image; nil where it failed.
	object *imagestream.Image
	// images are all to be made for it, its own last; of a list, without its own.
	images []imagestream.Image
	// results are its own, and those of what is in it.
	results []PlatformResult
}

// part fetches one entry of a list.
func (f fetcher) part(ctx context.Context, t Target, c manifest.Child, depth int) part {
	own := PlatformResult{Platform: platformOf(c).String(), Digest: c.Digest, Depth: depth, Attestation: c.Attestation}
	if known, ok := f.has(c.Digest, depth); ok && known != nil && !f.keeps(f.spec) {
		own.Known = true
		return part{object: known, results: []PlatformResult{own}}
	}
	var inner part
	object, err := f.child(ctx, t, c, func(m Manifest) (_ *imagestream.Image, err *Error) {
		if !manifest.IsIndex(m.MediaType) {
			return f.single(ctx, t.by(c.Digest), m)
		}
		inner, err = f.list(ctx, t.by(c.Digest), m, depth+1)
		return inner.object, err
	})
	own.Err = err
	p := part{object: object, results: append([]PlatformResult{own}, inner.results...)}
	if err == nil {
		p.images = append(inner.images, *object)
	}
	return p
}
