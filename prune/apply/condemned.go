package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// A FileCondemned keeps condemned blobs in a file, as JSON. It is the file's
// name; a file that is not there holds none.
type FileCondemned string

// LoadCondemned reads the file.
func (f FileCondemned) LoadCondemned(context.Context) (*Condemnations, error) {
	file, err := os.Open(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return new(Condemnations), nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	blobs, err := DecodeCondemned(file)
	if err != nil {
		return nil, fmt.Errorf("condemned blobs in %s: %w", string(f), err)
	}
	return blobs, nil
}

// StoreCondemned writes the file anew, beside the old one, and puts it in its
// place.
func (f FileCondemned) StoreCondemned(_ context.Context, blobs *Condemnations) error {
	temp, err := os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*.tmp")
	if err != nil {
		return err
	}
	err = errors.Join(EncodeCondemned(temp, blobs), temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), string(f))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}

// MemoryCondemned keeps condemned blobs in memory. The zero value holds none
// and is ready. It may be used by several goroutines at once.
type MemoryCondemned struct {
	mu    sync.Mutex
	blobs *Condemnations
}

// LoadCondemned returns a copy.
func (m *MemoryCondemned) LoadCondemned(context.Context) (*Condemnations, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blobs.clone(), nil
}

// StoreCondemned keeps a copy.
func (m *MemoryCondemned) StoreCondemned(_ context.Context, blobs *Condemnations) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs = blobs.clone()
	return nil
}
