package imagestream

import "strings"

// DockerImageReference is a pull spec in its parts. The zero value names
// nothing. It is comparable with == (which compares the parts as they are) and
// may be the key of a map.
//
// Registry is the host, with the port where there is one; empty means Docker
// Hub to most tools. Namespace is the first component of the repository where
// it has several, and Name the rest, which may have slashes:
// quay.io/org/team/app has the namespace org and the name team/app. ID is a
// digest.
type DockerImageReference struct {
	Registry  string
	Namespace string
	Name      string
	Tag       string
	ID        string
}

// maxPullSpec is the longest that the grammar allows: a name, a tag and a
// SHA-512 digest.
const maxPullSpec = maxName + len(":") + maxTag + len("@") + len("sha512:") + 128

// ParsePullSpec splits a pull spec exactly as OpenShift does, errors included.
//
// What is before the first slash is the registry where it holds "." or ":" or
// is "localhost"; otherwise there is no registry. A spec without a slash is a
// name, with one exception: where it holds "." or starts with "localhost", all
// of it, tag and digest included, becomes the Registry, the digest also the ID,
// and Name and Tag stay empty. That makes a registry of foo.bar:latest and of
// localhost-image:v1, which [ParsePullSpecStrict] does not. Upper-case letters
// pass in the first of several components (BAR/foo), registry or not, and in
// the hex of a digest; there is no IPv6.
//
// The error is an [*Error] of class [ErrInvalidPullSpec]. The parser takes no
// memory for a valid spec: the parts are parts of the argument.
func ParsePullSpec(spec string) (DockerImageReference, error) {
	p, reason := cutPullSpec(spec)
	if reason == "" && p.digest != "" {
		reason = checkDigest(p.digest, hexAnyCase)
	}
	if reason == "" {
		reason = checkName(p, p.slash && isHost(p.first))
	}
	if reason != "" {
		return DockerImageReference{}, pullSpecError(spec, reason)
	}
	if !p.slash {
		if strings.IndexByte(p.name, '.') >= 0 || strings.HasPrefix(p.name, "localhost") {
			return DockerImageReference{Registry: spec, ID: p.digest}, nil
		}
		return DockerImageReference{Name: p.name, Tag: p.tag, ID: p.digest}, nil
	}
	return p.reference(looksLikeHost(p.first)), nil
}

// ParsePullSpecStrict splits a pull spec by the same grammar without OpenShift's
// slips. A spec without a slash is always a name (foo.bar:latest is the tag
// latest of foo.bar). Upper-case letters pass in the registry and the tag only,
// so BAR/foo and an upper-case digest are errors. What holds "." or ":" before
// the first slash must be a valid host: a host name, or an IPv6 address in
// brackets, with a port from 1 to 65535 if any.
//
// The error is an [*Error] of class [ErrInvalidPullSpec]. The parser takes no
// memory for a valid spec: the parts are parts of the argument.
func ParsePullSpecStrict(spec string) (DockerImageReference, error) {
	p, reason := cutPullSpec(spec)
	if reason == "" && p.digest != "" {
		reason = checkDigest(p.digest, hexLower)
	}
	host := p.slash && looksLikeHost(p.first)
	if reason == "" && host {
		reason = checkHostStrict(p.first)
	}
	if reason == "" {
		reason = checkName(p, host)
	}
	if reason != "" {
		return DockerImageReference{}, pullSpecError(spec, reason)
	}
	return p.reference(host), nil
}

func pullSpecError(spec, reason string) error {
	if strings.Contains(spec, "://") {
		reason = "a pull spec has no scheme"
	}
	return &Error{Op: "parse pull spec", Object: quoteShort(spec), Reason: reason, Err: ErrInvalidPullSpec}
}

// pullSpecParts are the pieces of a pull spec, cut but not split into a
// reference. Their concatenation with the marks between them is the spec.
type pullSpecParts struct {
	name, tag, digest string
	first, rest       string // of name, around its first slash
	slash             bool   // whether there is one
}

// cutPullSpec cuts at the marks and checks the tag. No tag and no digest holds
// a slash, no name or tag holds an @, so the first @ starts the digest, and the
// first colon behind the last slash before it starts the tag.
func cutPullSpec(spec string) (p pullSpecParts, reason string) {
	switch {
	case spec == "":
		return p, "it is empty"
	case len(spec) > maxPullSpec:
		return p, "it is too long"
	}
	p.name = spec
	if i := strings.IndexByte(spec, '@'); i >= 0 {
		p.name, p.digest = spec[:i], spec[i+1:]
		if p.digest == "" {
			return p, "there is nothing after the @"
		}
	}
	last := strings.LastIndexByte(p.name, '/') + 1
	if i := strings.IndexByte(p.name[last:], ':'); i >= 0 {
		p.name, p.tag = p.name[:last+i], p.name[last+i+1:]
		if reason = checkTag(p.tag); reason != "" {
			return p, reason
		}
	}
	p.first, p.rest, p.slash = strings.Cut(p.name, "/")
	return p, ""
}

// checkName checks the components of the name; a host before them was checked
// already.
func checkName(p pullSpecParts, host bool) (reason string) {
	if len(p.name) > maxName {
		return "the name is longer than 255 bytes"
	}
	if !host {
		if reason = checkComponent(p.first); reason != "" {
			return reason
		}
	}
	for rest, more := p.rest, p.slash; more; {
		var component string
		component, rest, more = strings.Cut(rest, "/")
		if reason = checkComponent(component); reason != "" {
			return reason
		}
	}
	return ""
}

// looksLikeHost says whether the first of several components is a registry, by
// the rule that all container tools share.
func looksLikeHost(first string) bool {
	return first == "localhost" || strings.IndexByte(first, '.') >= 0 || strings.IndexByte(first, ':') >= 0
}

func (p pullSpecParts) reference(host bool) DockerImageReference {
	ref := DockerImageReference{Name: p.name, Tag: p.tag, ID: p.digest}
	if host {
		ref.Registry, ref.Name = p.first, p.rest
	}
	if namespace, name, ok := strings.Cut(ref.Name, "/"); ok {
		ref.Namespace, ref.Name = namespace, name
	}
	return ref
}
