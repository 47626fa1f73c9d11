package fromlayout

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/ordered"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// Options are the options of [Read]. The zero value is right for a registry that
// is no cluster's.
type Options struct {
	// LinksOnly adds the links alone: for the registry of a cluster, whose
	// streams and Images are the API server's and come from there.
	LinksOnly bool
	// AtOnce is how many objects are read at once; not positive is 8. It is the
	// time to the store that it saves: for a bucket, more may be right.
	AtOnce int
	// Now gives the time; nil is time.Now.
	Now func() time.Time
	// Progress is called after each repository and now and then among the
	// manifests; nil never.
	Progress func(Progress)
}

// Progress says how far the reading has come.
type Progress struct {
	Repositories int
	// Manifests of all were read; 0 of 0 before all repositories were.
	Manifests, All int
}

// Volume is what a reading found besides the inventory.
type Volume struct {
	// Began is when the reading began.
	Began time.Time
	// Repositories, Tags, Manifests and Blobs count what was found, each once.
	Repositories, Tags, Manifests, Blobs int
	// Uploads are those that have not ended, by repository and ID. Most were
	// abandoned: UploadInfo.Age tells how long ago.
	Uploads []registrylayout.UploadInfo
	// Former is what tags were and are no more, by repository and tag: entries
	// of their index, which no registry serves.
	Former []FormerTag
	// Unread says, one error for each, what could not be read, so that the
	// inventory is incomplete.
	Unread []error
}

// A FormerTag is an entry in the index of a tag that is another manifest by now,
// or none.
type FormerTag struct {
	Repository, Tag string
	Digest          digest.Digest
	// Linked: the manifest is in the repository. Otherwise the entry is an
	// orphan.
	Linked bool
}

// Read adds what is on a volume to a Builder, and says that the streams, Images
// and blobs were listed, the Images after the streams. Where the Builder holds another's
// facts of the same objects, the error is inventory.ErrConflict.
//
// Errors of the store, and of the Builder. After one, the kinds that were to be
// listed are incomplete, and with LinksOnly, where there are none, the links of some
// repositories are not known to be listed: a policy that asks for Orphans then keeps
// what they may link.
func Read(ctx context.Context, l *registrylayout.Layout, b *inventory.Builder, o Options) (*Volume, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 8
	}
	b.RepositoriesListed(false)
	r := &reader{layout: l, builder: b, options: o, volume: &Volume{Began: o.Now()}, manifests: map[digest.Digest]time.Time{}, besides: besides{}}
	err := r.repositories(ctx)
	if err == nil && !o.LinksOnly {
		err = r.images(ctx)
	}
	if err != nil {
		if !o.LinksOnly {
			b.Incomplete(inventory.KindImageStream, inventory.KindImage)
		}
		return r.volume, err
	}
	if !o.LinksOnly {
		b.Listed(inventory.KindImageStream, inventory.KindImage)
		b.ImagesAfterStreams(true)
	}
	if !r.broken && (!o.LinksOnly || r.volume.Repositories > 0) {
		// A cluster's registry that is empty is more likely another place than its own.
		b.RepositoriesListed(true)
	}
	return r.volume, nil
}

type reader struct {
	layout  *registrylayout.Layout
	builder *inventory.Builder
	options Options
	volume  *Volume

	manifests map[digest.Digest]time.Time // all that were linked or tagged: the newest link
	besides   besides
	broken    bool // the links of some repository could not all be read
	now       repository
}

// repository is the one that goes by.
type repository struct {
	path            string
	namespace, name string
	created         time.Time // the oldest file
	tags            []inventory.Tag
	broken          bool                     // a link could not be read
	current         map[string]digest.Digest // by tag
	linked          map[digest.Digest]bool   // manifests
	index           []FormerTag
	uploads         map[string]bool
}

// target is what reading a link gave.
type target struct {
	digest digest.Digest
	err    error
}

func (r *reader) repositories(ctx context.Context) error {
	err := ordered.Each(ctx, r.options.AtOnce, r.layout.Walk(ctx, "repositories/"), func(ctx context.Context, o registrylayout.Object) (t target) {
		switch o.Kind {
		case registrylayout.LayerLink, registrylayout.ManifestLink, registrylayout.SignatureLink, registrylayout.Tag:
			t.digest, t.err = r.layout.ReadLink(ctx, o.Key)
		}
		return t
	}, func(o registrylayout.Object, t target) error {
		if o.Repository == "" {
			return nil // belongs to none
		}
		if o.Repository != r.now.path {
			if err := r.finish(ctx); err != nil {
				return err
			}
			r.start(o.Repository)
		}
		return r.object(o, t)
	})
	if err != nil {
		return err
	}
	return r.finish(ctx)
}

func (r *reader) start(path string) {
	namespace, name, found := strings.Cut(path, "/")
	if !found {
		namespace, name = "", path
	}
	r.now = repository{path: path, namespace: namespace, name: name, uploads: map[string]bool{}, current: map[string]digest.Digest{}, linked: map[digest.Digest]bool{}}
}

func (r *reader) object(o registrylayout.Object, t target) error {
	if r.now.created.IsZero() || o.ModTime.Before(r.now.created) {
		r.now.created = o.ModTime
	}
	if t.err == nil {
		t.err = puzzling(o, t.digest)
	}
	switch {
	case o.Kind == registrylayout.Upload:
		r.now.uploads[o.Upload] = true
		return nil
	case o.Kind == registrylayout.TagIndex:
		r.now.index = append(r.now.index, FormerTag{Repository: r.now.path, Tag: o.Tag, Digest: o.Digest})
		return nil
	case errors.Is(t.err, storage.ErrNotExist): // it went meanwhile
		return nil
	case errors.Is(t.err, registrylayout.ErrBrokenLink):
		r.now.broken = true
		r.volume.Unread = append(r.volume.Unread, t.err)
		return nil
	case t.err != nil:
		return t.err
	case t.digest == "": // a kind that is not read
		return nil
	}
	return r.link(o, t.digest)
}

