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
	Knobs
	*cluster
	threshold time.Time

	uses    uses
	dropped []listedItem
	left    []listedItem   // what remains, of all streams
	needed  map[string]set // by "namespace/name", digests, without their children
	gone    set            // names of the images that go
}

// Plan returns what goes. Objects that are of no use to the rules are passed
// over. It fails where a time or a quantity does not parse, where two objects
// contradict each other, and where the knobs do.
func Plan(objects []map[string]any, knobs Knobs, now time.Time) (Sets, error) {
	ages := knobs.KeepYoungerThan != nil && knobs.KeepTagRevisions != nil
	none := knobs.KeepYoungerThan == nil && knobs.KeepTagRevisions == nil
	if knobs.PruneOverSizeLimit && !none || !knobs.PruneOverSizeLimit && !ages {
		return Sets{}, errors.New("over-size mode has no ages and no revisions, the other mode has both")
	}
	c, err := readCluster(objects)
	if err != nil {
		return Sets{}, err
	}
	p := &planner{Knobs: knobs, cluster: c, needed: map[string]set{}, gone: set{}}
	if ages {
		p.threshold = now.Add(-*knobs.KeepYoungerThan)
	}

	var sets Sets
	p.readReferences()
	if p.IgnoreInvalidRefs {
		sets.IgnoredReferences = p.uses.invalid
	} else if sets.InvalidReferences = p.uses.invalid; sets.InvalidReferences > 0 {
		return sets, nil
	}
	if !p.usesAreKnown() {
		return sets, nil
	}
	p.planItems()
	p.findNeeds()
	p.planImages()
	for _, it := range p.dropped {
		sets.TagItems = append(sets.TagItems, TagItem{it.stream.repository(), it.tag, it.index, it.image})
	}
	for name := range p.gone {
		sets.Images = append(sets.Images, name)
	}
	if p.PruneRegistry {
		sets.LayerLinks, sets.ManifestLinks = p.links()
		sets.Blobs = p.blobs()
	}
	return sets, nil
}

// young reports whether something is protected by its age: created strictly
// later than the threshold. Over-size mode has no ages.
func (p *planner) young(created *time.Time) bool {
	if p.PruneOverSizeLimit {
		return false
	}
	if created == nil { // unknown, which keeps; to the peer, ancient
		return !p.Strict
	}
	return created.After(p.threshold)
}
