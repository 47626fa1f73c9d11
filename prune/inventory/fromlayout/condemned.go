package fromlayout

import (
	"context"
	"errors"
	"fmt"

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
func (c *Condemned) LoadCondemned(ctx context.Context) (map[string]apply.Condemnation, error) {
	text, err := c.store.ReadFile(ctx, c.key, mostCondemned)
	if errors.Is(err, storage.ErrNotExist) {
		return map[string]apply.Condemnation{}, nil
	}
	if err != nil {
		return nil, err
	}
	blobs, err := apply.DecodeCondemned(text)
	if err != nil {
		return nil, fmt.Errorf("condemned blobs in %s: %w", c.key, err)
	}
	return blobs, nil
}

// StoreCondemned writes the marks. Where there are none, and were none, nothing
// is written.
func (c *Condemned) StoreCondemned(ctx context.Context, blobs map[string]apply.Condemnation) error {
	if len(blobs) == 0 {
		err := c.store.Delete(ctx, c.key, storage.DeleteOptions{})
		if errors.Is(err, storage.ErrNotExist) {
			return nil
		}
		return err
	}
	text, err := apply.EncodeCondemned(blobs)
	if err != nil {
		return err
	}
	_, err = c.store.WriteFile(ctx, c.key, text, storage.CreateOptions{})
	return err
}
