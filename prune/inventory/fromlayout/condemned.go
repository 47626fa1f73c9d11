package fromlayout

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/storage"
)

// DefaultCondemned is where condemned blobs wait, beside the registry's own tree.
const DefaultCondemned = "registrykit-condemned/blobs.json"

// mostCondemned is how much is read of it: some ten million blobs.
const mostCondemned = 1 << 30

// Condemned keeps on a store which blobs are condemned, and since when. Two runs
// at once would forget each other's marks, which makes blobs wait longer.
type Condemned struct {
	store *storage.Store
	key   string
}

// NewCondemned returns the marks under a key, "" for [DefaultCondemned].
func NewCondemned(s *storage.Store, key string) *Condemned {
	if key == "" {
		key = DefaultCondemned
	}
	return &Condemned{s, key}
}

// LoadCondemned reads the marks; there are none where there is no such object.
func (c *Condemned) LoadCondemned(ctx context.Context) (*apply.Condemnations, error) {
	object, err := c.store.Open(ctx, c.key, storage.Range{})
	if errors.Is(err, storage.ErrNotExist) {
		return new(apply.Condemnations), nil
	}
	if err != nil {
		return nil, err
	}
	defer object.Body.Close()
	if object.Info.Size > mostCondemned {
		return nil, fmt.Errorf("condemned blobs in %s: %d bytes: %w", c.key, object.Info.Size, storage.ErrTooLarge)
	}
	blobs, err := apply.DecodeCondemned(io.LimitReader(object.Body, mostCondemned))
	if err != nil {
		return nil, fmt.Errorf("condemned blobs in %s: %w", c.key, err)
	}
	return blobs, nil
}

// StoreCondemned writes the marks. Where there are none, and were none, nothing
// is written.
func (c *Condemned) StoreCondemned(ctx context.Context, blobs *apply.Condemnations) error {
	if blobs.Len() == 0 {
		err := c.store.Delete(ctx, c.key, storage.DeleteOptions{})
		if errors.Is(err, storage.ErrNotExist) {
			return nil
		}
		return err
	}
	u, err := c.store.Create(ctx, c.key, storage.CreateOptions{})
	if err != nil {
		return err
	}
	defer u.Abort(context.WithoutCancel(ctx))
	if err := apply.EncodeCondemned(u, blobs); err != nil {
		return err
	}
	_, err = u.Commit(ctx)
	return err
}
