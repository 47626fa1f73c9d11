package filesystem_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
)

// An object is a file, and whatever a dead process has left is taken away.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "volume")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	driver, err := filesystem.Open(dir, filesystem.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	store := storage.New(driver, storage.Options{})
	defer store.Close()

	if _, err := store.WriteFile(ctx, "tags/v1/link", []byte("sha256:2cf24d"), storage.CreateOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	onDisk, err := os.ReadFile(filepath.Join(dir, "tags", "v1", "link"))
	fmt.Println(string(onDisk), err)

	_, err = store.Stat(ctx, "../../etc/passwd")
	fmt.Println(err)

	uploads, dirs, err := driver.CleanUp(ctx, time.Now().Add(-24*time.Hour))
	fmt.Println("left behind:", uploads, dirs, err)
	// Output:
	// sha256:2cf24d <nil>
	// storage: stat ../../etc/passwd: invalid key: a segment ".."
	// left behind: 0 0 <nil>
}
