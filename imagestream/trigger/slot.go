package trigger

import (
	"fmt"
	"strconv"
	"strings"
)

// A slot is where a pod spec of an object holds an image.
type slot struct {
	list    List
	index   int
	name    string // of the container or volume; "" where it has none
	named   bool   // whether it is a string
	image   any    // nil where it is absent
	pointer string // JSON pointer of the entry
	field   string // path of the image, for people
}

// current is the image as text, "" where it is absent or nonsense.
func (s slot) current() string {
	image, _ := s.image.(string)
	return image
}

// imagePointer is the JSON pointer of the image.
func (s slot) imagePointer() string {
	return s.pointer + "/" + strings.ReplaceAll(s.list.image(), ".", "/")
}

// path is the canonical path of the slot.
func (s slot) path(podSpec string) FieldPath {
	p := FieldPath{PodSpec: podSpec, List: s.list, Index: s.index}
	if isName(s.name) {
		p.Name, p.Index = s.name, 0
	}
	return p
}

// key identifies the slot in its object.
func (s slot) key() string { return s.pointer }

// slots are the places for images in an object, in the order of the lists.
type slots []slot

func (o *Object) slots() slots {
	if o.podSpec == "" {
		return nil
	}
	keys := strings.Split(o.podSpec, ".")
	spec := at(o.content, keys...)
	pointer := "/" + strings.Join(keys, "/")
	var found slots
	for _, list := range lists {
		entries, _ := at(spec, string(list)).([]any)
		for i, entry := range entries {
			if list == ImageVolumes && !isObject(at(entry, "image")) {
				continue
			}
			s := slot{list: list, index: i, image: at(entry, strings.Split(list.image(), ".")...)}
			s.name, s.named = at(entry, "name").(string)
			s.pointer = pointer + "/" + string(list) + "/" + strconv.Itoa(i)
			s.field = fmt.Sprintf("%s.%s[%d].%s", o.podSpec, list, i, list.image())
			if _, isObject := entry.(map[string]any); isObject {
				found = append(found, s)
			}
		}
	}
	return found
}

// find returns the slot that a path means. A container that is not in the list
// that the path names, but in another one, counts as well, as it does for
// OpenShift's controller: names are unique among the containers of a pod. A
// volume is only ever a volume.
func (all slots) find(p FieldPath) (slot, bool) {
	for _, s := range all {
		if s.list == p.List && (p.Name != "" && s.name == p.Name || p.Name == "" && s.index == p.Index) {
			return s, true
		}
	}
	if p.Name == "" || p.List == ImageVolumes {
		return slot{}, false
	}
	return all.named("", p.Name)
}

// named returns the slot with a name in a list; an empty list is any list of
// containers.
func (all slots) named(list List, name string) (slot, bool) {
	for _, s := range all {
		inList := s.list == list || list == "" && s.list != ImageVolumes
		if inList && s.name == name {
			return s, true
		}
	}
	return slot{}, false
}
