package interleave_test

import (
	"slices"
	"testing"

	"github.com/registrykit/registrykit/internal/interleave"
)

// writes returns a program that writes its name so many times, a step each.
func writes(text *[]byte, name byte, steps int) interleave.Program {
	return func(step func()) {
		for i := range steps {
			if i > 0 {
				step()
			}
			*text = append(*text, name)
		}
	}
}

func TestTurns(t *testing.T) {
	for _, c := range []struct {
		turns []int
		want  string
		had   []int
	}{
		{nil, "aaaaabbb", nil},
		{[]int{2}, "aabbbaaa", []int{2}},
		{[]int{0, 1}, "baaaaabb", []int{0, 1}},
		{[]int{1, 1, 1, 1}, "ababaaab", []int{1, 1, 1, 1}},
		{[]int{2, 9, 1}, "aabbbaaa", []int{2, 3, 1}},
		{[]int{9, 9}, "aaaaabbb", []int{5, 3}},
		{[]int{9, 1, 1, 1}, "aaaaabbb", []int{5, 1, 0, 1}},
	} {
		var got []byte
		had := interleave.Turns(c.turns, writes(&got, 'a', 5), writes(&got, 'b', 3))
		if string(got) != c.want || !slices.Equal(had, c.had) {
			t.Errorf("%v: %s, %v; want %s, %v", c.turns, got, had, c.want, c.had)
		}
	}
}

// TestEachTwoSwitches asks for every order of the kind, and of these for as many as are
// asked for, with each number of steps of the first among them.
func TestEachTwoSwitches(t *testing.T) {
	orders := func(oneIn int) map[string]bool {
		seen := map[string]bool{}
		interleave.EachTwoSwitches(oneIn, func(turns []int) ([]int, bool) {
			var got []byte
			had := interleave.Turns(turns, writes(&got, 'a', 6), writes(&got, 'b', 4))
			seen[string(got)] = true
			return had, true
		})
		return seen
	}
	all := orders(1)
	if want := 6*4 + 1; len(all) != want { // a to the power i, b to the power j, the rest of a, the rest of b
		t.Errorf("%d orders, want %d", len(all), want)
	}
	some := orders(3)
	if len(some) < len(all)/4 || len(some) > len(all)*2/3 {
		t.Errorf("%d orders of %d", len(some), len(all))
	}
	for order := range some {
		if !all[order] {
			t.Errorf("%s is not among all", order)
		}
	}
	n := interleave.EachTwoSwitches(1, func(turns []int) ([]int, bool) { return turns, len(turns) < 2 })
	if n != 1 {
		t.Errorf("went on %d times", n)
	}
}
