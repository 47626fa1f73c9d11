package inventory

import "slices"

// A list is a slice that grows in chunks, so that a million elements are never
// there twice.
type list[T any] struct {
	chunks [][]T
	n      int
}

const (
	chunkBits = 14
	chunkSize = 1 << chunkBits
)

func (l *list[T]) len() int { return l.n }

func (l *list[T]) at(i int) *T { return &l.chunks[i>>chunkBits][i&(chunkSize-1)] }

func (l *list[T]) append(v T) {
	last := l.n >> chunkBits
	if last == len(l.chunks) {
		l.chunks = append(l.chunks, make([]T, 0, min(chunkSize, max(16, l.n))))
	}
	l.chunks[last] = append(l.chunks[last], v)
	l.n++
}

// pop drops the last element.
func (l *list[T]) pop() {
	last := len(l.chunks) - 1
	clear(l.chunks[last][len(l.chunks[last])-1:])
	l.chunks[last] = l.chunks[last][:len(l.chunks[last])-1]
	if l.n--; len(l.chunks[last]) == 0 {
		l.chunks = l.chunks[:last]
	}
}

// snapshot returns the list as it is now, for others to read while this one
// grows. Elements that are changed in place change in both.
func (l *list[T]) snapshot() list[T] {
	return list[T]{chunks: slices.Clone(l.chunks), n: l.n}
}

// clone returns the list as it is now, sharing nothing.
func (l *list[T]) clone() list[T] {
	c := list[T]{chunks: make([][]T, len(l.chunks)), n: l.n}
	for i, chunk := range l.chunks {
		c.chunks[i] = slices.Clone(chunk)
	}
	return c
}
