package inventory

import "slices"

// An arena holds many small slices in few large blocks. They are named by runs,
// without a pointer, so that the garbage collector has nothing to follow in a
// million records.
type arena[T any] struct{ blocks [][]T }

// A run is a slice in an arena.
type run struct {
	block, first uint32
	n            int32
}

const blockSize = 1 << 14

// take makes room for n elements, zero.
func (a *arena[T]) take(n int) run {
	if n == 0 {
		return run{}
	}
	last := len(a.blocks) - 1
	if last < 0 || len(a.blocks[last])+n > cap(a.blocks[last]) {
		a.blocks = append(a.blocks, make([]T, 0, max(n, blockSize)))
		last++
	}
	first := len(a.blocks[last])
	a.blocks[last] = a.blocks[last][:first+n]
	return run{uint32(last), uint32(first), int32(n)}
}

func (a *arena[T]) at(r run) []T {
	if r.n == 0 {
		return nil
	}
	end := int(r.first) + int(r.n)
	return a.blocks[r.block][r.first:end:end]
}

// drop gives back the run that was taken last.
func (a *arena[T]) drop(r run) {
	if r.n > 0 {
		clear(a.at(r))
		a.blocks[r.block] = a.blocks[r.block][:r.first]
	}
}

// snapshot returns the arena as it is now, for others to read while this one
// grows.
func (a *arena[T]) snapshot() arena[T] { return arena[T]{slices.Clone(a.blocks)} }
