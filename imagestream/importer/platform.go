package importer

import (
	"strings"

	"github.com/registrykit/registrykit/internal/manifest"
)

// A Platform is what an image is for. The zero value is linux/amd64 where one is chosen.
type Platform struct {
	OS           string
	Architecture string
	// Variant of the architecture, such as v8; empty is any.
	Variant string
}

// ParsePlatform reads a platform as in linux/arm64 or linux/arm64/v8. ok is false
// where it is none.
func ParsePlatform(s string) (p Platform, ok bool) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 {
		return Platform{}, false
	}
	for _, part := range parts {
		if part == "" {
			return Platform{}, false
		}
	}
	p = Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return p, true
}

// String returns os/architecture, and /variant where there is one.
func (p Platform) String() string {
	s := or(p.OS, unknownPlatform) + "/" + or(p.Architecture, unknownPlatform)
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// unknownPlatform is what manifest lists have where there is no platform, and what
// the API server needs something for.
const unknownPlatform = "unknown"

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// platformOf returns the platform of an image of a list.
func platformOf(c manifest.Child) Platform {
	return Platform{OS: c.OS, Architecture: c.Architecture, Variant: c.Variant}
}

// wanted returns the platform that is taken of lists for a tag: what the tag says,
// completed with what the importer says.
func (i Importer) wanted(s spec) Platform {
	base := i.Platform
	base.OS, base.Architecture = or(base.OS, "linux"), or(base.Architecture, "amd64")
	if s.prefer == (Platform{}) {
		return base
	}
	p := Platform{OS: or(s.prefer.OS, base.OS), Architecture: or(s.prefer.Architecture, base.Architecture), Variant: s.prefer.Variant}
	return p
}

// pick returns the image of a list to take: that for the platform, else for the
// importer's, else for linux/amd64, else the first that is no attestation. ok is false
// where there is none.
func (i Importer) pick(children []manifest.Child, s spec) (manifest.Child, bool) {
	order := []Platform{i.wanted(s), i.wanted(spec{}), {OS: "linux", Architecture: "amd64"}}
	for _, p := range order {
		if c, ok := find(children, p); ok {
			return c, true
		}
	}
	for _, c := range children {
		if !c.Attestation {
			return c, true
		}
	}
	return manifest.Child{}, false
}

// find returns the first image for a platform: of the same variant if there is one.
func find(children []manifest.Child, p Platform) (found manifest.Child, ok bool) {
	for _, c := range children {
		if c.Attestation || c.OS != p.OS || c.Architecture != p.Architecture {
			continue
		}
		if p.Variant == "" || c.Variant == p.Variant {
			return c, true
		}
		if !ok {
			found, ok = c, true
		}
	}
	return found, ok
}
