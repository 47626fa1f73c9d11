package dump

import (
	"errors"

	"github.com/registrykit/registrykit/internal/rawjson"
	"github.com/registrykit/registrykit/prune/inventory"
)

// mostNested is how deep lists may stand in lists.
const mostNested = 16

var errNested = errors.New("too many lists in lists")

// listIn tells whether an item is a list itself, as where somebody put several
// outputs of oc get into one List, and of what. A kind that nobody here knows may
// end in List and be none: then it has a name.
func (o *objects) listIn(apiVersion, kind string, text []byte) (of list, ok bool) {
	of = list{apiVersion: apiVersion, known: true, ended: true, items: true}
	if of.kind, ok = itemKind(kind); !ok || of.kind == "" || inventory.Kind(of.kind).Evident() {
		return of, ok
	}
	items, named := false, false
	o.r.Reset(text)
	for key := range o.r.Object() {
		switch string(key) {
		case "items":
			items = o.r.Kind() == '['
		case "metadata":
			if o.r.Kind() != '{' {
				continue
			}
			for key := range o.r.Object() {
				named = named || string(key) == "name"
			}
		}
	}
	return of, items && !named
}

// nested reads a list that is an item of another one.
func (o *objects) nested(of list, text []byte, offset int64) error {
	if o.depth++; o.depth > mostNested {
		return o.fail(text, "", offset, errNested)
	}
	defer func() { o.depth-- }()
	goesOn, err := o.goesOn(text)
	if err != nil {
		return o.fail(text, of.kind+"List", offset, err)
	}
	outer := o.d.listings.begin()
	r := rawjson.NewReader(text)
	for key := range r.Object() {
		if string(key) != "items" {
			continue
		}
		for range r.Array() {
			at := int64(r.Offset())
			if err := o.item(of, r.Raw(), offset+at); err != nil {
				return err
			}
		}
	}
	o.d.listings.endNested(of, goesOn, outer)
	return nil
}
