package imagestream

import "strings"

// tagKey is a tag, taken apart. The pieces are parts of the tag, but for times.
type tagKey struct {
	tag  string
	kind TagKind
	// numbers are those of a version, a date (year, month, day) or a number,
	// without leading zeros.
	numbers []string
	// form is what rest is, and rest what follows the numbers, or all of the
	// tag where it has none.
	form tagForm
	rest []tagToken
}

// tagForm is what follows the numbers of a version.
type tagForm uint8

const (
	formPlain tagForm = iota
	formBuild
	formVariant
	formPreRelease
)

func newTagKey(tag string) tagKey {
	k := tagKey{tag: tag, kind: TagText, form: formVariant}
	switch {
	case tag == DefaultImageTag:
		k.kind, k.form = TagLatest, formPlain
		return k
	case isArtifactTag(tag):
		k.kind = TagArtifact
	case k.readDate(withoutV(tag)):
		return k
	case isHash(tag):
	case k.readVersion(withoutV(tag)):
		return k
	}
	k.rest = appendTokens(nil, tag)
	return k
}

// withoutV cuts off the v that is before the digits of many versions.
func withoutV(tag string) string {
	if len(tag) > 1 && (tag[0] == 'v' || tag[0] == 'V') && isDigit(tag[1]) {
		return tag[1:]
	}
	return tag
}

// readVersion reads a version or a number; it changes nothing where there is
// none.
func (k *tagKey) readVersion(s string) bool {
	var numbers []string
	for {
		n := countDigits(s)
		if n == 0 {
			break
		}
		numbers = append(numbers, trimZeros(s[:n]))
		s = s[n:]
		if len(s) < 2 || s[0] != '.' || !isDigit(s[1]) {
			break
		}
		s = s[1:]
	}
	if len(numbers) == 0 || s != "" && !mayFollow(s, len(numbers)) {
		return false
	}
	k.numbers, k.rest = numbers, appendTokens(nil, s)
	k.kind, k.form = TagVersion, formOf(k.rest)
	switch {
	case len(numbers) == 1 && len(numbers[0]) > 3 && !isYear(numbers[0]):
		k.kind = TagNumber
	case k.form == formPreRelease:
		k.kind = TagPreRelease
	}
	return true
}

// mayFollow says whether s may follow the numbers of a version: after a mark,
// everything; without one, what is known to (3.13.0rc1, 8u292, 1.0.2u), so that
// 3rd-party and 2to3 stay names.
func mayFollow(s string, numbers int) bool {
	if isMark(s[0]) {
		return true
	}
	word := 0
	for word < len(s) && classes[s[word]]&(classLower|classUpper) != 0 {
		word++
	}
	if word == 0 || word < len(s) && !isMark(s[word]) && !isDigit(s[word]) {
		return false
	}
	return word == 1 || numbers > 1 || isPreReleaseWord(s[:word])
}

// formOf says what the pieces behind the numbers are.
func formOf(rest []tagToken) tagForm {
	for i, t := range rest {
		if t.kind == tokenWord && (isPreReleaseWord(t.text) || isMilestone(rest, i) || isCandidate(rest, i)) {
			return formPreRelease
		}
	}
	switch {
	case len(rest) == 0:
		return formPlain
	case rest[0].kind == tokenNumber:
		return formBuild
	}
	return formVariant
}

func isPreReleaseWord(word string) bool {
	switch strings.ToLower(word) {
	case "alpha", "beta", "rc", "cr", "pre", "prerelease", "preview", "milestone", "ea",
		"dev", "devel", "develop", "nightly", "snapshot", "canary", "insider", "insiders", "unstable":
		return true
	}
	return false
}

// isMilestone says whether the i-th piece and the one behind it are a part of
// their own like a1, b2, c1 or M3. A longer row of letters and digits is none:
// it is more likely the hash of a commit.
func isMilestone(rest []tagToken, i int) bool {
	t := rest[i]
	if len(t.text) != 1 || !strings.Contains("abcm", strings.ToLower(t.text)) || t.joined && i > 0 {
		return false
	}
	if i+1 == len(rest) || rest[i+1].kind != tokenNumber || !rest[i+1].joined || len(rest[i+1].text) > 3 {
		return false
	}
	return i+2 == len(rest) || !rest[i+2].joined
}

// isCandidate says whether the i-th piece and the one behind it are what OpenShift
// calls its engineering and feature candidates, as in 4.14.0-ec.3-x86_64 and
// 4.6.0-fc.1. 1.2-ec2 is a variant.
func isCandidate(rest []tagToken, i int) bool {
	word := strings.ToLower(rest[i].text)
	return (word == "ec" || word == "fc") && !rest[i].joined && i+1 < len(rest) && rest[i+1].kind == tokenNumber && !rest[i+1].joined
}

