package naiveplan

import (
	"errors"
	"time"
)

// Knobs are those of `oc adm prune images`, and what is known of the cluster.
type Knobs struct {
	// Both are needed, but in over-size mode, where both must be nil.
	KeepYoungerThan  *time.Duration
	KeepTagRevisions *int

	PruneOverSizeLimit bool
	AllImages          bool
	PruneRegistry      bool
	IgnoreInvalidRefs  bool
	Namespace          string // "": all

	// Strict is how the peer sees the world: all kinds were listed completely,
	// the images last; unknown images are accepted; what has no time is
	// ancient. The rest counts only where it is false.
	Strict bool
	// Complete are the kinds of which all objects are known.
	Complete map[string]bool
	// ImagesAfterStreams: the Images were listed after the ImageStreams.
	ImagesAfterStreams bool
	// AcceptUnknownImages: an image that is not known holds nothing back.
	AcceptUnknownImages bool
}

// Sets are what a plan deletes, in no order.
type Sets struct {
	// References that do not parse. Where there are invalid ones nothing is
	// planned; ignored ones are those that the knobs say to ignore.
	InvalidReferences int
	IgnoredReferences int

	TagItems      []TagItem
	LayerLinks    []Link
	ManifestLinks []Link
	Blobs         []string
	Images        []string
}

// A TagItem is an entry of status.tags[].items, by its place there.
type TagItem struct {
	Stream string // namespace/name
	Tag    string
	Index  int
	Image  string
}

// A Link is a repository's right to a blob or manifest.
type Link struct {
	Repository string // namespace/name
	Digest     string
}

// A set holds digests, or names.
type set map[string]bool

func (s set) addAll(list []string) {
	for _, x := range list {
		s[x] = true
	}
}

// meets reports whether two sets have something in common.
func (s set) meets(other set) bool {
	for x := range s {
		if other[x] {
			return true
		}
	}
	return false
}

// A planner holds what the rules read, and what they decided so far.
type planner struct {
	setting
	*cluster
	rules rules
	now   time.Time

	uses    uses
	dropped []listedItem
	left    []listedItem   // what remains, of all streams
	needed  map[string]set // by "namespace/name", digests, without what belongs to them
	gone    set            // names of the images that go
	linked  set            // digests of links that stay
	kept    set            // digests of images that stay, and what they need
	whyItem map[string]set // by the name of an item: rules
	whyKept map[string]set // by the name of an image: rules
	whyGone map[string]string
}

// A setting is what is known, and what is asked besides the rules.
type setting struct {
	Evidence
	namespace           string // "": all
	pruneRegistry       bool
	ignoreInvalid       bool
	acceptUnknown       bool
	orphans, untagged   bool
	peerOnly            bool // no referrers, no prefixes of digests, no doubt of configs
	ignoreSources       map[string]bool
	ancient             bool           // what has no time is
	finishedPodsCount   *time.Duration // nil: always
	asksForUse          bool
	nothingWithoutUsers bool // nothing goes where not all is known that may use it
}

// rules decide on what nothing else decides on: by their name, and whether it
// goes.
type rules interface {
	item(p *planner, it listedItem) (rule string, goes bool)
	image(p *planner, name string, i *image) (rule string, goes bool)
}

// Plan returns what goes by the OpenShift preset. Objects that are of no use to
// the rules are passed over. It fails where a time or a quantity does not parse,
// where two objects contradict each other, and where the knobs do.
func Plan(objects []map[string]any, knobs Knobs, now time.Time) (Sets, error) {
	ages := knobs.KeepYoungerThan != nil && knobs.KeepTagRevisions != nil
	none := knobs.KeepYoungerThan == nil && knobs.KeepTagRevisions == nil
	if knobs.PruneOverSizeLimit && !none || !knobs.PruneOverSizeLimit && !ages {
		return Sets{}, errors.New("over-size mode has no ages and no revisions, the other mode has both")
	}
	p, err := newPlanner(objects, knobs.setting(), preset(knobs), now)
	if err != nil {
		return Sets{}, err
	}
	return p.plan(), nil
}

func newPlanner(objects []map[string]any, s setting, r rules, now time.Time) (*planner, error) {
	c, err := readCluster(objects)
	if err != nil {
		return nil, err
	}
	return &planner{
		setting: s, cluster: c, rules: r, now: now, gone: set{}, kept: set{},
		whyItem: map[string]set{}, whyKept: map[string]set{}, whyGone: map[string]string{},
	}, nil
}

func (p *planner) plan() Sets {
	var sets Sets
	p.uses = uses{tags: set{}, through: map[string]set{}, digests: set{}}
	if p.asksForUse {
		p.readReferences()
	}
	if p.ignoreInvalid {
		sets.IgnoredReferences = p.uses.invalid
	} else if sets.InvalidReferences = p.uses.invalid; sets.InvalidReferences > 0 {
		p.keepAll("invalid-references")
		return sets
	}
	if p.nothingWithoutUsers && !p.usesAreKnown() {
		return sets
	}
	p.planItems()
	p.keepReferrerItems()
	p.planImages()
	for _, it := range p.dropped {
		sets.TagItems = append(sets.TagItems, TagItem{it.stream.repository(), it.tag, it.index, it.image})
	}
	for name := range p.gone {
		sets.Images = append(sets.Images, name)
	}
	if p.pruneRegistry {
		sets.LayerLinks, sets.ManifestLinks = p.links()
		sets.Blobs = p.blobs(p.linksLeft(sets))
	}
	return sets
}

// threshold is the instant an age before now.
func (p *planner) threshold(age time.Duration) time.Time { return p.now.Add(-age) }
