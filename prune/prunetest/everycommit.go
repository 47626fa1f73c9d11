package prunetest

import "github.com/registrykit/registrykit/prune"

// everyCommit walks through the plan. Since what it deletes does not come back,
// it is enough to look, at each deletion, for items that are still there and
// need just that.
func (c *checker) everyCommit() error {
	v := &violations{invariant: EveryCommit}
	items := c.items()
	needing := map[object][]int{}
	number := map[string]int{}
	for i := range items {
		number[items[i].name] = i
		for _, o := range c.needs(&items[i], false) {
			if c.deleted[o] {
				needing[o] = append(needing[o], i)
			}
		}
	}
	gone := make([]bool, len(items))
	for i := 0; i < len(c.plan.actions); {
		commit := c.commit(i)
		for k := range commit {
			if o := objectOf(&commit[k]); o.kind == prune.DeleteTagItem {
				if n, known := number[o.name]; known {
					gone[n] = true
				}
			}
		}
		for k := range commit {
			o := objectOf(&commit[k])
			for _, n := range needing[o] {
				if !gone[n] {
					v.add(o.name, "%s comes while %s is still there", o.kind, items[n].name)
				}
			}
		}
		i += len(commit)
	}
	return v.err()
}

// commit returns the actions that are carried out at once, from the i-th on:
// the dropped items of one stream, or any other action alone.
func (c *checker) commit(i int) []prune.Action {
	actions := c.plan.actions[i:]
	n := 1
	for actions[0].Kind == prune.DeleteTagItem && n < len(actions) &&
		actions[n].Kind == prune.DeleteTagItem && actions[n].Stream == actions[0].Stream {
		n++
	}
	return actions[:n]
}
