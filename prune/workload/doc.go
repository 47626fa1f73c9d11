// Package workload answers one question about a Kubernetes object: which images
// does it name?
//
// [FromJSON] and [FromMap] read one object; a [Scanner] reads many. Each image
// that is named comes back as a [Reference] with the path of its field, the text
// as written, and what it uses: a tag of an image stream, a digest in a stream,
// a digest wherever it is, or nothing that a plan could protect.
//
// # What the peer reads
//
// References with the Source [Peer] are those that `oc adm prune images` reads
// itself, no more and no fewer:
//
//   - initContainers and containers of Pods and of the pod templates of
//     ReplicationControllers, DeploymentConfigs, ReplicaSets, Deployments,
//     DaemonSets, StatefulSets, Jobs and CronJobs;
//   - the `from` of the source, docker or custom strategy of Builds and
//     BuildConfigs, whichever of the three is set first in this order.
//
// An object counts as one of these kinds when its group says so, or when it has
// no apiVersion at all. A Job of batch.volcano.sh or a Build of shipwright.io is
// a custom resource.
//
// A pull spec of white space or nothing is passed over. One with a host, a
// namespace and a single name uses its digest in that stream or, where it has
// none, its tag, which is latest where it is not written. The host is not
// compared. Other pull specs name no stream. A digest counts wherever it is as
// well, whatever stands before it.
//
// # What is found beyond it
//
// Every other [Source] can only keep images: ephemeral containers, image
// volumes, the imageIDs of running containers, the spec tags of image streams,
// triggers, the inputs and outputs of builds, ControllerRevisions, PodTemplates,
// and custom resources. These are searched for anything that looks like a list
// of containers, a single container or an image volume, at any depth; where an
// image is named in another way, a table of paths says so ([DefaultTable],
// [Options.Table]).
//
// # What is wrong
//
// A reference that does not parse is in the result, with its Err: the text is
// not a pull spec, or a template such as {{image}} or $(params.image) that
// nobody has filled in. A field of the wrong type, such as `image: 7` in a Pod,
// is an [*Error] that names the object and the field. In a custom resource it is
// merely not an image, because nobody knows what its fields mean.
package workload
