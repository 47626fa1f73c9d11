package dump

import (
	"maps"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A list is what is known of a list while its items are read.
type list struct {
	apiVersion string // of the list and, in a typed one, of its items
	kind       string // of the items of a typed list; "" for a v1 List
	known      bool   // the list has said its kind, and it is one of a list
	items      bool   // there were items, or a place for them
	ended      bool   // it will say no more of itself
}

// mustWait reports whether what the list says later may tell the type of an item
// that says this much: the same kind may be one of two groups.
func (l *list) mustWait(apiVersion, kind string) bool {
	switch {
	case l.ended:
		return false
	case kind == "" && !l.known:
		return true
	}
	ofList := kind == "" || kind == l.kind
	return ofList && l.kind != "" && apiVersion == "" && l.apiVersion == ""
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
	l.list(of, goesOn)
	clear(l.inThisList)
}

// begin starts a list within another, which [listings.endNested] goes back to.
func (l *listings) begin() (outer map[inventory.Kind]bool) {
	outer, l.inThisList = l.inThisList, map[inventory.Kind]bool{}
	return outer
}

// endNested closes a list within another. What it held, that one holds.
func (l *listings) endNested(of list, goesOn bool, outer map[inventory.Kind]bool) {
	l.list(of, goesOn)
	maps.Copy(outer, l.inThisList)
	l.inThisList = outer
}

func (l *listings) list(of list, goesOn bool) {
	if of.kind != "" {
		kind := inventory.KindOf(of.apiVersion, of.kind)
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
}

// endObject closes an object that was in no list, which lists nothing.
func (l *listings) endObject() { clear(l.inThisList) }

// imagesAfterStreams: there were Images, and no stream came behind the first.
func (l *listings) imagesAfterStreams() bool { return l.firstImage > l.lastStream }
