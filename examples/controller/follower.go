package main

import (
	"context"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// A follower keeps an inventory up to date with what a cache tells. What it cannot
// read stays known as it was, and keeps all that it might use.
type follower struct {
	cache    cache.Cache
	served   served
	complain func(error)
	followed map[inventory.Kind]bool

	mu      sync.Mutex
	builder inventory.Builder
	changes int // that may make an Image that is not known new rather than gone
}

// set takes in an object, new or changed.
func (f *follower) set(u *unstructured.Unstructured) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u.GetKind() == string(inventory.KindImageStream) {
		f.changes++
	}
	return put(&f.builder, u)
}

// forget drops an object.
func (f *follower) forget(u *unstructured.Unstructured) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch kind := inventory.Kind(u.GetKind()); kind {
	case inventory.KindImage:
		f.changes++
		f.builder.ForgetManifest(u.GetName())
	case inventory.KindImageStream:
		f.builder.ForgetStream(u.GetNamespace(), u.GetName())
	default:
		f.builder.ForgetWorkload(u.GroupVersionKind().Group, kind, u.GetNamespace(), u.GetName())
	}
}

// build returns what is known now. The events of two watches come in no order, so an
// Image that a stream names and that is not known may be new rather than gone. Where
// there is one, the names of all Images are read past the caches. Where it is there after
// all, or what is known changes all the time, the inventory does not say that Images are
// as new as streams, and what they list stays.
func (f *follower) build(ctx context.Context, reader client.Reader) (*inventory.Inventory, error) {
	if err := f.follow(ctx); err != nil {
		return nil, err
	}
	inv, missing, changes := f.snapshot()
	for range 5 {
		if len(missing) > 0 {
			if there, err := anyImage(ctx, reader, missing); there || err != nil {
				return inv, err
			}
		}
		f.mu.Lock()
		if f.changes == changes {
			defer f.mu.Unlock()
			f.builder.ImagesAfterStreams(true)
			return f.builder.Build(), nil
		}
		f.mu.Unlock()
		inv, missing, changes = f.snapshot()
	}
	return inv, nil
}

// snapshot returns what is known, with the Images that streams list and that are not, and
// the count of changes.
func (f *follower) snapshot() (inv *inventory.Inventory, missing map[string]bool, changes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.builder.ImagesAfterStreams(false)
	inv, missing = f.builder.Build(), map[string]bool{}
	for i := range inv.Items() {
		if d := inv.Item(i).Image; d != inventory.NoDigest && inv.ImageOf(d) < 0 {
			missing[inv.DigestText(d)] = true
		}
	}
	return inv, missing, f.changes
}

// anyImage reports whether one of the names is that of an Image.
func anyImage(ctx context.Context, reader client.Reader, names map[string]bool) (there bool, err error) {
	page := new(metav1.PartialObjectMetadataList)
	page.SetGroupVersionKind(groups[inventory.KindImage].WithKind("ImageList"))
	err = paged(ctx, reader, page, func() {
		for i := range page.Items {
			there = there || names[page.Items[i].Name]
		}
	})
	return there, err
}

// follow watches every kind that is not watched yet, and returns once all are known as
// they were when it was called. A kind that the cluster does without has no objects, until
// it is asked for again. It must not be called by several goroutines at once.
func (f *follower) follow(ctx context.Context) error {
	for _, kind := range kinds() {
		if f.followed[kind] {
			continue
		}
		informer, err := f.cache.GetInformer(ctx, newObject(kind))
		if err != nil {
			if err := f.served.absent(kind, err); err != nil {
				return fmt.Errorf("watching %s: %w", kind, err)
			}
			f.listed(kind)
			continue
		}
		registration, err := informer.AddEventHandler(f.handler())
		if err != nil {
			return fmt.Errorf("watching %s: %w", kind, err)
		}
		if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
			return ctx.Err()
		}
		f.listed(kind)
		f.followed[kind] = true
	}
	return nil
}

func (f *follower) handler() toolscache.ResourceEventHandler {
	set := func(o any) {
		if u, ok := o.(*unstructured.Unstructured); ok {
			if err := f.set(u); err != nil {
				f.complain(err)
			}
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    set,
		UpdateFunc: func(_, o any) { set(o) },
		DeleteFunc: func(o any) {
			if gone, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
				o = gone.Obj
			}
			if u, ok := o.(*unstructured.Unstructured); ok {
				f.forget(u)
			}
		},
	}
}

func (f *follower) listed(kind inventory.Kind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.builder.Listed(kind)
}

// put takes an object into a builder, as a light fact of its kind.
func put(b *inventory.Builder, u *unstructured.Unstructured) error {
	kind := inventory.KindOf(u.GetAPIVersion(), u.GetKind())
	unread := func(err error) error {
		if err != nil {
			b.Unread(kind, u.GetNamespace(), u.GetName())
			return fmt.Errorf("%s %s/%s: %w", kind, u.GetNamespace(), u.GetName(), err)
		}
		return nil
	}
	switch kind {
	case inventory.KindImage:
		var image imagestream.Image
		if err := into(u, &image); err != nil {
			return unread(err)
		}
		return unread(b.ReplaceImage(&image))
	case inventory.KindImageStream:
		var stream imagestream.ImageStream
		if err := into(u, &stream); err != nil {
			return unread(err)
		}
		return unread(b.ReplaceImageStream(&stream))
	}
	result, err := workload.FromMap(u.Object, nil)
	if err != nil {
		return unread(err)
	}
	return unread(b.ReplaceWorkload(inventory.WorkloadOf(result, nil)))
}
