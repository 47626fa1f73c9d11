package apply

import (
	"context"
	"errors"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

// What ends answer, for errors.Is. Any other error is a failure, too.
var (
	// ErrNotFound: there is no such object. To a deletion that is success.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the object is not the one, or not as, the caller said.
	ErrConflict = errors.New("conflict")
	// ErrInUse: the object is needed again and was not deleted, as a registry
	// says with 405 UNSUPPORTED of a manifest that is referenced, or a store of
	// a blob on which a writer holds a lease. The action is stale.
	ErrInUse = errors.New("in use")
	// ErrUnsupported: the end can do no such thing, whatever the object.
	ErrUnsupported = errors.ErrUnsupported
	// ErrForbidden: the caller may not do it. It is not tried again.
	ErrForbidden = errors.New("forbidden")
	// ErrUnavailable: it may work later. It is tried again. Where the error has
	// a method RetryAfter() time.Duration, not before that.
	ErrUnavailable = errors.New("unavailable")
)

// Ends are what a plan is carried out on. Those for which the plan has no action
// are not needed; a nil end for which it has is one that can do nothing, and
// its actions are [Unsupported].
//
// Ends are called by several goroutines at once. Each call gets a context that
// ends with the run's or with Options.Timeout, and is to return soon after that:
// [Run] waits for it however long it takes, so that nothing is deleted once Run has
// returned. Errors are those above, wrapped or joined as one likes.
type Ends struct {
	// Streams, or where there are no image streams but plain tags, Tags, end
	// tag items.
	Streams StreamEnd
	Tags    TagDeleter

	Manifests ManifestLinkDeleter
	Layers    LayerLinkDeleter
	Images    ImageDeleter
	Blobs     BlobDeleter

	// Caches are told which blobs are gone. Nil: the report says that
	// registries which cache blob descriptors must be restarted.
	Caches CacheTeller

	// Inventory lists what is there. It is required for every plan that does
	// more than drop tag items.
	Inventory Lister

	// Condemned remembers which blobs are condemned, and since when. It is
	// required for a plan that deletes blobs, unless Options.Grace is negative.
	Condemned CondemnedBlobs
}

// A StreamEnd reads image streams and writes their status.
type StreamEnd interface {
	StreamReader
	StreamStatusUpdater
}

// A StreamReader reads a stream as it is now, not from a cache. The error is
// ErrNotFound where there is none.
type StreamReader interface {
	ReadStream(ctx context.Context, namespace, name string) (*imagestream.ImageStream, error)
}

// A StreamStatusUpdater writes a stream's status. The stream's UID and
// resourceVersion are preconditions: the error is ErrConflict where they are not
// those of the stream that is there, ErrNotFound where there is none.
type StreamStatusUpdater interface {
	UpdateStreamStatus(ctx context.Context, stream *imagestream.ImageStream) error
}

// A TagDeleter deletes a tag that points to a digest. The error is ErrConflict
// where it points to another, and nothing is deleted then; ErrInUse where it was
// made to point there anew since the plan was made, as far as the end knows.
type TagDeleter interface {
	DeleteTag(ctx context.Context, repository, tag, digest string) error
}

// A ManifestLinkDeleter deletes a manifest from one repository, and from no
// other. The error is ErrInUse where the manifest is needed there again.
type ManifestLinkDeleter interface {
	DeleteManifestLink(ctx context.Context, repository, digest string) error
}

// A LayerLinkDeleter takes a layer or config away from one repository. Where a
// registry keeps no such links, let it do nothing and return nil: a link that
// stays, as ErrUnsupported says, keeps its blob, and once the image is gone no
// later plan knows of either.
type LayerLinkDeleter interface {
	DeleteLayerLink(ctx context.Context, repository, digest string) error
}

// Preconditions are what an object must be for its deletion. What is "" is not
// asked.
type Preconditions struct {
	UID, ResourceVersion string
}

// An ImageDeleter deletes an Image object. The error is ErrConflict where the
// object that is there does not meet the preconditions. Where an image is no
// object of its own, take [NoImages].
type ImageDeleter interface {
	DeleteImage(ctx context.Context, name string, p Preconditions) error
}

// NoImages is the ImageDeleter for registries and volumes, where an image is
// its manifest and no object besides: there is nothing to delete. With any other
// end, an image that is still there when blobs are to go keeps all of its own.
type NoImages struct{}

// DeleteImage does nothing.
func (NoImages) DeleteImage(context.Context, string, Preconditions) error { return nil }

// A BlobDeleter deletes a blob's bytes, for every repository. The error is
// ErrInUse where somebody holds it.
type BlobDeleter interface {
	DeleteBlob(ctx context.Context, digest string) error
}

// A CacheTeller tells the registry's replicas that blobs are gone.
type CacheTeller interface {
	ForgetBlobs(ctx context.Context, digests []string) error
}

// A Lister lists streams, Images and workloads as they are now: all streams and
// workloads first, the Images behind them, none of it from before the call.
type Lister interface {
	List(ctx context.Context) (*inventory.Inventory, error)
}

// CondemnedBlobs remembers blobs between plans. Two runs at once may lose what one
// of them condemned, unless the end keeps them apart; that lets no blob go, but it
// may stay for good.
type CondemnedBlobs interface {
	// LoadCondemned returns the blobs that wait, for the caller to change. Nil is
	// none.
	LoadCondemned(ctx context.Context) (*Condemnations, error)
	// StoreCondemned puts these in the place of those that were there, all or
	// none. It keeps nothing of its argument.
	StoreCondemned(ctx context.Context, blobs *Condemnations) error
}

// A Condemnation is the instant of the plan that condemned a blob and since which
// no run has seen it in use, and the blob's bytes, 0 where unknown.
type Condemnation struct {
	Since time.Time `json:"since"`
	Bytes int64     `json:"bytes,omitempty"`
	// NoConfig: images had it, and none as its config. Other blobs stay while an
	// image is there that does not say what its config is.
	NoConfig bool `json:"noConfig,omitempty"`
}
