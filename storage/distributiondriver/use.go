package distributiondriver

import (
	"context"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/storage/registrylayout"
)

// Use is a blob that a registry is about to rely on: that it tells a client of,
// links, or stores. A collector of garbage that runs beside the registry must not
// take it away from then on, for as long as a push may last; so what is told here
// is told before the registry looks whether the blob is there.
//
// A registry looks at a blob for a pull as well as for a push, and a driver cannot
// tell one from the other.
type Use struct {
	// Op is "stat" (the blob is looked at, or whether a repository has it), "write"
	// or "move" (it is stored), or "link" (a repository is given it).
	Op string
	// Key is what the call is about: the blob's data, or the link.
	Key string
	// Digest is the blob's.
	Digest digest.Digest
}

// maxLink is more than any link has.
const maxLink = 256

func (d *Driver) using(ctx context.Context, u Use) error {
	if u.Digest == "" {
		return nil
	}
	if d.options.Leases != nil {
		if _, err := d.options.Leases.Renew(ctx, u.Digest); err != nil {
			return err
		}
	}
	if d.options.Using == nil {
		return nil
	}
	return d.options.Using(ctx, u)
}

func (d *Driver) usingBlob(ctx context.Context, key, op string) error {
	return d.using(ctx, Use{Op: op, Key: key, Digest: blobOf(key)})
}

// usingRead is for content that is read whole. A repository's link to a blob is read
// before the blob is looked at, and may be swept in between. The link of a tag tells
// which it is and is no more than that.
func (d *Driver) usingRead(ctx context.Context, key string) error {
	switch place, _ := registrylayout.ParseKey(key); place.Kind {
	case registrylayout.LayerLink, registrylayout.ManifestLink:
		return d.using(ctx, Use{Op: "stat", Key: key, Digest: place.Digest})
	}
	return nil
}

// usingWritten is for content that is written whole: a manifest, or a link.
func (d *Driver) usingWritten(ctx context.Context, key string, content []byte) error {
	if !strings.HasPrefix(key, repositoriesRoot[1:]+"/") || !strings.HasSuffix(key, "/link") {
		return d.usingBlob(ctx, key, "write")
	}
	return d.using(ctx, Use{Op: "link", Key: key, Digest: linked(content)})
}

// blobOf is the digest of the blob whose data the key has; "" for other keys.
func blobOf(key string) digest.Digest {
	rest, ok := strings.CutPrefix(key, blobsRoot[1:]+"/")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 4 || parts[3] != "data" || !strings.HasPrefix(parts[2], parts[1]) {
		return ""
	}
	return valid(parts[0] + ":" + parts[2])
}

// linked is the digest that a link holds; "" where it is none.
func linked(content []byte) digest.Digest {
	if len(content) > maxLink {
		return ""
	}
	return valid(strings.TrimSpace(string(content)))
}

func valid(text string) digest.Digest {
	if d, err := digest.Parse(text); err == nil {
		return d
	}
	return ""
}
