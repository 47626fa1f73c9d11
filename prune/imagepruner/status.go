package imagepruner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
)

// NextStatus returns the status that the ImagePruner should have: what it has, with
// the conditions Available, Scheduled, Failed and Degraded as they are now, and its
// generation. A condition's LastTransitionTime is now where its Status changes, and
// stays where it does not, so the same arguments give the same status again.
//
// It is a pure function: the ImagePruner does not change. Conditions of other types
// stay as they are.
func (p *ImagePruner) NextStatus(o Observed, now time.Time) ImagePrunerStatus {
	next := p.Status
	next.ObservedGeneration = p.Generation
	next.Conditions = slices.Clone(p.Status.Conditions)
	invalid := p.Spec.Check().Err()
	next.set(available(o), now)
	next.set(p.scheduled(o, now), now)
	failed := o.failed()
	next.set(failed, now)
	if !o.NoDegraded {
		next.set(degraded(o, invalid, failed), now)
	}
	return next
}

// set puts a condition in the place of the one of its type, or behind the others.
func (s *ImagePrunerStatus) set(c OperatorCondition, now time.Time) {
	c.LastTransitionTime = imagestream.NewTime(now.UTC().Truncate(time.Second))
	c.Message = cut(strings.ToValidUTF8(c.Message, "\ufffd"), maxMessage)
	known := s.Condition(c.Type)
	if known == nil {
		s.Conditions = append(s.Conditions, c)
		return
	}
	if known.Status == c.Status && !known.LastTransitionTime.IsZero() {
		c.LastTransitionTime = known.LastTransitionTime
	}
	c.unknown = known.unknown
	*known = c
}

func available(o Observed) OperatorCondition {
	c := OperatorCondition{Type: Available, Status: imagestream.ConditionTrue, Reason: ReasonReady, Message: messageAvailable}
	if o.CronJob == nil {
		c.Status, c.Reason, c.Message = imagestream.ConditionFalse, ReasonError, messageAbsent
		if o.SyncError != nil {
			c.Message += " " + o.SyncError.Error()
		}
	}
	return c
}

// scheduled tells of the CronJob that is there, which may still be as an older spec
// had it, but for a schedule that cannot be followed.
func (p *ImagePruner) scheduled(o Observed, now time.Time) OperatorCondition {
	c := OperatorCondition{Type: Scheduled, Status: imagestream.ConditionFalse}
	schedule, err := p.Spec.ScheduleIn(nil)
	switch {
	case o.CronJob == nil:
		c.Reason, c.Message = ReasonError, messageAbsent
	case err != nil:
		c.Reason, c.Message = ReasonError, err.Error()
	case o.CronJob.Spec.Suspend != nil && *o.CronJob.Spec.Suspend:
		c.Reason, c.Message = ReasonSuspended, messageSuspended
	case p.Spec.Suspend != nil && *p.Spec.Suspend:
		c.Status, c.Reason = imagestream.ConditionTrue, ReasonScheduled
		c.Message = messageScheduled + " It is to be suspended, and is not yet."
	case schedule.Next(now).IsZero():
		c.Reason, c.Message = ReasonError, fmt.Sprintf("spec.schedule: %s never comes", quote(p.Spec.Schedule))
	default:
		c.Status, c.Reason, c.Message = imagestream.ConditionTrue, ReasonScheduled, messageScheduled
	}
	return c
}

// failed tells how the last of the pruner's own Jobs ended. Without one, the
// CronJob's own note of its last success counts, if no run was started since.
func (o *Observed) failed() OperatorCondition {
	c := OperatorCondition{Type: Failed, Status: imagestream.ConditionFalse, Reason: ReasonSucceeded, Message: messageSucceeded}
	end, jobs := o.lastEnded()
	switch {
	case end != nil && end.Type == "Failed":
		c.Status, c.Reason, c.Message = imagestream.ConditionTrue, end.Reason, end.Message
		if c.Reason == "" {
			c.Reason = ReasonError
		}
		if c.Message == "" {
			c.Message = "Most recent image pruning job failed."
		}
	case end != nil || o.succeededLast():
	default:
		c.Status, c.Reason, c.Message = imagestream.ConditionUnknown, ReasonNoRun, o.noRun(jobs)
	}
	return c
}

// succeededLast reports whether the CronJob knows of a success, and of no run after
// it.
func (o *Observed) succeededLast() bool {
	if o.CronJob == nil || o.CronJob.Status.LastSuccessfulTime == nil {
		return false
	}
	status := &o.CronJob.Status
	return len(status.Active) == 0 && (status.LastScheduleTime == nil || !status.LastScheduleTime.After(status.LastSuccessfulTime.Time))
}

// noRun says why nothing is known of any run.
func (o *Observed) noRun(jobs int) string {
	switch {
	case jobs > 0 || o.CronJob != nil && len(o.CronJob.Status.Active) > 0:
		return messageFirstRun
	case o.CronJob != nil && (o.CronJob.Status.LastScheduleTime != nil || o.CronJob.Status.LastSuccessfulTime != nil):
		return messageNoJob
	}
	return messageNoRun
}

func degraded(o Observed, invalid error, failed OperatorCondition) OperatorCondition {
	c := OperatorCondition{Type: Degraded, Status: imagestream.ConditionFalse, Reason: ReasonAsExpected}
	switch {
	case o.SyncError != nil:
		c.Status, c.Reason, c.Message = imagestream.ConditionTrue, ReasonSyncError, "Error: "+o.SyncError.Error()
	case invalid != nil:
		c.Status, c.Reason, c.Message = imagestream.ConditionTrue, ReasonSyncError, "Error: "+invalid.Error()
	case failed.Status == imagestream.ConditionTrue:
		c.Status, c.Reason, c.Message = imagestream.ConditionTrue, ReasonJobFailed, failed.Message
	}
	return c
}
