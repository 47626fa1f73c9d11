package prune

import "github.com/registrykit/registrykit/prune/inventory"

// A blobState says what becomes of a blob, by digest.
type blobState uint8

const (
	blobUnnamed blobState = iota // no image that is known names it
	blobDoomed                   // images name it, and all of them go
	blobKept
)

// decideBlobs plans away the layers, configs and manifests of the images that
// go, less those of the images that stay: the rest of rule 4. What a config is
// depends: of what stays, anything that an image claims; of what goes, only
// what its kind of manifest certainly has.
func (p *planner) decideBlobs() {
	p.blobs = make([]blobState, p.inv.Digests())
	for i, view := range p.inv.ImagesUnordered() {
		if p.deleted(i) {
			p.doom(view)
		} else {
			p.keepBlobs(view)
		}
	}
}

func (p *planner) keepBlobs(view inventory.Image) {
	p.blobs[view.Digest] = blobKept
	for _, layer := range view.Layers {
		p.blobs[layer] = blobKept
	}
	if view.Class != inventory.ClassIndex && view.Config != inventory.NoDigest {
		p.blobs[view.Config] = blobKept
	}
}

func (p *planner) doom(view inventory.Image) {
	doom := func(d inventory.Digest) {
		if p.blobs[d] == blobUnnamed {
			p.blobs[d] = blobDoomed
		}
	}
	doom(view.Digest)
	for _, layer := range view.Layers {
		doom(layer)
	}
	if view.Class == inventory.ClassImage && view.Config != inventory.NoDigest {
		doom(view.Config)
	}
}
