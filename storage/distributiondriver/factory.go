package distributiondriver

import (
	"context"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
)

// Factory makes drivers for distribution's factory package, where a registry that
// is made from a configuration looks for its driver by name:
//
//	factory.Register("registrykit", distributiondriver.Factory(
//		func(context.Context, map[string]any) (storagedriver.StorageDriver, error) {
//			return distributiondriver.New(store, distributiondriver.Options{}), nil
//		}))
//
// The parameters are those of the configuration's "storage" section.
type Factory func(ctx context.Context, parameters map[string]any) (storagedriver.StorageDriver, error)

// Create calls the function.
func (f Factory) Create(ctx context.Context, parameters map[string]any) (storagedriver.StorageDriver, error) {
	return f(ctx, parameters)
}
