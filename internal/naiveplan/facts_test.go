package naiveplan_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/naiveplan"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// dumpOf lets package dump read the objects one by one, with this evidence.
func dumpOf(t testing.TB, objects []obj, e naiveplan.Evidence) (*inventory.Inventory, error) {
	t.Helper()
	var text bytes.Buffer
	for _, o := range objects {
		writeJSON(t, &text, o)
	}
	if len(objects) == 0 {
		writeJSON(t, &text, obj{"apiVersion": "v1", "kind": "List", "items": []any{}})
	}
	return dump.Read(&text, &dump.Options{
		Listed: complete(e), ImagesAfterStreams: e.ImagesAfterStreams, PhaselessPodsFinished: e.PhaselessPodsFinished,
		AllLabels: e.Labels == nil, Labels: slices.Collect(maps.Keys(e.Labels)),
	})
}

func complete(e naiveplan.Evidence) (kinds []inventory.Kind) {
	for _, kind := range inventory.Kinds() {
		if e.Complete[string(kind)] {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// factsOf gives a Builder the objects as a program does that reads a registry:
// only so is it known when images were pulled.
func factsOf(t testing.TB, objects []obj, e naiveplan.Evidence) (*inventory.Inventory, error) {
	t.Helper()
	var b inventory.Builder
	for _, o := range objects {
		if err := addFact(t, &b, o, e); err != nil {
			return nil, err
		}
	}
	b.Listed(complete(e)...)
	b.ImagesAfterStreams(e.ImagesAfterStreams)
	if e.Labels != nil {
		b.OnlyLabels(slices.Collect(maps.Keys(e.Labels))...)
	}
	return b.Build(), nil
}

func addFact(t testing.TB, b *inventory.Builder, o obj, e naiveplan.Evidence) error {
	t.Helper()
	if isStorage(o) {
		return addStorage(t, b, o)
	}
	apiVersion, _ := o["apiVersion"].(string)
	kind, _ := o["kind"].(string)
	switch inventory.KindOf(apiVersion, kind) {
	case inventory.KindImage:
		var image imagestream.Image
		into(t, o, &image)
		return b.AddManifest(manifestOf(t, o, &image, e))
	case inventory.KindImageStream:
		var stream imagestream.ImageStream
		into(t, o, &stream)
		return b.AddImageStream(&stream)
	case inventory.KindLimitRange:
		inv, err := dumpOf(t, []obj{o}, e) // reads quantities
		if err != nil {
			return err
		}
		limit := inventory.Limit{MaxImageSize: -1}
		limit.Namespace, _ = o["metadata"].(obj)["namespace"].(string)
		limit.Name, _ = o["metadata"].(obj)["name"].(string)
		if size, _, ok := inv.MaxImageSize(limit.Namespace); ok {
			limit.MaxImageSize = size
		}
		return b.AddLimit(limit)
	}
	result, err := workload.FromMap(o, nil)
	if err != nil {
		return err
	}
	w := inventory.WorkloadOf(result, nil)
	w.Finished = w.Finished || e.PhaselessPodsFinished && result.Finished
	if !w.Kind.Evident() {
		return nil
	}
	return b.AddWorkload(w)
}

func manifestOf(t testing.TB, o obj, image *imagestream.Image, e naiveplan.Evidence) inventory.Manifest {
	t.Helper()
	m := inventory.Manifest{
		Digest: image.Name, MediaType: image.DockerImageManifestMediaType, Created: image.CreationTimestamp.Time,
		Managed: image.Annotations[imagestream.ManagedByOpenShiftAnnotation] == "true",
	}
	metadata, err := image.Metadata()
	require.NoError(t, err)
	if metadata != nil {
		m.Config, m.ImageSize = metadata.ID, metadata.Size
		if metadata.Config != nil {
			m.Labels = map[string]string{}
			for name, value := range metadata.Config.Labels {
				if e.Labels == nil || e.Labels[name] {
					m.Labels[name] = value
				}
			}
		}
	}
	for _, l := range image.DockerImageLayers {
		m.Layers = append(m.Layers, inventory.Blob{Digest: l.Name})
	}
	for _, c := range image.DockerImageManifests {
		m.Children = append(m.Children, inventory.Blob{Digest: c.Digest})
	}
	if pulled, ok := o["lastPulled"].(string); ok {
		m.LastPulled, err = time.Parse(time.RFC3339, pulled)
		require.NoError(t, err)
	}
	m.ReadRaw(image.DockerImageManifest)
	return m
}

func into(t testing.TB, o obj, v any) {
	t.Helper()
	text, err := json.Marshal(o)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, v))
}
