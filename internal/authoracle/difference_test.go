package authoracle

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A difference is one that is meant: where it may show, the oracle is not asked.
type difference struct {
	name, reason string
	// of reports whether a case, made of documents and an image, may show it.
	of func(all document, image string) bool
}

// A tally counts what was compared and what was not.
type tally struct {
	total, compared int
	// found are the compared cases in which there was a credential at all.
	found int
	// excluded counts the cases of each difference, needed those that only it
	// excluded and in which the results really differ.
	excluded, needed map[string]int
}

// among returns the differences that a case may show.
func among(differences []difference, all document, image string) []string {
	var names []string
	for _, d := range differences {
		if d.of(all, image) {
			names = append(names, d.name)
		}
	}
	return names
}

func (c *tally) add(reasons []string, same, found bool) {
	if c.excluded == nil {
		c.excluded, c.needed = make(map[string]int), make(map[string]int)
	}
	c.total++
	if len(reasons) == 0 {
		c.compared++
		if found {
			c.found++
		}
	}
	for _, name := range reasons {
		c.excluded[name]++
		if len(reasons) == 1 && !same {
			c.needed[name]++
		}
	}
}

// check shows the counts, and asks that more than the share of all cases was compared
// and that every difference is one: a predicate that nothing needs would hide a fault.
func (c *tally) check(t *testing.T, differences []difference, percent int) {
	t.Helper()
	line := fmt.Sprintf("%d cases, %d compared (%d%%), %d of them with a credential", c.total, c.compared, 100*c.compared/c.total, c.found)
	for _, d := range differences {
		line += fmt.Sprintf("\n%s: may show in %d, alone and real in %d (%s)", d.name, c.excluded[d.name], c.needed[d.name], d.reason)
	}
	t.Log(line)
	require.Greater(t, 100*c.compared, percent*c.total)
	require.Greater(t, 10*c.found, 3*c.compared, "most images must not be without any credential")
	for _, d := range differences {
		require.Positive(t, c.needed[d.name], "no case needs the difference %q", d.name)
	}
}

// concerning returns a predicate: an entry for the image's registry is such a one.
func concerning(is func(e *entry) bool) func(document, string) bool {
	return func(all document, image string) bool {
		for i := range all {
			if all[i].concerns(image) && is(&all[i]) {
				return true
			}
		}
		return false
	}
}

// reaching returns a predicate: an entry that may be for the image is such a one.
func reaching(is func(e *entry) bool) func(document, string) bool {
	return func(all document, image string) bool {
		for i := range all {
			if all[i].reaches(image) && is(&all[i]) {
				return true
			}
		}
		return false
	}
}
