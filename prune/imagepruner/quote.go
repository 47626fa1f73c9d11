package imagepruner

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// short is what came from outside, for an error: cut after 100 bytes, without
// control characters.
func short(s string) string {
	return cut(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")), 100)
}

// cut cuts a valid text to at most so many bytes, an ellipsis among them.
func cut(s string, most int) string {
	const ellipsis = "…"
	if len(s) <= most {
		return s
	}
	end := most - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + ellipsis
}

// quote is short with quotes around it.
func quote(s string) string { return strconv.Quote(short(s)) }
