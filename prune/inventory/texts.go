package inventory

import "strings"

// A text is the number of a string that many facts share: a name, a field
// path, a reference. 0 is "".
type text uint32

type texts struct {
	list list[string]
	ids  map[string]text
}

func newTexts() *texts {
	t := &texts{ids: map[string]text{}}
	t.intern("")
	return t
}

func (t *texts) intern(s string) text {
	id, ok := t.ids[s]
	if !ok {
		s = strings.Clone(s)
		id = text(t.list.len())
		t.list.append(s)
		t.ids[s] = id
	}
	return id
}

func (t *texts) at(id text) string { return *t.list.at(int(id)) }

// A ident holds an object's UID and resourceVersion in one string.
type ident struct {
	both string
	uid  int32 // length of the first
}

func newIdent(uid, resourceVersion string) ident {
	both := uid + resourceVersion // copies nothing where one of them is ""
	if len(both) == len(uid) || len(both) == len(resourceVersion) {
		both = strings.Clone(both)
	}
	return ident{both: both, uid: int32(len(uid))}
}

func (i ident) split() (uid, resourceVersion string) { return i.both[:i.uid], i.both[i.uid:] }
