package storagetest_test

import (
	"context"
	"fmt"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/storagetest"
)

// ignoresConditions is what several S3 servers do.
type ignoresConditions struct{ *memory.Driver }

func (d ignoresConditions) Delete(ctx context.Context, key string, _ storage.DeleteOptions) error {
	return d.Driver.Delete(ctx, key, storage.DeleteOptions{})
}

// A program tries out a deployment before it relies on it.
func ExampleChecks() {
	d := ignoresConditions{&memory.Driver{}}
	for _, check := range storagetest.Checks() {
		if err := check.Run(context.Background(), d, storagetest.Options{}); err != nil {
			fmt.Println(check.Name)
			fmt.Println("  rule:", check.Rule)
			fmt.Println("  found:", err)
			break
		}
	}
	// Output:
	// if-version/delete
	//   rule: A deletion with IfVersion deletes that version alone: else ErrPrecondition, or ErrNotExist.
	//   found: conditional delete silently ignored: an old version was asked for, and the object is deleted
}
