package prune

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/registrykit/registrykit/prune/inventory"
)

// The rules that hold whatever the policy, as reasons name them. Their IDs do
// not change.
const (
	RuleOutOfScope        = "out-of-scope"       // not of the namespace that is planned
	RuleNoRule            = "no-rule"            // no rule of the policy matches
	RuleInvalidReferences = "invalid-references" // the plan failed
	RuleListed            = "listed"             // a remaining item lists the image
	RuleNamed             = "named"              // a remaining item's dockerImageReference names the image
	RuleOwned             = "owned"              // an index that stays owns it
	RuleReferrer          = "referrer"           // it refers to what stays
	RuleStreamsNotListed  = "streams-not-listed" // streams that are not known may list it
	RuleImagesNotListed   = "images-not-listed"  // Images that are not known may own the image, or need its blobs
	RuleUnknownImage      = "unknown-image"      // an image that is needed and not known may own it, or need it
	RuleDroppedItem       = "dropped-item"       // link: of an item that goes
	RuleImageDeleted      = "image-deleted"      // blob: of an image that goes
	RuleInUse             = "in-use"             // blob: of an image that stays
	RuleConfigUncertain   = "config-uncertain"   // blob: a config that its image may not have, or that may be another's
	RuleRegistryKept      = "registry-kept"      // blob: the policy leaves the registry's data alone
)

var structuralRules = map[ruleIndex]string{
	outOfScope: RuleOutOfScope, noRule: RuleNoRule, invalidReferences: RuleInvalidReferences,
	neededByItem: RuleListed, namedByItem: RuleNamed, neededByParent: RuleOwned,
	neededBySubject: RuleReferrer, streamsUnlisted: RuleStreamsNotListed, heldByUnknown: RuleUnknownImage,
	imagesUnlisted: RuleImagesNotListed,
}

// A Reason says why an object stays or goes: the rule, and the evidence that it
// was decided on. Fields that play no part are zero and not in JSON.
type Reason struct {
	Rule string `json:"rule"`
	// Age is how old the object is at the plan's instant, and YoungerThan the
	// age below which it would be kept, or is.
	Age         *Duration `json:"age,omitempty"`
	YoungerThan *Duration `json:"youngerThan,omitempty"`
	// OlderThan is the age at which the rule lets it go.
	OlderThan *Duration `json:"olderThan,omitempty"`
	// Revision is the item's place in its tag's history, from 1, and Revisions
	// how many are kept.
	Revision  int  `json:"revision,omitempty"`
	Revisions *int `json:"revisions,omitempty"`
	// Size is the image's, and Limit that of the namespace, in bytes.
	Size  int64  `json:"size,omitempty"`
	Limit *int64 `json:"limit,omitempty"`
	// Item is the dropped item that had the link, as "dev/app:latest#3".
	Item string `json:"item,omitempty"`
	// Image is the image that a blob belonged to or, of a link, what the item's
	// index owns and the link belonged to.
	Image string `json:"image,omitempty"`
	// Facts are how it met the rule's patterns, labels and pulls, in words.
	Facts []string `json:"facts,omitempty"`
	// Unknown says what is not known, and kept the object.
	Unknown string `json:"unknown,omitempty"`
	// Path leads from what is needed for its own sake to the object.
	Path []string `json:"path,omitempty"`
}

// String returns the reason in one line, for a person.
func (r Reason) String() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if r.Age != nil && r.YoungerThan != nil {
		sign := ">="
		if *r.Age < *r.YoungerThan {
			sign = "<"
		}
		add("age %s %s %s", ageText(*r.Age), sign, *r.YoungerThan)
	} else if r.Age != nil && r.OlderThan == nil {
		add("age %s", ageText(*r.Age))
	}
	if r.Age != nil && r.OlderThan != nil {
		sign := ">="
		if *r.Age < *r.OlderThan {
			sign = "<"
		}
		add("age %s %s %s", ageText(*r.Age), sign, *r.OlderThan)
	}
	if r.Revision > 0 && r.Revisions != nil {
		sign := ">"
		if r.Revision <= *r.Revisions {
			sign = "<="
		}
		add("revision %d %s %d", r.Revision, sign, *r.Revisions)
	}
	if r.Limit != nil {
		add("size %d, limit %d bytes", r.Size, *r.Limit)
	}
	if r.Item != "" {
		add("of %s", r.Item)
	}
	if r.Image != "" {
		add("of image %s", short(r.Image))
	}
	for _, fact := range r.Facts {
		add("%s", fact)
	}
	if r.Unknown != "" {
		add("unknown: %s", r.Unknown)
	}
	if len(r.Path) > 0 {
		add("%s", strings.Join(r.Path, " -> "))
	}
	if len(parts) == 0 {
		return r.Rule
	}
	return r.Rule + ": " + strings.Join(parts, "; ")
}

