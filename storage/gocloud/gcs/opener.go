package gcs

import (
	"context"
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/operatorconfig"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
)

// Opener opens the buckets of operatorconfig.GCS, with the registry's tree at the
// bucket's root. The client has the credentials. Nothing is asked of the service before
// the store is used; closing the store closes the bucket.
//
// region and projectID are passed over: a bucket is made by them, and its name is
// enough to find it.
//
// An operatorconfig.FieldError names the field that cannot be followed: keyID, which is
// a storage.ErrUnsupported, since writes would not be encrypted with that key.
func Opener(client *gcp.HTTPClient) operatorconfig.Opener {
	return func(ctx context.Context, s *operatorconfig.Storage) (*storage.Store, error) {
		switch {
		case s.GCS == nil:
			return nil, fmt.Errorf("an opener of gcs: %w", storage.ErrUnsupported)
		case client == nil:
			return nil, errors.New("an opener of gcs without a client")
		case s.GCS.KeyID != "":
			return nil, &operatorconfig.FieldError{Field: "spec.storage.gcs.keyID",
				Err: fmt.Errorf("a key to encrypt with: %w", storage.ErrUnsupported)}
		}
		bucket, err := gcsblob.OpenBucket(ctx, client, s.GCS.Bucket, nil)
		if err != nil {
			return nil, err
		}
		return storage.New(owner{gocloud.New(bucket, gocloud.Options{Service: Service}), bucket}, storage.Options{}), nil
	}
}

// owner is a driver that closes its bucket.
type owner struct {
	*gocloud.Driver
	bucket *blob.Bucket
}

func (o owner) Close() error { return o.bucket.Close() }
