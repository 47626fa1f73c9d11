package gcs_test

import (
	"context"
	"fmt"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/gocloud/gcs"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
)

// An object is changed only if nobody else has changed it.
func Example() {
	ctx := context.Background()
	service := fakestorage.NewServer(nil)
	defer service.Stop()
	service.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "registry"})
	bucket, err := gcsblob.OpenBucket(ctx, &gcp.HTTPClient{Client: *service.HTTPClient()}, "registry", nil)
	if err != nil {
		panic(err)
	}
	defer bucket.Close()

	store := storage.New(gocloud.New(bucket, gocloud.Options{Service: gcs.Service}), storage.Options{})
	first, err := store.WriteFile(ctx, "record", []byte("first"), storage.CreateOptions{})
	fmt.Println(err)
	_, err = store.WriteFile(ctx, "record", []byte("second"), storage.CreateOptions{IfVersion: first.Version})
	fmt.Println(err)
	_, err = store.WriteFile(ctx, "record", []byte("third"), storage.CreateOptions{IfVersion: first.Version})
	fmt.Println(err != nil)
	// Output:
	// <nil>
	// <nil>
	// true
}
