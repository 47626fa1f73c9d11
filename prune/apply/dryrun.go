package apply

import (
	"context"

	"github.com/registrykit/registrykit/imagestream"
)

// recording returns ends that read what the given ones do and write nothing.
// What those cannot do, these cannot either.
func recording(e Ends) Ends {
	r := Ends{Inventory: e.Inventory}
	if e.Streams != nil {
		r.Streams = recordedStreams{e.Streams}
	}
	if e.Tags != nil {
		r.Tags = recorded{}
	}
	if e.Manifests != nil {
		r.Manifests = recorded{}
	}
	if e.Layers != nil {
		r.Layers = recorded{}
	}
	if e.Images != nil {
		r.Images = recorded{}
	}
	if e.Blobs != nil {
		r.Blobs = recorded{}
	}
	if e.Condemned != nil {
		r.Condemned = recordedCondemned{e.Condemned}
	}
	return r
}

// recorded succeeds with every deletion. The run's report is the record.
type recorded struct{}

func (recorded) DeleteTag(context.Context, string, string, string) error  { return nil }
func (recorded) DeleteManifestLink(context.Context, string, string) error { return nil }
func (recorded) DeleteLayerLink(context.Context, string, string) error    { return nil }
func (recorded) DeleteImage(context.Context, string, Preconditions) error { return nil }
func (recorded) DeleteBlob(context.Context, string) error                 { return nil }

type recordedStreams struct{ StreamReader }

func (recordedStreams) UpdateStreamStatus(context.Context, *imagestream.ImageStream) error {
	return nil
}

type recordedCondemned struct{ from CondemnedBlobs }

func (c recordedCondemned) LoadCondemned(ctx context.Context) (*Condemnations, error) {
	return c.from.LoadCondemned(ctx)
}

func (recordedCondemned) StoreCondemned(context.Context, *Condemnations) error { return nil }
