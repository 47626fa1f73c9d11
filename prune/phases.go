package prune

import (
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A phase is a run of actions of one kind, or of the two kinds of links. Each
// action can be made by itself, so that several goroutines can make them.
type phase struct {
	n int
	// kind tells the kind of the action of that number, without making it.
	kind func(i int) ActionKind
	// at makes the action of that number. It sets all fields that the phase
	// uses, so that an Action can be used again within it.
	at func(i int, n *names, a *Action)
}

func always(kind ActionKind) func(int) ActionKind { return func(int) ActionKind { return kind } }

// phases returns the planner's decisions in the order in which they are carried
// out.
func (p *planner) phases() []phase {
	return []phase{p.tagItemPhase(), p.linkPhase(), p.imagePhase(), p.blobPhase()}
}

func (p *planner) tagItemPhase() phase {
	var dropped []int32
	for i := range p.items {
		if p.dropped(i) {
			dropped = append(dropped, int32(i))
		}
	}
	return phase{len(dropped), always(DeleteTagItem), func(k int, n *names, a *Action) {
		i := int(dropped[k])
		item := p.inv.Item(i)
		tag := p.inv.Tag(item.Tag)
		stream := p.inv.Stream(tag.Stream)
		*a = Action{
			Kind: DeleteTagItem, Stream: n.repository(int32(tag.Stream)), Tag: tag.Name, Index: item.Index,
			Image: p.inv.DigestText(item.Image), Created: writable(item.Created.Time()),
			DockerImageReference: p.inv.ItemReference(i),
			UID:                  stream.UID, ResourceVersion: stream.ResourceVersion,
			Reason: p.itemReason(i),
		}
	}}
}

func (p *planner) linkPhase() phase {
	kind := func(k int) ActionKind {
		if p.links[k].manifest {
			return DeleteManifestLink
		}
		return DeleteLayerLink
	}
	return phase{len(p.links), kind, func(k int, n *names, a *Action) {
		l := p.links[k]
		a.Kind = kind(k)
		a.Repository = n.repository(l.stream)
		a.Digest = p.inv.DigestText(l.digest)
		if l.item < 0 {
			a.Reason = Reason{Rule: RuleOrphan}
			return
		}
		a.Reason.Rule = RuleDroppedItem
		a.Reason.Item = n.item(l.item)
		a.Reason.Image = ""
		if image := p.inv.Image(int(l.image)).Digest; !l.manifest && image != p.inv.Item(int(l.item)).Image {
			a.Reason.Image = n.image(l.image) // what the item's index owns
		}
	}}
}

func (p *planner) imagePhase() phase {
	deleted := p.deletedImages()
	return phase{len(deleted), always(DeleteImage), func(k int, n *names, a *Action) {
		i := deleted[k]
		a.Kind = DeleteImage
		a.Image = n.image(int32(i))
		a.UID, a.ResourceVersion = p.inv.ImageIdentity(i)
		a.Reason = p.imageReason(i)
	}}
}

// deletedImages returns the images that go, an index before what it owns and a
// subject before what refers to it.
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

func (p *planner) blobPhase() phase {
	if p.blobs == nil {
		return phase{}
	}
	var doomed []inventory.Digest
	for rank := range p.inv.Digests() {
		if d := p.inv.Ranked(rank); p.blobs[d].goes() {
			doomed = append(doomed, d)
		}
	}
	owner := p.doomedBy()
	return phase{len(doomed), always(DeleteBlob), func(k int, n *names, a *Action) {
		d := doomed[k]
		a.Kind = DeleteBlob
		a.Digest, a.Bytes = p.inv.DigestText(d), p.inv.Size(d)
		if p.blobs[d] == blobOrphan {
			a.Reason.Rule, a.Reason.Image = RuleOrphan, ""
			return
		}
		a.Reason.Rule = RuleImageDeleted
		a.Reason.Image = n.image(owner[d])
	}}
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
		certainlyHas(&view, claim)
	}
	for d := range owner {
		owner[d]--
	}
	return owner
}

// readPhase makes a phase of actions that were read from JSON.
func readPhase(actions []Action) phase {
	return phase{
		len(actions),
		func(i int) ActionKind { return actions[i].Kind },
		func(i int, _ *names, a *Action) { *a = actions[i] },
	}
}
