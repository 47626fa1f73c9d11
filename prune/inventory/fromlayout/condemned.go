package fromlayout

import (
	"bytes"
	"context"
	"encoding/json"
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

type condemnedFile struct {
	Schema string                        `json:"schema"`
	Blobs  map[string]apply.Condemnation `json:"blobs"`
}

const condemnedSchema = "registrykit/condemned/v1"

// LoadCondemned reads the marks; there are none where there is no such object.
func (c *Condemned) LoadCondemned(ctx context.Context) (map[string]apply.Condemnation, error) {
	text, err := c.store.ReadFile(ctx, c.key, mostCondemned)
	if errors.Is(err, storage.ErrNotExist) {
		return map[string]apply.Condemnation{}, nil
	}
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var file condemnedFile
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("condemned blobs in %s: %w", c.key, err)
	}
	if file.Schema != condemnedSchema {
		return nil, fmt.Errorf("condemned blobs in %s: schema %q, want %q", c.key, file.Schema, condemnedSchema)
	}
	if file.Blobs == nil {
		file.Blobs = map[string]apply.Condemnation{}
	}
	return file.Blobs, nil
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
	text, err := json.Marshal(condemnedFile{condemnedSchema, blobs})
	if err != nil {
		return err
	}
	_, err = c.store.WriteFile(ctx, c.key, append(text, '\n'), storage.CreateOptions{})
	return err
}
