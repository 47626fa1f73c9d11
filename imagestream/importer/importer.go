package importer

import (
	"context"
	"fmt"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// The defaults of an Importer.
const (
	DefaultWorkers    = 8
	DefaultRetryAfter = time.Minute
	// DefaultMaxRepositoryTags is more than a stream can hold: etcd takes 1.5 MiB.
	DefaultMaxRepositoryTags = 5000
)

// An Importer imports images. Its fields are not changed by it; it may be used by
// many goroutines at once where what it holds may.
type Importer struct {
	// Registry is asked. It is required. A [CandidateRegistry] has further credentials
	// where one is denied.
	Registry Registry
	// Anonymous is the same without a credential. It is asked where Registry answers
	// Unauthorized or Denied, since a public image must not be lost to a stale
	// password; where it denies too, the first answer is the one that is told, unless a
	// credential was found good for the repository before. nil: no.
	Anonymous Registry
	// Images finds the Images that are there already, which are then not fetched. A
	// tag whose image is not found is imported anew. nil: what a stream's tags
	// point to is there.
	Images imagestream.ImageLookup
	// Applier applies what was imported. Its zero value keeps every history whole.
	Applier imagestream.Applier
	// DefaultMode is the import mode of tags that have none; empty is Legacy.
	DefaultMode imagestream.ImportModeType
	// MaxTags is how many tags of a repository an ImageStreamImport imports; 0 is
	// [imagestream.DefaultImportLimit], below 0 there is none but MaxRepositoryTags.
	MaxTags int
	// MaxRepositoryTags is how many tags of a whole repository one import imports at
	// most, whatever limit it has or has not: the Images of all are in memory at once.
	// The tags beyond it are in [Result.LeftOut] as [LeftOutCap]. Tags that the spec
	// names do not count. 0 or below is [DefaultMaxRepositoryTags].
	MaxRepositoryTags int
	// MaxListed is how many tags of a repository are read at most. Of one with more
	// nothing is imported, since which come first is not known, and [Result.ListErr]
	// says so. 0 or below is [MaxListedTags].
	MaxListed int
	// Platform is what is taken of manifest lists in Legacy mode where the tag does not
	// say; in OpenShift that is the control plane's. Zero is linux/amd64.
	Platform Platform
	// Workers is how many requests to one host are under way at once; 0 is
	// [DefaultWorkers].
	Workers int
	// RetryAfter is the time to the next try after a failure that may pass, where
	// the registry names none; 0 is [DefaultRetryAfter].
	RetryAfter time.Duration
}

// A Request says what of a stream to import. The zero value imports what is asked for
// and not answered yet, and of a stream that was never imported all of it.
type Request struct {
	// All imports every tag that is imported at all, and the repository of
	// spec.dockerImageRepository: a refresh.
	All bool
	// Tags imports these tags. A tag that is not in the spec, or is not imported from a
	// registry, is an error. A tag that follows another stands for that one.
	Tags []string
	// Repository imports the tags of a repository, and makes spec tags of them. nil:
	// no, or as All says.
	Repository *Repository
	// Heads are what earlier imports learned, see [Result.Heads].
	Heads map[string]Head
	// DryRun asks only with HEAD what would change. Nothing is fetched and nothing
	// applied.
	DryRun bool
	// IncludeManifest keeps the raw manifests and configs in the Images.
	IncludeManifest bool
}

// A Repository is a repository to import all or some tags of.
type Repository struct {
	// From is a pull spec without tag and digest.
	From            string
	ImportPolicy    imagestream.TagImportPolicy
	ReferencePolicy imagestream.TagReferencePolicy
	// Choose says which tags and in what order. A Limit of 0 is
	// [imagestream.DefaultImportLimit], below 0 there is none but
	// [Importer.MaxRepositoryTags].
	Choose imagestream.ChooseOptions

	includeManifest bool
}

// Import imports what the request says, and applies it to the stream as of now. The
// stream is only read; nil is not valid, see imagestream.New.
//
// The error is an [*imagestream.Error] for a stream or request that cannot be, and the
// Result then nil. All that the registry does is in the Result.
func (i Importer) Import(ctx context.Context, stream *imagestream.ImageStream, request Request, now time.Time) (*Result, error) {
	work, err := i.choose(stream, request)
	if err != nil {
		return nil, err
	}
	r := i.newRun(stream, request, now)
	r.fetch(ctx, work)
	return r.finish()
}

// finish applies what was fetched.
func (r *run) finish() (*Result, error) {
	r.collect()
	r.result.Stream = r.stream
	if r.request.DryRun {
		return r.result, nil
	}
	stream, changes, err := r.result.Apply(r.stream, r.i.Applier, r.now)
	if err != nil {
		return nil, err
	}
	r.result.Stream, r.result.Changes = stream, changes
	return r.result, nil
}

// refuse returns the error for a request that cannot be.
func refuse(stream *imagestream.ImageStream, field, format string, args ...any) error {
	object := "ImageStream"
	if stream != nil {
		object = "ImageStream " + stream.Namespace + "/" + stream.Name
	}
	return &imagestream.Error{
		Op: "import", Object: object, Field: field,
		Reason: fmt.Sprintf(format, args...), Err: imagestream.ErrInvalidOperation,
	}
}
