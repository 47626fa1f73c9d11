package distributiondriver_test

import (
	"flag"
	"os"
	"testing"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/testsuites"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/stretchr/testify/require"
)

// stores are what a registry can run on here.
var stores = []struct {
	name string
	open func(t *testing.T) *storage.Store
}{
	{"memory", openMemory},
	{"filesystem", openFilesystem},
}

func openMemory(*testing.T) *storage.Store { return storage.New(&memory.Driver{}, storage.Options{}) }

func openFilesystem(t *testing.T) *storage.Store {
	d, err := filesystem.Open(t.TempDir(), filesystem.Options{})
	require.NoError(t, err)
	s := storage.New(d, storage.Options{})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// TestDistributionSuite runs distribution's own suite for its drivers, but for its
// stream of 5 GiB. The suite's contents are shared by all its tests, so that two of
// them cannot run at once.
func TestDistributionSuite(t *testing.T) {
	setFlag(t, "test.short", "true")
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) { runSuite(t, s.open(t)) })
	}
}

// TestEndToEndDistributionSuite runs it in full on the filesystem, where
// REGISTRYKIT_E2E is set: it writes and reads 5 GiB below the directory for
// temporary files.
func TestEndToEndDistributionSuite(t *testing.T) {
	if os.Getenv("REGISTRYKIT_E2E") == "" {
		t.Skip("REGISTRYKIT_E2E is not set")
	}
	setFlag(t, "test.short", "false")
	runSuite(t, openFilesystem(t))
}

func runSuite(t *testing.T, store *storage.Store) {
	testsuites.Driver(t, func() (storagedriver.StorageDriver, error) {
		return distributiondriver.New(store, distributiondriver.Options{}), nil
	}, false)
}

func setFlag(t *testing.T, name, value string) {
	f := flag.Lookup(name)
	before := f.Value.String()
	require.NoError(t, f.Value.Set(value))
	t.Cleanup(func() { require.NoError(t, f.Value.Set(before)) })
}