// readDate reads a day or a month, and what follows it; it changes nothing where
// there is none.
func (k *tagKey) readDate(s string) bool {
	var numbers []string
	var time []tagToken
	n := countDigits(s)
	switch {
	case n >= 8 && isDay(s[:4], s[4:6], s[6:8]):
		clock := s[8:n]
		switch len(clock) {
		case 0:
		case 2: // a counter
			time = []tagToken{{kind: tokenNumber, text: trimZeros(clock)}}
		case 4, 6:
			if !isClock(clock) {
				return false
			}
			time = []tagToken{{kind: tokenNumber, text: seconds(clock)}}
		default:
			return false
		}
		numbers = []string{s[:4], trimZeros(s[4:6]), trimZeros(s[6:8])}
		s = s[n:]
		if len(time) == 0 && len(s) > 1 && (s[0] == 'T' || s[0] == 't') && isDigit(s[1]) {
			n = 1 + countDigits(s[1:])
			if clock = s[1:n]; isClock(clock) {
				time, s = []tagToken{{kind: tokenNumber, text: seconds(clock)}}, s[n:]
			}
		}
	case n == 4 && len(s) >= 7 && isMonth(s[:4], s[5:7]) && (s[4] == '-' || s[4] == '_') && (len(s) == 7 || !isDigit(s[7])):
		numbers = []string{s[:4], trimZeros(s[5:7])}
		if len(s) >= 10 && s[7] == s[4] && isDay(s[:4], s[5:7], s[8:10]) && (len(s) == 10 || !isDigit(s[10])) {
			numbers, s = append(numbers, trimZeros(s[8:10])), s[10:]
		} else {
			s = s[7:]
		}
	default:
		return false
	}
	// A counter or a time behind a date makes it newer, as that of a build.
	k.kind, k.form, k.numbers, k.rest = TagDate, formBuild, numbers, appendTokens(time, s)
	return true
}

func isYear(s string) bool { return len(s) == 4 && s >= "1990" && s <= "2099" }

func isMonth(year, month string) bool {
	return isYear(year) && all(year+month, classDigit) && month >= "01" && month <= "12"
}

func isDay(year, month, day string) bool {
	return isMonth(year, month) && all(day, classDigit) && day >= "01" && day <= "31"
}

// isClock says whether s is a time of day, HHMM or HHMMSS.
func isClock(s string) bool {
	return (len(s) == 4 || len(s) == 6) && s[:2] <= "23" && s[2:4] <= "59" && (len(s) == 4 || s[4:] <= "59")
}

func seconds(clock string) string {
	if len(clock) == 4 {
		clock += "00"
	}
	return trimZeros(clock)
}

// isArtifactTag says whether a tag names a digest: that of cosign, or that which
// stands for the referrers of an image in registries without that API.
func isArtifactTag(tag string) bool {
	algorithm, rest, ok := strings.Cut(tag, "-")
	if !ok {
		return false
	}
	hex, _, _ := strings.Cut(rest, ".")
	return checkDigest(algorithm+":"+hex, hexLower) == ""
}

// isHash says whether s looks like the hash of a commit: from 7 hex digits on,
// with a letter and a digit.
func isHash(s string) bool {
	if len(s) < 7 || len(s) > 64 || !all(s, classHexLower) {
		return false
	}
	n := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			n++
		}
	}
	return n > 0 && n < len(s)
}

// tagToken is a piece of a tag: the digits of a number without leading zeros, or
// a word.
type tagToken struct {
	kind tokenKind
	// joined is true where no mark is before it.
	joined bool
	text   string
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenWord
)

// appendTokens cuts s at its marks, and between letters and digits. The hash of
// a commit is one word.
func appendTokens(tokens []tagToken, s string) []tagToken {
	joined := true
	for s != "" {
		if isMark(s[0]) {
			s, joined = s[1:], false
			continue
		}
		part := 0
		for part < len(s) && !isMark(s[part]) {
			part++
		}
		if !joined || len(tokens) == 0 {
			if isHash(s[:part]) {
				tokens = append(tokens, tagToken{tokenWord, joined, s[:part]})
				s, joined = s[part:], true
				continue
			}
		}
		n := countDigits(s)
		t := tagToken{tokenNumber, joined, trimZeros(s[:n])}
		if n == 0 {
			for n = 1; n < part && !isDigit(s[n]); n++ {
			}
			t.kind, t.text = tokenWord, s[:n]
		}
		tokens = append(tokens, t)
		s, joined = s[n:], true
	}
	return tokens
}

func isMark(c byte) bool { return c == '-' || c == '_' || c == '.' || c == '+' }

func isDigit(c byte) bool { return classes[c]&classDigit != 0 }

func countDigits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func trimZeros(digits string) string { return strings.TrimLeft(digits, "0") }