// link takes a link that could be read.
func (r *reader) link(o registrylayout.Object, target digest.Digest) error {
	if o.Kind == registrylayout.SignatureLink {
		if manifest, ok := signed(o); ok {
			r.besides.add(manifest, target)
		}
		return nil
	}
	if o.Kind != registrylayout.LayerLink {
		r.newest(target, o.ModTime)
	}
	if o.Kind == registrylayout.Tag {
		r.volume.Tags++
		r.now.current[o.Tag] = target
		r.now.tags = append(r.now.tags, inventory.Tag{
			Name:  o.Tag,
			Items: []inventory.TagItem{{Image: string(target), Created: o.ModTime}},
		})
		return nil
	}
	if o.Kind == registrylayout.ManifestLink {
		r.now.linked[o.Digest] = true
	} else if target != o.Digest {
		r.besides.add(o.Digest, target)
	}
	return r.builder.AddLink(inventory.Link{
		Namespace: r.now.namespace, Name: r.now.name, Digest: string(o.Digest), Manifest: o.Kind == registrylayout.ManifestLink,
	})
}

// newest keeps the newest time at which a manifest was linked or tagged.
func (r *reader) newest(d digest.Digest, written time.Time) {
	if at, ok := r.manifests[d]; !ok || written.After(at) {
		r.manifests[d] = written
	}
}

// finish adds the repository that has gone by.
func (r *reader) finish(ctx context.Context) error {
	if r.now.path == "" {
		return nil
	}
	r.volume.Repositories++
	for _, former := range r.now.index {
		if r.now.current[former.Tag] != former.Digest {
			former.Linked = r.now.linked[former.Digest]
			r.volume.Former = append(r.volume.Former, former)
		}
	}
	if len(r.now.uploads) > 0 {
		for u, err := range r.layout.Uploads(ctx, r.now.path) {
			if err != nil {
				return err
			}
			r.volume.Uploads = append(r.volume.Uploads, u)
		}
	}
	if r.broken = r.broken || r.now.broken; !r.now.broken {
		r.builder.LinksListed(r.now.namespace, r.now.name)
	}
	if !r.options.LinksOnly {
		err := r.builder.AddStream(inventory.Stream{
			Namespace: r.now.namespace, Name: r.now.name, Created: r.now.created, Tags: r.now.tags,
		})
		if err != nil {
			return err
		}
		if r.now.broken {
			r.builder.Unread(inventory.KindImageStream, r.now.namespace, r.now.name)
		}
	}
	r.progress(0, 0)
	return nil
}

func (r *reader) progress(manifests, all int) {
	if r.options.Progress != nil {
		r.options.Progress(Progress{r.volume.Repositories, manifests, all})
	}
}

// images reads the manifests that were linked or tagged.
func (r *reader) images(ctx context.Context) error {
	for blob, err := range r.layout.Blobs(ctx) {
		if err == nil {
			err = r.builder.AddStoredBlob(inventory.Blob{Digest: string(blob.Digest), Size: blob.Size})
		}
		if err != nil {
			return err
		}
		r.volume.Blobs++
	}
	r.builder.BlobsListed()
	done := 0
	for batch := slices.Sorted(maps.Keys(r.manifests)); len(batch) > 0; {
		owned, err := r.batch(ctx, batch, done)
		if err != nil {
			return err
		}
		done += len(batch)
		batch = owned
	}
	return nil
}

// batch reads manifests, several at once, and returns what they own and nothing
// named before: it may be there without a link of its own.
func (r *reader) batch(ctx context.Context, batch []digest.Digest, done int) (owned []digest.Digest, err error) {
	err = ordered.Each(ctx, r.options.AtOnce, ordered.Count(len(batch)), func(ctx context.Context, n int) (t text) {
		t.raw, t.err = r.layout.ReadManifestBlob(ctx, batch[n])
		return t
	}, func(n int, t text) error {
		if (n+1)%100 == 0 || n+1 == len(batch) {
			defer r.progress(done+n+1, len(r.manifests))
		}
		children, err := r.image(batch[n], t)
		for _, child := range children {
			d := digest.Digest(child.Digest)
			if _, known := r.manifests[d]; !known {
				r.manifests[d] = r.manifests[batch[n]]
				owned = append(owned, d)
			}
		}
		return err
	})
	return owned, err
}

// linked reports whether a digest is linked or tagged as a manifest, anywhere.
func (r *reader) linked(d digest.Digest) bool {
	_, is := r.manifests[d]
	return is
}

// text is what reading a manifest gave.
type text struct {
	raw []byte
	err error
}

// image adds a manifest and returns what it owns. One that is not there is no
// Image.
func (r *reader) image(d digest.Digest, t text) ([]inventory.Blob, error) {
	err := t.err
	var m inventory.Manifest
	if err == nil {
		m, err = read(d, t.raw, r.builder.StoredBlob, r.linked)
	}
	switch {
	case err == nil:
		m.Created = r.manifests[d]
		r.besides.addTo(&m, r.builder.StoredBlob)
		r.volume.Manifests++
		return m.Children, r.builder.AddManifest(m)
	case errors.Is(err, storage.ErrNotExist):
		return nil, nil
	case errors.Is(err, registrylayout.ErrDigest), errors.Is(err, storage.ErrTooLarge), errors.Is(err, registrylayout.ErrManifest):
		r.builder.Unread(inventory.KindImage, "", string(d))
		r.volume.Unread = append(r.volume.Unread, err)
		return nil, nil
	}
	return nil, err
}
