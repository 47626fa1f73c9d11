package imagestream

import (
	"net/netip"
	"strings"
)

const (
	maxName = 255
	maxTag  = 128
)

// The classes of bytes in a pull spec.
const (
	classLower    = 1 << iota // a-z
	classDigit                // 0-9
	classUpper                // A-Z
	classTagMark              // - . which a tag may hold but not start with
	classUnder                // _
	classHexLower             // 0-9 a-f
	classHexUpper             // A-F

	classWord  = classLower | classDigit
	classAlnum = classWord | classUpper
	hexLower   = classHexLower
	hexAnyCase = classHexLower | classHexUpper
)

var classes = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] |= classLower
		t[c-'a'+'A'] |= classUpper
	}
	for c := '0'; c <= '9'; c++ {
		t[c] |= classDigit | classHexLower
	}
	for c := 'a'; c <= 'f'; c++ {
		t[c] |= classHexLower
		t[c-'a'+'A'] |= classHexUpper
	}
	t['-'] |= classTagMark
	t['.'] |= classTagMark
	t['_'] |= classUnder
	return t
}()

func all(s string, class uint8) bool {
	for i := range len(s) {
		if classes[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

// ValidTag says whether s may be the tag of a pull spec: a letter, a digit or
// "_", then up to 127 of these, "." or "-". The API server itself does not
// check the tags of streams, so there may be others in a cluster.
func ValidTag(s string) bool { return checkTag(s) == "" }

// ValidDigest says whether s is a digest as registries write them: sha256,
// sha384 or sha512, a colon, and as many lower-case hex digits as the hash has.
func ValidDigest(s string) bool { return checkDigest(s, hexLower) == "" }

func checkTag(s string) (reason string) {
	switch {
	case s == "":
		return "there is no tag after the colon"
	case len(s) > maxTag:
		return "the tag is longer than 128 bytes"
	case classes[s[0]]&(classAlnum|classUnder) == 0:
		return "a tag starts with a letter, a digit or _"
	case !all(s, classAlnum|classUnder|classTagMark):
		return "a tag holds nothing but letters, digits, _ . -"
	}
	return ""
}

func checkDigest(s string, hex uint8) (reason string) {
	algorithm, encoded, _ := strings.Cut(s, ":")
	want := 0
	switch algorithm {
	case "sha256":
		want = 64
	case "sha384":
		want = 96
	case "sha512":
		want = 128
	default:
		return "the digest is not of sha256, sha384 or sha512"
	}
	switch {
	case len(encoded) != want:
		return "the digest is of the wrong length"
	case !all(encoded, hex):
		return "the digest is not lower-case hex"
	}
	return ""
}

// checkComponent checks one component of a repository's name: words, and
// between two of them one dot, one or two underscores, or any number of dashes.
func checkComponent(s string) (reason string) {
	for i := 0; ; {
		start := i
		for i < len(s) && classes[s[i]]&classWord != 0 {
			i++
		}
		if i == start {
			return componentReason(s, i)
		}
		if i == len(s) {
			return ""
		}
		n := separator(s[i:])
		if n == 0 {
			return componentReason(s, i)
		}
		i += n
	}
}

// separator returns the length of the separator that s starts with, or 0.
func separator(s string) int {
	switch {
	case s[0] == '.':
		return 1
	case strings.HasPrefix(s, "__"):
		return 2
	case s[0] == '_':
		return 1
	}
	n := 0
	for n < len(s) && s[n] == '-' {
		n++
	}
	return n
}

func componentReason(s string, i int) string {
	switch {
	case s == "":
		return "a component of the name is empty"
	case i < len(s) && classes[s[i]]&classUpper != 0:
		return "the repository name must be lower case"
	case i == len(s) || classes[s[i]]&(classTagMark|classUnder) != 0:
		return "a component of the name must start and end with a letter or digit, with . _ __ or dashes in between"
	}
	return "the name holds a byte that no name may"
}

// isHost says whether s is labels with dots between them, and a port if any.
func isHost(s string) bool {
	name, port, hasPort := strings.Cut(s, ":")
	if hasPort && (port == "" || !all(port, classDigit)) {
		return false
	}
	for more := true; more; {
		var label string
		label, name, more = strings.Cut(name, ".")
		if !isLabel(label) {
			return false
		}
	}
	return true
}

func isLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if s[i] != '-' && classes[s[i]]&classAlnum == 0 {
			return false
		}
	}
	return true
}

func checkHostStrict(s string) (reason string) {
	name, port, hasPort := s, "", false
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "the bracket of an IPv6 address is not closed"
		}
		address, err := netip.ParseAddr(s[1:end])
		if err != nil || !address.Is6() || address.Zone() != "" {
			return "there is no IPv6 address between the brackets"
		}
		if name = s[end+1:]; name == "" {
			return ""
		}
		if name[0] != ':' {
			return "the registry is not a valid host"
		}
		port, hasPort = name[1:], true
	} else if name, port, hasPort = strings.Cut(s, ":"); !isHost(name) {
		return "the registry is not a valid host"
	}
	if hasPort && !isPort(port) {
		return "the port is not a number from 1 to 65535"
	}
	return ""
}

func isPort(s string) bool {
	if s == "" || len(s) > 5 || s[0] == '0' || !all(s, classDigit) {
		return false
	}
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n <= 65535
}
