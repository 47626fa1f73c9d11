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

// labelsMatch tells whether every wanted label is there and matches.
func labelsMatch(want, labels map[string]string) truth {
	if labels == nil {
		return unknown
	}
	for name, pattern := range want {
		if value, ok := labels[name]; !ok || !matchesAny([]string{pattern}, value) {
			return no
		}
	}
	return yes
}
