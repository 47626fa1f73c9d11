// Package naiveplan plans a prune the slow way: the rules of the OpenShift
// preset, read off the design one by one, with sets and loops and no
// cleverness. It shares no code with package prune and is what that is compared
// with, so a rule that one of the two misreads shows up as a difference.
//
// It works on objects as encoding/json decodes them into maps, and takes time
// without regard to the number of objects: it is for small clusters, in tests.
//
// Each file is one part of the rules: references.go says what workloads use,
// items.go which tag items go, images.go which images, registry.go which links
// and blobs, evidence.go what is kept because something is not known.
package naiveplan
