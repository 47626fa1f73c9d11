package inventory

import (
	"slices"
	"strings"

	"github.com/registrykit/registrykit/internal/apikind"
)

// KindOf returns the kind that evidence knows an object by: its own name, with
// the group where another kind has that name. An object without an apiVersion
// is taken for the kind that has the name. The result does not share the memory
// of the arguments.
func KindOf(apiVersion, kind string) Kind {
	kind = strings.Clone(kind)
	if !Kind(kind).Evident() || apiVersion == "" {
		return Kind(kind)
	}
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	if slices.Contains(apikind.Groups(kind), group) {
		return Kind(kind)
	}
	return Kind(kind + "." + group)
}

// Evident reports whether evidence is about the kind: whether it is one of
// [Kinds].
func (k Kind) Evident() bool { return evident[k] }

var evident = func() map[Kind]bool {
	all := map[Kind]bool{}
	for _, kind := range Kinds() {
		all[kind] = true
	}
	return all
}()
