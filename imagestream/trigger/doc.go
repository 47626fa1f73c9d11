// Package trigger reads, checks, edits and evaluates image change triggers: what
// makes OpenShift put the image of an image stream tag into a workload, or start
// a build, when the tag moves.
//
// There are three forms of them, and one set of functions for all three:
//
//   - the annotation image.openshift.io/triggers, on any object with a pod spec
//     (Deployment, DaemonSet, StatefulSet, CronJob; also ReplicaSet, Job, Pod,
//     PodTemplate, ReplicationController and custom resources, which OpenShift's
//     own controller does not watch);
//   - spec.triggers of a BuildConfig;
//   - spec.triggers of a DeploymentConfig.
//
// [Evaluate] says what to do about an object, as a [Patch] or a [BuildRequest],
// and for each trigger that does not fire why not. [Check] lists what is wrong
// with an object's triggers. [Set], [Remove], [Pause], [Resume] and [Repair]
// edit them. Nothing here talks to a cluster: a program reads its objects as it
// always does, hands them over with [ObjectOf] or [ReadObject], and sends the
// patch with its own client:
//
//	object, err := trigger.ObjectOf(deployment) // typed, Unstructured or a map
//	result, err := trigger.Evaluate(object, resolver)
//	if result.Fires() {
//		data, err := json.Marshal(result.Patch)
//		_, err = client.AppsV1().Deployments(ns).Patch(ctx, name, types.JSONPatchType, data, metav1.PatchOptions{})
//	}
//
// # Patches
//
// A patch is a JSON patch (RFC 6902), since a merge patch could only replace a
// whole list of containers. It starts with test operations for everything that
// the decision rests on: the triggers, the name of the container at that index
// and the image it had. So it fails, and changes nothing, where somebody has
// paused a trigger or moved a container in the meantime; read the object again
// and evaluate again. Where something is added that was not there, nothing can
// be tested but metadata.resourceVersion, which then is, if the object has one.
//
// # The annotation
//
// It is a JSON list, of at most 256 KiB:
//
//	[{"from":      {"kind": "ImageStreamTag", "name": "stream:tag", "namespace": "if another"},
//	  "fieldPath": "spec.template.spec.containers[?(@.name==\"web\")].image",
//	  "paused":    true}]
//
// The grammar of the path is
//
//	path      = spec "." list "[" selector "]" "." "image"
//	          | spec "." "volumes" "[" selector "]" "." "image.reference"
//	spec      = "spec.template.spec" | "spec.jobTemplate.spec.template.spec"
//	          | "template.spec" | "spec"                 whichever the object has
//	list      = "containers" | "initContainers" | "ephemeralContainers"
//	selector  = index | "?(@.name==" quote name quote ")"
//	quote     = `"` | `'`                                the same on both sides
//
// with spaces allowed around a selector's parts. OpenShift's controller knows
// the first two lists and double quotes without spaces, and nothing else. What
// is understood here and not there is a warning of class [ErrNotCanonical] or
// [ErrIgnored], and [Repair] writes it as the controller wants it: a container
// by name, in the list that it is in, in double quotes, paused as a boolean.
//
// The controller gives the whole annotation up for one trigger that it cannot
// read. Here each trigger stands for itself: a bad one is a problem with its
// index, its offset in the annotation and its field, and the others work.
package trigger
