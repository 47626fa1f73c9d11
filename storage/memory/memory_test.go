package memory_test

import (
	"testing"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.Driver { return &memory.Driver{} }, storagetest.Options{})
}
