package prune

import "github.com/registrykit/registrykit/prune/inventory"

// A blobState says what becomes of a blob, by digest.
type blobState uint8

const (
	blobUnnamed blobState = iota // no image that is known names it
	blobDoomed                   // images name it, and all of them go
	blobOrphan                   // it is stored, and no image names it, or may
	blobKept
)

// decideBlobs plans away the layers, configs and manifests of the images that
// go, less those of the images that stay: the rest of rule 4. Where one that
// stays does not say what its config is, no config goes.
func (p *planner) decideBlobs() {
	p.blobs = make([]blobState, p.inv.Digests())
	p.unknown.owned = map[inventory.Digest]int32{}
	keep := func(d inventory.Digest) { p.blobs[d] = blobKept }
	doom := func(d inventory.Digest) {
		if p.blobs[d] == blobUnnamed {
			p.blobs[d] = blobDoomed
		}
	}
	for i, view := range p.inv.ImagesUnordered() {
		if p.deleted(i) {
			certainlyHas(&view, doom)
			continue
		}
		mayHave(&view, keep)
		p.noteOwned(i, &view)
		if p.hidesConfig(&view) && (p.configHidden < 0 || i < p.configHidden) {
			p.configHidden = i
		}
	}
	for d := range p.unknown.accepted { // it may be a blob all the same
		keep(d)
	}
	for d := range p.unknown.owned {
		keep(d)
	}
	defer p.keepStillLinked()
	defer p.decideOrphans()
	if p.configHidden < 0 {
		return
	}
	for i, view := range p.inv.ImagesUnordered() {
		if config := certainConfig(&view); config != inventory.NoDigest && p.deleted(i) {
			keep(config)
		}
	}
}

// goes reports whether a blob goes.
func (s blobState) goes() bool { return s == blobDoomed || s == blobOrphan }