// ageText writes an age of days in days.
func ageText(d Duration) string {
	const day = Duration(24 * time.Hour)
	if d < 3*day {
		return d.String()
	}
	text := strconv.FormatInt(int64(d/day), 10) + "d"
	if rest := d % day; rest != 0 {
		text += rest.String()
	}
	return text
}

// itemReason tells why an item stays or goes.
func (p *planner) itemReason(i int) Reason {
	v := p.items[i]
	item := p.inv.Item(i)
	tag := p.inv.Tag(item.Tag)
	stream := p.inv.Stream(tag.Stream)
	if v.rule < 0 {
		r := Reason{Rule: structuralRules[v.rule]}
		switch {
		case v.rule == neededBySubject && v.cause >= 0:
			r.Path = append(p.imagePath(int(v.cause)), p.itemName(i))
		case v.rule == neededBySubject:
			r.Unknown = p.referrerDoubt(tag)
		}
		return r
	}
	f := itemFacts{planner: p, stream: tag.Stream, view: stream, repository: stream.Repository(), tag: tag, item: item}
	rule := &p.policy.TagItems[v.rule]
	r := Reason{Rule: rule.ID}
	decisive := p.policy.TagItems[v.rule : v.rule+1]
	if rule.Outcome == Delete {
		decisive = p.policy.TagItems[:v.rule+1] // also by what keep rules missed
	}
	for k := range decisive {
		f.evidence(&decisive[k].When, &r, k == len(decisive)-1)
	}
	r.Facts = p.matchedFacts(&rule.When, f.imageNumber(), tag.Name)
	if v.cause >= 0 {
		r.Path = p.usePath(int(v.cause), i)
	} else if rule.Outcome == Keep {
		r.Unknown = f.doubt(&rule.When)
	}
	return r
}

// referrerDoubt says why an item that may be a referrer stays although nothing
// that is known needs its subject.
func (p *planner) referrerDoubt(tag inventory.StreamTag) string {
	switch {
	case p.mayNeedMore():
		return "whether what it refers to is still needed: " + p.missingEvidence() + " not listed completely"
	case p.unknown.streams[tag.Stream]:
		return "whether what it refers to is still needed: an image that its repository needs is not known, and may own it"
	}
	return "the Image that it refers to, which is still needed"
}

// evidence fills in the numbers that a condition compares. An age of the stream
// is told only where it decided: otherwise the item's is.
func (f *itemFacts) evidence(c *Condition, r *Reason, decided bool) {
	if c.StreamYoungerThan != nil && decided {
		r.Age, r.YoungerThan = f.age(f.view.Created), c.StreamYoungerThan
	}
	if c.YoungerThan != nil {
		r.Age, r.YoungerThan = f.age(f.item.Created), c.YoungerThan
	}
	if c.OlderThan != nil && (decided || r.Age == nil) {
		r.Age = f.age(f.item.Created)
		if decided {
			r.OlderThan = c.OlderThan
		}
	}
	if c.RevisionBelow != nil {
		r.Revision, r.Revisions = f.item.Index+1, c.RevisionBelow
	}
	if c.RevisionFrom != nil {
		r.Revision, r.Revisions = f.item.Index+1, c.RevisionFrom
	}
	if c.OverLimit != nil {
		if limit, _, ok := f.inv.MaxImageSize(f.view.Namespace); ok {
			r.Limit = &limit
		}
		if image := f.imageNumber(); image >= 0 {
			r.Size = f.inv.Image(image).Size
		}
	}
}

