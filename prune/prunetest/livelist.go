package prunetest

import (
	"context"
	"slices"

	"github.com/registrykit/registrykit/prune/inventory"
)

// List returns what is known of the cluster now. What the [Cluster] says was not
// listed, or not completely, is not.
func (l *Live) List(ctx context.Context) (inv *inventory.Inventory, err error) {
	err = l.call(ctx, "List", "", func() error {
		inv, err = l.list(ctx)
		return err
	})
	return inv, err
}

func (l *Live) list(ctx context.Context) (*inventory.Inventory, error) {
	var b inventory.Builder
	var errs []error
	for _, kind := range l.cluster.Listed() {
		switch kind {
		case inventory.KindImage:
			for _, m := range l.images {
				errs = append(errs, b.AddManifest(m))
			}
		case inventory.KindImageStream:
			for _, s := range l.streams {
				errs = append(errs, b.AddImageStream(s))
			}
		case inventory.KindLimitRange:
			for n, limit := range l.cluster.limits {
				errs = append(errs, b.AddLimit(inventory.Limit{Namespace: limit.namespace, Name: limitName(n), MaxImageSize: limit.bytes}))
			}
		default:
			for _, w := range l.workloads {
				if w.Kind == kind {
					errs = append(errs, b.AddWorkload(w))
				}
			}
		}
		b.Listed(kind)
		if l.cluster.incomplete[kind] {
			b.Incomplete(kind)
		}
	}
	b.ImagesAfterStreams(!l.cluster.tooEarly)
	if l.Listing != nil {
		errs = append(errs, l.Listing(ctx, &b))
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return nil, errs[i]
	}
	return b.Build(), nil
}
