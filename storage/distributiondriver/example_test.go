package distributiondriver_test

import (
	"context"
	"fmt"

	registrystorage "github.com/distribution/distribution/v3/registry/storage"
	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	"github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
)

// A distribution registry runs on a Store and leases what it relies on.
func ExampleNew() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})
	driver := distributiondriver.New(store, distributiondriver.Options{Leases: lease.New(store, lease.Options{})})

	registry, err := registrystorage.NewRegistry(ctx, driver)
	if err != nil {
		panic(err)
	}
	// Nobody has pushed to it yet.
	names := make([]string, 10)
	n, err := registry.Repositories(ctx, names, "")
	fmt.Println(n, err)
	// Output: 0 EOF
}

// A registry that is made from a configuration finds its driver by a name.
func ExampleFactory() {
	store := storage.New(&memory.Driver{}, storage.Options{})
	factory.Register("example", distributiondriver.Factory(
		func(context.Context, map[string]any) (storagedriver.StorageDriver, error) {
			return distributiondriver.New(store, distributiondriver.Options{}), nil
		}))

	driver, err := factory.Create(context.Background(), "example", nil)
	fmt.Println(driver.Name(), err)
	// Output: registrykit <nil>
}

// What distribution's driver keeps is read as objects.
func ExampleAdopt() {
	ctx := context.Background()
	theirs := inmemory.New()
	if err := theirs.PutContent(ctx, "/docker/registry/v2/repositories/app/_uploads/1/startedat", []byte("2026-11-01")); err != nil {
		panic(err)
	}
	store := storage.New(distributiondriver.Adopt(theirs), storage.Options{})
	for entry, err := range store.List(ctx, storage.ListOptions{}) {
		fmt.Println(entry.Key, entry.Size, err)
	}
	// Output: docker/registry/v2/repositories/app/_uploads/1/startedat 10 <nil>
}
