package prunetest

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/registrykit/registrykit/prune"
)

// roundTrip: a plan that was written and read says the same, in the same bytes,
// whether or not the verdicts are with it.
func (c *checker) roundTrip() error {
	v := &violations{invariant: RoundTrip}
	for _, form := range []func(*decisions) func() ([]byte, error){
		func(d *decisions) func() ([]byte, error) { return d.text },
		func(d *decisions) func() ([]byte, error) { return d.withKept },
	} {
		text, err := form(c.plan)()
		if err != nil {
			v.add("plan", "it cannot be written: %v", err)
			continue
		}
		var plan prune.Plan
		if err := json.Unmarshal(text, &plan); err != nil {
			v.add("plan", "its JSON cannot be read: %v", err)
			continue
		}
		read := decisionsOf(&plan)
		again, err := form(read)()
		if err != nil {
			v.add("plan", "what was read cannot be written: %v", err)
		} else if !bytes.Equal(again, text) {
			v.add("plan", "what was read writes other bytes: %s", firstDifference(again, text))
		}
		if read.summary != c.plan.summary || read.fingerprint != c.plan.fingerprint {
			v.add("plan", "what was read has another summary or inventory")
		}
		c.sameActions(v, read.actions)
	}
	return v.err()
}

func (c *checker) sameActions(v *violations, read []prune.Action) {
	if len(read) != len(c.plan.actions) {
		v.add("plan", "%d actions were read, %d written", len(read), len(c.plan.actions))
		return
	}
	for i := range read {
		if a, b := read[i], c.plan.actions[i]; !sameAction(a, b) {
			v.add(objectOf(&b).name, "%s was read as %+v, and was %+v", b.Kind, a, b)
		}
	}
}

// sameAction compares times by what they mean.
func sameAction(a, b prune.Action) bool {
	if !a.Created.Equal(b.Created) {
		return false
	}
	a.Created = b.Created
	return reflect.DeepEqual(a, b)
}

// firstDifference quotes where two texts part.
func firstDifference(a, b []byte) string {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	quote := func(s []byte) string {
		from, to := max(0, at-40), min(len(s), at+40)
		return "…" + string(s[min(from, to):to]) + "…"
	}
	return quote(a) + " and " + quote(b)
}
