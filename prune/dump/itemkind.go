package dump

import "strings"

// itemKind returns what a list of that kind holds: "" for the v1 List, which
// holds anything; ok is false for what is no list.
func itemKind(listKind string) (kind string, ok bool) {
	return strings.CutSuffix(listKind, "List")
}
