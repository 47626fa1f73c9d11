package azure_test

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/gocloud/azure"
	"gocloud.dev/blob/azureblob"
)

func Example() {
	ctx := context.Background()
	client, err := container.NewClientWithNoCredential("https://account.blob.core.windows.net/registry", nil)
	if err != nil {
		panic(err)
	}
	bucket, err := azureblob.OpenBucket(ctx, client, nil)
	if err != nil {
		panic(err)
	}
	defer bucket.Close()

	store := storage.New(gocloud.New(bucket, gocloud.Options{Service: azure.Service}), storage.Options{})
	for entry, err := range store.List(ctx, storage.ListOptions{Prefix: "docker/"}) {
		_, _ = entry, err
	}
}
