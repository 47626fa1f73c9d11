package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
)

// cluster is the API server's part of what a plan is carried out on: it reads past
// every cache.
type cluster struct {
	reader client.Reader
	writer client.Client
	served served
}

// ends adds the cluster's ends to those of a registry, which may have none.
func (c cluster) ends(registry apply.Ends) apply.Ends {
	registry.Streams, registry.Images, registry.Inventory = c, c, c
	return registry
}

// ReadStream implements apply.StreamReader.
func (c cluster) ReadStream(ctx context.Context, namespace, name string) (*imagestream.ImageStream, error) {
	u := newObject(inventory.KindImageStream)
	if err := c.reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, u); err != nil {
		return nil, classified(err)
	}
	stream := new(imagestream.ImageStream)
	return stream, into(u, stream)
}

// UpdateStreamStatus implements apply.StreamStatusUpdater.
func (c cluster) UpdateStreamStatus(ctx context.Context, stream *imagestream.ImageStream) error {
	u, err := outOf(stream)
	if err != nil {
		return err
	}
	u.SetGroupVersionKind(newObject(inventory.KindImageStream).GroupVersionKind())
	return classified(c.writer.Status().Update(ctx, u))
}

// DeleteImage implements apply.ImageDeleter.
func (c cluster) DeleteImage(ctx context.Context, name string, p apply.Preconditions) error {
	u := newObject(inventory.KindImage)
	u.SetName(name)
	var preconditions client.Preconditions
	if p.UID != "" {
		uid := types.UID(p.UID)
		preconditions.UID = &uid
	}
	if p.ResourceVersion != "" {
		preconditions.ResourceVersion = &p.ResourceVersion
	}
	return classified(c.writer.Delete(ctx, u, preconditions))
}

// listings is how often a listing is begun.
const listings = 3

// List implements apply.Lister. Where the API server has forgotten the revision of which
// it was asked for the next page, that is begun anew, with nothing of what was listed.
func (c cluster) List(ctx context.Context) (inv *inventory.Inventory, err error) {
	for range listings {
		if inv, err = c.listOnce(ctx); !expired(err) {
			break
		}
	}
	return inv, err
}

func (c cluster) listOnce(ctx context.Context) (*inventory.Inventory, error) {
	var b inventory.Builder
	for _, kind := range kinds() {
		if err := c.list(ctx, kind, &b); err != nil {
			return nil, err
		}
		b.Listed(kind)
	}
	b.ImagesAfterStreams(true)
	return b.Build(), nil
}

// list puts all objects of a kind into a builder. What cannot be read is noted there
// and no error: it keeps what it might use. A kind that the cluster does not have is
// none.
func (c cluster) list(ctx context.Context, kind inventory.Kind, b *inventory.Builder) error {
	page := new(unstructured.UnstructuredList)
	page.SetGroupVersionKind(groups[kind].WithKind(string(kind) + "List"))
	err := paged(ctx, c.reader, page, func() {
		for i := range page.Items {
			_ = put(b, &page.Items[i]) // the builder knows, and keeps
		}
	})
	return c.served.absent(kind, err)
}

// paged lists page by page.
func paged(ctx context.Context, reader client.Reader, page client.ObjectList, take func()) error {
	kind := page.GetObjectKind().GroupVersionKind()
	for token := ""; ; {
		if err := reader.List(ctx, page, client.Limit(1000), client.Continue(token)); err != nil {
			return fmt.Errorf("listing %s: %w", strings.TrimSuffix(kind.Kind, "List"), classified(err))
		}
		take()
		if token = page.GetContinue(); token == "" {
			return nil
		}
	}
}

// expired reports whether the API server no longer has the revision that it was asked
// for: 410, as Expired or Gone. It says nothing of an object, so that it is not NotFound.
func expired(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}

// classified says in package apply's words what went wrong.
func classified(err error) error {
	for class, is := range map[error]bool{
		apply.ErrNotFound:    apierrors.IsNotFound(err),
		apply.ErrConflict:    apierrors.IsConflict(err),
		apply.ErrForbidden:   apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err),
		apply.ErrUnavailable: apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) || apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || expired(err),
	} {
		if is {
			return errors.Join(class, err)
		}
	}
	return err
}
