package trigger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// deploymentTrigger is an image change trigger of a DeploymentConfig.
type deploymentTrigger struct {
	specTrigger
	automatic bool
	names     []string
	slots     slots // of the containers with these names
}

// deploymentTriggers reads the image change triggers of a DeploymentConfig, with
// what is wrong with them.
func (o *Object) deploymentTriggers() (triggers []deploymentTrigger, problems []*Error) {
	all := o.slots()
	err := o.specTriggers("imageChangeParams", func(index int, _ map[string]any, values any) {
		t, found := o.deploymentTrigger(index, values, all)
		triggers, problems = append(triggers, t), append(problems, found...)
	})
	if err != nil {
		problems = append(problems, err)
	}
	first := map[string]int{}
	for _, t := range triggers {
		for _, s := range t.slots {
			if j, ok := first[s.key()]; ok {
				why := "trigger " + strconv.Itoa(j) + " is about the same container: " + quote(s.name)
				problems = append(problems, t.problem("containerNames", why, ErrDuplicate))
			} else {
				first[s.key()] = t.index
			}
		}
	}
	return triggers, problems
}

func (o *Object) deploymentTrigger(index int, values any, all slots) (t deploymentTrigger, problems []*Error) {
	t.index, t.field = index, "spec.triggers["+strconv.Itoa(index)+"].imageChangeParams"
	var ok bool
	if t.values, ok = values.(map[string]any); !ok {
		return t, []*Error{t.invalid("", "want an object")}
	}
	automatic, problem := t.boolean("automatic")
	if t.automatic = automatic; problem != nil {
		problems = append(problems, problem)
	}
	problems = append(problems, t.source(o.namespace, t.values["from"], "from")...)
	t.last = text(t.values, "lastTriggeredImage")
	problems = append(problems, t.containers(all)...)
	return t, append(problems, t.strange("automatic", "containerNames", "from", "lastTriggeredImage")...)
}

// containers finds the containers of a trigger. Those of a DeploymentConfig are
// init containers or containers.
func (t *deploymentTrigger) containers(all slots) (problems []*Error) {
	list, ok := t.values["containerNames"].([]any)
	if !ok && t.values["containerNames"] != nil {
		return []*Error{t.invalid("containerNames", "want a list of names")}
	}
	for i, value := range list {
		field := fmt.Sprintf("containerNames[%d]", i)
		name, ok := value.(string)
		if !ok || name == "" {
			problems = append(problems, t.invalid(field, "want the name of a container"))
			continue
		}
		t.names = append(t.names, name)
		known := false
		for _, s := range all {
			if s.name == name && (s.list == InitContainers || s.list == Containers) {
				known = true
				if !slices.ContainsFunc(t.slots, func(other slot) bool { return other.key() == s.key() }) {
					t.slots = append(t.slots, s)
				}
			}
		}
		if !known {
			problems = append(problems, t.problem(field, "there is no such container: "+quote(name), ErrNoContainer))
		}
	}
	if len(list) == 0 {
		problems = append(problems, t.problem("containerNames", "it names no container", ErrNoContainer))
	}
	return problems
}

// deploymentConfig evaluates a DeploymentConfig.
func (e *evaluation) deploymentConfig() {
	triggers, _ := e.object.deploymentTriggers()
	out := make([]Outcome, len(triggers))
	var waitsFor []string
	for i, t := range triggers {
		out[i] = Outcome{Index: t.index, Tag: t.tag, Reason: t.reason}
		if t.err != nil {
			out[i].Err = e.object.fail("evaluate", t.err)
		}
		if !e.deploymentImage(t, &out[i]) {
			waitsFor = append(waitsFor, strconv.Itoa(t.index))
		}
	}
	disputed := disputedSlots(triggers, out)
	for i, t := range triggers {
		if out[i].Reason != "" {
			continue
		}
		e.deploymentChanges(t, &out[i], disputed)
		if out[i].Reason != Fires {
			continue
		}
		if len(waitsFor) > 0 {
			out[i].Reason, out[i].Changes = Waiting, nil
			why := "no image yet for trigger " + strings.Join(waitsFor, ", ") + " of this object"
			out[i].Err = e.object.fail("evaluate", t.problem("", why, nil))
			continue
		}
		e.deploy(t, out[i], disputed)
	}
	e.result.Outcomes = out
}

// deploymentImage finds the image of a trigger. It is false where the whole
// DeploymentConfig has to wait for it. A reason that is left empty says that
// there is an image to compare.
func (e *evaluation) deploymentImage(t deploymentTrigger, out *Outcome) bool {
	switch {
	case t.reason == Ignored:
		return true
	case t.reason == Invalid:
		return !t.automatic || t.last != ""
	case !t.automatic:
		out.Reason = NotAutomatic
		return true
	case e.took(out):
		return true
	case t.last == "":
		return false
	case out.Reason == ResolverFailed:
		return true // nothing is known, so its containers stay as they are
	}
	// The tag is gone, but the image that it had is known.
	out.Reason, out.Image = "", t.last
	return true
}

// disputedSlots are the containers that two triggers want to give images of
// different tags, or of one that is gone and of which they saw different images
// last. None of them gets its way.
func disputedSlots(triggers []deploymentTrigger, out []Outcome) map[string]int {
	wanted, disputed := map[string]int{}, map[string]int{}
	for i, t := range triggers {
		if out[i].Reason != "" {
			continue
		}
		for _, s := range t.slots {
			if j, ok := wanted[s.key()]; !ok {
				wanted[s.key()] = i
			} else if out[j].Tag != out[i].Tag || out[j].Image != out[i].Image {
				disputed[s.key()] = triggers[j].index
			}
		}
	}
	return disputed
}

// deploymentChanges compares the containers, and what the trigger says that it
// saw last, with its image.
func (e *evaluation) deploymentChanges(t deploymentTrigger, out *Outcome, disputed map[string]int) {
	free := 0
	for _, s := range t.slots {
		if _, ok := disputed[s.key()]; ok {
			continue
		}
		free++
		if s.current() != out.Image {
			out.Changes = append(out.Changes, s.change(out.Image))
		}
	}
	switch {
	case free == 0 && len(t.slots) > 0:
		out.Reason = Duplicate
		out.Err = e.object.fail("evaluate", t.problem("containerNames", "another trigger gives the same containers another image", ErrDuplicate))
		return
	case len(out.Changes) > 0 || t.last != out.Image:
		out.Reason = Fires
	default:
		out.Reason = SameImage
	}
	if len(t.slots) == 0 {
		out.Err = e.object.fail("evaluate", t.problem("containerNames", "it names no container of the object", ErrNoContainer))
	}
}

// deploy adds the changes of a trigger to the patch.
func (e *evaluation) deploy(t deploymentTrigger, out Outcome, disputed map[string]int) {
	e.patch.expect("/spec/triggers", at(e.object.content, "spec", "triggers"))
	if t.last != out.Image {
		e.patch.do("add", pointer("spec", "triggers", t.index, "imageChangeParams", "lastTriggeredImage"), out.Image)
	}
	for _, s := range t.slots {
		if _, ok := disputed[s.key()]; ok || s.current() == out.Image {
			continue
		}
		if p := s.imagePointer(); !slices.ContainsFunc(e.patch.changes, func(op Operation) bool { return op.Path == p }) {
			e.setImage(s, out.Image)
		}
	}
}
