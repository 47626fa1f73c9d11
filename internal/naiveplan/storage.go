package naiveplan

// A volume is what was listed of a registry's storage.
type volume struct {
	repositories map[string]*repository // by "namespace/name"
	stored       map[string]int64       // the sizes of the blobs that are there
	all          bool                   // no other blob is there
	everywhere   bool                   // no other repository has links
}

// A repository is what is linked there.
type repository struct {
	manifests, layers set
	all               bool // no other link is there
}

// readRepository reads an object of kind Repository: the links of one. Where it
// does not say that they are all, there may be more.
func (v *volume) readRepository(o map[string]any) {
	name := text(o, "metadata", "namespace") + "/" + text(o, "metadata", "name")
	r := &repository{manifests: set{}, layers: set{}, all: o["all"] == true}
	r.manifests.addAll(texts(o, "manifests"))
	r.layers.addAll(texts(o, "layers"))
	v.repositories[name] = r
}

// readStorage reads an object of kind Storage: the blobs that are there.
func (v *volume) readStorage(o map[string]any) {
	for _, b := range objects(o, "blobs") {
		size, _ := b["size"].(float64)
		v.stored[text(b, "digest")] = int64(size)
	}
	v.all = o["all"] == true
	v.everywhere = o["everywhere"] == true
}

func texts(o map[string]any, list string) (found []string) {
	elements, _ := o[list].([]any)
	for _, e := range elements {
		if s, ok := e.(string); ok {
			found = append(found, s)
		}
	}
	return found
}

// listedIn returns a repository all links of which are known, or nil.
func (p *planner) listedIn(name string) *repository {
	r := p.volume.repositories[name]
	switch {
	case r == nil && p.volume.everywhere:
		return &repository{manifests: set{}, layers: set{}, all: true}
	case r == nil || !r.all && !p.volume.everywhere:
		return nil
	}
	return r
}

// mayBeLinked reports whether a repository may have a link: what was not listed
// may be there.
func (p *planner) mayBeLinked(name, digest string, manifest bool) bool {
	r := p.listedIn(name)
	switch {
	case r == nil:
		return true
	case manifest:
		return r.manifests[digest]
	}
	return r.layers[digest]
}

// nowhere: that a manifest is not known counts for nothing where it is surely not
// there. A policy that does not ask what is there does not ask this either.
func (p *planner) nowhere(digest string) bool {
	_, stored := p.volume.stored[digest]
	return p.orphans && p.images[digest] == nil && p.volume.all && !stored
}
