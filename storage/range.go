package storage

import "fmt"

// Range is a part of an object, in bytes. The zero value is all of it.
type Range struct {
	// Offset is where it starts.
	Offset int64
	// Length is how long it is at most; 0 is up to the end.
	Length int64
}

// In returns where the range starts and ends in an object of the given size.
// [ErrInvalidRange] where a field is negative or the start is beyond the end.
func (r Range) In(size int64) (start, end int64, err error) {
	if r.Offset < 0 || r.Length < 0 || r.Offset > size {
		return 0, 0, fmt.Errorf("%w: offset %d, length %d of %d bytes", ErrInvalidRange, r.Offset, r.Length, size)
	}
	if r.Length == 0 || r.Length > size-r.Offset {
		return r.Offset, size, nil
	}
	return r.Offset, r.Offset + r.Length, nil
}
