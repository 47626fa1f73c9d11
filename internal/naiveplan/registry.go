package naiveplan

// findNeeds finds what each repository needs: for remaining items, and for
// workloads that use a digest through a stream, and for its own sake.
func (p *planner) findNeeds() {
	p.needed = map[string]set{}
	add := func(repository, digest string) {
		if p.needed[repository] == nil {
			p.needed[repository] = set{}
		}
		p.needed[repository][digest] = true
	}
	for _, it := range p.left {
		for _, repository := range it.repositories() {
			for _, d := range it.needs() {
				add(repository, d)
			}
		}
	}
	for repository, digests := range p.uses.through {
		for d := range digests {
			add(repository, d)
		}
	}
	for _, s := range p.streams {
		for d := range p.linkedFor(s) {
			add(s.repository(), d)
		}
	}
}

// links returns the layer and manifest links that go: of the dropped items and
// their children, and orphans, less what is needed in the same repository.
func (p *planner) links() (layers, manifests []Link) {
	for _, s := range p.streams {
		repository := s.repository()
		if p.mayNeedMore() || p.linksHeldBack(repository) || p.mayLink(s) {
			continue
		}
		goLayers, goManifests := set{}, set{}
		configs := true // whether any may go
		for d := range p.neededIn(repository) {
			if image := p.images[d]; image != nil && image.mayHaveAnyConfig() && !p.peerOnly {
				configs = false
			}
		}
		for _, it := range p.dropped {
			if it.stream != s {
				continue
			}
			for d := range p.withChildren(it.image) {
				if image := p.images[d]; image != nil {
					goManifests[d] = true
					goLayers.addAll(image.layers)
					if configs {
						goLayers.addAll(image.configIfItGoes())
					}
				}
			}
		}
		for d := range goLayers {
			if !p.mayBeLinked(repository, d, false) {
				delete(goLayers, d)
			}
		}
		for d := range goManifests {
			if !p.mayBeLinked(repository, d, true) {
				delete(goManifests, d)
			}
		}
		orphanLayers, orphanManifests := p.orphanLinks(s)
		for d := range orphanLayers {
			goLayers[d] = true
		}
		for d := range orphanManifests {
			goManifests[d] = true
		}
		stay := set{}
		for d := range p.neededIn(repository) {
			stay[d] = true
			if image := p.images[d]; image != nil {
				stay.addAll(image.layers)
				stay.addAll(image.configIfItStays())
			}
		}
		for d := range goLayers {
			if !stay[d] {
				layers = append(layers, Link{repository, d})
			}
		}
		for d := range goManifests {
			if !stay[d] {
				manifests = append(manifests, Link{repository, d})
			}
		}
	}
	return layers, manifests
}

// blobs returns the blobs that go: those of deleted images and orphans, less those
// of kept images and those that are still linked.
func (p *planner) blobs(linked set) []string {
	goes, stays := set{}, set{}
	for d := range linked {
		stays[d] = true
	}
	for name, image := range p.images {
		if p.gone[name] {
			goes[name] = true
			goes.addAll(image.layers)
			goes.addAll(image.configIfItGoes())
		} else {
			stays[name] = true
			stays.addAll(image.layers)
			stays.addAll(image.configIfItStays())
		}
	}
	for d := range p.neededUnknown() {
		stays[d] = true
	}
	for name, image := range p.images {
		if p.gone[name] || !image.mayHaveAnyConfig() || p.peerOnly {
			continue
		}
		for other, doomed := range p.images {
			if p.gone[other] {
				stays.addAll(doomed.configIfItGoes())
			}
		}
		break
	}
	var list []string
	for d := range goes {
		if !stays[d] {
			list = append(list, d)
		}
	}
	for _, d := range p.orphanBlobs() {
		if !stays[d] {
			list = append(list, d)
		}
	}
	return list
}

// configIfItGoes returns what is deleted with an image as its config: only
// OCI and Docker schema 2 image manifests surely have one.
func (i *image) configIfItGoes() []string {
	switch i.mediaType {
	case "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json":
		return i.configIfItStays()
	}
	return nil
}

// mayHaveAnyConfig: it does not say which, and is no index.
func (i *image) mayHaveAnyConfig() bool { return i.id == "" && !i.isIndex() }

// configIfItStays returns what is kept with an image as its config: anything
// but an index may have one.
func (i *image) configIfItStays() []string {
	if i.id == "" || i.isIndex() {
		return nil
	}
	return []string{i.id}
}
