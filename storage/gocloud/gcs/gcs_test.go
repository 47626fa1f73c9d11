package gcs_test

import (
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/gocloud/gcs"
	"github.com/registrykit/registrykit/storage/storagetest"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
)

func open(t *testing.T) *gocloud.Driver {
	t.Helper()
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{Host: "127.0.0.1"})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "bucket"})
	bucket, err := gcsblob.OpenBucket(t.Context(), &gcp.HTTPClient{Client: *server.HTTPClient()}, "bucket", nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, bucket.Close()) })
	return gocloud.New(bucket, gocloud.Options{Service: gcs.Service})
}

// TestConformance runs on fake-gcs-server, in process, which passes over
// preconditions of deletions.
func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Driver { return storage.New(open(t), storage.Options{}) },
		storagetest.Options{Lacks: []storagetest.Feature{storagetest.DeleteIfVersion, storagetest.Resume}})
}

// TestMissingBucketIsNoMissingObject: both are 404.
func TestMissingBucketIsNoMissingObject(t *testing.T) {
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{Host: "127.0.0.1"})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	bucket, err := gcsblob.OpenBucket(t.Context(), &gcp.HTTPClient{Client: *server.HTTPClient()}, "another", nil)
	require.NoError(t, err)
	defer bucket.Close()
	s := storage.New(gocloud.New(bucket, gocloud.Options{Service: gcs.Service}), storage.Options{})
	_, err = s.Stat(t.Context(), "object")
	require.Error(t, err)
	require.NotErrorIs(t, err, storage.ErrNotExist)
}

// TestABucketThatGoes: it was there, and an object was missing.
func TestABucketThatGoes(t *testing.T) {
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{Host: "127.0.0.1"})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "bucket"})
	bucket, err := gcsblob.OpenBucket(t.Context(), &gcp.HTTPClient{Client: *server.HTTPClient()}, "bucket", nil)
	require.NoError(t, err)
	defer bucket.Close()
	d := gocloud.New(bucket, gocloud.Options{Service: gcs.Service})
	_, err = d.Stat(t.Context(), "object")
	require.ErrorIs(t, err, storage.ErrNotExist)
	require.NoError(t, server.Client().Bucket("bucket").Delete(t.Context()))
	_, err = d.Stat(t.Context(), "object")
	require.Error(t, err)
	require.NotErrorIs(t, err, storage.ErrNotExist)
}

// TestCapabilities: fake-gcs-server takes a condition for a deletion, and deletes.
func TestCapabilities(t *testing.T) {
	c, err := storage.New(open(t), storage.Options{}).Capabilities(t.Context())
	require.NoError(t, err)
	require.Equal(t, storage.Capabilities{
		IfAbsent: true, ReplaceIfVersion: true, VersionChanges: true, Move: true, Ignored: []string{"DeleteIfVersion"},
	}, c)
}
