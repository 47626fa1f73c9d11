package imagestream

import (
	"errors"
	"strconv"
)

// ErrInvalidChoice is the class of a pattern or a version range of
// [ChooseOptions] that does not parse.
var ErrInvalidChoice = errors.New("invalid choice of tags")

// DefaultImportLimit is how many tags OpenShift's API server imports of a
// repository, unless it is configured otherwise.
const DefaultImportLimit = 50

// ChooseOptions says which tags of a repository to take. The zero value takes
// all that are tags of images.
type ChooseOptions struct {
	// Order is which tags come first.
	Order TagOrder
	// Limit is how many tags are taken at most; 0 or less is no limit. See
	// [DefaultImportLimit].
	Limit int
	// Include takes only tags that one of the patterns matches; where there
	// are none, all. Exclude then leaves out what one of its patterns
	// matches. A pattern is one of [path.Match], for the whole tag (3.*-ubi9);
	// between two slashes it is a regular expression of [regexp], for a part
	// of the tag unless it says ^ and $ (/^v\d+$/).
	Include, Exclude []string
	// Versions takes only versions in a range. Conditions with spaces or
	// commas between them must all hold, and || separates alternatives:
	//
	//	>=1.20 <2        from 1.20 on, and before 2
	//	1.2  =1.2  1.2.* every version that starts with 1.2
	//	~1.2.3           from 1.2.3 on, within 1.2
	//	^1.2.3           from 1.2.3 on, within 1; ^0.2.3 within 0.2
	//
	// A condition compares as many numbers as it has: <2 holds for no 2.x, >2
	// for 3 and above, <=2 for 2.9. A tag with fewer numbers moves over all
	// versions that start with them, and counts as the newest of these: 3 is
	// in >=3.5, and not in <3.5. What follows the numbers of a tag plays no
	// part, but that a pre-release of a bound itself is outside of it, on
	// either side: 2.0.0-rc.1 is neither in <2 nor in >=2. Everything that is
	// no version, latest and dates too, is outside of every range. Empty is
	// no range.
	Versions string
	// SkipPreReleases leaves out pre-releases.
	SkipPreReleases bool
	// KeepArtifacts takes signatures, attestations and the like too: tags that
	// name the digest of the image they belong to.
	KeepArtifacts bool
}

// TagChoice is what [ChooseTags] gives. Every tag that it was given is in one of
// the two, as often as it was given.
type TagChoice struct {
	// Chosen are the tags to take, in the order of the options, each once.
	Chosen []string
	// LeftOut are the others, in the same order. Of a tag that came several
	// times, the first is judged, and the others are duplicates.
	LeftOut []LeftOutTag
}

// LeftOutTag is a tag that was not chosen, and why.
type LeftOutTag struct {
	Tag    string
	Reason LeftOutReason
	// By is the pattern, the range or the limit that left the tag out, or what
	// is wrong with its name; empty where the reason says it all.
	By string
}

// String says in words which tag was left out, and why.
func (l LeftOutTag) String() string {
	s := quoteShort(l.Tag) + ": " + string(l.Reason)
	if l.By != "" {
		s += ": " + l.By
	}
	return s
}

// LeftOutReason is why a tag was not chosen.
type LeftOutReason string

// The reasons, in the order in which they are looked for.
const (
	LeftOutDuplicate    LeftOutReason = "listed before"
	LeftOutEmpty        LeftOutReason = "an empty name"
	LeftOutInvalidName  LeftOutReason = "not a valid tag"
	LeftOutArtifact     LeftOutReason = "belongs to an image, and is none"
	LeftOutNotIncluded  LeftOutReason = "no pattern matches"
	LeftOutExcluded     LeftOutReason = "excluded by a pattern"
	LeftOutPreRelease   LeftOutReason = "a pre-release"
	LeftOutNotAVersion  LeftOutReason = "not a version"
	LeftOutOutsideRange LeftOutReason = "outside of the version range"
	LeftOutLimit        LeftOutReason = "beyond the limit"
)

// ChooseTags chooses tags of a repository and puts them in order. It does not
// change its argument, and what it gives does not depend on the argument's
// order. The error is an [*Error] of class [ErrInvalidChoice] whose field names
// the option that is wrong; nothing is chosen then.
func ChooseTags(tags []string, options ChooseOptions) (TagChoice, error) {
	c, err := newTagChooser(options)
	if err != nil {
		return TagChoice{}, err
	}
	choice := TagChoice{}
	for i, k := range options.Order.sorted(tags) {
		left := LeftOutTag{Tag: k.tag}
		if i > 0 && k.tag == c.last {
			left.Reason = LeftOutDuplicate
		} else {
			left.Reason, left.By = c.judge(&k)
		}
		c.last = k.tag
		if left.Reason == "" && options.Limit > 0 && len(choice.Chosen) == options.Limit {
			left.Reason, left.By = LeftOutLimit, strconv.Itoa(options.Limit)
		}
		if left.Reason == "" {
			choice.Chosen = append(choice.Chosen, k.tag)
		} else {
			choice.LeftOut = append(choice.LeftOut, left)
		}
	}
	return choice, nil
}

// tagChooser is the options, ready to use.
type tagChooser struct {
	options          ChooseOptions
	include, exclude []tagPattern
	versions         versionRange
	last             string
}

func newTagChooser(options ChooseOptions) (*tagChooser, error) {
	c := &tagChooser{options: options}
	var err error
	if c.include, err = newTagPatterns("include", options.Include); err != nil {
		return nil, err
	}
	if c.exclude, err = newTagPatterns("exclude", options.Exclude); err != nil {
		return nil, err
	}
	c.versions, err = parseVersionRange(options.Versions)
	return c, err
}

// judge says why a tag is not taken, but for duplicates and the limit.
func (c *tagChooser) judge(k *tagKey) (reason LeftOutReason, by string) {
	if k.tag == "" {
		return LeftOutEmpty, ""
	}
	if wrong := checkTag(k.tag); wrong != "" {
		return LeftOutInvalidName, wrong
	}
	if k.kind == TagArtifact && !c.options.KeepArtifacts {
		return LeftOutArtifact, ""
	}
	if len(c.include) > 0 && matchedBy(c.include, k.tag) == "" {
		return LeftOutNotIncluded, ""
	}
	if pattern := matchedBy(c.exclude, k.tag); pattern != "" {
		return LeftOutExcluded, pattern
	}
	if k.kind == TagPreRelease && c.options.SkipPreReleases {
		return LeftOutPreRelease, ""
	}
	if len(c.versions) == 0 {
		return "", ""
	}
	if k.kind != TagVersion && k.kind != TagPreRelease {
		return LeftOutNotAVersion, ""
	}
	if !c.versions.holds(k) {
		return LeftOutOutsideRange, c.options.Versions
	}
	return "", ""
}

func choiceError(field, text, reason string) error {
	return &Error{Op: "choose tags", Object: quoteShort(text), Field: field, Reason: reason, Err: ErrInvalidChoice}
}
