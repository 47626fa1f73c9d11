package imagepruner

import (
	"slices"
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// Observed is what a controller sees of the pruner. The zero value is a pruner
// without a CronJob.
type Observed struct {
	// CronJob is what is there. Nil: none.
	CronJob *CronJob
	// Jobs may be all of the namespace: those of others do not count.
	Jobs []Job
	// SyncError is what went wrong when the CronJob was to be brought in line with the
	// spec. Nil: nothing.
	SyncError error
	// NoDegraded leaves the condition Degraded as it is: not there, where it was not, as
	// in the documentation.
	NoDegraded bool
}

// A CronJob is what counts of a batch/v1 CronJob. It reads that object's JSON.
type CronJob struct {
	Metadata imagestream.ObjectMeta `json:"metadata"`
	Spec     CronJobSpec            `json:"spec"`
	Status   CronJobStatus          `json:"status"`
}

// CronJobSpec is what counts of a CronJob's spec.
type CronJobSpec struct {
	Suspend *bool `json:"suspend,omitempty"`
}

// CronJobStatus is what counts of a CronJob's status.
type CronJobStatus struct {
	Active             []imagestream.ObjectReference `json:"active,omitempty"`
	LastScheduleTime   *imagestream.Time             `json:"lastScheduleTime,omitempty"`
	LastSuccessfulTime *imagestream.Time             `json:"lastSuccessfulTime,omitempty"`
}

// A Job is what counts of a batch/v1 Job. It reads that object's JSON.
type Job struct {
	Metadata imagestream.ObjectMeta `json:"metadata"`
	Status   JobStatus              `json:"status"`
}

// JobStatus is what counts of a Job's status.
type JobStatus struct {
	StartTime  *imagestream.Time `json:"startTime,omitempty"`
	Conditions []JobCondition    `json:"conditions,omitempty"`
}

// JobCondition is a condition of a Job. It has ended where Complete or Failed is True.
type JobCondition struct {
	Type    string                      `json:"type"`
	Status  imagestream.ConditionStatus `json:"status"`
	Reason  string                      `json:"reason,omitempty"`
	Message string                      `json:"message,omitempty"`
}

// ended returns the condition that says how the Job ended, or nil.
func (j *Job) ended() *JobCondition {
	i := slices.IndexFunc(j.Status.Conditions, func(c JobCondition) bool {
		return c.Status == imagestream.ConditionTrue && (c.Type == "Complete" || c.Type == "Failed")
	})
	if i < 0 {
		return nil
	}
	return &j.Status.Conditions[i]
}

// of reports whether the CronJob made the Job, or somebody from it: the CronJob
// controls it. Labels do not count, as anybody may copy them.
func (j *Job) of(c *CronJob) bool {
	if c == nil || j.Metadata.Namespace != c.Metadata.Namespace {
		return false
	}
	return slices.ContainsFunc(j.Metadata.OwnerReferences, func(r imagestream.OwnerReference) bool {
		return r.Controller != nil && *r.Controller && r.Kind == "CronJob" && strings.HasPrefix(r.APIVersion, "batch/") &&
			r.Name == c.Metadata.Name && r.UID == c.Metadata.UID
	})
}

// started orders Jobs by when they started, those that did not by when they were
// made.
func (j *Job) started() imagestream.Time {
	if j.Status.StartTime != nil {
		return *j.Status.StartTime
	}
	return j.Metadata.CreationTimestamp
}

// lastEnded returns how the last Job that ended did, of those that are the
// pruner's own: the one that started last. jobs is how many of its own there are.
func (o *Observed) lastEnded() (end *JobCondition, jobs int) {
	var last *Job
	for i := range o.Jobs {
		job := &o.Jobs[i]
		if !job.of(o.CronJob) {
			continue
		}
		jobs++
		if job.ended() == nil {
			continue
		}
		if last == nil || job.later(last) {
			last = job
		}
	}
	if last == nil {
		return nil, jobs
	}
	return last.ended(), jobs
}

// later reports whether a job started after another; of two at once, the one with
// the greater name did, so that the order in which they are listed does not matter.
func (j *Job) later(than *Job) bool {
	if order := j.started().Compare(than.started().Time); order != 0 {
		return order > 0
	}
	return j.Metadata.Name > than.Metadata.Name
}
