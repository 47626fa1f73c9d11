package gocloud_test

import (
	"testing"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/gocloud"
	"github.com/registrykit/registrykit/storage/storagetest"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
)

// portable is what no bucket has without a Service.
var portable = []storagetest.Feature{
	storagetest.ReplaceIfVersion, storagetest.DeleteIfVersion, storagetest.VersionChanges, storagetest.Resume,
}

func TestConformanceOnMemblob(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Driver {
		bucket := memblob.OpenBucket(nil)
		t.Cleanup(func() { require.NoError(t, bucket.Close()) })
		return storage.New(gocloud.New(bucket, gocloud.Options{}), storage.Options{})
	}, storagetest.Options{Lacks: portable})
}

func TestConformanceOnFileblob(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Driver {
		bucket, err := fileblob.OpenBucket(t.TempDir(), &fileblob.Options{Metadata: fileblob.MetadataDontWrite})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, bucket.Close()) })
		return storage.New(gocloud.New(bucket, gocloud.Options{}), storage.Options{})
	}, storagetest.Options{
		Lacks: append([]storagetest.Feature{storagetest.IfAbsent}, portable...),
		Known: map[string]string{
			"keys/valid":          "its temporary files have longer names than the objects",
			"keys/no-directories": "it leaves directories that are empty",
		},
	})
}
