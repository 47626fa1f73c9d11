package fromlayout

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// besides are blobs that are needed where a digest is, although no manifest names
// them: what a link of another algorithm's digest points to (a registry that is given
// a blob by its sha512 keeps it by its sha256), and the signatures that a registry
// before 2.6 put beside a manifest.
type besides map[digest.Digest][]digest.Digest

func (b besides) add(where, needed digest.Digest) {
	if !slices.Contains(b[where], needed) {
		b[where] = append(b[where], needed)
	}
}

// addTo adds to a manifest's layers what is needed besides.
func (b besides) addTo(m *inventory.Manifest, stored func(string) (int64, bool)) {
	if len(b) == 0 {
		return
	}
	named := slices.Concat([]inventory.Blob{{Digest: m.Digest}, {Digest: m.Config}}, m.Layers, m.Children)
	seen := map[string]bool{}
	for _, n := range named {
		seen[n.Digest] = true
	}
	for _, n := range named {
		for _, d := range b[digest.Digest(n.Digest)] {
			if !seen[string(d)] {
				seen[string(d)] = true
				size, _ := stored(string(d))
				m.Layers = append(m.Layers, inventory.Blob{Digest: string(d), Size: size})
			}
		}
	}
}

// signed returns the manifest that a signature is beside.
func signed(o registrylayout.Object) (digest.Digest, bool) {
	before, _, _ := strings.Cut(o.Key, "/signatures/")
	place, ok := registrylayout.ParseKey(before + "/link")
	return place.Digest, ok
}

// puzzling says what is wrong with what may be a link to a manifest, and is none that
// can be understood.
func puzzling(o registrylayout.Object, target digest.Digest) error {
	var err error
	switch {
	case o.Kind == "" && path.Base(o.Key) == "link" && strings.Contains(o.Key, "/_manifests/"):
		err = fmt.Errorf("%w: its path is none of a link", registrylayout.ErrBrokenLink)
	case o.Kind == registrylayout.ManifestLink && target != "" && target != o.Digest:
		err = fmt.Errorf("%w: it holds %s, by which no manifest is known", registrylayout.ErrBrokenLink, target)
	default:
		return nil
	}
	return &registrylayout.Error{Key: o.Key, Err: err}
}
