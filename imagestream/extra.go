package imagestream

import (
	"bytes"
	"slices"
	"strings"
)

// extra keeps the fields of an object that its type does not know. Every type
// embeds it, so that the codec reaches it in all of them by one method.
//
// It is a pointer to what nobody changes after it was read: copies of a value
// may share it, and types without slices and maps stay comparable.
type extra struct {
	unknown *unknownFields
}

// unknownFields are sorted by name, each name once.
type unknownFields []unknownField

type unknownField struct {
	name string
	raw  []byte
}

func (e *extra) unknownFields() *extra { return e }

// add keeps more fields, of one object that says some of them twice: the last
// one holds, as for the known ones.
func (e *extra) add(more unknownFields) {
	if len(more) == 0 {
		return
	}
	var all unknownFields
	if e.unknown != nil {
		all = append(all, *e.unknown...)
	}
	all = append(all, more...)
	slices.SortStableFunc(all, func(a, b unknownField) int { return strings.Compare(a.name, b.name) })
	kept := all[:0]
	for i, f := range all {
		if i+1 == len(all) || all[i+1].name != f.name {
			kept = append(kept, unknownField{name: f.name, raw: bytes.Clone(f.raw)})
		}
	}
	e.unknown = &kept
}

func (e *extra) fields() unknownFields {
	if e.unknown == nil {
		return nil
	}
	return *e.unknown
}
