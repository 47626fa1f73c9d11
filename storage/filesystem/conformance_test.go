package filesystem_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/storagetest"
)

func open(t *testing.T, dir string, o filesystem.Options) *filesystem.Driver {
	t.Helper()
	d, err := filesystem.Open(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

func TestConformance(t *testing.T) {
	// Once as it is for use; elsewhere without waiting for the disk.
	for name, o := range map[string]filesystem.Options{"synced": {}, "keep directories": {NoSync: true, KeepEmptyDirs: true}} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Driver { return open(t, t.TempDir(), o) }, storagetest.Options{})
		})
	}
}
