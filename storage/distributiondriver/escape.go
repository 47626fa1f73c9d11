package distributiondriver

import (
	"strings"

	"github.com/registrykit/registrykit/storage"
)

// Distribution's paths know letters, digits, dots, dashes and underscores. Another
// byte of a key is written as the mark and two hexadecimal digits, and so is the
// first byte of a mark that the key itself has. No name that a registry makes has
// the mark, so that its tree is the same in keys and in paths.
const (
	escapeMark = "-._-"
	hexDigits  = "0123456789ABCDEF"
)

// escape turns a key, or a part of one, into a path without its slash.
func escape(key string) string {
	if !needsEscape(key) {
		return key
	}
	var b strings.Builder
	for i := range len(key) {
		c := key[i]
		if isPlain(c) && !looksMarked(key[i:]) {
			b.WriteByte(c)
			continue
		}
		b.WriteString(escapeMark)
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}

// looksMarked reports whether a text that begins so would be read as marked: it begins
// with the mark, or with all of it but the dash that the next byte's mark begins with.
func looksMarked(text string) bool {
	rest, ok := strings.CutPrefix(text, escapeMark[:len(escapeMark)-1])
	return ok && rest != "" && (rest[0] == '-' || !isPlain(rest[0]))
}

func needsEscape(key string) bool {
	for i := range len(key) {
		if !isPlain(key[i]) {
			return true
		}
	}
	return strings.Contains(key, escapeMark)
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-' || c == '/'
}

// unescape turns a name of a listing into a part of a key; ok is false for a name
// that escape never makes.
func unescape(name string) (part string, ok bool) {
	if strings.ContainsRune(name, '/') {
		return "", false
	}
	var b strings.Builder
	for rest := name; rest != ""; {
		after, marked := strings.CutPrefix(rest, escapeMark)
		if !marked {
			b.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		if len(after) < 2 {
			return "", false
		}
		high, low := strings.IndexByte(hexDigits, after[0]), strings.IndexByte(hexDigits, after[1])
		if high < 0 || low < 0 {
			return "", false
		}
		b.WriteByte(byte(high<<4 | low))
		rest = after[2:]
	}
	part = b.String()
	return part, escape(part) == name && storage.CheckKey("a/"+part) == nil
}
