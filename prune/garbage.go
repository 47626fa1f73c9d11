package prune

// GarbageOptions say what else than garbage a collection takes. The zero value
// takes what nothing names.
type GarbageOptions struct {
	// Untagged: manifests that no tag of their repository needs go as well:
	// neither tagged, nor owned by an index that stays, nor referring to a
	// manifest that stays.
	Untagged bool
	// Lifetime is as in [Policy].
	Lifetime Duration
}

// Garbage returns the policy that collects the garbage of a registry's storage:
// every tag stays, with what it needs, and what nothing names goes, as far as it
// was listed. It is for inventories of package fromlayout.
func Garbage(o GarbageOptions) Policy {
	return Policy{
		Images:        []Rule{{ID: "unneeded", Outcome: Delete, When: Condition{Always: true}}},
		PruneRegistry: true,
		Orphans:       true,
		Untagged:      o.Untagged,
		Lifetime:      o.Lifetime,
	}
}
