package prune

import "path"

// matchesAny reports whether one of the patterns, which were validated, matches
// the name.
func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, name); ok && err == nil {
			return true
		}
	}
	return false
}

// labelsMatch tells whether every wanted label is there and matches. One that
// was not read may be there, with any value.
func labelsMatch(want, labels map[string]string, read func(name string) bool) truth {
	if labels == nil {
		return unknown
	}
	result := yes
	for name, pattern := range want {
		value, ok := labels[name]
		switch {
		case !ok && !read(name):
			result = unknown
		case !ok || !matchesAny([]string{pattern}, value):
			return no
		}
	}
	return result
}
