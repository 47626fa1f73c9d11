package interleave

// Turns runs two programs in turns: the first goes so many steps, then the second, then
// the first again, and so on. Behind the last turn the one whose turn it is goes on to
// its end, then the other. A turn ends early where its program does. Turns returns how
// many steps each turn had.
func Turns(turns []int, first, second Program) (had []int) {
	threads := [2]*thread{start(first), start(second)}
	ended := [2]bool{}
	for n, steps := range turns {
		who := n % 2
		i := 0
		for ; i < steps && !ended[who]; i++ {
			ended[who] = threads[who].goOn()
		}
		had = append(had, i)
	}
	for n := range 2 {
		who := (len(turns) + n) % 2
		for !ended[who] {
			ended[who] = threads[who].goOn()
		}
	}
	return had
}

// EachTwoSwitches calls try with one pair of turns after the other, for programs that
// have too many steps for every order: the first goes i steps, the second j, then the
// first to its end and the second to its own, for every i and j, or of these one in so
// many, the same ones each time. Try must run the [Turns] with programs that are made
// anew, and return what Turns returned. It ends where try is false, and returns how many
// orders there were.
func EachTwoSwitches(oneIn int, try func(turns []int) (had []int, more bool)) int {
	n := 0
	for i := 0; ; i++ {
		ended := false
		for j := (i*7 + 1) % oneIn; ; j += oneIn {
			had, more := try([]int{i, j})
			n++
			if !more {
				return n
			}
			ended = ended || had[0] < i
			if ended || had[1] < j {
				break
			}
		}
		if ended {
			return n
		}
	}
}
