package prune

import (
	"iter"
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A VerdictKind says what a verdict is about.
type VerdictKind string

// The kinds of objects that a plan judges.
const (
	TagItemVerdict VerdictKind = "TagItem"
	ImageVerdict   VerdictKind = "Image"
	BlobVerdict    VerdictKind = "Blob"
)

// A Verdict says what becomes of one object, and why.
type Verdict struct {
	Kind VerdictKind `json:"kind"`
	// Object is the item as "namespace/name:tag#index", or the digest.
	Object  string  `json:"object"`
	Image   string  `json:"image,omitempty"` // of an item; "" for a reference tag
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason"`
}

// Verdicts yields the verdict of every tag item, image and blob, in this order,
// each by name. A plan that was read from JSON yields those that stay, if the
// JSON has them.
func (p *Plan) Verdicts() iter.Seq[Verdict] {
	if p.made == nil {
		return slices.Values(p.verdicts)
	}
	return p.made.verdicts
}

func (p *planner) verdicts(yield func(Verdict) bool) {
	for i := range p.items {
		if !yield(p.itemVerdict(i)) {
			return
		}
	}
	for i := range p.images {
		if !yield(p.imageVerdict(i)) {
			return
		}
	}
	b := p.blobOwners()
	for rank := range p.inv.Digests() {
		if d := p.inv.Ranked(rank); b.isBlob(d) && !yield(b.verdict(d)) {
			return
		}
	}
}

func (p *planner) itemVerdict(i int) Verdict {
	return Verdict{
		Kind: TagItemVerdict, Object: p.itemName(i), Image: p.inv.DigestText(p.inv.Item(i).Image),
		Outcome: outcome(p.dropped(i)), Reason: p.itemReason(i),
	}
}

func (p *planner) imageVerdict(i int) Verdict {
	return Verdict{
		Kind: ImageVerdict, Object: p.inv.DigestText(p.inv.Image(i).Digest),
		Outcome: outcome(p.deleted(i)), Reason: p.imageReason(i),
	}
}

func outcome(deleted bool) Outcome {
	if deleted {
		return Delete
	}
	return Keep
}

// blobOwners knows, by digest, one image that names the blob: the first that
// stays and may have it, or the first that goes and certainly has it, as in the
// blob's action, or the first that claims it otherwise.
type blobOwners struct {
	*planner
	owner []int32 // image and 1; 0 for what no image names
}

func (p *planner) blobOwners() blobOwners {
	b := blobOwners{p, make([]int32, p.inv.Digests())}
	claims := func(i int) func(inventory.Digest) {
		return func(d inventory.Digest) {
			if b.owner[d] == 0 {
				b.owner[d] = int32(i) + 1
			}
		}
	}
	for _, goes := range []bool{false, true} {
		for i := range p.images {
			view := p.inv.Image(i)
			switch {
			case p.deleted(i) != goes:
			case goes:
				certainlyHas(&view, claims(i))
			default:
				mayHave(&view, claims(i))
			}
		}
	}
	for i := range p.images {
		if config := p.inv.Image(i).Config; config != inventory.NoDigest {
			claims(i)(config)
		}
	}
	return b
}

func (b blobOwners) isBlob(d inventory.Digest) bool { return b.owner[d] != 0 || b.inv.Stored(d) }

func (b blobOwners) verdict(d inventory.Digest) Verdict {
	image := int(b.owner[d]) - 1
	v := Verdict{Kind: BlobVerdict, Object: b.inv.DigestText(d), Outcome: Keep}
	accepted, needed := b.unknown.accepted[d]
	stream, linked := b.stillLinked[d]
	parent, owned := b.unknown.owned[d]
	switch {
	case linked:
		v.Reason = Reason{Rule: RuleInUse, Path: []string{b.needName(linkNeed(int(stream))), v.Object}}
	case owned && (image < 0 || b.deleted(image)):
		v.Reason = Reason{Rule: RuleInUse, Path: append(b.imagePath(int(parent)), v.Object)}
	case b.blobs != nil && needed && (image < 0 || b.deleted(image)):
		v.Reason = Reason{Rule: RuleInUse, Path: []string{b.needName(accepted), v.Object}}
	case b.blobs != nil && b.blobs[d] == blobOrphan:
		v.Outcome = Delete
		v.Reason = Reason{Rule: RuleOrphan}
	case image < 0:
		v.Reason = b.unnamedReason()
	case b.blobs != nil && b.blobs[d] == blobDoomed:
		v.Outcome = Delete
		v.Reason = Reason{Rule: RuleImageDeleted, Image: b.inv.DigestText(b.inv.Image(image).Digest)}
	case b.deleted(image):
		rule := RuleConfigUncertain
		if b.blobs == nil {
			rule = RuleRegistryKept
		}
		v.Reason = Reason{Rule: rule, Image: b.inv.DigestText(b.inv.Image(image).Digest)}
	default:
		v.Reason = Reason{Rule: RuleInUse, Path: b.imagePath(image)}
		if text := b.inv.DigestText(d); v.Reason.Path[len(v.Reason.Path)-1] != text {
			v.Reason.Path = append(v.Reason.Path, text)
		}
	}
	return v
}

// unnamedReason tells why a blob stays that is stored, and no image that is known
// has.
func (p *planner) unnamedReason() Reason {
	switch {
	case p.failed():
		return Reason{Rule: RuleInvalidReferences}
	case !p.policy.Orphans:
		return Reason{Rule: RuleNoRule}
	case p.policy.Namespace != "":
		return Reason{Rule: RuleOutOfScope}
	case !p.inv.Complete(inventory.KindImageStream):
		return Reason{Rule: RuleStreamsNotListed}
	case !p.inv.Complete(inventory.KindImage):
		return Reason{Rule: RuleImagesNotListed}
	case p.unlisted != nil:
		return Reason{Rule: RuleLinksNotListed, Unknown: p.holderDoubt(slices.Index(p.unlisted, true))}
	case p.holdsBack():
		return p.unknownReason()
	case p.unknown.part > 0:
		return Reason{Rule: RuleUnknownImage, Unknown: "all that " + p.imageName(p.inv.Image(int(p.unknown.part-1)).Digest) + " may need, which stays"}
	case p.configHidden >= 0:
		return Reason{Rule: RuleConfigUncertain, Image: p.inv.DigestText(p.inv.Image(p.configHidden).Digest)}
	}
	return Reason{Rule: RuleInUse, Unknown: p.missingKinds() + " not listed completely, and may use it"}
}
