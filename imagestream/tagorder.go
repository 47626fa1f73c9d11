package imagestream

import (
	"cmp"
	"slices"
	"strings"
)

// TagKind is what the name of a tag looks like. A name is all there is to go
// by: when a tag was pushed, a listing does not say.
type TagKind string

// The kinds of tags, in the order in which the zero [TagOrder] puts them.
const (
	// TagLatest is the tag latest.
	TagLatest TagKind = "latest"
	// TagVersion is a version: numbers with dots between them, or one number,
	// a v before them or not, and what may follow: a build (8.5-1697), a
	// variant (3.9-alpine, 22-minimal-ubi9). 2024.01 and 2024.1.3 are
	// versions; so are the years 1990 to 2099 alone.
	TagVersion TagKind = "version"
	// TagPreRelease is a version with a word such as alpha, beta, rc, dev,
	// nightly or snapshot in what follows the numbers, or with one of
	// OpenShift's candidates there (4.14.0-ec.3, 4.6.0-fc.1).
	TagPreRelease TagKind = "pre-release"
	// TagDate is a day: 20240101 or 2024-01-15, with a time or a counter
	// behind it or not, or a month as 2024-01.
	TagDate TagKind = "date"
	// TagNumber is a number that is no version: one alone, above 999, and no
	// year. Counters of builds look like that, and seconds since 1970.
	TagNumber TagKind = "number"
	// TagText is every other name: stable, ubi9-minimal, the hash of a commit.
	TagText TagKind = "text"
	// TagArtifact is what belongs to an image and is none: a tag that names a
	// digest, as sha256-<hex> and sha256-<hex>.sig do.
	TagArtifact TagKind = "artifact"
)

// KindOfTag says what the name of a tag looks like. Every string has a kind,
// also one that is no valid tag.
func KindOfTag(tag string) TagKind { return newTagKey(tag).kind }

// TagOrder is an order of tags: what to import first. The zero value is right
// for most repositories:
//
//  1. latest;
//  2. versions, the newest first;
//  3. dates, the newest first;
//  4. other numbers, the greatest first;
//  5. other names in the order of the alphabet, whatever their case, but where
//     they differ in a number the greater first (openjdk-17 before openjdk-8);
//  6. tags of signatures and the like.
//
// Any two different strings have a place before and after each other, numbers
// may be of any length, and leading zeros do not count.
//
// # Versions
//
// Numbers are compared from the left. A version of one or two numbers is taken
// for a tag that moves, as the images of most distributions have them: 3 stands
// before 3.12, and that before 3.12.4, so that a limit cuts off old patches and
// not the tags that people follow. From the third number on what is missing is
// zero: 1.2.3.1 stands before 1.2.3.
//
// Among those of the same numbers stands first what has nothing behind them,
// then builds, the newest first (8.5, 8.5-1697.2, 8.5-1697, 8.5-1600), then
// variants, in the order of the alphabet with greater numbers first (3.9,
// 3.9-alpine, 3.9-ubi9, 3.9-ubi8), then pre-releases: 2.0.0-rc.1 is older than
// 2.0.0 and newer than 1.9.9. Pre-releases compare as semver.org has it, with
// three differences: rc10 is newer than rc2, as if it were rc.10; upper and
// lower case are the same; and what starts with a number (1.0.0-3) is a build,
// which is what it means in container registries. A pre-release is one of the
// first version of its line: 5.1-rc1 is older than 5.1.0.
//
// # Dates
//
// 20240101 is not the major version 20,240,101. Where a repository has both,
// versions are what is released, seldom, and dates are what is built every night;
// nightly builds would take all places of a limit, and no release would be
// imported. So dates stand behind all versions. A date with dots is a version
// all the same (2024.01, 2024.1.3): projects that name their releases so have no
// other ones, or older ones: 2024.1 stands before 0.118, as it should.
type TagOrder struct {
	// PreReleasesLast puts all pre-releases behind all other versions, before
	// the dates.
	PreReleasesLast bool
	// DatesFirst puts dates before versions, for repositories whose releases
	// are called so.
	DatesFirst bool
}

// Compare returns -1 where a stands before b, 1 where it stands behind it, and 0
// where the two are the same string.
func (o TagOrder) Compare(a, b string) int {
	if a == b {
		return 0
	}
	x, y := newTagKey(a), newTagKey(b)
	return o.compare(&x, &y)
}

