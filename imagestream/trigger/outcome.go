package trigger

import (
	"strconv"

	"github.com/registrykit/registrykit/imagestream"
)

// Reason says why a trigger fires, or why it does not.
type Reason string

// The reasons.
const (
	// Fires: the image is another one than the one in place.
	Fires Reason = "Fires"
	// SameImage: the image is in place already.
	SameImage Reason = "SameImage"
	// Paused: the trigger is paused, or the whole BuildConfig by its annotation
	// openshift.io/build-config.paused.
	Paused Reason = "Paused"
	// NotAutomatic: the trigger of a DeploymentConfig is not automatic.
	NotAutomatic Reason = "NotAutomatic"
	// StreamMissing, TagMissing and NotImported: the resolver said
	// [ErrStreamMissing], [ErrTagMissing] or [ErrNotImported].
	StreamMissing Reason = "StreamMissing"
	TagMissing    Reason = "TagMissing"
	NotImported   Reason = "NotImported"
	// ResolverFailed: the resolver failed, so that nothing is known; Err is its
	// error. Try again.
	ResolverFailed Reason = "ResolverFailed"
	// ContainerMissing: the object has no such container.
	ContainerMissing Reason = "ContainerMissing"
	// Duplicate: another trigger is about the same container. Where both name
	// the same tag the first one counts, otherwise none.
	Duplicate Reason = "Duplicate"
	// Ignored: the trigger is of another kind than ImageStreamTag or has an
	// apiVersion.
	Ignored Reason = "Ignored"
	// Invalid: the trigger can never work; Err says why.
	Invalid Reason = "Invalid"
	// Waiting: the trigger of a DeploymentConfig would fire, but another
	// automatic trigger of it has no image yet, and until all have, none fires.
	Waiting Reason = "Waiting"
)

// Result is what to do about one object.
type Result struct {
	// Outcomes has one entry for each image change trigger, in their order.
	Outcomes []Outcome
	// Patch is the change to the object; nil where none is to be made.
	//
	// For a BuildConfig it is the change to status.imageChangeTriggers that goes
	// with Build. OpenShift's API server makes it itself when it gets the
	// request; it is for those that start builds in another way.
	Patch Patch
	// Build is the build to request; nil where there is none, and for all but
	// BuildConfigs.
	Build *BuildRequest
	// Status is status.imageChangeTriggers of a BuildConfig as it is after the
	// build was requested, one entry for each trigger; nil where Build is.
	Status []BuildTriggerStatus
	// Problems are what [Check] says.
	Problems []*Error
}

// Fires says whether there is anything to do.
func (r Result) Fires() bool { return len(r.Patch) > 0 || r.Build != nil }

// Outcome is what one trigger does.
type Outcome struct {
	// Index is that of the trigger: in the annotation, or in spec.triggers,
	// which may hold others too.
	Index int
	// Tag is what it watches, with its namespace; the zero value where the
	// trigger does not say it.
	Tag Tag
	// Image is what the tag stands for; empty where it was not asked or has none.
	Image string
	// Pending says that a newer image was asked for and is not imported yet.
	Pending bool
	// Reason says why it fires or not.
	Reason Reason
	// Changes are the images to change; more than one for a DeploymentConfig's
	// trigger of several containers, none for a BuildConfig.
	Changes []Change
	// Err is the cause: an [*Error], or that of the resolver as it came. It is
	// nil where there is nothing wrong (Fires, SameImage, Paused, NotAutomatic).
	// For a DeploymentConfig that falls back to the image that it had last, it is
	// why the tag has none.
	Err error
}

// String says it in a line, for logs and events.
func (o Outcome) String() string {
	s := "trigger " + strconv.Itoa(o.Index)
	if o.Tag != (Tag{}) {
		s += " on " + o.Tag.String()
	}
	s += ": " + string(o.Reason)
	for i, c := range o.Changes {
		if i > 0 {
			s += ","
		}
		s += " " + c.Container + " to " + c.To
	}
	if o.Err != nil {
		s += ": " + o.Err.Error()
	}
	return s
}

// Change is an image to change.
type Change struct {
	// List and Container say of what.
	List      List
	Container string
	// Field is the path of the image, as in
	// spec.template.spec.containers[0].image.
	Field string
	// From is the image in place, empty where there is none; To the new one.
	From, To string
}

// BuildRequest asks for a build. Its JSON is what the API server takes as the
// body of a POST to buildconfigs/NAME/instantiate.
type BuildRequest struct {
	Namespace string
	Name      string
	// TriggeredByImage is the image that fired first, and From the reference of
	// its trigger, as written there.
	TriggeredByImage string
	From             imagestream.ObjectReference
	// TriggeredBy are all that fired, one for each tag.
	TriggeredBy []BuildCause
}

// BuildCause is one image that made a build start.
type BuildCause struct {
	// ImageID is the pull spec; FromRef the reference of the trigger.
	ImageID string
	FromRef imagestream.ObjectReference
}

// MarshalJSON writes the request as build.openshift.io/v1 has it.
func (r BuildRequest) MarshalJSON() ([]byte, error) {
	type imageChange struct {
		ImageID string                      `json:"imageID"`
		FromRef imagestream.ObjectReference `json:"fromRef"`
	}
	type cause struct {
		Message          string      `json:"message"`
		ImageChangeBuild imageChange `json:"imageChangeBuild"`
	}
	causes := make([]cause, 0, len(r.TriggeredBy))
	for _, c := range r.TriggeredBy {
		causes = append(causes, cause{"Image change", imageChange(c)})
	}
	return marshal(struct {
		Kind             string                      `json:"kind"`
		APIVersion       string                      `json:"apiVersion"`
		Metadata         map[string]string           `json:"metadata"`
		TriggeredByImage imagestream.ObjectReference `json:"triggeredByImage"`
		From             imagestream.ObjectReference `json:"from"`
		TriggeredBy      []cause                     `json:"triggeredBy"`
	}{
		"BuildRequest", "build.openshift.io/v1",
		map[string]string{"name": r.Name, "namespace": r.Namespace},
		imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: r.TriggeredByImage},
		r.From, causes,
	})
}

// BuildTriggerStatus is an entry of status.imageChangeTriggers of a BuildConfig.
type BuildTriggerStatus struct {
	// Index is that of the trigger in spec.triggers.
	Index int
	// From is the tag, with an empty namespace where the trigger has none.
	From Tag
	// Last is the pull spec of the image that was there when a build was started
	// last, and Before what the status says until then.
	Last, Before string
	// Changed says that the entry is another one than before, or a new one.
	Changed bool
	// Fired says that this trigger started the build. The API server then sets
	// lastTriggerTime to its own time; the patch does not.
	Fired bool
}
