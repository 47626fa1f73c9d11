package importer

import (
	"context"
	"iter"

	"github.com/registrykit/registrykit/imagestream"
)

// A Registry is what an import asks. Package fromregistry makes one of a
// registryclient.Client.
//
// It is called by many goroutines at once, but for one host never by more than
// [Importer.Workers]. Its errors are, or wrap, an [*Error], of which Class, Scope,
// RetryAfter, Endpoint and Hint are read; any other is of the class [Unknown], unless
// it is a context's.
type Registry interface {
	// HeadManifest says what a tag or digest points to, without a pull. Digest is
	// required of the answer, MediaType and Size are as far as they are known.
	HeadManifest(ctx context.Context, t Target) (Descriptor, error)
	// GetManifest fetches a manifest by tag or digest.
	GetManifest(ctx context.Context, t Target) (Manifest, error)
	// GetBlob fetches a blob of the target's repository. d has its digest, and the
	// size where it is above 0; at most limit bytes are read.
	GetBlob(ctx context.Context, t Target, d Descriptor, limit int64) ([]byte, error)
	// ListTags lists the tags of the target's repository. The listing ends with
	// the first error.
	ListTags(ctx context.Context, t Target) iter.Seq2[string, error]
}

// A ListingRegistry tells where it lists. Where tags are listed at a mirror, since the
// repository may not be contacted, they need not be all: that is in [Result.ListedAt].
type ListingRegistry interface {
	Registry
	// ListTagsAt is ListTags that also says where: one call of the function at, before the
	// first tag or at the end of a listing without any, is given the host that was listed,
	// and whether that is a mirror. A listing that fails before its first tag need not call it.
	ListTagsAt(ctx context.Context, t Target, at func(endpoint string, mirror bool)) iter.Seq2[string, error]
}

// A Target is what a registry is asked for.
type Target struct {
	// The pull spec, with the defaults of [imagestream.DockerImageReference.DockerClientDefaults].
	// ID decides where it is set; it is empty, as Tag is, where a repository is meant.
	imagestream.DockerImageReference
	// Insecure allows plain HTTP and certificates that do not verify, for this
	// host alone and not for its mirrors.
	Insecure bool
}

// String returns the pull spec that is asked for.
func (t Target) String() string {
	if t.Tag == "" && t.ID == "" {
		return t.DockerImageReference.String()
	}
	return t.Exact()
}

// by returns the target with a digest, and without a tag.
func (t Target) by(digest string) Target {
	t.Tag, t.ID = "", digest
	return t
}

// repository returns the target without tag and digest.
func (t Target) repository() Target { return t.by("") }

// A Descriptor says what something is.
type Descriptor struct {
	MediaType string
	Digest    string
	Size      int64
	// Endpoint is the host that answered, which may be a mirror.
	Endpoint string
}

// A Manifest is a manifest or an index, byte for byte.
type Manifest struct {
	Descriptor
	Raw []byte
}
