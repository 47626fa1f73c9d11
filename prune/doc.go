// Package prune plans what to delete from a registry, what to keep, and why, for
// every single object. It does no I/O, reads no clock and deletes nothing: an
// [inventory.Inventory], a [Policy] and an instant give a [Plan].
//
//	inv, err := dump.Read(file, nil)
//	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
//	plan, err := prune.New(inv, policy, time.Now())
//	for action := range plan.Actions() { … }
//
// # When in doubt, keep
//
// The zero Policy deletes nothing. A rule deletes only what it is certain of: a
// fact that is not known counts as true for a rule that keeps and as false for
// one that deletes. A kind that was not listed completely keeps everything that
// it could protect ([Plan.Missing] names it); a reference that does not parse
// fails the plan, with all such references in the error, unless the policy
// ignores them; an image that is needed and not known holds back every image and
// blob, since it may own or need any of them ([Evidence.Unknown]).
//
// # What a plan guarantees
//
// Whatever the inventory and the policy: nothing is both kept and deleted, and
// everything that something kept needs is kept. Planning again after the plan
// was carried out gives an empty plan. One more use, rule that keeps, age or gap
// in the evidence never adds a deletion. The order of the input never matters:
// the same facts, policy and instant give the same bytes. Package prunetest
// checks all of this for inventories and policies of your own.
//
// # The preset
//
// [OpenShift] gives the rules of `oc adm prune images`, with its defaults in
// [DefaultOpenShiftOptions]. Where it differs from the peer, and why, is in
// docs/differences.md.
//
// A [Plan] is safe for concurrent use, as is [New].
package prune
