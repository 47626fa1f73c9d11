package fromlayout_test

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// A race is a writer's program and the volume on which it meets a sweep.
type race struct {
	name  string
	setup func(ctx context.Context, w *writer) error
	write func(ctx context.Context, w *writer) error
	again func(ctx context.Context, w *writer) error // what a client does that was refused; nil: write

	tags         []prune.Rule // of the sweep's policy
	keepUntagged bool         // which the sweep does
}

var races = []race{
	{
		name: "orphaned blobs are uploaded",
		setup: func(ctx context.Context, w *writer) error {
			return errors.Join(w.blob(ctx, "a", "layer"), w.blob(ctx, "a", "{}"))
		},
		write: func(ctx context.Context, w *writer) error { return w.push(ctx, "b", "v1", "{}", "layer") },
	},
	{
		name:  "an orphaned blob is sent in parts",
		setup: func(ctx context.Context, w *writer) error { return w.blob(ctx, "a", "a layer that is long enough") },
		write: func(ctx context.Context, w *writer) error {
			return w.push(ctx, "b", "v1", "a layer that is long enough")
		},
	},
	{
		name: "an image is pushed again",
		setup: func(ctx context.Context, w *writer) error {
			return w.pushUntagged(ctx, "a", "{}", "layer")
		},
		write: func(ctx context.Context, w *writer) error { return w.push(ctx, "a", "v1", "{}", "layer") },
	},
	{
		name: "a layer that is there is used",
		setup: func(ctx context.Context, w *writer) error {
			return w.pushUntagged(ctx, "a", "old", "layer")
		},
		write: func(ctx context.Context, w *writer) error { return w.push(ctx, "a", "v2", "new", "layer") },
	},
	{
		name: "a manifest is put, then tagged",
		setup: func(ctx context.Context, w *writer) error {
			return w.pushUntagged(ctx, "a", "{}", "layer")
		},
		write: func(ctx context.Context, w *writer) error {
			if err := errors.Join(w.blob(ctx, "a", "layer"), w.blob(ctx, "a", "{}")); err != nil {
				return err
			}
			if err := w.manifest(ctx, "a", manifestOf("{}", "layer"), ""); err != nil {
				return err
			}
			return w.retag(ctx, "a", "v1", manifestOf("{}", "layer"))
		},
	},
	{
		name: "an old digest is tagged again",
		setup: func(ctx context.Context, w *writer) error {
			if err := w.push(ctx, "a", "v1", "{}", "old"); err != nil {
				return err
			}
			return w.push(ctx, "a", "v1", "{}", "new")
		},
		write: func(ctx context.Context, w *writer) error {
			return w.retag(ctx, "a", "v1", manifestOf("{}", "old"))
		},
		again: func(ctx context.Context, w *writer) error { return w.push(ctx, "a", "v1", "{}", "old") },
	},
	{
		name: "layers are mounted",
		setup: func(ctx context.Context, w *writer) error {
			return w.pushUntagged(ctx, "a", "{}", "layer")
		},
		write: func(ctx context.Context, w *writer) error {
			for _, content := range []string{"{}", "layer"} {
				if err := w.mount(ctx, "b", "a", content); err != nil {
					return err
				}
			}
			return w.manifest(ctx, "b", manifestOf("{}", "layer"), "v1")
		},
	},
	{
		name: "a subject is signed, then tagged",
		setup: func(ctx context.Context, w *writer) error {
			return w.pushUntagged(ctx, "a", "{}", "layer")
		},
		write: func(ctx context.Context, w *writer) error {
			subject := manifestOf("{}", "layer")
			if err := errors.Join(w.blob(ctx, "a", "{}"), w.blob(ctx, "a", "payload")); err != nil {
				return err
			}
			if err := w.manifest(ctx, "a", signatureOf(subject, "payload"), ""); err != nil {
				return err
			}
			return w.retag(ctx, "a", "v1", subject, digest.FromString(signatureOf(subject, "payload")))
		},
		again: func(ctx context.Context, w *writer) error { return w.pushSigned(ctx, "a", "v1", "{}", "layer") },
	},
	{
		name: "a signed digest is tagged again",
		setup: func(ctx context.Context, w *writer) error {
			if err := w.pushSigned(ctx, "a", "v1", "{}", "layer"); err != nil {
				return err
			}
			return w.push(ctx, "a", "v1", "{}", "new")
		},
		write: func(ctx context.Context, w *writer) error {
			subject := manifestOf("{}", "layer")
			if w.way != byLayout { // which puts the image anew: its signature may be gone
				return w.retag(ctx, "a", "v1", subject)
			}
			return w.retag(ctx, "a", "v1", subject, digest.FromString(signatureOf(subject, "payload")))
		},
		again: func(ctx context.Context, w *writer) error { return w.pushSigned(ctx, "a", "v1", "{}", "layer") },
	},
	{
		name: "a tag is deleted and pushed again",
		setup: func(ctx context.Context, w *writer) error {
			return w.push(ctx, "a", "v1", "{}", "layer")
		},
		write: func(ctx context.Context, w *writer) error {
			if err := w.untag(ctx, "a", "v1", digest.FromString(manifestOf("{}", "layer"))); err != nil {
				return err
			}
			return w.push(ctx, "a", "v1", "{}", "layer")
		},
	},
	{
		name: "an index is put over what is there",
		setup: func(ctx context.Context, w *writer) error {
			return errors.Join(w.pushUntagged(ctx, "a", "amd", "layer"), w.pushUntagged(ctx, "a", "arm", "layer"))
		},
		write: func(ctx context.Context, w *writer) error {
			return w.manifest(ctx, "a", indexOf(manifestOf("amd", "layer"), manifestOf("arm", "layer")), "v1")
		},
		again: func(ctx context.Context, w *writer) error {
			if err := errors.Join(w.pushUntagged(ctx, "a", "amd", "layer"), w.pushUntagged(ctx, "a", "arm", "layer")); err != nil {
				return err
			}
			return w.manifest(ctx, "a", indexOf(manifestOf("amd", "layer"), manifestOf("arm", "layer")), "v1")
		},
	},
	{
		name: "a tag that goes is pushed again",
		setup: func(ctx context.Context, w *writer) error {
			return w.push(ctx, "a", "tmp-1", "{}", "layer")
		},
		write: func(ctx context.Context, w *writer) error { return w.push(ctx, "a", "tmp-1", "{}", "layer") },
		tags:  []prune.Rule{{ID: "temporary", Outcome: prune.Delete, When: prune.Condition{Tags: []string{"tmp-*"}}}},
	},
}

// putAgain is the race for a manifest whose blob is there and whose link is not, among
// layers that stay.
var putAgain = race{
	name: "an orphaned manifest is put again",
	setup: func(ctx context.Context, w *writer) error {
		if err := w.push(ctx, "a", "v1", "{}", "layer"); err != nil {
			return err
		}
		raw := manifestOf("{}", "layer", "layer")
		if err := w.manifest(ctx, "a", raw, ""); err != nil {
			return err
		}
		key, err := registrylayout.ManifestLinkKey("a", digest.FromString(raw))
		return errors.Join(err, w.store.Delete(ctx, key, storage.DeleteOptions{}))
	},
	write: func(ctx context.Context, w *writer) error {
		return w.manifest(ctx, "a", manifestOf("{}", "layer", "layer"), "v2")
	},
	keepUntagged: true,
}
