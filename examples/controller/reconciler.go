package main

import (
	"context"
	"reflect"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/imagepruner"
)

// A reconciler prunes by the ImagePruner: it plans when its schedule says so, carries
// the plan out, and writes status and events.
type reconciler struct {
	client   client.Client
	cluster  cluster
	known    *follower
	recorder events.EventRecorder
	// name is that of the ImagePruner; others are not looked at.
	name string
	// registry says what is known of the registry, with the ends for its links and blobs.
	registry func(context.Context) (imagepruner.Registry, apply.Ends, error)
	// condemned remembers which blobs wait for a later plan.
	condemned apply.CondemnedBlobs
	options   apply.Options
	zone      *time.Location
	now       func() time.Time
}

// Reconcile implements reconcile.Reconciler. It comes again at the next run, or when
// the plan changes by the mere passing of time, whichever is earlier.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	if request.Name != r.name {
		return ctrl.Result{}, nil
	}
	object := newPruner()
	if err := r.client.Get(ctx, request.NamespacedName, object); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	var pruner imagepruner.ImagePruner
	if err := into(object, &pruner); err != nil {
		r.warn(object, "Invalid", err)
		return ctrl.Result{}, nil // it comes again when somebody puts it right
	}
	if err := pruner.Check().Err(); err != nil {
		r.warn(object, "Invalid", err)
		return ctrl.Result{}, r.writeStatus(ctx, &pruner, lastRun(&pruner))
	}
	last, now := lastRun(&pruner), r.now()
	schedule, err := pruner.Spec.ScheduleIn(r.zone)
	if err != nil {
		return ctrl.Result{}, err
	}
	since := sinceWhen(&pruner, last, now)
	schedule = schedule.Since(since)
	var plan *prune.Plan
	if due := schedule.Due(since, now, imagepruner.StartingDeadline); !due.Run.IsZero() {
		var record imagepruner.RunRecord
		plan, record = r.run(ctx, &pruner, now)
		if ctx.Err() != nil {
			return ctrl.Result{}, ctx.Err() // another replica, or the next start, does it
		}
		last = &record
		if err := r.remember(ctx, object, &pruner, record); err != nil {
			return ctrl.Result{}, err
		}
		r.tell(object, record)
	} else if !schedule.Next(now).IsZero() {
		// What the next run would do, if it were now.
		if plan, _, err = r.plan(ctx, &pruner, now); err != nil {
			log.FromContext(ctx).Error(err, "no plan can be made now", "next run", schedule.Next(now))
		} else {
			log.FromContext(ctx).Info("next run", "at", schedule.Next(now), "deletions", plan.Summary.Actions(), "bytes", plan.Summary.FreedBytes)
		}
	}
	if err := r.writeStatus(ctx, &pruner, last); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: wait(r.now(), schedule.Next(r.now()), nextChange(plan))}, nil
}

// plan plans on what is known now, and returns the ends that carry it out.
func (r *reconciler) plan(ctx context.Context, pruner *imagepruner.ImagePruner, now time.Time) (*prune.Plan, apply.Ends, error) {
	registry, ends, err := r.registry(ctx)
	if err != nil {
		return nil, ends, err
	}
	policy, err := pruner.Spec.Policy(registry)
	if err != nil {
		return nil, ends, err
	}
	inv, err := r.known.build(ctx, r.cluster.reader)
	if err != nil {
		return nil, ends, err
	}
	plan, err := prune.New(inv, policy, now)
	ends.Condemned = r.condemned
	return plan, r.cluster.ends(ends), err
}

// run plans and carries the plan out.
func (r *reconciler) run(ctx context.Context, pruner *imagepruner.ImagePruner, now time.Time) (*prune.Plan, imagepruner.RunRecord) {
	plan, ends, err := r.plan(ctx, pruner, now)
	var report *apply.Report
	if err == nil {
		report, err = apply.Run(ctx, plan, ends, r.options)
	}
	return plan, imagepruner.NewRunRecord(report, err, now, r.now())
}

// remember keeps the record of a run in an annotation, so that every replica knows
// when the last one was.
func (r *reconciler) remember(ctx context.Context, object client.Object, pruner *imagepruner.ImagePruner, record imagepruner.RunRecord) error {
	text, err := record.Annotation()
	if err != nil {
		return err
	}
	before := object.DeepCopyObject().(client.Object)
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[imagepruner.RunAnnotation] = text
	object.SetAnnotations(annotations)
	if err := r.client.Patch(ctx, object, client.MergeFrom(before)); err != nil {
		return err
	}
	pruner.ResourceVersion, pruner.Annotations = object.GetResourceVersion(), annotations
	return nil
}

// writeStatus writes the status where it differs.
func (r *reconciler) writeStatus(ctx context.Context, pruner *imagepruner.ImagePruner, last *imagepruner.RunRecord) error {
	before, err := outOf(pruner)
	if err != nil {
		return err
	}
	pruner.Status = pruner.NextStatus(observed(pruner, last), r.now())
	after, err := outOf(pruner)
	if err != nil {
		return err
	}
	if reflect.DeepEqual(before.Object["status"], after.Object["status"]) {
		return nil
	}
	after.SetGroupVersionKind(prunerKind)
	return r.client.Status().Update(ctx, after)
}