// doubt names the fact that is not known and that a keep rule took as true.
func (f *itemFacts) doubt(c *Condition) string {
	switch {
	case c.StreamYoungerThan != nil && f.doubtful(f.view.Created):
		return "when the stream was made"
	case (c.YoungerThan != nil || c.OlderThan != nil) && f.doubtful(f.item.Created):
		return "when the item was made"
	case (c.TagInUse != nil || c.DigestInUse != nil) && !f.usesKnown:
		return f.missingKinds() + " not listed completely, and may use it"
	case c.DigestInUse != nil && f.known() == unknown:
		return "whether its Image exists, and owns what is in use: Images were not listed completely, after the streams"
	case c.DigestInUse != nil && *c.DigestInUse:
		return "whether it owns what is in use: what it owns is not known, or not all of it"
	case c.Known != nil && f.item.Image == inventory.NoDigest:
		return "its image, of which a reference tag has none"
	case c.Known != nil && f.known() == unknown:
		return "whether its Image exists: Images were not listed completely, after the streams"
	case c.OverLimit != nil && f.overLimit() == unknown:
		return "whether it is over a limit"
	}
	return f.doubtOfImage(c, f.imageNumber())
}

// doubtful reports whether a time is unknown, and not taken for ancient.
func (p *planner) doubtful(t inventory.Instant) bool {
	return !t.Known() && !p.policy.AbsentTimesAreAncient
}

// missingKinds names the kinds that could use an image and were not listed
// completely.
func (p *planner) missingKinds() string {
	return p.incomplete(append(inventory.WorkloadKinds(), inventory.KindImageStream))
}

// missingEvidence names the kinds that could need a manifest and were not listed
// completely.
func (p *planner) missingEvidence() string {
	kinds := []inventory.Kind{inventory.KindImageStream, inventory.KindImage}
	if p.policy.asksForUse() {
		kinds = append(inventory.WorkloadKinds(), kinds...)
	}
	return p.incomplete(kinds)
}

func (p *planner) incomplete(kinds []inventory.Kind) string {
	var names []string
	for _, kind := range kinds {
		if !p.inv.Complete(kind) {
			names = append(names, string(kind))
		}
	}
	return strings.Join(names, ", ")
}

// imageReason tells why an image stays or goes.
func (p *planner) imageReason(i int) Reason {
	v := p.images[i]
	if v.rule < 0 {
		r := Reason{Rule: structuralRules[v.rule]}
		if v.rule == heldByUnknown {
			u := p.unknown.list[v.cause]
			r.Unknown = p.inv.DigestText(u.digest) + ", needed by " + p.needName(u.need)
		} else if v.rule == neededByItem || v.rule == namedByItem || v.rule == neededByParent || v.rule == neededBySubject {
			r.Path = p.imagePath(i)
		}
		if v.rule == neededBySubject && v.cause < 0 {
			r.Unknown = "the image that it refers to, " + p.inv.DigestText(p.inv.Image(i).Subject) + ", which is needed"
		}
		return r
	}
	rule := &p.policy.Images[v.rule]
	r := Reason{Rule: rule.ID}
	view := p.inv.Image(i)
	decisive := p.policy.Images[v.rule : v.rule+1]
	if rule.Outcome == Delete {
		decisive = p.policy.Images[:v.rule+1]
	}
	for k := range decisive {
		if c := &decisive[k].When; c.YoungerThan != nil {
			r.Age, r.YoungerThan = p.age(view.Created), c.YoungerThan
		} else if c.OlderThan != nil {
			r.Age = p.age(view.Created)
		}
	}
	r.Facts = p.matchedFacts(&rule.When, i, "")
	if r.Age != nil {
		r.OlderThan = rule.When.OlderThan
	}
	if v.cause >= 0 {
		r.Path = p.imagePath(i)
	} else if rule.Outcome == Keep {
		r.Unknown = p.imageDoubt(&rule.When, view)
	}
	return r
}

