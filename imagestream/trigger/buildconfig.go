package trigger

import (
	"strconv"

	"github.com/registrykit/registrykit/imagestream"
)

// buildStrategies are the strategies of a build, in the order in which OpenShift
// looks for the image that the build starts from.
var buildStrategies = [...]string{"sourceStrategy", "dockerStrategy", "customStrategy", "jenkinsPipelineStrategy"}

// strategyFrom is the reference of the build strategy and its path; nil where it
// has none.
func (o *Object) strategyFrom() (from any, field string) {
	for _, strategy := range buildStrategies[:3] {
		if at(o.content, "spec", "strategy", strategy) != nil {
			return at(o.content, "spec", "strategy", strategy, "from"), "spec.strategy." + strategy + ".from"
		}
	}
	return nil, ""
}

// buildTrigger is an image change trigger of a BuildConfig.
type buildTrigger struct {
	specTrigger
	own    bool // whether it has a from of its own
	paused bool
}

// buildTriggers reads the image change triggers of a BuildConfig, with what is
// wrong with them.
func (o *Object) buildTriggers() (triggers []buildTrigger, problems []*Error) {
	err := o.specTriggers("imageChange", func(index int, _ map[string]any, values any) {
		t, found := o.buildTrigger(index, values)
		triggers, problems = append(triggers, t), append(problems, found...)
	})
	if err != nil {
		problems = append(problems, err)
	}
	first := map[Tag]int{}
	for i, t := range triggers {
		if j, ok := first[t.tag]; ok && t.tag != (Tag{}) && !t.paused {
			problems = append(problems, triggers[i].problem("from", "trigger "+strconv.Itoa(j)+" is on the same tag", ErrDuplicate).warning())
		} else if !t.paused {
			first[t.tag] = t.index
		}
	}
	return triggers, problems
}

func (o *Object) buildTrigger(index int, values any) (t buildTrigger, problems []*Error) {
	t.index, t.field = index, "spec.triggers["+strconv.Itoa(index)+"].imageChange"
	var ok bool
	if t.values, ok = values.(map[string]any); !ok && values != nil {
		return t, []*Error{t.invalid("", "want an object")}
	}
	from := t.values["from"]
	t.own = from != nil
	if t.own {
		problems = t.source(o.namespace, from, "from")
	} else if from, field := o.strategyFrom(); from == nil {
		problems = []*Error{t.invalid("from", "it is missing, and the build strategy has none either")}
	} else if problems = t.source(o.namespace, from, ""); len(problems) > 0 {
		problems[0].Reason = "the reference at " + field + ", which counts here: " + problems[0].Reason
	}
	paused, problem := t.boolean("paused")
	if t.paused = paused; problem != nil {
		problems = append(problems, problem)
	}
	t.last = text(t.values, "lastTriggeredImageID")
	return t, append(problems, t.strange("from", "paused", "lastTriggeredImageID")...)
}

// buildConfig evaluates a BuildConfig.
func (e *evaluation) buildConfig() {
	triggers, _ := e.object.buildTriggers()
	allPaused := text(e.object.content, "metadata", "annotations", pausedBuildConfig) == "true"
	status := e.object.buildStatuses()
	for _, t := range triggers {
		out := Outcome{Index: t.index, Tag: t.tag, Reason: t.reason}
		if t.err != nil {
			out.Err = e.object.fail("evaluate", t.err)
		}
		switch {
		case out.Reason != "":
		case t.paused || allPaused:
			out.Reason = Paused
		case !e.took(&out):
		case lastBuilt(t, status) == out.Image:
			out.Reason = SameImage
		default:
			out.Reason = Fires
			e.request(t, out.Image)
		}
		e.result.Outcomes = append(e.result.Outcomes, out)
	}
	if e.result.Build != nil {
		e.buildStatus(triggers, status)
	}
}

// request adds a trigger to the build request. Two triggers on one tag are one
// cause.
func (e *evaluation) request(t buildTrigger, image string) {
	if e.result.Build == nil {
		e.result.Build = &BuildRequest{
			Namespace: e.object.namespace, Name: e.object.name, TriggeredByImage: image, From: t.ref,
		}
	}
	for _, cause := range e.result.Build.TriggeredBy {
		if tag, _ := tagOf(cause.FromRef); tag.is(t.tag, e.object.namespace) {
			return
		}
	}
	e.result.Build.TriggeredBy = append(e.result.Build.TriggeredBy, BuildCause{ImageID: image, FromRef: t.ref})
}

// buildStatus is an entry of status.imageChangeTriggers.
type buildStatus struct {
	entry map[string]any
	tag   Tag
	last  string
}

func (o *Object) buildStatuses() []buildStatus {
	var all []buildStatus
	entries, _ := at(o.content, "status", "imageChangeTriggers").([]any)
	for _, entry := range entries {
		values, _ := entry.(map[string]any)
		ref := imagestream.ObjectReference{Name: text(values, "from", "name"), Namespace: text(values, "from", "namespace")}
		if tag, ok := tagOf(ref); ok {
			all = append(all, buildStatus{values, tag.in(o.namespace), text(values, "lastTriggeredImageID")})
		}
	}
	return all
}

func statusOf(t buildTrigger, all []buildStatus) (buildStatus, bool) {
	for _, s := range all {
		if s.tag == t.tag && t.tag != (Tag{}) {
			return s, true
		}
	}
	return buildStatus{}, false
}

// lastBuilt is the image that a build was started for last. Since OpenShift 4.8
// nobody writes the field of the spec any more, so that what it says is old.
func lastBuilt(t buildTrigger, all []buildStatus) string {
	if s, ok := statusOf(t, all); ok && s.last != "" {
		return s.last
	}
	return t.last
}

// buildStatus finds out what the status is after the request: every trigger that
// has an image, paused ones too, is as if it had started the build, since the
// build uses the newest images of all.
func (e *evaluation) buildStatus(triggers []buildTrigger, status []buildStatus) {
	var entries []any
	for i, t := range triggers {
		if t.tag == (Tag{}) {
			continue
		}
		before, exists := statusOf(t, status)
		last := before.last
		if a := e.resolve(t.tag); a.reason == "" {
			last = a.Image
		} else if last == "" {
			last = t.last // else a build would start when the tag is back, with the same image
		}
		from, _ := tagOf(t.ref)
		e.result.Status = append(e.result.Status, BuildTriggerStatus{
			Index: t.index, From: from, Last: last, Before: before.last,
			Changed: !exists || last != before.last, Fired: e.result.Outcomes[i].Reason == Fires,
		})
		entries = append(entries, statusEntry(before.entry, t.ref, last))
	}
	e.patch.expect("/spec/triggers", at(e.object.content, "spec", "triggers"))
	if now, ok := at(e.object.content, "status").(map[string]any); ok {
		e.patch.put("/status/imageChangeTriggers", now["imageChangeTriggers"], entries)
		return
	}
	e.patch.put("/status", e.object.content["status"], map[string]any{"imageChangeTriggers": entries})
}

// statusEntry writes an entry; what it holds beyond the image stays.
func statusEntry(before map[string]any, ref imagestream.ObjectReference, last string) map[string]any {
	entry := map[string]any{}
	if before != nil {
		entry = deepCopy(before).(map[string]any)
	} else {
		from := map[string]any{"name": ref.Name}
		if ref.Namespace != "" {
			from["namespace"] = ref.Namespace
		}
		entry["from"] = from
	}
	if last != "" {
		entry["lastTriggeredImageID"] = last
	}
	return entry
}
