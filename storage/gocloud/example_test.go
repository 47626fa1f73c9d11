package gocloud_test

import (
	"context"
	"fmt"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"gocloud.dev/blob/memblob"
)

func Example() {
	ctx := context.Background()
	bucket := memblob.OpenBucket(nil)
	defer bucket.Close()

	store := storage.New(gocloud.New(bucket, gocloud.Options{}), storage.Options{})
	if _, err := store.WriteFile(ctx, "a/b", []byte("text"), storage.CreateOptions{}); err != nil {
		panic(err)
	}
	for entry, err := range store.List(ctx, storage.ListOptions{Prefix: "a/"}) {
		fmt.Println(entry.Key, entry.Size, err)
	}
	// Output: a/b 4 <nil>
}
