package s3

import (
	"context"

	"github.com/registrykit/registrykit/storage"
)

// CopyAbove copies as if most bytes were what one request may copy, and part what
// one part may have.
func (d *Driver) CopyAbove(ctx context.Context, source storage.Info, to string, most, part int64) error {
	return d.copy(ctx, source, to, most, part)
}
