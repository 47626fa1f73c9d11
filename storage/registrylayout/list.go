package registrylayout

const perChunk = 1 << 12

// list is a slice that grows without being copied, so that a million digests need
// the memory of a million digests. The zero value is empty.
type list[T any] struct {
	chunks [][]T
	n      int
}

func (l *list[T]) append(v T) {
	if l.n == len(l.chunks)*perChunk {
		l.chunks = append(l.chunks, make([]T, perChunk))
	}
	l.chunks[l.n/perChunk][l.n%perChunk] = v
	l.n++
}

func (l *list[T]) at(i int) *T { return &l.chunks[i/perChunk][i%perChunk] }

// reset empties it and keeps the memory.
func (l *list[T]) reset() { l.n = 0 }

// bits is a set of small integers. The zero value is empty.
type bits struct{ words list[uint64] }

func (b *bits) add(i int) {
	for b.words.n <= i/64 {
		b.words.append(0)
	}
	*b.words.at(i / 64) |= 1 << (i % 64)
}

func (b *bits) has(i int) bool {
	return i/64 < b.words.n && *b.words.at(i / 64)&(1<<(i%64)) != 0
}

func (b *bits) reset() { b.words.reset() }
