package main

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/imagepruner"
)

// observed is what the controller is to the status: a CronJob that it is itself, with
// the last run for a Job.
func observed(pruner *imagepruner.ImagePruner, last *imagepruner.RunRecord) imagepruner.Observed {
	cronJob := &imagepruner.CronJob{Spec: imagepruner.CronJobSpec{Suspend: pruner.Spec.Suspend}}
	cronJob.Metadata.Name = imagepruner.DefaultCronJobName
	o := imagepruner.Observed{CronJob: cronJob}
	if last == nil {
		return o
	}
	controller := true
	end := imagepruner.JobCondition{Type: "Complete", Status: imagestream.ConditionTrue}
	if len(last.Errors) > 0 {
		end = imagepruner.JobCondition{Type: "Failed", Status: imagestream.ConditionTrue, Reason: imagepruner.ReasonError, Message: last.String()}
	}
	job := imagepruner.Job{Status: imagepruner.JobStatus{StartTime: &last.Started, Conditions: []imagepruner.JobCondition{end}}}
	job.Metadata.OwnerReferences = []imagestream.OwnerReference{{APIVersion: "batch/v1", Kind: "CronJob", Name: cronJob.Metadata.Name, Controller: &controller}}
	o.Jobs = []imagepruner.Job{job}
	return o
}

func lastRun(pruner *imagepruner.ImagePruner) *imagepruner.RunRecord {
	record, err := imagepruner.ParseRunRecord(pruner.Annotations[imagepruner.RunAnnotation])
	if err != nil {
		return nil // none yet, or not one of ours
	}
	return &record
}

// sinceWhen is the instant after which runs fall due: the last run's, or where there was
// none, when the ImagePruner came to be. A last run in the future is of a clock that was
// wrong, and would stop all pruning until then.
func sinceWhen(pruner *imagepruner.ImagePruner, last *imagepruner.RunRecord, now time.Time) time.Time {
	if last != nil && last.Started.Before(now.Add(imagepruner.StartingDeadline)) {
		return last.Started.Time
	}
	return pruner.CreationTimestamp.Time
}

// tell sends an event about a run.
func (r *reconciler) tell(object runtime.Object, record imagepruner.RunRecord) {
	kind, reason := corev1.EventTypeNormal, "Pruned"
	if len(record.Errors) > 0 {
		kind, reason = corev1.EventTypeWarning, "PruneFailed"
	}
	r.recorder.Eventf(object, nil, kind, reason, "Prune", "%s", record)
}

func (r *reconciler) warn(object runtime.Object, reason string, err error) {
	r.recorder.Eventf(object, nil, corev1.EventTypeWarning, reason, "Check", "%.1000s", err)
}

// nextChange is when the plan's first object that stays for its youth alone comes of
// age; zero: the passing of time changes nothing.
func nextChange(plan *prune.Plan) (change time.Time) {
	if plan == nil {
		return time.Time{}
	}
	for v := range plan.Verdicts() {
		why := v.Reason
		if v.Outcome != prune.Keep || why.Age == nil || why.YoungerThan == nil || *why.Age >= *why.YoungerThan {
			continue
		}
		if at := plan.Now.Add(time.Duration(*why.YoungerThan - *why.Age)); change.IsZero() || at.Before(change) {
			change = at
		}
	}
	return change
}

// wait is how long it is to the first of some instants, zero ones aside; 0 where there
// is none, and at least a second.
func wait(now time.Time, instants ...time.Time) (d time.Duration) {
	for _, at := range instants {
		if at.IsZero() {
			continue
		}
		if until := max(at.Sub(now), time.Second); d == 0 || until < d {
			d = until
		}
	}
	return d
}
