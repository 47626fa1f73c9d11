package volumegen

import (
	"context"
	"fmt"
	"slices"

	"github.com/registrykit/registrykit/storage/registrylayout"
)

// Dangling returns, sorted, the links, tags and manifests of a volume that refer
// to what is not there, each with what is missing. Where metadata goes before
// bytes, and what refers before what is referred to, a deletion adds none.
func Dangling(ctx context.Context, l *registrylayout.Layout) ([]string, error) {
	var list []string
	_, err := l.Check(ctx, registrylayout.CheckOptions{}, func(f registrylayout.Finding) {
		if f.Kind == registrylayout.Dangling {
			list = append(list, fmt.Sprintf("%s of %s: %s%s needs %s", f.Reference, f.Repository, f.Digest, f.Tag, f.Missing))
		}
	})
	slices.Sort(list)
	return list, err
}
