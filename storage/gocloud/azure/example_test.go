package azure_test

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/gocloud/azure"
	"github.com/registrykit/registrykit/storage/operatorconfig"
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

func ExampleOpener() {
	config, err := operatorconfig.Parse([]byte(`{"azure":{"accountName":"account","container":"images"}}`))
	if err != nil {
		panic(err)
	}
	connect, err := azure.Credentials(map[string][]byte{"REGISTRY_STORAGE_AZURE_ACCOUNTKEY": []byte("a2V5")}) // of the Secret
	if err != nil {
		panic(err)
	}
	store, err := operatorconfig.Open(context.Background(), config, operatorconfig.Openers{
		operatorconfig.Azure: azure.Opener(connect),
	})
	if err != nil {
		panic(err)
	}
	defer store.Close()
	fmt.Println("open")
	// Output: open
}
