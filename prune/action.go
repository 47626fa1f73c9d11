package prune

import (
	"slices"
	"time"

	"github.com/registrykit/registrykit/prune/inventory"
)

// An ActionKind says what an action deletes.
type ActionKind string

// The kinds of actions, in the order of their phases.
const (
	DeleteTagItem      ActionKind = "DeleteTagItem"
	DeleteManifestLink ActionKind = "DeleteManifestLink"
	DeleteLayerLink    ActionKind = "DeleteLayerLink"
	DeleteImage        ActionKind = "DeleteImage"
	DeleteBlob         ActionKind = "DeleteBlob"
)

func (k ActionKind) valid() bool {
	switch k {
	case DeleteTagItem, DeleteManifestLink, DeleteLayerLink, DeleteImage, DeleteBlob:
		return true
	}
	return false
}

// An Action is one deletion, with what it was decided on. Only the fields of
// its kind are set.
type Action struct {
	Kind ActionKind

	// DeleteTagItem: the stream as namespace/name, the tag, the item's place
	// in the tag's history before the plan, and what identifies the item.
	Stream               string
	Tag                  string
	Index                int
	Image                string    // also of DeleteImage
	Created              time.Time // zero: unknown
	DockerImageReference string

	// UID and ResourceVersion of the stream or the Image are preconditions.
	UID, ResourceVersion string

	// DeleteManifestLink, DeleteLayerLink: the repository as namespace/name.
	Repository string
	Digest     string // also of DeleteBlob

	// Bytes is the size of a blob, 0 where it is not known.
	Bytes int64

	Reason Reason
}

// actions yields the planner's decisions in the order of their phases. The
// Action is valid until the next: there are too many to make each anew.
func (p *planner) actions(yield func(*Action) bool) {
	n := newNames(p.inv)
	_ = p.tagItemActions(yield) && p.linkActions(n, yield) && p.imageActions(n, yield) && p.blobActions(n, yield)
}

func (p *planner) tagItemActions(yield func(*Action) bool) bool {
	var a Action
	for i := range p.items {
		if !p.dropped(i) {
			continue
		}
		item := p.inv.Item(i)
		tag := p.inv.Tag(item.Tag)
		stream := p.inv.Stream(tag.Stream)
		a = Action{
			Kind: DeleteTagItem, Stream: stream.Repository(), Tag: tag.Name, Index: item.Index,
			Image: p.inv.DigestText(item.Image), Created: item.Created.Time(),
			DockerImageReference: p.inv.ItemReference(i),
			UID:                  stream.UID, ResourceVersion: stream.ResourceVersion,
			Reason: p.itemReason(i),
		}
		if !yield(&a) {
			return false
		}
	}
	return true
}

func (p *planner) linkActions(n *names, yield func(*Action) bool) bool {
	a := Action{Reason: Reason{Rule: RuleDroppedItem}}
	for _, l := range p.links {
		a.Kind = DeleteLayerLink
		if l.manifest {
			a.Kind = DeleteManifestLink
		}
		a.Repository = n.repository(l.stream)
		a.Digest = p.inv.DigestText(l.digest)
		a.Reason.Item = n.item(l.item)
		a.Reason.Image = ""
		if image := p.inv.Image(int(l.image)).Digest; !l.manifest && image != p.inv.Item(int(l.item)).Image {
			a.Reason.Image = n.image(l.image) // what the item's index owns
		}
		if !yield(&a) {
			return false
		}
	}
	return true
}

func (p *planner) imageActions(n *names, yield func(*Action) bool) bool {
	a := Action{Kind: DeleteImage}
	for _, i := range p.deletedImages() {
		a.Image = n.image(int32(i))
		a.UID, a.ResourceVersion = p.inv.ImageIdentity(i)
		a.Reason = p.imageReason(i)
		if !yield(&a) {
			return false
		}
	}
	return true
}

// deletedImages returns the images that go, an index before what it owns.
func (p *planner) deletedImages() []int {
	var list []int
	for i := range p.images {
		if p.deleted(i) {
			list = append(list, i)
		}
	}
	if depth := p.depths(); len(depth) > 0 {
		slices.SortStableFunc(list, func(a, b int) int { return depth.of(a) - depth.of(b) })
	}
	return list
}

func (p *planner) blobActions(n *names, yield func(*Action) bool) bool {
	if p.blobs == nil {
		return true
	}
	owner := p.doomedBy()
	a := Action{Kind: DeleteBlob, Reason: Reason{Rule: RuleImageDeleted}}
	for rank := range p.inv.Digests() {
		d := p.inv.Ranked(rank)
		if p.blobs[d] != blobDoomed {
			continue
		}
		a.Digest, a.Bytes = p.inv.DigestText(d), p.inv.Size(d)
		a.Reason.Image = n.image(owner[d])
		if !yield(&a) {
			return false
		}
	}
	return true
}

// doomedBy returns, by digest, the first image that goes and names the blob.
func (p *planner) doomedBy() []int32 {
	owner := make([]int32, p.inv.Digests())
	for i, view := range p.inv.ImagesUnordered() {
		if !p.deleted(i) {
			continue
		}
		claim := func(d inventory.Digest) {
			if owner[d] == 0 || owner[d] > int32(i)+1 {
				owner[d] = int32(i) + 1
			}
		}
		claim(view.Digest)
		for _, layer := range view.Layers {
			claim(layer)
		}
		if view.Class == inventory.ClassImage && view.Config != inventory.NoDigest {
			claim(view.Config)
		}
	}
	for d := range owner {
		owner[d]--
	}
	return owner
}
