package prunetest

import (
	"fmt"

	"github.com/registrykit/registrykit/internal/madeup"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// Inventory returns what is known of the cluster: what reading [Cluster.JSON]
// gives, and when images were last pulled.
func (c *Cluster) Inventory() *inventory.Inventory {
	var b inventory.Builder
	must := func(err error) {
		if err != nil {
			panic(fmt.Sprintf("prunetest: %v", err))
		}
	}
	for _, kind := range c.Listed() {
		switch kind {
		case inventory.KindImage:
			for _, i := range c.images {
				if !i.Missing {
					must(b.AddManifest(c.manifest(i)))
				}
			}
		case inventory.KindImageStream:
			for _, s := range c.streams {
				must(b.AddStream(s.fact()))
			}
		case inventory.KindLimitRange:
			for n, l := range c.limits {
				must(b.AddLimit(inventory.Limit{Namespace: l.namespace, Name: limitName(n), MaxImageSize: l.bytes}))
			}
		default:
			for _, w := range c.workloads {
				if w.Kind == kind {
					must(b.AddWorkload(c.workloadFact(w)))
				}
			}
		}
		b.Listed(kind)
		if c.incomplete[kind] {
			b.Incomplete(kind)
		}
	}
	b.ImagesAfterStreams(!c.tooEarly)
	return b.Build()
}

func (c *Cluster) manifest(i *Image) inventory.Manifest {
	m := inventory.Manifest{
		Digest: i.digest, MediaType: i.mediaType, Config: i.configID(), ImageSize: i.size(),
		Created: c.createdOf(i), LastPulled: i.LastPulled,
		Managed: !i.Imported, Labels: i.labels(),
		UID: string(i.uid), ResourceVersion: i.version,
	}
	for _, l := range i.layers {
		m.Layers = append(m.Layers, inventory.Blob{Digest: l.Digest, Size: l.Size})
	}
	for _, child := range i.children {
		m.Children = append(m.Children, inventory.Blob{Digest: child.digest, Size: int64(len(child.manifest))})
	}
	m.ReadRaw(i.storedManifest())
	return m
}

func (s *Stream) fact() inventory.Stream {
	f := inventory.Stream{
		Namespace: s.namespace, Name: s.name, UID: string(s.uid), ResourceVersion: s.version, Created: s.created(),
	}
	for _, tag := range s.tagNames() {
		history := inventory.Tag{Name: tag}
		for _, e := range s.history(tag) {
			item := inventory.TagItem{Created: e.created, DockerImageReference: e.reference}
			if e.image != nil {
				item.Image = e.image.digest
			}
			history.Items = append(history.Items, item)
		}
		f.Tags = append(f.Tags, history)
	}
	return f
}

func (c *Cluster) workloadFact(w *Workload) inventory.Workload {
	read, err := workload.FromJSON(madeup.JSON(c.workloadObject(w)), nil)
	if err != nil {
		panic(fmt.Sprintf("prunetest: %v", err))
	}
	f := inventory.Workload{
		Group: read.Object.Group, Kind: w.Kind, Namespace: w.namespace, Name: w.name,
		Created: read.Created, Finished: read.Finished,
	}
	for _, r := range read.References {
		use := inventory.Reference{
			Field: r.Field, Source: string(r.Source), Value: r.Value,
			Namespace: r.Namespace, Stream: r.Stream, Tag: r.Tag, Digest: r.Digest,
		}
		if r.Err != nil {
			use.Err = r.Err.Error()
		}
		f.References = append(f.References, use)
	}
	return f
}
