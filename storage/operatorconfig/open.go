package operatorconfig

import (
	"context"
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
)

// Opener opens the store of one backend. The Storage is valid, and has that backend
// and no other.
type Opener func(ctx context.Context, s *Storage) (*storage.Store, error)

// Openers are what a program can open.
type Openers map[Backend]Opener

// UnsupportedError says that there is nothing to open a backend with. It is a
// storage.ErrUnsupported.
type UnsupportedError struct {
	Backend Backend
	// Why says more, where there is more to say.
	Why string
}

func (e *UnsupportedError) Error() string {
	text := fmt.Sprintf("%s.%s: this storage is not supported here", root, e.Backend)
	if e.Why != "" {
		text += ": " + e.Why
	}
	return text
}

// Unwrap returns storage.ErrUnsupported.
func (e *UnsupportedError) Unwrap() error { return storage.ErrUnsupported }

// Open opens the store that is configured, with the opener for its backend. The
// registry's tree is at its root. Whoever calls it closes the store.
//
// [ErrInvalid]; a [FieldError] where a name is missing without which nothing can be
// opened; [UnsupportedError] where there is no opener; what the opener returns, with
// the backend's field before it unless it is a FieldError itself.
func Open(ctx context.Context, s *Storage, openers Openers) (*storage.Store, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	backend, err := s.Backend()
	if err != nil {
		return nil, err
	}
	open := openers[backend]
	if open == nil {
		return nil, &UnsupportedError{backend, reasons[backend]}
	}
	if err := s.named(); err != nil {
		return nil, err
	}
	store, err := open(ctx, s)
	var named *FieldError
	switch {
	case err == nil:
		return store, nil
	case errors.As(err, &named):
		return nil, err
	}
	return nil, &FieldError{root + "." + string(backend), err}
}

// reasons say why there is no opener for some backends.
var reasons = map[Backend]string{
	EmptyDir: "it is a directory inside of the registry's pod",
	Swift:    "there is no driver for it; it left the registry with distribution 3",
	OSS:      "there is no driver for it; it left the registry with distribution 3",
}

// named returns what is missing of the names that the operator fills in.
func (s *Storage) named() error {
	switch {
	case s.S3 != nil:
		return required("s3.bucket", s.S3.Bucket)
	case s.GCS != nil:
		return required("gcs.bucket", s.GCS.Bucket)
	case s.Azure != nil && s.Azure.AccountName == "":
		return required("azure.accountName", "")
	case s.Azure != nil:
		return required("azure.container", s.Azure.Container)
	case s.PVC != nil:
		return required("pvc.claim", s.PVC.Claim)
	case s.Swift != nil:
		return required("swift.container", s.Swift.Container)
	case s.IBMCOS != nil:
		return required("ibmcos.bucket", s.IBMCOS.Bucket)
	case s.OSS != nil:
		return required("oss.bucket", s.OSS.Bucket)
	}
	return nil
}

// Directory returns an opener for a volume that is mounted at a directory: [PVC], or
// inside of the registry's pod also [EmptyDir]. It keeps the directories that a
// registry beside it may be using.
func Directory(dir string) Opener {
	return func(context.Context, *Storage) (*storage.Store, error) {
		d, err := filesystem.Open(dir, filesystem.Options{KeepEmptyDirs: true})
		if err != nil {
			return nil, err
		}
		return storage.New(d, storage.Options{}), nil
	}
}
