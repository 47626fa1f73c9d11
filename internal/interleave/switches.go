package interleave

// EachTwoSwitches is like [Each] for two programs that have too many steps for every
// order: the first goes i steps, the second j, then the first to its end and
// the second to its own, for every i and j. It returns how many orders there were.
func EachTwoSwitches(try func(order []int) (choices []int, more bool)) int {
	n := 0
	for i := 0; ; i++ {
		order := make([]int, i)
		for {
			choices, more := try(order)
			n++
			if !more {
				return n
			}
			if len(order) == i && !both(choices, i) {
				return n
			}
			if !both(choices, len(order)) {
				break
			}
			order = append(order[:len(order):len(order)], 1)
		}
	}
}

// both tells whether both programs could go on at step n.
func both(choices []int, n int) bool { return n < len(choices) && choices[n] == 2 }
