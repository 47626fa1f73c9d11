package apply

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// Condemnations are blobs that wait, by digest, of whatever algorithm. One with a
// sha256 takes some 50 bytes of memory. The zero value is empty and ready. Several
// goroutines may read them at once, unless one changes them; a nil pointer reads as
// an empty one.
type Condemnations struct {
	marks    byDigest[mark]
	instants []time.Time // since which blobs wait: few, as each is a plan's
	numbers  map[instantKey]uint32
}

// A mark is a Condemnation in few bytes, and what a run has to say of it.
type mark struct {
	bytes    int64
	since    uint32 // number of the instant
	noConfig bool
	ofPlan   bool  // the plan of this run has an action for it
	note     note  // what this run found
	ended    entry // what became of it, where it is not of the plan
}

// An instantKey is the same for instants that are written as the same text.
type instantKey struct {
	second     int64
	nano, zone int
}

// Len returns how many blobs wait.
func (c *Condemnations) Len() int {
	if c == nil {
		return 0
	}
	return c.marks.len()
}

// Get returns what is known of a blob, and whether it waits.
func (c *Condemnations) Get(digest string) (Condemnation, bool) {
	if c == nil {
		return Condemnation{}, false
	}
	k := keyOf(digest)
	m := c.marks.get(&k)
	if m == nil {
		return Condemnation{}, false
	}
	return c.condemnation(m), true
}

// Set lets a blob wait, or changes what is known of it.
func (c *Condemnations) Set(digest string, condemnation Condemnation) {
	k := keyOf(digest)
	c.set(&k, condemnation)
}

// Delete lets a blob wait no more.
func (c *Condemnations) Delete(digest string) {
	k := keyOf(digest)
	c.marks.remove(&k)
}

// All yields the blobs that wait in the order of their digests. They must not be
// changed meanwhile.
func (c *Condemnations) All() iter.Seq2[string, Condemnation] {
	return func(yield func(string, Condemnation) bool) {
		if c == nil {
			return
		}
		for k, m := range c.marks.all() {
			if !yield(k.String(), c.condemnation(m)) {
				return
			}
		}
	}
}

func (c *Condemnations) condemnation(m *mark) Condemnation {
	return Condemnation{Since: c.instants[m.since], Bytes: m.bytes, NoConfig: m.noConfig}
}

// set returns the blob's mark, and whether it is new.
func (c *Condemnations) set(k *digestKey, condemnation Condemnation) (m *mark, isNew bool) {
	m, isNew = c.marks.put(k)
	m.bytes, m.since, m.noConfig = condemnation.Bytes, c.instant(condemnation.Since), condemnation.NoConfig
	return m, isNew
}

// instant returns the number of an instant.
func (c *Condemnations) instant(t time.Time) uint32 {
	_, zone := t.Zone()
	key := instantKey{t.Unix(), t.Nanosecond(), zone}
	number, ok := c.numbers[key]
	if !ok {
		if c.numbers == nil {
			c.numbers = map[instantKey]uint32{}
		}
		number = uint32(len(c.instants))
		c.numbers[key] = number
		c.instants = append(c.instants, t.Round(0))
	}
	return number
}

// clone returns a copy that shares nothing.
func (c *Condemnations) clone() *Condemnations {
	if c == nil {
		return new(Condemnations)
	}
	same := &Condemnations{instants: slices.Clone(c.instants), numbers: maps.Clone(c.numbers)}
	for k, m := range c.marks.all() {
		same.set(k, c.condemnation(m))
	}
	return same
}
