package fromregistry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/registrykit/registrykit/prune/inventory"
)

// maxConfigBytes is the largest config that is read.
const maxConfigBytes = 4 << 20

// maxDepth is how deep lists in lists, and what refers to what refers, are read. What is
// deeper is not known.
const maxDepth = 32

// maxReferrers is how many referrers of one manifest are read.
const maxReferrers = 10_000

// found is a manifest that was read.
type found struct {
	manifest *inventory.Manifest
	// created is when an image was built; of an index it is found out once, then
	// dated is set.
	created time.Time
	dated   bool
}

// readManifests reads what tags point to, and all that this owns or is referred to by, at
// every depth.
func (r *reader) readManifests(ctx context.Context, repositories []repository) {
	var queue []place
	for _, repo := range repositories {
		for _, t := range repo.tags {
			queue = append(queue, place{repo.name, t.digest})
		}
	}
	for depth := 0; len(queue) > 0 && ctx.Err() == nil; depth++ {
		if depth > maxDepth {
			r.unreadImage("read manifest", queue[0], fmt.Errorf("it is more than %d manifests away from a tag", maxDepth))
			return
		}
		if n := len(r.manifests) + len(queue); depth > 0 && n > r.o.MaxManifests {
			r.unreadImage("read manifest", queue[0], fmt.Errorf("there are %d manifests, of %d that may be read (Options.MaxManifests)", n, r.o.MaxManifests))
			return
		}
		queue = r.level(ctx, queue, depth == 0)
	}
}

// level reads manifests, and returns what to read then. A manifest is fetched once,
// whatever the number of its repositories; its referrers are each repository's own.
// tagged says that tags point to them.
func (r *reader) level(ctx context.Context, queue []place, tagged bool) []place {
	queue = slices.DeleteFunc(queue, func(p place) bool {
		asked := r.asked[p]
		r.asked[p] = true
		return asked
	})
	var digests []string
	places := map[string][]place{}
	for _, p := range queue {
		if r.manifests[p.digest] != nil {
			continue
		}
		if places[p.digest] == nil {
			digests = append(digests, p.digest)
		}
		places[p.digest] = append(places[p.digest], p)
	}
	fetched := make([]*found, len(digests))
	r.each(len(digests), func(n int) { fetched[n] = r.fetchFrom(ctx, places[digests[n]], tagged) })
	for n, f := range fetched {
		if f != nil {
			r.manifests[digests[n]] = f
		}
	}
	referrers := make([][]place, len(queue))
	r.each(len(queue), func(n int) { referrers[n] = r.referrers(ctx, queue[n]) })
	var next []place
	for n, p := range queue {
		next = append(next, referrers[n]...)
		if f := r.manifests[p.digest]; f != nil {
			for _, c := range f.manifest.Children {
				next = append(next, place{p.repository, c.Digest})
			}
		}
	}
	return next
}

// fetchFrom reads a manifest in the first of its repositories that has it.
func (r *reader) fetchFrom(ctx context.Context, places []place, tagged bool) *found {
	for _, p := range places {
		if f := r.fetch(ctx, p, tagged); f != nil {
			return f
		}
	}
	return nil
}

// fetch reads a manifest; nil where it is not there, or not to be read. That it is not
// there although a tag points to it may be a replica that is behind.
func (r *reader) fetch(ctx context.Context, p place, tagged bool) *found {
	digest, err := r.digest(p)
	if err != nil {
		r.unreadImage("read manifest", p, err)
		return nil
	}
	got, err := r.client.GetManifest(ctx, digest)
	if saysNotFound(err) && !tagged {
		return nil
	}
	if err != nil {
		r.unreadImage("read manifest", p, err)
		return nil
	}
	m := &inventory.Manifest{Digest: p.digest, MediaType: got.MediaType, Managed: true}
	m.ReadRaw(string(got.Raw))
	if _, err := manifest.Parse(got.Raw); err != nil {
		r.unreadImage("read manifest", p, err) // its children and its subject are not known
	}
	m.ImageSize = m.ConfigSize
	for _, l := range m.Layers {
		m.ImageSize += max(l.Size, 0)
	}
	f := &found{manifest: m}
	if r.o.UseImageCreated && m.Config != "" && manifest.IsImage(m.MediaType) {
		r.readConfig(ctx, digest, f)
	}
	return f
}

// readConfig reads when an image was built, and its labels. Where that cannot be read it
// is unknown.
func (r *reader) readConfig(ctx context.Context, digest name.Digest, f *found) {
	raw, err := r.client.GetBlob(ctx, digest.Digest(f.manifest.Config), maxConfigBytes)
	var config struct {
		Created *time.Time `json:"created"`
		Config  struct {
			Labels map[string]string `json:"Labels"`
		} `json:"config"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &config)
	}
	if err != nil {
		r.warn("read config", digest.Name(), err)
		return
	}
	if config.Created != nil && config.Created.Year() > 1980 {
		f.created = *config.Created
	}
	f.manifest.Labels = config.Config.Labels
	if f.manifest.Labels == nil {
		f.manifest.Labels = map[string]string{}
	}
}

// referrers lists what refers to a manifest in a repository.
func (r *reader) referrers(ctx context.Context, p place) (places []place) {
	digest, err := r.digest(p)
	if err != nil || r.o.NoReferrers || r.manifests[p.digest] == nil {
		return nil
	}
	for d, err := range r.client.Referrers(ctx, digest, "") {
		if err == nil && len(places) == maxReferrers {
			err = fmt.Errorf("it has more than %d referrers", maxReferrers)
		}
		if err != nil {
			r.unreadImage("list referrers", p, err)
			return places
		}
		places = append(places, place{p.repository, d.Digest.String()})
	}
	return places
}

func (r *reader) digest(p place) (name.Digest, error) {
	return name.NewDigest(r.registry.Name() + "/" + p.repository + "@" + p.digest)
}

// unreadImage says that manifests may be there that are not known.
func (r *reader) unreadImage(op string, p place, err error) {
	r.warn(op, p.repository+"@"+p.digest, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.imagesIncomplete = true
}

// time returns when a tag or manifest was pushed, as far as it is known.
func (r *reader) time(repository, tag, digest string) time.Time {
	if r.o.Times != nil {
		if t := r.o.Times(repository, tag, digest); !t.IsZero() {
			return t
		}
	}
	if !r.o.UseImageCreated {
		return time.Time{}
	}
	return r.built(digest)
}

// pushed returns when each manifest was pushed last, to any of its repositories.
func (r *reader) pushed() map[string]time.Time {
	times := map[string]time.Time{}
	for p := range r.asked {
		t := r.time(p.repository, "", p.digest)
		last, others := times[p.digest]
		if !others || t.IsZero() || !last.IsZero() && t.After(last) {
			times[p.digest] = t
		}
	}
	return times
}

// built returns when an image was built: of an index, the newest of its images, and
// nothing where that of one is not known.
func (r *reader) built(digest string) time.Time {
	f := r.manifests[digest]
	if f == nil {
		return time.Time{}
	}
	if len(f.manifest.Children) > 0 && !f.dated {
		// An index may be in many others, and many times in one.
		f.created, f.dated = r.newest(f.manifest.Children), true
	}
	return f.created
}

// newest returns when the newest of the images was built.
func (r *reader) newest(children []inventory.Blob) time.Time {
	var newest time.Time
	for _, c := range children {
		t := r.built(c.Digest)
		if t.IsZero() {
			return t
		}
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}
