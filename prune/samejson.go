package prune

import (
	"bytes"
	"fmt"
)

// A sameJSON is a writer of compact JSON that fails at the first byte that is
// not the next one of a text, space between the text's tokens left out.
type sameJSON struct {
	text              []byte
	at                int  // how far in text
	inString, escaped bool // as of the last byte
}

func (s *sameJSON) Write(b []byte) (int, error) {
	for i, c := range b {
		if !s.inString {
			if isSpace(c) {
				continue
			}
			for s.at < len(s.text) && isSpace(s.text[s.at]) {
				s.at++
			}
		}
		if s.at == len(s.text) || s.text[s.at] != c {
			return i, fmt.Errorf("it was changed after it was written, at byte %d", s.at)
		}
		s.at++
		s.next(c)
	}
	return len(b), nil
}

// next keeps track of where strings begin and end.
func (s *sameJSON) next(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case s.inString && c == '\\':
		s.escaped = true
	case c == '"':
		s.inString = !s.inString
	}
}

func isSpace(c byte) bool { return bytes.IndexByte([]byte(" \t\r\n"), c) >= 0 }
