package prunetest

import (
	"errors"
	"fmt"
)

// An Invariant is something that holds for every plan.
type Invariant string

// The invariants that [Check] checks.
const (
	// Agreement: every tag item, image and blob has one verdict and, where that
	// says so, one action, which fits what is known of it; the summary counts
	// the actions. Nothing is both kept and deleted.
	Agreement Invariant = "agreement"
	// Closure: what is reachable from what stays, stays. An item needs its
	// image and the one in its dockerImageReference, an index its children at
	// every depth, an image its layers and config, a repository the links of
	// what it needs, and a referrer stays with its subject.
	Closure Invariant = "closure"
	// Settled: planning again after the plan was carried out gives nothing to
	// do.
	Settled Invariant = "settled"
	// MoreRoots: one more workload never adds a deletion, nor one more tag, or a
	// manifest that a repository holds, where the policy lets no such thing go.
	MoreRoots Invariant = "more-roots"
	// MoreRules: a rule in front that keeps never adds a deletion.
	MoreRules Invariant = "more-rules"
	// LongerAges: a longer age never adds a deletion.
	LongerAges Invariant = "longer-ages"
	// LessEvidence: a kind that was not listed or not completely, links and stored
	// blobs that were not, and Images that were not listed after the streams,
	// never add a deletion.
	LessEvidence Invariant = "less-evidence"
	// AnyOrder: the order in which facts are added changes nothing.
	AnyOrder Invariant = "any-order"
	// FreedBytes: they are the difference between what the blobs took before
	// and take after.
	FreedBytes Invariant = "freed-bytes"
	// ActionOrder: actions are in the order that [prune.Plan.Actions] promises.
	ActionOrder Invariant = "action-order"
	// RoundTrip: a plan that was written as JSON and read is equal, and writes
	// the same bytes.
	RoundTrip Invariant = "round-trip"
	// EveryCommit: wherever a run of the plan ends, the items that are still
	// there resolve to all that they resolved to before. The status update of a
	// stream is one commit, every other action is one.
	EveryCommit Invariant = "every-commit"
)

// A Violation says which invariant a plan violates, and with which object.
type Violation struct {
	Invariant Invariant
	// Object is as in a plan: "dev/app:latest#3", a digest, or "dev/app
	// sha256:…" for a link.
	Object string
	Detail string
}

func (v *Violation) Error() string {
	return fmt.Sprintf("%s: %s: %s", v.Invariant, v.Object, v.Detail)
}

// mostOfEach is how many violations of one invariant are told one by one.
const mostOfEach = 10

// violations collects violations of one invariant.
type violations struct {
	invariant Invariant
	errs      []error
	more      int
}

func (v *violations) add(object, format string, args ...any) {
	if len(v.errs) == mostOfEach {
		v.more++
		return
	}
	v.errs = append(v.errs, &Violation{v.invariant, object, fmt.Sprintf(format, args...)})
}

func (v *violations) err() error {
	if v.more > 0 {
		return errors.Join(append(v.errs, fmt.Errorf("%s: %d violations more", v.invariant, v.more))...)
	}
	return errors.Join(v.errs...)
}
