package prune

import (
	"fmt"
	"strconv"
	"strings"
	"time"
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
	RuleLinksNotListed    = "links-not-listed"   // a repository whose links are not known may hold it for its own sake
	RuleImagesNotListed   = "images-not-listed"  // Images that are not known may own the image, or need its blobs
	RuleUnknownImage      = "unknown-image"      // an image that is needed and not known may own it, or need it
	RuleDroppedItem       = "dropped-item"       // link: of an item that goes
	RuleImageDeleted      = "image-deleted"      // blob: of an image that goes
	RuleInUse             = "in-use"             // blob: of an image that stays
	RuleConfigUncertain   = "config-uncertain"   // blob: a config that its image may not have, or that may be another's
	RuleRegistryKept      = "registry-kept"      // blob: the policy leaves the registry's data alone
	RuleLinked            = "linked"             // image: a repository holds it, though no tag does
	RuleOrphan            = "orphan"             // link or blob: it is there, and nothing needs it
	RuleStreamGone        = "stream-gone"        // link, looked at again: its repository's stream is not there any more, and no volume was listed
	RuleUsersNotListed    = "users-not-listed"   // looked at again: what is not known, or cannot be read, may use it
	RuleReplaced          = "replaced"           // image, looked at again: another object of that name by now
)

var structuralRules = map[ruleIndex]string{
	outOfScope: RuleOutOfScope, noRule: RuleNoRule, invalidReferences: RuleInvalidReferences,
	linkedManifest: RuleLinked, neededByItem: RuleListed, namedByItem: RuleNamed, neededByParent: RuleOwned,
	neededBySubject: RuleReferrer, streamsUnlisted: RuleStreamsNotListed, heldByUnknown: RuleUnknownImage,
	imagesUnlisted: RuleImagesNotListed, linksUnlisted: RuleLinksNotListed,
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
	// Size is the image's, 0 where it is not known, and Limit that of the
	// namespace, in bytes.
	Size  int64  `json:"size,omitempty"`
	Limit *int64 `json:"limit,omitempty"`
	// Item is the dropped item that had the link, as "dev/app:latest#3".
	Item string `json:"item,omitempty"`
	// Image is the image that a blob belonged to or, of a link, what the item's
	// index owns and the link belonged to.
	Image string `json:"image,omitempty"`
	// Facts are how it met what else the rule asks, in words: its patterns,
	// labels and pulls, whether it is managed, known or in use.
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
	switch {
	case r.Limit != nil && r.Size > *r.Limit:
		add("size %d > limit %d bytes", r.Size, *r.Limit)
	case r.Limit != nil && r.Size > 0:
		add("size %d <= limit %d bytes", r.Size, *r.Limit)
	case r.Limit != nil:
		add("limit %d bytes", *r.Limit)
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
