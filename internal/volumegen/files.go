package volumegen

import (
	"context"

	"github.com/registrykit/registrykit/storage"
)

// Files returns every object of a store with its bytes.
func Files(ctx context.Context, s *storage.Store) (map[string]string, error) {
	files := map[string]string{}
	for o, err := range s.List(ctx, storage.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		text, err := s.ReadFile(ctx, o.Key, 1<<20)
		if err != nil {
			return nil, err
		}
		files[o.Key] = string(text)
	}
	return files, nil
}

// Write writes objects.
func Write(ctx context.Context, s *storage.Store, files map[string]string) error {
	for key, text := range files {
		if _, err := s.WriteFile(ctx, key, []byte(text), storage.CreateOptions{}); err != nil {
			return err
		}
	}
	return nil
}
