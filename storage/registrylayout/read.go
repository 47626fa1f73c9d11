package registrylayout

import (
	"errors"
	"fmt"
	"io"

	"github.com/registrykit/registrykit/storage"
)

// readAtMost reads a Body that was opened for one byte more than the limit.
// storage.ErrTooLarge.
func readAtMost(object *storage.Object, limit int64) ([]byte, error) {
	if object.Info.Size > limit {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", storage.ErrTooLarge, object.Info.Size, limit)
	}
	data := make([]byte, object.Info.Size)
	_, err := io.ReadFull(object.Body, data)
	return data, err
}

// brokenOrNot says of a link file that is too large that it is broken.
func brokenOrNot(key string, err error) error {
	if errors.Is(err, storage.ErrTooLarge) {
		return at(key, fmt.Errorf("%w: %w", ErrBrokenLink, err))
	}
	return err
}
