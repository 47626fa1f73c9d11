package main

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
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
	mu      sync.Mutex
	builder inventory.Builder
}

// set takes in an object, new or changed.
func (f *follower) set(u *unstructured.Unstructured) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return put(&f.builder, u)
}

// forget drops an object.
func (f *follower) forget(u *unstructured.Unstructured) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch kind := inventory.Kind(u.GetKind()); kind {
	case inventory.KindImage:
		f.builder.ForgetManifest(u.GetName())
	case inventory.KindImageStream:
		f.builder.ForgetStream(u.GetNamespace(), u.GetName())
	default:
		f.builder.ForgetWorkload(u.GroupVersionKind().Group, kind, u.GetNamespace(), u.GetName())
	}
}

// build returns what is known now. The events of two watches come in no order, so the
// Images are listed anew, behind all streams that are known: only then is an Image that
// a stream names and that is not listed gone, rather than new.
func (f *follower) build(ctx context.Context, reader client.Reader) (*inventory.Inventory, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := list(ctx, reader, inventory.KindImage, &f.builder); err != nil {
		return nil, err
	}
	f.builder.ImagesAfterStreams(true)
	return f.builder.Build(), nil
}

// follow watches every kind, and returns once all are known as they were when it was
// called.
func (f *follower) follow(ctx context.Context, c cache.Cache, complain func(error)) error {
	for _, kind := range kinds() {
		informer, err := c.GetInformer(ctx, newObject(kind))
		if meta.IsNoMatchError(err) { // the cluster does without builds, say, so there are none
			f.listed(kind)
			continue
		}
		if err != nil {
			return fmt.Errorf("watching %s: %w", kind, err)
		}
		set := func(o any) {
			if u, ok := o.(*unstructured.Unstructured); ok {
				if err := f.set(u); err != nil {
					complain(err)
				}
			}
		}
		registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
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
		})
		if err != nil {
			return fmt.Errorf("watching %s: %w", kind, err)
		}
		if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
			return ctx.Err()
		}
		f.listed(kind)
	}
	return nil
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
