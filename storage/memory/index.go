package memory

import (
	"slices"
	"strings"
)

// index keeps the keys in order. A key that is added waits in fresh until the
// next look, one that is removed stays until enough have gathered, so that
// filling and emptying a large store costs no more than sorting it.
type index struct {
	sorted []string
	fresh  []string
	gone   int            // how many of sorted are no objects any more
	below  map[string]int // how many objects a directory has, at any depth
}

func (x *index) add(key string) {
	x.count(key, 1)
	if _, ok := slices.BinarySearch(x.sorted, key); ok {
		x.gone--
		return
	}
	x.fresh = append(x.fresh, key)
}

// remove takes away a key, which is in objects no longer.
func (x *index) remove(key string, objects map[string]object) {
	x.count(key, -1)
	x.settle() // so that fresh has no key twice
	x.gone++
	if x.gone > 64 && x.gone > len(x.sorted)/2 {
		x.sorted = slices.DeleteFunc(x.sorted, func(k string) bool {
			_, ok := objects[k]
			return !ok
		})
		x.gone = 0
	}
}

func (x *index) count(key string, by int) {
	if x.below == nil {
		x.below = make(map[string]int)
	}
	for i := range len(key) {
		if key[i] == '/' {
			x.below[key[:i]] += by
			if x.below[key[:i]] == 0 {
				delete(x.below, key[:i])
			}
		}
	}
}

// settle brings fresh into sorted.
func (x *index) settle() {
	if len(x.fresh) == 0 {
		return
	}
	slices.Sort(x.fresh)
	merged := make([]string, 0, len(x.sorted)+len(x.fresh))
	old := x.sorted
	for _, key := range x.fresh {
		i, _ := slices.BinarySearch(old, key)
		merged = append(append(merged, old[:i]...), key)
		old = old[i:]
	}
	x.sorted, x.fresh = append(merged, old...), nil
}

// from returns the keys that are not less than the given one.
func (x *index) from(key string) []string {
	x.settle()
	i, _ := slices.BinarySearch(x.sorted, key)
	return x.sorted[i:]
}

// conflict finds an object that is a directory of the key, or tells that the key
// is a directory of others.
func (x *index) conflict(key string, objects map[string]object) (string, bool) {
	if x.below[key] > 0 {
		return key + "/", true
	}
	for i := strings.IndexByte(key, '/'); i >= 0; {
		if _, ok := objects[key[:i]]; ok {
			return key[:i], true
		}
		j := strings.IndexByte(key[i+1:], '/')
		if j < 0 {
			break
		}
		i += 1 + j
	}
	return "", false
}
