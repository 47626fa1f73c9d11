package imagestream

// ForgetHistory applies a history policy to a tag, or to all tags. What a tag
// points to stays. Forgotten items are those that a prune may delete next.
type ForgetHistory struct {
	// Tag is the tag; empty means all of them.
	Tag string
	// Keep is what stays. The zero value keeps everything.
	Keep HistoryPolicy
}

func (ForgetHistory) verb() string { return "forget history" }

func (o ForgetHistory) apply(e *edit) error {
	if err := o.Keep.check("keep"); err != nil {
		return err
	}
	if o.Tag != "" && e.status(o.Tag) == nil {
		return refuse(statusField(o.Tag, ""), ErrTagNotFound, "the tag has no history")
	}
	for i := range e.s.Status.Tags {
		list := e.s.Status.Tags[i]
		if o.Tag != "" && list.Tag != o.Tag {
			continue
		}
		if kept, forgotten := o.Keep.Trim(list.Tag, list.Items, e.now.Time); len(forgotten) > 0 {
			list.Items = kept
			e.statusTags()[i] = list
			for _, item := range forgotten {
				e.forgot(list.Tag, item)
			}
		}
	}
	return nil
}

// ForgetItems removes items from the history of a tag, also the newest: what a
// prune does. Items are told by image, created and dockerImageReference; one
// that is not there any more is passed over, and each given one removes one.
// Tags that follow this one stay as they are. A tag that has neither items nor
// conditions left goes.
type ForgetItems struct {
	Tag   string
	Items []TagEvent
}

func (ForgetItems) verb() string { return "forget items" }

func (o ForgetItems) apply(e *edit) error {
	if e.status(o.Tag) == nil {
		return nil
	}
	unwanted := make(map[itemIdentity]int, len(o.Items))
	for i := range o.Items {
		unwanted[identityOf(&o.Items[i])]++
	}
	list := e.ownList(o.Tag)
	var kept []TagEvent
	for _, item := range list.Items {
		if id := identityOf(&item); unwanted[id] > 0 {
			unwanted[id]--
			e.forgot(o.Tag, item)
		} else {
			kept = append(kept, item)
		}
	}
	if len(kept) < len(list.Items) {
		list.Items = kept
		e.putStatus(list)
	}
	return nil
}

// itemIdentity tells the items of a history apart. Instants are equal whatever
// their zone.
type itemIdentity struct {
	image, reference string
	seconds          int64
	nanoseconds      int
}

func identityOf(item *TagEvent) itemIdentity {
	return itemIdentity{item.Image, item.DockerImageReference, item.Created.Unix(), item.Created.Nanosecond()}
}

func sameItem(a, b *TagEvent) bool { return identityOf(a) == identityOf(b) }
