package imagestream

import "reflect"

// EncodedSize returns how many bytes the JSON of the stream has, without
// holding all of it at once. The error is that of writing it.
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
	return len(b), b, asWriteError(t.Name(), err)
}
