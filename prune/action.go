package prune

import "time"

// An ActionKind says what an action deletes.
type ActionKind string

// The kinds of actions, in the order of their phases.
const (
	DeleteTagItem      ActionKind = "DeleteTagItem"
	DeleteManifestLink ActionKind = "DeleteManifestLink"
	DeleteLayerLink    ActionKind = "DeleteLayerLink"
	DeleteImage        ActionKind = "DeleteImage"
	DeleteBlob         ActionKind = "DeleteBlob"
)

func (k ActionKind) valid() bool {
	switch k {
	case DeleteTagItem, DeleteManifestLink, DeleteLayerLink, DeleteImage, DeleteBlob:
		return true
	}
	return false
}

// An Action is one deletion, with what it was decided on. Only the fields of
// its kind are set.
type Action struct {
	Kind ActionKind

	// DeleteTagItem: the stream as namespace/name, the tag, the item's place
	// in the tag's history before the plan, and what identifies the item.
	Stream               string
	Tag                  string
	Index                int
	Image                string    // also of DeleteImage
	Created              time.Time // zero: unknown
	DockerImageReference string

	// UID and ResourceVersion of the stream or the Image are preconditions.
	UID, ResourceVersion string

	// DeleteManifestLink, DeleteLayerLink: the repository as namespace/name.
	Repository string
	Digest     string // also of DeleteBlob

	// Bytes is the size of a blob, 0 where it is not known.
	Bytes int64

	Reason Reason
}