// imageDoubt names the fact of an image that is not known and that a keep rule
// took as true.
func (p *planner) imageDoubt(c *Condition, view inventory.Image) string {
	switch {
	case c.DigestInUse != nil && !p.usesKnown:
		return p.missingKinds() + " not listed completely, and may use it"
	case (c.YoungerThan != nil || c.OlderThan != nil) && p.doubtful(view.Created):
		return "when the image was made"
	}
	return p.doubtOfImage(c, p.inv.ImageOf(view.Digest))
}

func (p *planner) itemName(i int) string {
	item := p.inv.Item(i)
	tag := p.inv.Tag(item.Tag)
	return p.inv.Stream(tag.Stream).Repository() + ":" + tag.Name + "#" + strconv.Itoa(item.Index)
}

// useName names a field of a workload.
func (p *planner) useName(number int) string {
	use := p.inv.Use(number)
	return p.inv.Workload(use.Workload).String() + " " + use.Field
}

func (p *planner) needName(n need) string {
	if n.item >= 0 {
		return p.itemName(int(n.item))
	}
	return p.useName(int(n.use))
}

// usePath leads from a use to the item that it keeps: through the tag that it
// names, or through the digest and the indexes that own it.
func (p *planner) usePath(number, i int) []string {
	use := p.inv.Use(number)
	path := []string{p.useName(number)}
	if use.Digest == inventory.NoDigest {
		return append(path, use.Repository+":"+use.Tag, p.itemName(i))
	}
	path = append(path, p.ownersPath(use.Digest, p.inv.Item(i).Image)...)
	return append(path, p.itemName(i))
}

// ownersPath leads from a digest up to an index that owns it, by the shortest
// way.
func (p *planner) ownersPath(from, to inventory.Digest) []string {
	parent := map[inventory.Digest]inventory.Digest{to: inventory.NoDigest}
	for queue := []inventory.Digest{to}; len(queue) > 0; queue = queue[1:] {
		image := p.inv.ImageOf(queue[0])
		if image < 0 {
			continue
		}
		for _, child := range p.inv.Children(image) {
			if _, met := parent[child]; !met {
				parent[child] = queue[0]
				queue = append(queue, child)
			}
		}
	}
	var path []string
	for d := from; d != inventory.NoDigest; d = parent[d] {
		path = append(path, p.imageName(d))
		if _, met := parent[d]; !met {
			break
		}
	}
	return path
}

// imageName is the digest, with "index" before it where it is one.
func (p *planner) imageName(d inventory.Digest) string {
	if image := p.inv.ImageOf(d); image >= 0 && p.inv.Image(image).Class == inventory.ClassIndex {
		return "index " + p.inv.DigestText(d)
	}
	return p.inv.DigestText(d)
}

// longestPath is how many indexes within each other a path shows. Real ones are
// two or three; a made-up dump may have any number, each with its own path.
const longestPath = 32

// imagePath leads from what is needed for its own sake to an image that stays.
func (p *planner) imagePath(i int) []string {
	var up []string
	for seen := map[int]bool{}; !seen[i]; {
		if len(up) == longestPath {
			up = append(up, "…")
			break
		}
		seen[i] = true
		up = append(up, p.imageName(p.inv.Image(i).Digest))
		v := p.images[i]
		if v.rule != neededByParent && v.rule != neededBySubject || v.cause < 0 {
			break
		}
		i = int(v.cause)
	}
	root := p.rootPath(i)
	for k := len(up) - 1; k >= 0; k-- {
		root = append(root, up[k])
	}
	return root
}

// rootPath leads to the image that is kept for its own sake, but for itself.
func (p *planner) rootPath(i int) []string {
	v := p.images[i]
	switch {
	case v.rule == neededByItem || v.rule == namedByItem:
		item := int(v.cause)
		if why := p.items[item]; why.rule >= 0 && why.cause >= 0 {
			return p.usePath(int(why.cause), item)
		}
		return []string{p.itemName(item)}
	case v.rule >= 0 && v.cause >= 0:
		return []string{p.useName(int(v.cause))}
	}
	return nil
}
