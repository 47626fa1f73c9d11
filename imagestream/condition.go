package imagestream

import (
	"slices"
	"strings"
)

// The reasons of the conditions that this package sets on tags that follow
// others. They are of the type [ImportSuccess], the only one that OpenShift has,
// so that programs which look for trouble find them.
const (
	// ReasonDanglingAlias: what the tag follows is not there.
	ReasonDanglingAlias = "DanglingAlias"
	// ReasonAliasCycle: the tag follows itself.
	ReasonAliasCycle = "AliasCycle"
)

// setCondition stores a condition of the type ImportSuccess. What it repeats
// keeps its time; but the generation is always brought up to date, or else a
// second failure with the same message would look like an import that goes on
// for ever.
func (e *edit) setCondition(tag string, c TagEventCondition) {
	list := e.ownList(tag)
	old := ""
	at := slices.IndexFunc(list.Conditions, func(known TagEventCondition) bool { return known.Type == c.Type })
	if at >= 0 {
		known := list.Conditions[at]
		old = conditionText(&known)
		if known.Status == c.Status {
			c.LastTransitionTime = known.LastTransitionTime
		}
		c.extra = known.extra
		if known == c {
			return
		}
		list.Conditions[at] = c
	} else {
		list.Conditions = append(list.Conditions, c)
	}
	e.putStatus(list)
	e.note(Change{Kind: ConditionSet, Tag: tag, Field: string(c.Type), Old: old, New: conditionText(&c)})
}

func (e *edit) dropConditions(list *NamedTagEventList, which func(*TagEventCondition) bool) {
	kept := list.Conditions[:0]
	for _, c := range list.Conditions {
		if which(&c) {
			e.note(Change{Kind: ConditionRemoved, Tag: list.Tag, Field: string(c.Type), Old: conditionText(&c)})
		} else {
			kept = append(kept, c)
		}
	}
	list.Conditions = kept
	if len(kept) == 0 {
		list.Conditions = nil
	}
}

// clearConditions removes the conditions of a tag that which names.
func (e *edit) clearConditions(tag string, which func(*TagEventCondition) bool) {
	known := e.status(tag)
	if known == nil || !slices.ContainsFunc(known.Conditions, func(c TagEventCondition) bool { return which(&c) }) {
		return
	}
	list := e.ownList(tag)
	e.dropConditions(&list, which)
	e.putStatus(list)
}

func isAliasCondition(c *TagEventCondition) bool {
	return c.Type == ImportSuccess && (c.Reason == ReasonDanglingAlias || c.Reason == ReasonAliasCycle)
}

func conditionText(c *TagEventCondition) string {
	var parts []string
	for _, part := range []string{string(c.Status), c.Reason, c.Message} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}
