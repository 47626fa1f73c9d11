package apply

import "github.com/registrykit/registrykit/prune"

// A Phase is one part of a run.
type Phase string

// The phases, in their order.
const (
	TagItems      Phase = "tag items"
	ManifestLinks Phase = "manifest links"
	LayerLinks    Phase = "layer links"
	Images        Phase = "images"
	Blobs         Phase = "blobs"
)

var phases = []Phase{TagItems, ManifestLinks, LayerLinks, Images, Blobs}

var kindOf = map[Phase]prune.ActionKind{
	TagItems: prune.DeleteTagItem, ManifestLinks: prune.DeleteManifestLink, LayerLinks: prune.DeleteLayerLink,
	Images: prune.DeleteImage, Blobs: prune.DeleteBlob,
}

// An EventKind says what happened.
type EventKind string

// What happens in a run.
const (
	PhaseStarted EventKind = "phase-started"
	ActionEnded  EventKind = "action-ended"
	PhaseEnded   EventKind = "phase-ended"
	// Rechecked: what is there was listed, and the plan held against it.
	Rechecked EventKind = "rechecked"
)

// An Event tells of the progress of a run.
type Event struct {
	Kind  EventKind
	Phase Phase
	// Done of Total actions of the phase have ended.
	Done, Total int
	// Result of the action that has ended. It is nil for other events.
	Result *Result
}
