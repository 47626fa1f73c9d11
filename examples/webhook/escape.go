package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape returns a text with everything that does not print as itself written as \u and
// four hexadecimal digits, \U and eight, or \x and two for a byte that is no UTF-8: control
// characters, line ends, escape sequences, and what changes the direction of text or has
// no width. Blanks stay; a backslash stays too, so it is for people and not to be read back.
func escape(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		s = s[size:]
	}
	return b.String()
}
