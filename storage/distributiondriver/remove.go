package distributiondriver

import (
	"context"
	"errors"
	"strings"

	"github.com/registrykit/registrykit/storage"
)

// Move gives an object another path, in place of what is there. The object is
// whole under one of the two at any time.
func (d *Driver) Move(ctx context.Context, sourcePath, destPath string) error {
	from, err := d.key(sourcePath)
	if err != nil {
		return err
	}
	to, err := d.key(destPath)
	if err != nil {
		return err
	}
	if err := d.usingBlob(ctx, to, "move"); err != nil {
		return d.fail(destPath, err)
	}
	_, err = d.store.Move(ctx, from, to, storage.MoveOptions{})
	return d.fail(sourcePath, err)
}

// Delete takes away the object and everything below the path, uploads that have
// not ended included, except those that are being written to this moment.
func (d *Driver) Delete(ctx context.Context, path string) error {
	key, err := d.key(path)
	if err != nil {
		return err
	}
	deleted, err := d.deleteObjects(ctx, key)
	if err == nil && mayHoldUploads(key) {
		var n int
		n, err = d.discardUploads(ctx, key, true)
		deleted += n
	}
	if err != nil {
		return d.fail(path, err)
	}
	if deleted == 0 {
		return d.missing(path)
	}
	return nil
}

func (d *Driver) deleteObjects(ctx context.Context, key string) (int, error) {
	deleted := 0
	one := func(key string) error {
		err := d.store.Delete(ctx, key, storage.DeleteOptions{})
		if errors.Is(err, storage.ErrNotExist) {
			return nil
		}
		deleted++
		return err
	}
	if err := one(key); err != nil {
		return deleted, err
	}
	for e, err := range d.store.List(ctx, storage.ListOptions{Prefix: key + "/", KeysOnly: true}) {
		if err == nil {
			err = one(e.Key)
		}
		if err != nil {
			return deleted, err
		}
	}
	return deleted, nil
}

// discardUploads discards the uploads of the key, and of those below it.
func (d *Driver) discardUploads(ctx context.Context, key string, below bool) (int, error) {
	discarded := 0
	for u, err := range d.store.Uploads(ctx, key) {
		if errors.Is(err, storage.ErrUnsupported) {
			return discarded, nil // then there are none
		}
		if err != nil {
			return discarded, err
		}
		if u.Key != key && !(below && strings.HasPrefix(u.Key, key+"/")) {
			continue
		}
		switch err := d.store.Discard(ctx, u.Key, u.ID); {
		case err == nil:
			discarded++
		case !errors.Is(err, storage.ErrBusy) && !errors.Is(err, storage.ErrNotExist):
			return discarded, err
		}
	}
	return discarded, nil
}

// mayHoldUploads says whether to look for uploads below a key. A registry deletes
// blobs and links by the thousands, and uploads into neither.
func mayHoldUploads(key string) bool {
	return !strings.HasPrefix(key, blobsRoot[1:]+"/") &&
		!strings.Contains(key+"/", "/_layers/") && !strings.Contains(key+"/", "/_manifests/")
}
