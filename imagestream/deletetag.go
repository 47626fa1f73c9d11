package imagestream

// DeleteTag removes a tag, its spec and its whole history, as `oc tag -d` does.
// Tags that follow it keep what they point to and get a condition that says
// what is missing. It is of class [ErrTagNotFound] where there is no such tag.
type DeleteTag struct {
	Tag string
	// KeepHistory removes the spec tag alone: the tag keeps pointing to what
	// it points to, and is imported no more.
	KeepHistory bool
}

func (DeleteTag) verb() string { return "delete tag" }

func (o DeleteTag) apply(e *edit) error {
	known, list := e.spec(o.Tag), e.status(o.Tag)
	if known == nil && (list == nil || o.KeepHistory) {
		return refuse(specField(o.Tag, ""), ErrTagNotFound, "there is no such tag")
	}
	if known != nil {
		e.removeSpec(known)
	}
	if list != nil && !o.KeepHistory {
		e.removeHistory(o.Tag)
	}
	return e.settleFollowers(o.Tag, nil)
}

func (e *edit) removeSpec(known *TagReference) {
	e.bump()
	e.note(Change{Kind: SpecTagRemoved, Tag: known.Name, Old: sourceText(known)})
	e.dropSpec(known.Name)
}

func (e *edit) removeHistory(tag string) {
	list := e.ownList(tag)
	for _, item := range list.Items {
		e.forgot(tag, item)
	}
	list.Items = nil
	e.dropConditions(&list, func(*TagEventCondition) bool { return true })
	e.putStatus(list)
}
