// Package imagepruner holds the resource that configures image pruning on
// OpenShift, imagepruners.imageregistry.operator.openshift.io/cluster, and all
// that follows from it: defaults, checks, the policy, the schedule, the CronJob
// that prunes, and the status. It does no I/O and reads no clock, so a controller
// has only to wire it.
//
//	pruner, err := imagepruner.Read(file)
//	problems := pruner.Check()
//	policy, err := pruner.Spec.Policy(imagepruner.Registry{ManagementState: imagepruner.Managed})
//	schedule, err := pruner.Spec.ScheduleIn(time.UTC)
//	next := schedule.Next(now)
//	pruner.Status = pruner.NextStatus(imagepruner.Observed{CronJob: cronJob, Jobs: jobs}, now)
//
// # The object
//
// [ImagePruner] has the JSON of the operator's API. What belongs to Kubernetes
// alone (affinity, tolerations, resources) is JSON as it was read, so nothing of
// Kubernetes is linked. An object that is read, changed and written back keeps the
// fields that its types do not know.
//
// # Where it differs from the operator
//
//   - What cannot be right is said before a job fails six times: see
//     [ImagePruner.Check].
//   - The condition Failed tells of the pruner's own Jobs alone. The operator drops
//     its selector, so that any Job of the namespace can make it degraded.
//   - Before a Job has finished, Failed is Unknown. The operator says then that the
//     pruner completed successfully.
//   - The CronJob runs its command without a shell, and once.
//   - A registry that is not managed loses data only where it has a host name, and
//     one that is removed never does: see [Registry].
package imagepruner
