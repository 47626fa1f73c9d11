package dump

import "strings"

// A document is one value at the top of the input, as far as it was read.
type document struct {
	offset     int64
	apiVersion string
	kind       string
	items      bool // it has a list of items, which were handed on
	places     []place
}

// A place says where in the input a member of a document stands, whose value is
// at text in what is handed on as the document's text.
type place struct {
	text   int
	offset int64
}

// mayBeList reports whether the items can be those of a list, by what is known
// so far.
func (d *document) mayBeList() bool {
	return d.kind == "" || strings.HasSuffix(d.kind, "List")
}

// list returns what the document says of its items so far.
func (d *document) list() list {
	kind, ok := itemKind(d.kind)
	return list{apiVersion: d.apiVersion, kind: kind, known: ok, items: d.items}
}
