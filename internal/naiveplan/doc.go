// Package naiveplan plans a prune the slow way: the rules of the OpenShift
// preset, read off the design one by one, and those of any other policy, with
// sets and loops and no cleverness. It shares no code with package prune and is
// what that is compared with, so a rule that one of the two misreads shows up as
// a difference: in what goes, in what stays, or in the reason that is told.
//
// It works on objects as encoding/json decodes them into maps, and takes time
// without regard to the number of objects: it is for small clusters, in tests.
//
// Each file is one part: references.go and beyond.go say what workloads use,
// preset.go what the preset decides, policy.go and conditions.go what other
// rules do, items.go which tag items go, referrers.go which of them stay with
// what they refer to, images.go which images go, registry.go which links and
// blobs, evidence.go what is kept because something is not known, verdicts.go
// why all of that.
package naiveplan
