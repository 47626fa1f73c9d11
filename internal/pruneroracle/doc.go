// Package pruneroracle holds prune/imagepruner against Kubernetes and OpenShift: the
// manifests decode strictly into their types and pass their validation, the
// ImagePruner passes that of its CustomResourceDefinition, and what fell due of a
// schedule is what the CronJob controller says.
//
// It is a module of its own, so that nobody else requires theirs.
package pruneroracle
