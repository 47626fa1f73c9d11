package middleware_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
)

// A program sees one team's part of a store, read-only, through at most eight
// calls at once, and tries again what did not get through.
func Example() {
	ctx := context.Background()
	base := &memory.Driver{}
	if _, err := storage.New(base, storage.Options{}).WriteFile(ctx, "teams/web/config", []byte("v1"), storage.CreateOptions{}); err != nil {
		fmt.Println(err)
		return
	}

	team, err := middleware.Prefix(middleware.Limit(base, 8), "teams/web")
	if err != nil {
		fmt.Println(err)
		return
	}
	store := storage.New(middleware.ReadOnly(middleware.Retry(team, middleware.RetryOptions{})), storage.Options{})

	data, err := store.ReadFile(ctx, "config", 1024)
	fmt.Println(string(data), err)
	err = store.Delete(ctx, "config", storage.DeleteOptions{})
	fmt.Println(err, errors.Is(err, storage.ErrReadOnly))
	// Output:
	// v1 <nil>
	// storage: delete config: read-only true
}

// A test loses the answer to the first commit and sees whether the program copes.
func ExampleFaults() {
	ctx := context.Background()
	base := &memory.Driver{}
	faulty := middleware.Faults(base, middleware.Fault{Ops: []string{"commit"}, Nth: 1, Times: 1, LoseAnswer: true})

	_, err := storage.New(faulty, storage.Options{}).WriteFile(ctx, "object", []byte("text"), storage.CreateOptions{})
	fmt.Println(err)
	_, err = base.Stat(ctx, "object")
	fmt.Println("there all the same:", err == nil)
	// Output:
	// storage: commit object: injected into commit: unavailable
	// there all the same: true
}
