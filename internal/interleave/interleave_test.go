package interleave_test

import (
	"slices"
	"testing"

	"github.com/registrykit/registrykit/internal/interleave"
)

// TestEach asks for every merge of three and two steps, each once: 5!/(3!2!).
func TestEach(t *testing.T) {
	seen := map[string]bool{}
	n := interleave.Each(func(order []int) ([]int, bool) {
		var got []byte
		program := func(name byte, steps int) interleave.Program {
			return func(step func()) {
				for i := range steps {
					if i > 0 {
						step()
					}
					got = append(got, name)
				}
			}
		}
		choices := interleave.Run(order, program('a', 3), program('b', 2))
		if seen[string(got)] {
			t.Errorf("%v: %s again", order, got)
		}
		seen[string(got)] = true
		return choices, true
	})
	if n != 10 || len(seen) != 10 {
		t.Errorf("%d orders, %d of them different, want 10", n, len(seen))
	}
}

// TestFindsALostUpdate finds the order in which two counters lose a count, and
// finds it again from the order alone.
func TestFindsALostUpdate(t *testing.T) {
	run := func(order []int) (count int, choices []int) {
		add := func(step func()) {
			was := count
			step()
			count = was + 1
		}
		choices = interleave.Run(order, add, add)
		return count, choices
	}
	var lost []int
	interleave.Each(func(order []int) ([]int, bool) {
		count, choices := run(order)
		if count != 2 {
			lost = slices.Clone(order)
			return choices, false
		}
		return choices, true
	})
	if lost == nil {
		t.Fatal("no order loses a count")
	}
	if count, _ := run(lost); count != 1 {
		t.Errorf("%v counts %d the second time, want 1", lost, count)
	}
}
