package imagestream

import (
	"path"
	"regexp"
	"strconv"
	"strings"
)

// tagPattern is one of path.Match, or a regular expression.
type tagPattern struct {
	text       string
	expression *regexp.Regexp // nil for one of path.Match
}

func newTagPatterns(option string, texts []string) ([]tagPattern, error) {
	patterns := make([]tagPattern, 0, len(texts))
	for i, text := range texts {
		field := option + "[" + strconv.Itoa(i) + "]"
		p := tagPattern{text: text}
		var err error
		switch {
		case text == "":
			return nil, choiceError(field, text, "the pattern is empty")
		case len(text) >= 2 && text[0] == '/' && text[len(text)-1] == '/':
			p.expression, err = regexp.Compile(text[1 : len(text)-1])
		case strings.IndexByte(text, '/') >= 0:
			// It could match nothing, and was most likely meant otherwise.
			return nil, choiceError(field, text, "no tag holds a slash, and a regular expression starts and ends with one")
		default:
			_, err = path.Match(text, "")
		}
		if err != nil {
			return nil, choiceError(field, text, err.Error())
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// matchedBy returns the first pattern that matches, or nothing.
func matchedBy(patterns []tagPattern, tag string) string {
	for _, p := range patterns {
		if p.matches(tag) {
			return p.text
		}
	}
	return ""
}

func (p tagPattern) matches(tag string) bool {
	if p.expression != nil {
		return p.expression.MatchString(tag)
	}
	ok, err := path.Match(p.text, tag)
	return ok && err == nil
}
