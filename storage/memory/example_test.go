package memory_test

import (
	"context"
	"fmt"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
)

// A test needs no directory and nothing to close.
func Example() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})
	for _, key := range []string{"b", "a/1", "a/2"} {
		if _, err := store.WriteFile(ctx, key, []byte(key), storage.CreateOptions{}); err != nil {
			fmt.Println(err)
			return
		}
	}
	_, err := store.WriteFile(ctx, "a", nil, storage.CreateOptions{})
	fmt.Println(err)
	for entry := range store.List(ctx, storage.ListOptions{}) {
		fmt.Println(entry.Key, entry.Size)
	}
	// Output:
	// storage: commit a: conflicts with another key: a/
	// a/1 3
	// a/2 3
	// b 1
}
