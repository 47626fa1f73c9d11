// Package azure is what Azure Blob Storage can do beyond what gocloud.dev makes
// portable: versions, which are ETags that every write changes, and preconditions on
// them.
package azure

import (
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	azblobblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
)

// Service is for gocloud.Options, of a bucket of gocloud.dev/blob/azureblob.
var Service gocloud.Service = service{}

type service struct{}

// Version is the blob's ETag, with its quotes.
func (service) Version(as func(any) bool) storage.Version {
	var properties azblobblob.GetPropertiesResponse
	if as(&properties) && properties.ETag != nil {
		return quoted(*properties.ETag)
	}
	var item container.BlobItem
	if as(&item) && item.Properties != nil && item.Properties.ETag != nil {
		return quoted(*item.Properties.ETag)
	}
	return ""
}

// quoted is the ETag as HTTP has it: listings leave out the quotes.
func quoted(tag azcore.ETag) storage.Version {
	if len(tag) > 0 && tag[0] != '"' {
		tag = `"` + tag + `"`
	}
	return storage.Version(tag)
}

func (service) WriteIfVersion(as func(any) bool, v storage.Version) error {
	var options *azblob.UploadStreamOptions
	if !as(&options) {
		return errNotAzure
	}
	options.AccessConditions = ifMatch(v)
	return nil
}

func (service) DeleteIfVersion(as func(any) bool, v storage.Version) error {
	var options *azblobblob.DeleteOptions
	if !as(&options) {
		return errNotAzure
	}
	options.AccessConditions = ifMatch(v)
	return nil
}

var errNotAzure = fmt.Errorf("not a bucket of Azure Blob Storage: %w", storage.ErrUnsupported)

func ifMatch(v storage.Version) *azblobblob.AccessConditions {
	tag := azcore.ETag(v)
	return &azblobblob.AccessConditions{ModifiedAccessConditions: &azblobblob.ModifiedAccessConditions{IfMatch: &tag}}
}

// ListFrom does nothing: the service starts at the first key.
func (service) ListFrom(func(any) bool, string) {}
