package registrylayout

import (
	"strings"

	"github.com/opencontainers/go-digest"
)

// Kind is what an object of the tree is.
type Kind string

// The kinds of objects. The zero Kind is that of a key that is none of them.
const (
	Blob         Kind = "blob"
	LayerLink    Kind = "layer link"
	ManifestLink Kind = "manifest link"
	// SignatureLink is one that registries before 2.6 left beside the link of
	// a schema 1 manifest: it lets the blob of a signature be read.
	SignatureLink Kind = "signature link"
	Tag           Kind = "tag"
	TagIndex      Kind = "tag index"
	// Upload is any file of an upload that has not ended; Place.File says which.
	Upload Kind = "upload"
)

// Place is what a key says.
type Place struct {
	Kind Kind
	// Repository is that of all kinds but Blob. Of a key that is none of them
	// it may be set nevertheless.
	Repository string
	// Digest is the one in the path; that of Tag stands in the file. Of a
	// SignatureLink it is the signature's.
	Digest digest.Digest
	// Tag is that of Tag and TagIndex.
	Tag string
	// Upload is the ID, and File what follows it: "data", "startedat",
	// "hashstates/sha256/1024", or whatever stands there.
	Upload, File string
}

// IsLink reports whether the object holds a digest.
func (p Place) IsLink() bool {
	switch p.Kind {
	case LayerLink, ManifestLink, SignatureLink, Tag, TagIndex:
		return true
	}
	return false
}

// ParseKey says what a key is. False, with Kind "", where it is nothing that a
// registry puts there; that is not said of the object, which is not read.
//
// The name of a repository is whatever stands before the first segment that begins
// with "_", since a volume may hold names that no registry takes any more.
func ParseKey(key string) (Place, bool) {
	if rest, ok := strings.CutPrefix(key, blobsDir); ok {
		return parseBlob(rest)
	}
	rest, ok := strings.CutPrefix(key, repositoriesDir)
	if !ok {
		return Place{}, false
	}
	i := strings.Index(rest, "/_")
	if i < 0 || checkDirectory(rest[:i]) != nil {
		return Place{}, false
	}
	p := Place{Repository: rest[:i]}
	ok = p.parse(rest[i+1:])
	if !ok {
		p = Place{Repository: p.Repository}
	}
	return p, ok
}

func parseBlob(rest string) (Place, bool) {
	parts := strings.Split(rest, "/")
	if len(parts) != 4 || parts[3] != "data" || len(parts[2]) < 2 || parts[1] != parts[2][:2] {
		return Place{}, false
	}
	d, ok := parseDigest(parts[0], parts[2])
	if !ok {
		return Place{}, false
	}
	return Place{Kind: Blob, Digest: d}, true
}

// parse reads what follows the repository's name.
func (p *Place) parse(rest string) (ok bool) {
	dir, rest, _ := strings.Cut(rest, "/")
	switch dir {
	case "_layers":
		p.Kind = LayerLink
		p.Digest, ok = parseLink(rest)
	case "_uploads":
		p.Kind = Upload
		p.Upload, p.File, _ = strings.Cut(rest, "/")
		ok = p.File != "" && checkUpload(p.Upload) == nil
	case "_manifests":
		dir, rest, _ = strings.Cut(rest, "/")
		switch dir {
		case "revisions":
			ok = p.parseRevision(rest)
		case "tags":
			ok = p.parseTag(rest)
		}
	}
	return ok
}

func (p *Place) parseRevision(rest string) (ok bool) {
	if before, after, found := strings.Cut(rest, "/signatures/"); found {
		p.Kind = SignatureLink
		if _, ok = parseLink(before + "/link"); ok {
			p.Digest, ok = parseLink(after)
		}
		return ok
	}
	p.Kind = ManifestLink
	p.Digest, ok = parseLink(rest)
	return ok
}

func (p *Place) parseTag(rest string) (ok bool) {
	p.Tag, rest, _ = strings.Cut(rest, "/")
	if CheckTag(p.Tag) != nil {
		return false
	}
	if rest == "current/link" {
		p.Kind = Tag
		return true
	}
	rest, ok = strings.CutPrefix(rest, "index/")
	if ok {
		p.Kind = TagIndex
		p.Digest, ok = parseLink(rest)
	}
	return ok
}

// parseLink reads <algorithm>/<hex>/link.
func parseLink(rest string) (digest.Digest, bool) {
	algorithm, rest, _ := strings.Cut(rest, "/")
	hex, file, _ := strings.Cut(rest, "/")
	if file != "link" {
		return "", false
	}
	return parseDigest(algorithm, hex)
}

func parseDigest(algorithm, hex string) (digest.Digest, bool) {
	d := digest.Digest(algorithm + ":" + hex)
	return d, validDigest(d)
}