// Sort sorts tags in place. The result does not depend on the order before.
func (o TagOrder) Sort(tags []string) {
	for i, k := range o.sorted(tags) {
		tags[i] = k.tag
	}
}

func (o TagOrder) sorted(tags []string) []tagKey {
	keys := make([]tagKey, len(tags))
	for i, tag := range tags {
		keys[i] = newTagKey(tag)
	}
	slices.SortFunc(keys, func(a, b tagKey) int { return o.compare(&a, &b) })
	return keys
}

// compare is lexicographic over properties of a single tag, each of which is
// ordered for itself, and ends with the tag: so it is a total order.
func (o TagOrder) compare(a, b *tagKey) int {
	return cmp.Or(
		cmp.Compare(o.rank(a.kind), o.rank(b.kind)),
		compareNumbers(a, b),
		cmp.Compare(a.form, b.form),
		compareTokens(a.rest, b.rest, a.form),
		cmp.Compare(len(a.numbers), len(b.numbers)),
		strings.Compare(a.tag, b.tag),
	)
}

func (o TagOrder) rank(kind TagKind) int {
	switch kind {
	case TagLatest:
		return 0
	case TagVersion:
		return 2
	case TagPreRelease:
		if o.PreReleasesLast {
			return 3
		}
		return 2
	case TagDate:
		if o.DatesFirst {
			return 1
		}
		return 4
	case TagNumber:
		return 5
	case TagText:
		return 6
	}
	return 7
}

// compareNumbers puts the greater numbers first.
func compareNumbers(a, b *tagKey) int {
	for i := range max(lineNumbers, len(a.numbers), len(b.numbers)) {
		if c := compareAt(a, b, i); c != 0 {
			return -c
		}
	}
	return 0
}

// lineNumbers is how many numbers a version has that does not move.
const lineNumbers = 3

// compareAt compares the i-th numbers, smaller ones first.
func compareAt(a, b *tagKey, i int) int {
	x, xMoves := a.number(i)
	y, yMoves := b.number(i)
	switch {
	case xMoves && yMoves:
		return 0
	case xMoves:
		return 1
	case yMoves:
		return -1
	}
	return compareDigits(x, y)
}

// number returns the i-th number of a tag; what is missing is zero, or moves
// over all that there is.
func (k *tagKey) number(i int) (digits string, moves bool) {
	if i < len(k.numbers) {
		return k.numbers[i], false
	}
	return "", i < lineNumbers && k.kind != TagPreRelease
}

// compareDigits compares numbers without leading zeros; zero is empty.
func compareDigits(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareTokens compares what follows the numbers, or a name, piece by piece.
// What stands first among an end, a number and a word depends on the form.
func compareTokens(a, b []tagToken, form tagForm) int {
	ranks := tokenRanks[form]
	for i := 0; ; i++ {
		x, y := tokenAt(a, i), tokenAt(b, i)
		if x.kind != y.kind {
			return cmp.Compare(ranks[x.kind], ranks[y.kind])
		}
		var c int
		switch x.kind {
		case tokenEnd:
			return 0
		case tokenNumber:
			c = -compareDigits(x.text, y.text)
		case tokenWord:
			c = compareFold(x.text, y.text)
			if form == formPreRelease {
				c = -c
			}
		}
		if c != 0 {
			return c
		}
	}
}

// tokenRanks says for each form what stands first of an end, a number and a
// word: [tokenEnd, tokenNumber, tokenWord].
var tokenRanks = [...][3]int{
	formPlain:      {0, 1, 2},
	formBuild:      {1, 0, 2}, // 8.5-1697.2, 8.5-1697, 8.5-1697-source
	formVariant:    {0, 1, 2}, // 3.9-alpine, 3.9-alpine3.18, 3.9-alpine-slim
	formPreRelease: {2, 1, 0}, // by semver: the longer is newer, a word is newer than a number
}

func tokenAt(tokens []tagToken, i int) tagToken {
	if i < len(tokens) {
		return tokens[i]
	}
	return tagToken{}
}

// compareFold compares words, ASCII letters whatever their case.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lower(a[i]), lower(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lower(c byte) byte {
	if classes[c]&classUpper != 0 {
		return c + 'a' - 'A'
	}
	return c
}
