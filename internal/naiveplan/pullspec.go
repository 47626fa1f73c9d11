package naiveplan

import (
	"regexp"
	"strings"
)

// A pullSpec is a pull spec in parts, each "" where it is not there.
type pullSpec struct {
	host, namespace, name, tag, digest string
}

// repository returns namespace/name where there are a namespace and a single
// name, else "".
func (s pullSpec) repository() string {
	if s.namespace == "" || s.name == "" || strings.Contains(s.name, "/") {
		return ""
	}
	return s.namespace + "/" + s.name
}

const (
	label     = `[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?`
	host      = label + `([.]` + label + `)*(:[0-9]+)?`
	component = `[a-z0-9]+(([.]|_|__|-*)[a-z0-9]+)*`
	digest    = `sha256:[0-9a-fA-F]{64}|sha384:[0-9a-fA-F]{96}|sha512:[0-9a-fA-F]{128}`
)

var wholePullSpec = regexp.MustCompile(
	`^(?P<path>(` + host + `/)?` + component + `(/` + component + `)*)` +
		`(:(?P<tag>[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}))?(@(?P<digest>` + digest + `))?$`)

// parsePullSpec splits a pull spec as OpenShift does. The first component is the
// host where it has a dot or a colon, or is localhost; the next one, if it is
// not the last, the namespace; the rest the name. Without any slash OpenShift
// may take the whole for a host; such a spec names no stream either way.
func parsePullSpec(spec string) (pullSpec, bool) {
	m := wholePullSpec.FindStringSubmatch(spec)
	if m == nil {
		return pullSpec{}, false
	}
	path := m[wholePullSpec.SubexpIndex("path")]
	s := pullSpec{tag: m[wholePullSpec.SubexpIndex("tag")], digest: m[wholePullSpec.SubexpIndex("digest")]}
	if len(path) > 255 {
		return pullSpec{}, false
	}
	first, rest, slash := strings.Cut(path, "/")
	if slash && (strings.ContainsAny(first, ".:") || first == "localhost") {
		s.host, path = first, rest
	}
	if namespace, name, slash := strings.Cut(path, "/"); slash {
		s.namespace, s.name = namespace, name
	} else {
		s.name = path
	}
	return s, true
}
