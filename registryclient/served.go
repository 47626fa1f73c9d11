package registryclient

import "errors"

// errNoEntries is what a mirror says that has none, while there is another: it may never
// have been filled.
var errNoEntries = errors.New("there are no entries")

// A servedBy finds out, and tells, which source a listing is of.
type servedBy struct {
	tell    func(Source)
	mirrors bool    // there are several
	begun   bool    // an entry was handed on
	empty   *Source // the first that had nothing
}

func (l listing) served(sources []Source) *servedBy {
	return &servedBy{tell: l.options.Served, mirrors: len(sources) > 1 && l.options.Last == ""}
}

func (b *servedBy) by(s Source) {
	b.begun = true
	if b.tell != nil {
		b.tell(s)
	}
}

// nothing is called for a source that was listed to its end, and has nothing. The error
// makes the next one be asked. Where a listing goes on behind an entry there is just no more.
func (b *servedBy) nothing(s Source) error {
	if !b.mirrors {
		b.by(s)
		return nil
	}
	if b.empty == nil {
		b.empty = &s
	}
	return &Error{Class: NotFound, Err: errNoEntries}
}

// isEmpty reports whether an error is none: a source has said that there is nothing, and
// none of them more than that or that it has no such repository.
func (b *servedBy) isEmpty(err error) bool {
	if b.empty == nil || b.begun || !errors.Is(err, NotFound) {
		return false
	}
	b.by(*b.empty)
	return true
}
