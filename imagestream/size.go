package imagestream

import "reflect"

// EncodedSize returns how many bytes the JSON of the stream has that encoding/json
// writes, without holding all of it at once. Space between the parts of fields
// that the types do not know, which encoding/json leaves out, counts. The error is
// that of writing it.
func (s *ImageStream) EncodedSize() (int, error) {
	if s == nil {
		return len("null"), nil
	}
	bare := *s
	bare.Spec.Tags, bare.Status.Tags = nil, nil
	size, buffer, err := encodedSize(nil, &bare)
	if err != nil {
		return 0, err
	}
	add := func(n int, err error, first bool, key string) error {
		size += n + len(",")
		if first {
			size += len(key)
		}
		return err
	}
	for i := range s.Spec.Tags {
		var n int
		n, buffer, err = encodedSize(buffer, &s.Spec.Tags[i])
		if err = add(n, err, i == 0, `"tags":[]`); err != nil {
			return 0, err
		}
	}
	for i := range s.Status.Tags {
		var n int
		n, buffer, err = encodedSize(buffer, &s.Status.Tags[i])
		if err = add(n, err, i == 0, `"tags":[]`); err != nil {
			return 0, err
		}
	}
	return size, nil
}

func encodedSize[T any](buffer []byte, v *T) (int, []byte, error) {
	t := reflect.TypeFor[T]()
	b, err := codecOf(t).write(buffer[:0], reflect.ValueOf(v).Elem())
	return escapedLen(b), b, asWriteError(t.Name(), err)
}

// escapedLen is the length of JSON with the characters escaped that matter in
// HTML and JavaScript, as encoding/json does with what a MarshalJSON returns.
func escapedLen(b []byte) int {
	n := len(b)
	for i, c := range b {
		switch {
		case c == '<', c == '>', c == '&':
			n += len(`\u003c`) - 1
		case c == 0xe2 && i+2 < len(b) && b[i+1] == 0x80 && b[i+2]&^1 == 0xa8:
			n += len(`\u2028`) - 3
		}
	}
	return n
}
