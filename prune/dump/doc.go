// Package dump reads what `oc get -o json` prints into an
// [github.com/registrykit/registrykit/prune/inventory.Inventory].
//
// The input is read as a stream: a v1 List of anything, typed lists (a PodList,
// whose items need not carry a kind), lists in a List, single objects, and any
// number of these behind each other, in one input or several. YAML is read too,
// one document at a time in memory, which takes up to a hundred times its size.
// Only what a plan needs is decoded.
//
// # Evidence
//
// A kind counts as listed where a list held it, a typed list even when it is
// empty: what was not in it is not there. A list that goes on elsewhere
// (metadata.continue is set) makes its kinds incomplete. A single object is no
// list, so it is evidence of nothing but itself. [Options.Listed] says what the
// text cannot: that a kind of which there is no object was listed all the same.
// Where all Images come behind all ImageStreams, they were listed after them.
//
// A dump whose objects are all of one namespace, while images were pushed to
// others, was most likely made without -A: its kinds count as incomplete, unless
// [Options.Listed] names them.
//
// The order to list in is therefore: what uses images, then the streams, then
// the images.
//
//	oc get -A -o json pods,replicationcontrollers,…,imagestreams,images
//
// # What is refused
//
// Text that is not JSON, or ends too early, a field of a wrong type, a time that
// does not parse, an object above [Options.MaxObjectBytes], and one object given
// with two contents are errors, an [*Error] that names the input, the offset in
// bytes (of YAML, the line) and, where they can be told, the object and the field.
// There is no inventory then, not even of what stood before the error.
//
// One broken Image does not stop the others: a field of a wrong type among those that say
// what an Image is made of is passed over, and what that Image may need is kept. Ask
// [Reader.InPart] which they are.
package dump
