// Package gcs is what Google Cloud Storage can do beyond what gocloud.dev makes
// portable: versions, which are generations, and preconditions on them.
package gcs

import (
	"fmt"
	"strconv"

	gcsapi "cloud.google.com/go/storage"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
)

// Service is for gocloud.Options, of a bucket of gocloud.dev/blob/gcsblob.
var Service gocloud.Service = service{}

type service struct{}

// Version is the object's generation, which every write changes.
func (service) Version(as func(any) bool) storage.Version {
	var a gcsapi.ObjectAttrs
	if !as(&a) || a.Generation == 0 {
		return ""
	}
	return storage.Version(strconv.FormatInt(a.Generation, 10))
}

func (service) WriteIfVersion(as func(any) bool, v storage.Version) error { return ifGeneration(as, v) }

func (service) DeleteIfVersion(as func(any) bool, v storage.Version) error {
	return ifGeneration(as, v)
}

// ifGeneration puts the condition on the object that is written or deleted.
func ifGeneration(as func(any) bool, v storage.Version) error {
	generation, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || generation <= 0 {
		return fmt.Errorf("%w: %.40q is no generation", storage.ErrPrecondition, string(v))
	}
	var object **gcsapi.ObjectHandle
	if !as(&object) {
		return fmt.Errorf("not a bucket of Google Cloud Storage: %w", storage.ErrUnsupported)
	}
	*object = (*object).If(gcsapi.Conditions{GenerationMatch: generation})
	return nil
}

// ListFrom gives the key to the service, which starts at it or after.
func (service) ListFrom(as func(any) bool, key string) {
	var query *gcsapi.Query
	if as(&query) {
		query.StartOffset = key
	}
}
