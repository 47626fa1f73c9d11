package distributiondriver

import (
	"errors"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/registrykit/registrykit/storage"
)

// Error is what a [Driver] returns where distribution has no type for it. It is
// not distribution's own Error, which hides its cause from errors.Is.
type Error struct {
	// DriverName is Options.Name.
	DriverName string
	// Path is what the call was about.
	Path string
	// Err is the cause.
	Err error
}

func (e *Error) Error() string { return e.DriverName + ": " + e.Path + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// fail gives an error the type that distribution looks for, by value and without
// unwrapping.
func (d *Driver) fail(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrNotExist):
		return d.missing(path)
	case errors.Is(err, storage.ErrInvalidKey):
		return storagedriver.InvalidPathError{Path: path, DriverName: d.Name()}
	}
	return &Error{DriverName: d.Name(), Path: path, Err: err}
}

func (d *Driver) missing(path string) error {
	return storagedriver.PathNotFoundError{Path: path, DriverName: d.Name()}
}
