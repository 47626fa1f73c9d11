package fromlayout_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// A volume without a registry in front of it is read, planned and pruned.
func Example() {
	ctx := context.Background()
	noon := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	driver := &memory.Driver{Now: func() time.Time { return noon }}
	layout := registrylayout.New(storage.New(driver, storage.Options{}), registrylayout.Options{})
	if err := errors.Join(push(ctx, layout, "shop/web", "v1"), push(ctx, layout, "shop/web", "tmp-7")); err != nil {
		fmt.Println(err)
		return
	}

	var b inventory.Builder
	volume, err := fromlayout.Read(ctx, layout, &b, fromlayout.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(volume.Tags, "tags,", volume.Manifests, "manifests,", volume.Blobs, "blobs")

	plan, err := prune.New(b.Build(), prune.Policy{
		TagItems:      []prune.Rule{{ID: "temporary", Outcome: prune.Delete, When: prune.Condition{Tags: []string{"tmp-*"}}}},
		Images:        []prune.Rule{{ID: "untagged", Outcome: prune.Delete, When: prune.Condition{Always: true}}},
		PruneRegistry: true,
	}, noon.Add(time.Hour))
	if err != nil {
		fmt.Println(err)
		return
	}
	sweep, err := layout.Sweep(registrylayout.SweepOptions{Alone: true})
	for a := range plan.Actions() {
		switch a.Kind {
		case prune.DeleteTagItem:
			fmt.Println("tag", a.Stream, a.Tag)
			err = errors.Join(err, sweep.DeleteTag(ctx, a.Stream, a.Tag, a.Image))
		case prune.DeleteManifestLink:
			err = errors.Join(err, sweep.DeleteManifestLink(ctx, a.Repository, a.Digest))
		case prune.DeleteLayerLink:
			err = errors.Join(err, sweep.DeleteLayerLink(ctx, a.Repository, a.Digest))
		case prune.DeleteBlob:
			err = errors.Join(err, sweep.DeleteBlob(ctx, a.Digest))
		}
	}
	fmt.Println(plan.Summary.FreedBytes, "bytes freed", err)

	summary, err := layout.Check(ctx, registrylayout.CheckOptions{Verify: true}, nil)
	fmt.Println(summary.Tags, "tags,", summary.Blobs, "blobs, sound:", summary.Sound(), err)
	// Output:
	// 2 tags, 2 manifests, 5 blobs
	// tag shop/web tmp-7
	// 223 bytes freed <nil>
	// 1 tags, 3 blobs, sound: true <nil>
}

// push puts an image of an empty config and one layer.
func push(ctx context.Context, l *registrylayout.Layout, repository, tag string) error {
	layer := "layer of " + tag
	for _, content := range []string{"{}", layer} {
		if _, err := l.PutBlob(ctx, repository, digest.FromString(content), strings.NewReader(content)); err != nil {
			return err
		}
	}
	manifest := fmt.Sprintf(`{"schemaVersion":2,"config":{"digest":"%s"},"layers":[{"digest":"%s"}]}`,
		digest.FromString("{}"), digest.FromString(layer))
	_, err := l.PutManifest(ctx, repository, []byte(manifest), registrylayout.PutManifestOptions{Tags: []string{tag}})
	return err
}
