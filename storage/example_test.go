package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
)

// A blob is written, read back, and listed.
func Example() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})

	const key = "blobs/sha256/2c/2cf24dba/data"
	info, err := store.WriteFrom(ctx, key, strings.NewReader("hello"), storage.CreateOptions{IfAbsent: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Key, info.Size)

	object, err := store.Open(ctx, key, storage.Range{Offset: 1, Length: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer object.Body.Close()
	part, err := io.ReadAll(object.Body)
	fmt.Println(string(part), err)

	for entry, err := range store.List(ctx, storage.ListOptions{Prefix: "blobs/"}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(entry.Key)
	}
	// Output:
	// blobs/sha256/2c/2cf24dba/data 5
	// ell <nil>
	// blobs/sha256/2c/2cf24dba/data
}

// Two writers change one object. The one that read before the other wrote is
// told so, and nothing is lost.
func ExampleStore_WriteFile_ifVersion() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})
	read, _ := store.WriteFile(ctx, "lease", []byte("free"), storage.CreateOptions{})

	_, err := store.WriteFile(ctx, "lease", []byte("mine"), storage.CreateOptions{IfVersion: read.Version})
	fmt.Println("first:", err)
	_, err = store.WriteFile(ctx, "lease", []byte("mine too"), storage.CreateOptions{IfVersion: read.Version})
	fmt.Println("second:", err)
	fmt.Println(errors.Is(err, storage.ErrPrecondition))
	// Output:
	// first: <nil>
	// second: storage: commit lease: not the version that was asked for
	// true
}

// Directories of one level, as a file browser shows them.
func ExampleStore_List_shallow() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})
	for _, key := range []string{"web/app/link", "web/db/link", "web.txt", "web-old/link"} {
		if _, err := store.WriteFile(ctx, key, nil, storage.CreateOptions{}); err != nil {
			fmt.Println(err)
			return
		}
	}
	for entry, err := range store.List(ctx, storage.ListOptions{Shallow: true}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(entry.Key, entry.Dir)
	}
	// Output:
	// web-old/ true
	// web.txt false
	// web/ true
}

// An upload goes on where another process left it; later, whatever nobody came
// back to is cleaned up.
func ExampleStore_Resume() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})

	upload, err := store.Create(ctx, "blob", storage.CreateOptions{Resumable: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(upload, "first half, ")
	id := upload.ID()
	fmt.Println("suspended:", upload.Suspend(ctx))

	upload, err = store.Resume(ctx, "blob", id, storage.CreateOptions{IfAbsent: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("there already:", upload.Size())
	fmt.Fprint(upload, "second half")
	_, err = upload.Commit(ctx)
	data, _ := store.ReadFile(ctx, "blob", 100)
	fmt.Println(string(data), err)

	n, err := store.DiscardUploads(ctx, "", time.Now().Add(-24*time.Hour))
	fmt.Println("abandoned:", n, err)
	// Output:
	// suspended: <nil>
	// there already: 12
	// first half, second half <nil>
	// abandoned: 0 <nil>
}

// What the driver does is seen, not believed.
func ExampleStore_Capabilities() {
	ctx := context.Background()
	store := storage.New(&memory.Driver{}, storage.Options{})
	c, err := store.Capabilities(ctx)
	fmt.Println(c.IfAbsent, c.DeleteIfVersion, c.Ignored, err)
	// Output: true true [] <nil>
}
