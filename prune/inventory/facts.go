package inventory

import "time"

// A Manifest is what is known of one manifest: an Image object of a cluster,
// or an image or index in a registry. Its identity is the digest. The Builder
// keeps nothing of the value passed to it.
type Manifest struct {
	Digest    string // of the manifest, in any algorithm; required
	MediaType string // tells an index and the manifests that have a config
	Config    string // digest of the config blob; "" for none or unknown
	Layers    []Blob
	Children  []Blob // the manifests that an index owns
	Subject   string // digest of the manifest that this one refers to, as a signature does
	Size      int64  // of the manifest itself, in bytes; 0: unknown
	// ConfigSize is the size of the config blob in bytes; 0: unknown.
	ConfigSize int64
	// ImageSize is what a size limit is compared with, in bytes
	// (dockerImageMetadata.Size); 0: unknown.
	ImageSize int64
	// Partial says that layers or children may be missing above. Such a
	// manifest may need any blob.
	Partial bool
	// Created is when the object came to be in the cluster or the registry,
	// not when the image was built. Zero: unknown.
	Created time.Time
	// LastPulled is when it was last read. Zero: unknown.
	LastPulled time.Time
	// Managed: pushed to the integrated registry, rather than imported
	// (annotation openshift.io/image.managed is "true").
	Managed bool
	// Labels of the image. Nil: unknown; empty: it has none, of those that were
	// read at all ([Builder.OnlyLabels]).
	Labels map[string]string
	// UID and ResourceVersion are preconditions for its deletion.
	UID, ResourceVersion string
	// Origin says where the fact was read; see [Builder.Origins].
	Origin int64
}

// A Blob is a digest with its size in bytes, 0 where unknown.
type Blob struct {
	Digest string
	Size   int64
}

// A Stream is an image stream, or a repository of a plain registry: a name and
// the history of its tags.
type Stream struct {
	Namespace, Name      string // of a plain repository: up to its first slash, and the rest
	UID, ResourceVersion string
	Created              time.Time // zero: unknown
	Tags                 []Tag
	Origin               int64 // see [Builder.Origins]
}

// A Tag is a tag with its history, newest first. A tag without items is
// allowed.
type Tag struct {
	Name  string
	Items []TagItem
}

// A TagItem is one entry in the history of a tag.
type TagItem struct {
	Image                string    // digest; "": a reference tag
	Created              time.Time // zero: unknown
	DockerImageReference string
}

// A Workload is an object that names images. Its identity is its group, kind,
// namespace and name.
type Workload struct {
	Group      string
	Kind       Kind
	Namespace  string // "" for what is cluster-scoped
	Name       string
	Created    time.Time // zero: unknown
	Finished   bool      // a Pod that counts only while it is young
	References []Reference
	Origin     int64 // see [Builder.Origins]
}

// A Reference is one field of a workload that names an image.
type Reference struct {
	Field string // as in spec.containers[0].image
	// Source tells who reads the field: "" is `oc adm prune images`; others
	// name what this library reads beyond it.
	Source string
	Value  string // as written
	// What it uses. The tag Tag of the stream Namespace/Stream; where Digest
	// is set instead, that digest in that stream, if one is named, and
	// wherever it is.
	Namespace, Stream, Tag, Digest string
	// Err says why Value does not parse; "" where it does.
	Err string
}

// A Limit is the largest image that a LimitRange admits to a namespace.
type Limit struct {
	Namespace, Name string // of the LimitRange
	// MaxImageSize is the smallest max.storage, in whole bytes, rounded down,
	// of its items of type openshift.io/Image; -1: it has none.
	MaxImageSize int64
	Origin       int64 // see [Builder.Origins]
}

// A Link is an entry of a repository that lets its users read a manifest or a
// layer (a layer link or manifest link in distribution's layout). Where the
// links of a repository were listed ([Builder.LinksListed]), no other link of
// it is planned away.
type Link struct {
	Namespace, Name string // of the repository
	Digest          string
	Manifest        bool // else a layer link, as configs have them too
}
