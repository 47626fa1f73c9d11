package imagepruner

import (
	"encoding/json"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// What an ImagePruner says of itself.
const (
	GroupName  = "imageregistry.operator.openshift.io"
	APIVersion = GroupName + "/v1"
	Kind       = "ImagePruner"
	// Name is the only name that the operator looks at.
	Name = "cluster"
)

// An ImagePruner configures pruning. The zero value is one that nobody has stored
// yet, and means the defaults.
//
// It is a plain value: it may be read by several goroutines at once. An assignment
// shares slices, maps and pointers. No function of this package changes what they
// hold.
type ImagePruner struct {
	imagestream.TypeMeta   `json:",inline"`
	imagestream.ObjectMeta `json:"metadata"`

	Spec   ImagePrunerSpec   `json:"spec"`
	Status ImagePrunerStatus `json:"status"`
	unknown
}

// ImagePrunerSpec says what is to be pruned, and when. What is nil or empty has its
// default: see [ImagePrunerSpec.WithDefaults].
type ImagePrunerSpec struct {
	// Schedule is when to prune, in cron's five fields or a descriptor such as
	// @daily. Default: 0 0 * * *, daily at midnight.
	Schedule string `json:"schedule"`
	// Suspend stops the pruning; what runs goes on. Default: false.
	Suspend *bool `json:"suspend,omitempty"`
	// KeepTagRevisions is how many of the newest images each tag keeps.
	// Default: 3.
	KeepTagRevisions *int `json:"keepTagRevisions,omitempty"`
	// KeepYoungerThan is the age below which images are kept, in nanoseconds. It
	// is deprecated, and has no effect where KeepYoungerThanDuration is set.
	KeepYoungerThan *time.Duration `json:"keepYoungerThan,omitempty"`
	// KeepYoungerThanDuration is the age below which images are kept. Default: 60m.
	KeepYoungerThanDuration *Duration `json:"keepYoungerThanDuration,omitempty"`

	// Resources of the pruner's container, a Kubernetes ResourceRequirements.
	// Default: requests of 100m of CPU and 256Mi of memory. What is given takes
	// the place of the whole.
	Resources json.RawMessage `json:"resources,omitempty"`
	// Affinity of the pruner's Pod, a Kubernetes Affinity. Default: none.
	Affinity json.RawMessage `json:"affinity,omitempty"`
	// NodeSelector of the pruner's Pod. Default: none.
	NodeSelector map[string]string `json:"nodeSelector,omitzero"`
	// Tolerations of the pruner's Pod, each a Kubernetes Toleration. Default: none.
	Tolerations []json.RawMessage `json:"tolerations,omitzero"`

	// SuccessfulJobsHistoryLimit and FailedJobsHistoryLimit are how many Jobs stay
	// to be looked at. Default: 3 each.
	SuccessfulJobsHistoryLimit *int32 `json:"successfulJobsHistoryLimit,omitempty"`
	FailedJobsHistoryLimit     *int32 `json:"failedJobsHistoryLimit,omitempty"`

	// IgnoreInvalidImageReferences prunes although references do not parse, so
	// that what they use is not known and may go. Default: false. Mind that the
	// operator sets it where it makes the object itself.
	IgnoreInvalidImageReferences bool `json:"ignoreInvalidImageReferences,omitempty"`
	// LogLevel of the pruner. Default: Normal.
	LogLevel LogLevel `json:"logLevel,omitempty"`
	unknown
}

// A LogLevel is how much the pruner says.
type LogLevel string

// The log levels. The empty one is Normal.
const (
	LogNormal   LogLevel = "Normal"
	LogDebug    LogLevel = "Debug"
	LogTrace    LogLevel = "Trace"
	LogTraceAll LogLevel = "TraceAll"
)

// ImagePrunerStatus says what became of it.
type ImagePrunerStatus struct {
	// ObservedGeneration is the metadata.generation that the status is about.
	ObservedGeneration int64               `json:"observedGeneration,omitempty"`
	Conditions         []OperatorCondition `json:"conditions,omitempty"`
	unknown
}

// OperatorCondition is one thing that the status says.
type OperatorCondition struct {
	Type   ConditionType               `json:"type"`
	Status imagestream.ConditionStatus `json:"status"`
	// LastTransitionTime is when Status last changed.
	LastTransitionTime imagestream.Time `json:"lastTransitionTime"`
	Reason             string           `json:"reason,omitempty"`
	Message            string           `json:"message,omitempty"`
	unknown
}

// A ConditionType is what a condition is about.
type ConditionType string

// Condition returns the condition of a type, or nil.
func (s *ImagePrunerStatus) Condition(t ConditionType) *OperatorCondition {
	for i := range s.Conditions {
		if s.Conditions[i].Type == t {
			return &s.Conditions[i]
		}
	}
	return nil
}
