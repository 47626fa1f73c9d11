package inventory

// A blockAllocator hands out many small slices from few large blocks.
type blockAllocator[T any] struct{ free []T }

func (a *blockAllocator[T]) take(n int) []T {
	const block = 1 << 14
	if n == 0 {
		return nil
	}
	if n > len(a.free) {
		if n > block/8 {
			return make([]T, n)
		}
		a.free = make([]T, block)
	}
	s := a.free[:n:n]
	a.free = a.free[n:]
	return s
}
