package trigger

import (
	"strconv"
)

// Edit is what an edit makes of an object's triggers.
type Edit struct {
	// Patch is the change; nil where everything is as wanted already.
	Patch Patch
	// Annotation is the new text of the annotation, for programs that set it
	// themselves; empty where the object is to have none, and for BuildConfigs
	// and DeploymentConfigs.
	Annotation string
}

// A Wanted trigger is what [Set] is to bring about.
type Wanted struct {
	// Container is the name of the container, or of the volume where List is
	// [ImageVolumes]. It is empty for a BuildConfig.
	Container string
	// List is where the container is; empty is whichever list of containers has
	// the name.
	List List
	// From is the tag to follow. For a BuildConfig the zero value is the image
	// that the build strategy starts from.
	From Tag
	// Paused makes the trigger, but paused; not automatic for a
	// DeploymentConfig.
	Paused bool
}

// Which picks triggers of an object by what they are about. Fields that are set
// must all hold; the zero value picks every trigger that can be read.
type Which struct {
	// Container is the name of the container or volume, however a trigger names
	// it. No trigger of a BuildConfig is about one.
	Container string
	// List is where it is, or where the trigger looks for it where it is
	// nowhere; empty is anywhere.
	List List
	// From is the tag that the trigger follows; that of the build strategy where
	// a trigger of a BuildConfig has none of its own.
	From Tag
}

// Set makes a container follow a tag. A trigger that it has already is changed
// in its place and keeps the fields that this package does not know; if there
// are several for the container, all of them in any notation, the others go. If
// there is none, one is added at the end. Nothing else changes.
//
// A trigger of a DeploymentConfig that names several containers goes on for the
// others. In a BuildConfig it is the trigger on the same tag that is changed.
//
// The error is an [*Error]: of class [ErrNoContainer] where the object has no
// such container, [ErrInvalid] where the tag is none, [ErrMalformed] or
// [ErrTooLarge] where the triggers that are there cannot be read, or would be too
// large; they are not written over.
func Set(o *Object, want Wanted) (Edit, error) {
	o = o.orEmpty()
	if want.From != (Tag{}) || o.form != buildConfig {
		if why := want.From.check(); why != "" {
			return Edit{}, o.fail("set", about("set", -1, "", why, ErrInvalid))
		}
	}
	switch o.form {
	case buildConfig:
		return o.setBuild(want)
	case deploymentConfig:
		return o.setDeployment(want)
	}
	return o.setAnnotation(want)
}

// Remove takes triggers away, and the annotation with the last of them. The
// error is an [*Error]: of class [ErrNoTrigger] where there is none to remove,
// [ErrMalformed] or [ErrTooLarge] where the triggers cannot be read.
func Remove(o *Object, which Which) (Edit, error) { return edit(o, "remove", which) }

// Pause makes triggers do nothing until they are resumed; in a DeploymentConfig
// they become not automatic. A trigger of several containers is split if only
// some of them are meant. It fails as [Remove] does.
func Pause(o *Object, which Which) (Edit, error) { return edit(o, "pause", which) }

// Resume undoes [Pause], and fails as [Remove] does.
func Resume(o *Object, which Which) (Edit, error) { return edit(o, "resume", which) }

func edit(o *Object, op string, which Which) (Edit, error) {
	o = o.orEmpty()
	switch o.form {
	case buildConfig:
		return o.editBuild(op, which)
	case deploymentConfig:
		return o.editDeployment(op, which)
	}
	return o.editAnnotation(op, which)
}

// Repair writes the annotation so that OpenShift's controller reads it: every
// trigger in canonical form, its container by name and in its list. What a
// trigger means does not change; one that cannot be read stays as it is, and so
// do duplicates. An annotation that is canonical gives an empty patch, and so do
// BuildConfigs and DeploymentConfigs. The error is that of [Parse].
func Repair(o *Object) (Edit, error) {
	o = o.orEmpty()
	if o.form != annotated {
		return Edit{}, nil
	}
	triggers, _, err := o.bind()
	if err != nil {
		return Edit{}, o.fail("repair", err.(*Error))
	}
	texts := make([]string, len(triggers))
	for i, b := range triggers {
		texts[i] = b.repaired(o)
	}
	return o.writeAnnotation("repair", texts)
}

// noTrigger is the error of an edit that found nothing.
func (o *Object) noTrigger(op string, which Which) error {
	why := "the object has no such trigger"
	if which.Container != "" {
		why += ", container " + quote(which.Container)
	}
	if which.From != (Tag{}) {
		why += ", tag " + quote(which.From.String())
	}
	return o.fail(op, about(op, -1, "", why, ErrNoTrigger))
}

// wantedSlot finds the container that a trigger is to be set for.
func (o *Object) wantedSlot(want Wanted) (slot, error) {
	s, ok := o.slots().named(want.List, want.Container)
	if ok && want.Container != "" && (o.form == annotated || s.list == Containers || s.list == InitContainers) {
		return s, nil
	}
	list := string(want.List)
	if list == "" {
		list = "the containers"
	}
	return slot{}, o.fail("set", about("set", -1, "", "there is no "+quote(want.Container)+" in "+list+" of the object", ErrNoContainer))
}

// reference is the tag as a trigger has it.
func (t Tag) reference() map[string]any {
	from := map[string]any{"kind": "ImageStreamTag", "name": t.Stream + ":" + t.Tag}
	if t.Namespace != "" {
		from["namespace"] = t.Namespace
	}
	return from
}

// specTriggerPointer is the JSON pointer of a trigger in spec.triggers.
func specTriggerPointer(index int, keys ...string) string {
	path := "/spec/triggers/" + strconv.Itoa(index)
	for _, key := range keys {
		path += "/" + key
	}
	return path
}
