package imagepruner

import (
	"encoding/json"
	"time"
)

// The defaults of an [ImagePrunerSpec].
const (
	DefaultSchedule         = "0 0 * * *"
	DefaultKeepTagRevisions = 3
	DefaultKeepYoungerThan  = 60 * time.Minute
	DefaultJobsHistoryLimit = 3
	// DefaultResources asks for a tenth of a processor and 256 MiB.
	DefaultResources = `{"requests":{"cpu":"100m","memory":"256Mi"}}`
)

// defaultAge is DefaultKeepYoungerThan in the words of the documentation.
const defaultAge = "60m"

// WithDefaults returns the spec with every default filled in. What is set stays; a
// spec that has its defaults is returned as it is. The age comes from
// KeepYoungerThanDuration, else from KeepYoungerThan, else it is 60m.
//
// The result shares what is set with the spec, and what is filled in with nothing.
func (s ImagePrunerSpec) WithDefaults() ImagePrunerSpec {
	if s.Schedule == "" {
		s.Schedule = DefaultSchedule
	}
	fill(&s.Suspend, false)
	fill(&s.KeepTagRevisions, DefaultKeepTagRevisions)
	if s.KeepYoungerThanDuration == nil {
		s.KeepYoungerThanDuration = s.age()
	}
	if len(s.Resources) == 0 {
		s.Resources = json.RawMessage(DefaultResources)
	}
	if len(s.Affinity) == 0 {
		s.Affinity = json.RawMessage("{}")
	}
	if s.NodeSelector == nil {
		s.NodeSelector = map[string]string{}
	}
	if s.Tolerations == nil {
		s.Tolerations = []json.RawMessage{}
	}
	fill(&s.SuccessfulJobsHistoryLimit, DefaultJobsHistoryLimit)
	fill(&s.FailedJobsHistoryLimit, DefaultJobsHistoryLimit)
	if s.LogLevel == "" {
		s.LogLevel = LogNormal
	}
	return s
}

func fill[T any](field **T, value T) {
	if *field == nil {
		*field = &value
	}
}

// age is the age below which images are kept.
func (s *ImagePrunerSpec) age() *Duration {
	switch {
	case s.KeepYoungerThanDuration != nil:
		return s.KeepYoungerThanDuration
	case s.KeepYoungerThan != nil:
		return NewDuration(*s.KeepYoungerThan)
	}
	return &Duration{Duration: DefaultKeepYoungerThan, text: defaultAge}
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
