package apply

import (
	"sync"

	"github.com/registrykit/registrykit/prune"
)

// holds are what must not go since something that it depends on did not. Each
// has the words that say what.
type holds struct {
	mu           sync.Mutex
	repositories map[string]string // no link of these goes
	digests      map[string]string // no link, image or blob of these goes
	everything   string            // no image and no blob goes at all
	whole        map[string]bool   // digests whose closures are held, as the look below knows them
	by           *prune.Recheck    // the look that whole is of; another one starts it anew
}

func newHolds() *holds {
	return &holds{repositories: map[string]string{}, digests: map[string]string{}}
}

// of returns why an action must not be carried out, "" where it may be.
func (h *holds) of(a *prune.Action) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch a.Kind {
	case prune.DeleteManifestLink, prune.DeleteLayerLink:
		if why := h.repositories[a.Repository]; why != "" {
			return why
		}
		return h.digests[a.Digest]
	case prune.DeleteImage:
		if h.everything != "" {
			return h.everything
		}
		return h.digests[a.Image]
	case prune.DeleteBlob:
		if h.everything != "" {
			return h.everything
		}
		return h.digests[a.Digest]
	}
	return ""
}

func (h *holds) repository(name, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repositories[name] = why
}

func (h *holds) digest(digest, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.digests[digest] == "" {
		h.digests[digest] = why
	}
}

// closure holds an image and all that it may need, and reports whether that is known.
// Where it is not, every image and blob is held.
func (h *holds) closure(known *prune.Recheck, image, why string) (complete bool) {
	if h.holdsWhole(known, image) {
		return true
	}
	var held []string
	complete = known.Closure(image, func(d string) {
		h.digest(d, why)
		held = append(held, d)
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !complete:
		h.everything = why + unknownNeeds
	case h.by == known:
		for _, d := range held {
			h.whole[d] = true
		}
	}
	return complete
}

// holdsWhole reports whether all that an image may need is held, as part of what something
// above it needs: of an index that stays, each image stays, and each would hold all below
// it once more.
func (h *holds) holdsWhole(known *prune.Recheck, image string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by != known {
		h.by, h.whole = known, map[string]bool{}
	}
	return h.whole[image] && known.HasImage(image)
}

const unknownNeeds = ", and what it needs is not known"

// keeps holds what an action would have freed. It is called for every action
// that is not done. Those on tag items are held once what is there was listed.
func (h *holds) keeps(known *prune.Recheck, r *Result) {
	why := string(r.Action.Kind) + " " + objectOf(&r.Action) + " is " + string(r.Status)
	switch r.Action.Kind {
	case prune.DeleteTagItem:
		h.repository(r.Action.Stream, why)
		h.closure(known, r.Action.Image, why)
	case prune.DeleteManifestLink:
		// A plain registry does not tell of an index that lost its tag: what it owns is
		// known no more, and must not go from under it.
		if !h.closure(known, r.Action.Digest, why) {
			h.repository(r.Action.Repository, why+unknownNeeds)
		}
	case prune.DeleteLayerLink:
		h.digest(r.Action.Digest, why)
	case prune.DeleteImage:
		h.image(known, r.Action.Image, why)
	}
}

// image holds what an image may need that has not gone. Links are behind by then, so that
// where everything is held there is no more to hold.
func (h *holds) image(known *prune.Recheck, image, why string) {
	h.mu.Lock()
	all := h.everything != ""
	h.mu.Unlock()
	if !all {
		h.closure(known, image, why)
	}
}
