package importer

import (
	"fmt"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// A TagStatus is what became of a tag.
type TagStatus string

const (
	// Imported: its image was fetched.
	Imported TagStatus = "imported"
	// Unchanged: it points to what it pointed to, nothing was fetched.
	Unchanged TagStatus = "unchanged"
	// Changed: it would be imported; only of a dry run.
	Changed TagStatus = "changed"
	// Failed: see the error.
	Failed TagStatus = "failed"
	// NotTried: the context ended before.
	NotTried TagStatus = "not tried"
)

// A Head is what an import learned of a tag, to be given to the next one. It has the
// same form in JSON.
type Head struct {
	// Digest that the tag had in the registry.
	Digest string `json:"digest"`
	// Image that was taken of it: Digest itself, or an image of that manifest list.
	Image string `json:"image"`
	// Platform that was asked for, where an image was taken of a list.
	Platform string `json:"platform,omitempty"`
}

// A TagResult is what became of one tag.
type TagResult struct {
	// Tag of the stream.
	Tag string
	// From is the pull spec that it was imported from.
	From   string
	Status TagStatus
	// Image is the digest that the tag points to now; empty where it failed.
	Image string
	// MediaType is that of Image, where it was told.
	MediaType string
	// Head is to be given to the next import; zero where it failed.
	Head Head
	// Endpoint is the host that answered, which may be a mirror.
	Endpoint string
	// Platforms are the images of a manifest list, in its order, where it was
	// fetched.
	Platforms []PlatformResult
	// Err is why it failed.
	Err *Error
	// RetryAt is when the import may be tried again by itself; zero where only a
	// change of something makes it succeed. See [Schedule] for repeated failures.
	RetryAt time.Time

	target    Target
	spec      spec
	image     *imagestream.Image
	manifests []imagestream.Image
}

// String returns the result in one line.
func (t TagResult) String() string {
	switch {
	case t.Err != nil && t.RetryAt.IsZero():
		return fmt.Sprintf("%s: %s: %v", t.Tag, t.Status, t.Err)
	case t.Err != nil:
		return fmt.Sprintf("%s: %s, next try at %s: %v", t.Tag, t.Status, t.RetryAt.UTC().Format(time.RFC3339), t.Err)
	case t.Image == "":
		return fmt.Sprintf("%s: %s", t.Tag, t.Status)
	}
	return fmt.Sprintf("%s: %s: %s", t.Tag, t.Status, t.Image)
}

// A PlatformResult is what became of one image of a manifest list.
type PlatformResult struct {
	// Platform as in linux/arm64/v8; unknown/unknown of attestations.
	Platform string
	Digest   string
	// Depth is 1 for the images of the list itself, 2 for those of a list in it.
	Depth int
	// Attestation says that it is about another image and none itself.
	Attestation bool
	// Known says that there was an Image of it already, so it was not fetched.
	Known bool
	// Err is why there is no Image of it.
	Err *Error
	// RetryAt is as of [TagResult], for this image.
	RetryAt time.Time
}

// A Result is what came of an import. It belongs to the caller.
type Result struct {
	// Stream is the stream with everything applied; the argument itself where nothing
	// changed, and in a dry run.
	Stream *imagestream.ImageStream
	// Changes are what [imagestream.Apply] says it did.
	Changes []imagestream.Change
	// Images are those that were fetched, each once, the images of a list before the
	// list: to be created in this order, before the stream is written. Their
	// creationTimestamp is the instant of the import.
	Images []imagestream.Image
	// Tags are in the order in which they were asked for: those of the spec, then
	// those of the repository in their order of priority.
	Tags []TagResult
	// LeftOut are the tags of the repository that were not imported, and why.
	LeftOut []imagestream.LeftOutTag
	// ListErr is why the tags of the repository could not be listed; nil where they
	// were, or were not asked for. Tags that the spec names are imported all the same.
	ListErr *Error
	// ListedAt is the mirror at which the tags of the repository were listed, as far as a
	// [ListingRegistry] tells: it may lack tags that the repository has. It is empty where
	// they were listed at the repository itself. No tag of the stream is ever taken away
	// because a listing lacks it.
	ListedAt string
	// Requests that were made of the registry, by kind.
	Requests Requests
}

// Requests are how many requests an import made. Those that the client repeated, and
// those for tokens, are not known here.
type Requests struct {
	Heads, Manifests, Blobs, Lists int
}

// Failed returns the tags that failed.
func (r *Result) Failed() []TagResult {
	var failed []TagResult
	for _, t := range r.Tags {
		if t.Status == Failed {
			failed = append(failed, t)
		}
	}
	return failed
}

// Heads returns what was learned of each tag of the stream, for the next import: what
// known holds, with what this import learned in its place. known is not changed.
func (r *Result) Heads(known map[string]Head) map[string]Head {
	heads := make(map[string]Head, len(known)+len(r.Tags))
	for tag, head := range known {
		heads[tag] = head
	}
	for _, t := range r.Tags {
		if t.Head != (Head{}) {
			heads[t.Tag] = t.Head
		}
	}
	return heads
}
