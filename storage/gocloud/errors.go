package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"

	"github.com/registrykit/registrykit/storage"
	"gocloud.dev/gcerrors"
)

// fail gives an error its class, and makes sure that what is missing is the object,
// not the bucket. It asks each time: a bucket that was there may be gone, and then
// nothing may look as if it were not there.
func (d *Driver) fail(ctx context.Context, err error) error {
	if d.files && context.Cause(ctx) == nil && isDirectoryError(err) {
		err = fmt.Errorf("%w: %w", storage.ErrNotExist, err)
	}
	err = classify(ctx, err)
	if !errors.Is(err, storage.ErrNotExist) {
		return err
	}
	accessible, accessErr := d.bucket.IsAccessible(ctx)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if accessErr != nil || !accessible {
		return fmt.Errorf("the bucket cannot be reached: %v (%v)", err, accessErr) // not as a missing object
	}
	return err
}

func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%w (%v)", cause, err)
	}
	if class := classOf(err); class != nil {
		return fmt.Errorf("%w: %w", class, err)
	}
	return err
}

func classOf(err error) error {
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return storage.ErrNotExist
	case gcerrors.Unimplemented:
		return storage.ErrUnsupported
	case gcerrors.ResourceExhausted, gcerrors.Internal, gcerrors.DeadlineExceeded:
		return storage.ErrUnavailable
	}
	var answer *url.Error
	var network *net.OpError
	switch {
	case errors.As(err, &answer), errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF):
		return storage.ErrUnavailable
	}
	return nil
}

// isDirectoryError finds what fileblob has no code for: that a directory stands where
// an object should be, or an object where a directory should. It looks at the words of
// the operating system alone: those before them have the key, which may say anything.
func isDirectoryError(err error) bool {
	if err == nil {
		return false
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	for _, words := range []string{"not a directory", "is a directory", "directory not empty", "file exists"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}
