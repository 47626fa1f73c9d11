package dump

import "github.com/registrykit/registrykit/prune/inventory"

// A list is what is known of a list while its items are read.
type list struct {
	apiVersion string // of the list and, in a typed one, of its items
	kind       string // of the items of a typed list; "" for a v1 List
	known      bool   // the list has said its kind, and it is one of a list
	items      bool   // there were items, or a place for them
}

// listings collects which kinds were listed, and in which order.
type listings struct {
	listed     map[inventory.Kind]bool
	incomplete map[inventory.Kind]bool
	position   int
	lastStream int // position; 0: none
	firstImage int
	inThisList map[inventory.Kind]bool
}

func newListings() *listings {
	return &listings{
		listed: map[inventory.Kind]bool{}, incomplete: map[inventory.Kind]bool{}, inThisList: map[inventory.Kind]bool{},
	}
}

// met notes an object of a kind, or an empty list of that kind.
func (l *listings) met(kind inventory.Kind) {
	l.position++
	switch kind {
	case inventory.KindImageStream:
		l.lastStream = l.position
	case inventory.KindImage:
		if l.firstImage == 0 {
			l.firstImage = l.position
		}
	}
	l.inThisList[kind] = true
}

// endList closes a list: the kinds that it held were listed, all of them only
// where it does not go on elsewhere. A typed list is a list of its kind, even
// when it is empty or holds another.
func (l *listings) endList(of list, goesOn bool) {
	if of.kind != "" {
		kind := kindOf(of.apiVersion, of.kind)
		if !l.inThisList[kind] {
			l.met(kind)
		}
		clear(l.inThisList)
		l.inThisList[kind] = true
	}
	for kind := range l.inThisList {
		l.listed[kind] = true
		if goesOn {
			l.incomplete[kind] = true
		}
	}
	clear(l.inThisList)
}

// endObject closes an object that was in no list, which lists nothing.
func (l *listings) endObject() { clear(l.inThisList) }

// imagesAfterStreams: there were Images, and no stream came behind the first.
func (l *listings) imagesAfterStreams() bool { return l.firstImage > l.lastStream }
