package imagestream

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// history looks at the history of one tag.
func (l *linter) history(list *NamedTagEventList) {
	most := cmp.Or(l.options.MaxItems, DefaultLintItems)
	if most > 0 && len(list.Items) > most {
		l.found(Finding{
			Rule: RuleLongHistory, Tag: list.Tag, Field: statusField(list.Tag, "items"),
			Message: fmt.Sprintf("the history has %d items, and should have %d at most", len(list.Items), most),
			Hint:    "forget what nobody needs (ForgetHistory, or oc adm prune images), and keep it short with a HistoryPolicy",
		})
	}
	if l.own.spec[list.Tag] == nil {
		l.orphan(list)
	}
}

// orphan looks for what a spec tag left behind when it went. What was pushed to
// the stream has no spec tag, as a rule.
func (l *linter) orphan(list *NamedTagEventList) {
	f := Finding{
		Rule: RuleOrphanedHistory, Tag: list.Tag, Field: statusField(list.Tag, ""),
		Hint: "remove it: oc tag -d " + l.name(list.Tag) + "; or give it a source again",
	}
	switch {
	case len(list.Items) == 0:
		f.Message = "neither a spec nor a history is left of the tag"
	case l.isPushed(&list.Items[0]):
		return
	default:
		f.Message = "the tag comes from " + shortText(list.Items[0].DockerImageReference) + " and has no spec: it is imported no more"
	}
	l.found(f)
}

// isPushed: it is in the stream's own repository; as far as that is known.
func (l *linter) isPushed(item *TagEvent) bool {
	home := l.s.Status.DockerImageRepository
	rest, ok := strings.CutPrefix(item.DockerImageReference, home)
	return home == "" || ok && (rest == "" || strings.HasPrefix(rest, "@") || strings.HasPrefix(rest, ":"))
}

func (l *linter) emptyTag(t *TagReference) {
	if l.own.latest(t.Name) != nil {
		return
	}
	l.found(Finding{
		Rule: RuleEmptyTag, Tag: t.Name, Field: specField(t.Name, "from"),
		Message: "the tag has no source, and nobody has pushed to it",
		Hint:    "push to it, give it a source, or remove it: oc tag -d " + l.name(t.Name),
	})
}

// imported looks at how the import of a tag goes.
func (l *linter) imported(t *TagReference) {
	if !imports(t) || !l.isStored() {
		return // nobody is asked, or nobody was asked yet
	}
	list := l.own.status[t.Name]
	if importPending(t, list) {
		l.found(Finding{
			Rule: RuleImportPending, Tag: t.Name, Field: specField(t.Name, "generation"),
			Message: fmt.Sprintf("the import of %s was requested (generation %d) and not answered (%d)%s",
				quoteShort(t.From.Name), requested(t), observed(list), l.stillPoints(t.Name)),
			Hint: "wait; or ask for it again, and see what the server says: oc import-image " + l.name(t.Name),
		})
		return
	}
	if list == nil {
		return
	}
	for i := range list.Conditions {
		c := &list.Conditions[i]
		if c.Type == ImportSuccess && c.Status == ConditionFalse && !isAliasCondition(c) {
			l.importFailed(t, list, c)
			return
		}
	}
}

func (l *linter) importFailed(t *TagReference, list *NamedTagEventList, c *TagEventCondition) {
	severity := SeverityError
	if len(list.Items) > 0 && list.Items[0].Generation >= c.Generation {
		severity = SeverityWarning
	}
	l.foundAs(severity, Finding{
		Rule: RuleImportFailed, Tag: t.Name, Field: statusField(t.Name, "conditions["+string(ImportSuccess)+"]"),
		Message: fmt.Sprintf("the last import of %s failed: %s%s", quoteShort(t.From.Name), shortText(conditionText(c)), l.stillPoints(t.Name)),
		Hint:    importHint(c.Reason) + "; then import it again, which the server does not do by itself unless it is scheduled: oc import-image " + l.name(t.Name),
		Err:     ErrImportFailed,
	})
}

func importHint(reason string) string {
	switch StatusReason(reason) {
	case StatusReasonUnauthorized, StatusReasonForbidden:
		return "check the pull secrets of the namespace"
	case StatusReasonNotFound:
		return "check that the image is there"
	case StatusReasonTooManyRequests:
		return "wait, or use credentials with a higher rate limit"
	}
	return "see to what the message says"
}

// size looks at how large the stream is.
func (l *linter) size() {
	most := cmp.Or(l.options.MaxBytes, DefaultLintBytes)
	if most < 0 {
		return
	}
	size, err := l.s.EncodedSize()
	if err != nil {
		l.notChecked(NotChecked{Rule: RuleLargeStream, Message: err.Error(), Err: err})
		return
	}
	if size <= most {
		return
	}
	l.found(Finding{
		Rule: RuleLargeStream,
		Message: fmt.Sprintf("the stream has %d bytes, and should have %d at most; etcd takes 1572864 by default, and then nothing can be pushed or imported any more. The longest histories: %s",
			size, most, l.longest()),
		Hint: "forget what nobody needs (ForgetHistory, or oc adm prune images), or split the stream",
	})
}

func (l *linter) longest() string {
	lists := make([]*NamedTagEventList, 0, len(l.s.Status.Tags))
	for i := range l.s.Status.Tags {
		lists = append(lists, &l.s.Status.Tags[i])
	}
	slices.SortStableFunc(lists, func(a, b *NamedTagEventList) int {
		return cmp.Or(cmp.Compare(len(b.Items), len(a.Items)), strings.Compare(a.Tag, b.Tag))
	})
	var texts []string
	for _, list := range lists[:min(3, len(lists))] {
		texts = append(texts, fmt.Sprintf("%s (%d items)", shortText(list.Tag), len(list.Items)))
	}
	if texts == nil {
		return "none"
	}
	return strings.Join(texts, ", ")
}
