package imagepruner

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/quantity"
)

// ShortAge is the age below which [ImagePrunerSpec.Check] warns: what a build
// started from, or has pushed as a step on its way, is not protected any more while
// the build still runs.
const ShortAge = 30 * time.Minute

// Check returns everything that is wrong with the object, in the order of its
// fields; nothing for one that is as it should be. It never fails at the first
// problem.
func (p *ImagePruner) Check() Problems {
	var problems Problems
	if p.Kind != Kind {
		problems.add("kind", fmt.Sprintf("want %s, got %s", Kind, quote(p.Kind)))
	}
	if p.APIVersion != APIVersion {
		problems.add("apiVersion", fmt.Sprintf("want %s, got %s", APIVersion, quote(p.APIVersion)))
	}
	if p.Name != Name {
		problems.warn("metadata.name", fmt.Sprintf("the operator looks at %s alone, and not at %s", Name, quote(p.Name)))
	}
	if p.Namespace != "" {
		problems.add("metadata.namespace", "an ImagePruner has none: it is of the whole cluster")
	}
	problems = append(problems, p.Spec.Check()...)
	p.Status.check(&problems)
	return problems
}

// Check is [ImagePruner.Check] of the spec alone. Paths begin with spec.
func (s ImagePrunerSpec) Check() Problems {
	var problems Problems
	s.checkSchedule(&problems)
	if s.KeepTagRevisions != nil && *s.KeepTagRevisions < 0 {
		problems.add("spec.keepTagRevisions", fmt.Sprintf("it is negative: %d", *s.KeepTagRevisions))
	}
	s.checkAges(&problems)
	checkResources(s.Resources, &problems)
	checkObject("spec.affinity", s.Affinity, &problems)
	checkNodeSelector(s.NodeSelector, &problems)
	for i, toleration := range s.Tolerations {
		checkObject(fmt.Sprintf("spec.tolerations[%d]", i), toleration, &problems)
	}
	checkLimit("spec.successfulJobsHistoryLimit", s.SuccessfulJobsHistoryLimit, &problems)
	checkLimit("spec.failedJobsHistoryLimit", s.FailedJobsHistoryLimit, &problems)
	if s.IgnoreInvalidImageReferences {
		problems.warn("spec.ignoreInvalidImageReferences", "what references that do not parse use is not known, and may be deleted")
	}
	switch s.LogLevel {
	case "", LogNormal, LogDebug, LogTrace, LogTraceAll:
	default:
		problems.add("spec.logLevel", fmt.Sprintf("want Normal, Debug, Trace or TraceAll, got %s", quote(string(s.LogLevel))))
	}
	return problems
}

func (s *ImagePrunerSpec) checkSchedule(problems *Problems) {
	const path = "spec.schedule"
	if s.Schedule == "" {
		return
	}
	schedule, err := ParseSchedule(s.Schedule, nil)
	if err != nil {
		problems.add(path, err.Error())
		return
	}
	if schedule.every > 0 && schedule.every < time.Minute {
		problems.warn(path, fmt.Sprintf("every %s: a CronJob starts no more than one Job a minute", schedule.every))
	}
	if !schedule.comes() {
		problems.warn(path, fmt.Sprintf("%s never comes, so nothing is ever pruned; to suspend it, say suspend: true", quote(s.Schedule)))
	}
}

func (s *ImagePrunerSpec) checkAges(problems *Problems) {
	const old, path = "spec.keepYoungerThan", "spec.keepYoungerThanDuration"
	if s.KeepYoungerThan != nil {
		switch {
		case *s.KeepYoungerThan < 0:
			problems.add(old, fmt.Sprintf("it is negative: %d nanoseconds", *s.KeepYoungerThan))
		case s.KeepYoungerThanDuration != nil:
			problems.warn(old, "it has no effect, since keepYoungerThanDuration is set")
		default:
			problems.warn(old, fmt.Sprintf("it is deprecated: say keepYoungerThanDuration: %s", *s.KeepYoungerThan))
			checkShort(old, *s.KeepYoungerThan, problems)
		}
	}
	if s.KeepYoungerThanDuration != nil {
		if age := s.KeepYoungerThanDuration.Duration; age < 0 {
			problems.add(path, fmt.Sprintf("it is negative: %s", age))
		} else {
			checkShort(path, age, problems)
		}
	}
}

func checkShort(path string, age time.Duration, problems *Problems) {
	if age < ShortAge {
		problems.warn(path, fmt.Sprintf("%s is so short that builds which still run may lose their images; the default is %s", age, defaultAge))
	}
}

func checkLimit(path string, limit *int32, problems *Problems) {
	if limit != nil && *limit < 1 {
		problems.add(path, fmt.Sprintf("want 1 or more, got %d: without Jobs there are no metrics, and nobody sees whether it failed", *limit))
	}
}

// checkObject finds out whether JSON that is not looked into is an object at all.
func checkObject(path string, raw json.RawMessage, problems *Problems) (members map[string]json.RawMessage) {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		problems.add(path, "want an object, got "+short(string(raw)))
	}
	return members
}

func checkResources(raw json.RawMessage, problems *Problems) {
	const path = "spec.resources"
	members := checkObject(path, raw, problems)
	requests := checkQuantities(path+".requests", members["requests"], problems)
	limits := checkQuantities(path+".limits", members["limits"], problems)
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		if limit, ok := limits[name]; ok && requests[name] > limit {
			problems.add(path+".requests["+quote(name)+"]", "it is above the limit")
		}
	}
}

// checkQuantities returns what could be read, in whole units: a request and a limit
// that differ by a fraction are taken for the same.
func checkQuantities(path string, raw json.RawMessage, problems *Problems) map[string]int64 {
	quantities := map[string]int64{}
	members := checkObject(path, raw, problems)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		text := strings.Trim(string(members[name]), `"`)
		q, err := quantity.Parse(text)
		if err != nil {
			problems.add(path+"["+quote(name)+"]", "want a quantity such as 100m or 256Mi, got "+short(string(members[name])))
			continue
		}
		quantities[name] = q
	}
	return quantities
}

// The forms of label keys and values, as Kubernetes has them.
var (
	labelKey   = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = regexp.MustCompile(`^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

func checkNodeSelector(selector map[string]string, problems *Problems) {
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		path := "spec.nodeSelector[" + quote(key) + "]"
		if !labelKey.MatchString(key) {
			problems.add(path, "it is not the key of a label")
		}
		if !labelValue.MatchString(selector[key]) {
			problems.add(path, "want the value of a label, got "+quote(selector[key]))
		}
	}
}

func (s *ImagePrunerStatus) check(problems *Problems) {
	if s.ObservedGeneration < 0 {
		problems.add("status.observedGeneration", fmt.Sprintf("it is negative: %d", s.ObservedGeneration))
	}
	for i, c := range s.Conditions {
		path := fmt.Sprintf("status.conditions[%d]", i)
		if c.Type == "" {
			problems.add(path+".type", "it is empty")
		}
		switch c.Status {
		case imagestream.ConditionTrue, imagestream.ConditionFalse, imagestream.ConditionUnknown:
		default:
			problems.add(path+".status", fmt.Sprintf("want True, False or Unknown, got %s", quote(string(c.Status))))
		}
	}
}
