// Package interleave runs programs one step at a time, in orders that are
// enumerated rather than hoped for, so that a test of a race finds the same
// order each time.
package interleave

import "fmt"

// Program does its work and calls step before each thing that another program
// could see. One step is what it does from there to its next call, or its end.
type Program func(step func())

// Run runs the programs to their end, never two at once. Order names, step by
// step, the program that goes on, counted among those that have not ended, in
// the order they were given; behind the end of order the first of them goes on.
// Run returns how many programs could go on at each step, and panics where order names
// none of them. What a program does before its first step is a step too.
func Run(order []int, programs ...Program) (choices []int) {
	live := make([]*thread, len(programs))
	for i, p := range programs {
		live[i] = start(p)
	}
	for n := 0; len(live) > 0; n++ {
		next := 0
		if n < len(order) {
			next = order[n]
		}
		if next < 0 || next >= len(live) {
			panic(fmt.Sprintf("interleave: step %d: no program %d of %d", n, next, len(live)))
		}
		choices = append(choices, len(live))
		if live[next].goOn() {
			live = append(live[:next:next], live[next+1:]...)
		}
	}
	return choices
}

// Each calls try with one order after the other until there are no more or try
// is false. Try must Run the order with programs that are made anew, and return
// what Run returned. Each returns how many orders there were.
func Each(try func(order []int) (choices []int, more bool)) int {
	var order []int
	for n := 1; ; n++ {
		choices, more := try(order)
		if !more {
			return n
		}
		if order = after(order, choices); order == nil {
			return n
		}
	}
}

// after is the order that follows order, nil behind the last.
func after(order, choices []int) []int {
	next := make([]int, len(choices))
	copy(next, order)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i]+1 < choices[i] {
			next[i]++
			return next[:i+1]
		}
	}
	return nil
}

// thread is a program that waits to be let go on.
type thread struct {
	resume  chan struct{}
	stopped chan bool // true: ended
}

func start(p Program) *thread {
	t := &thread{resume: make(chan struct{}), stopped: make(chan bool)}
	go func() {
		<-t.resume
		p(func() {
			t.stopped <- false
			<-t.resume
		})
		t.stopped <- true
	}()
	return t
}

// goOn lets the program do one step and tells whether it has ended.
func (t *thread) goOn() bool {
	t.resume <- struct{}{}
	return <-t.stopped
}
