package prunetest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/registrykit/registrykit/prune/inventory"
)

// facts are what an inventory says, in the form that a Builder takes, so that
// they can be changed and built again.
type facts struct {
	manifests    []inventory.Manifest
	streams      []inventory.Stream
	workloads    []inventory.Workload
	limits       []inventory.Limit
	links        []inventory.Link
	linksListed  [][2]string // namespace, name
	stored       []inventory.Blob
	allStored    bool
	everywhere   bool     // no other repository has links
	others       []string // kinds, one for each object
	listed       []inventory.Kind
	incomplete   []inventory.Kind
	imagesBehind bool     // listed after the streams
	labels       []string // names of labels that were read
	allLabels    bool     // and so were all others
}

// factsOf reads the facts back from an inventory. What its views do not show is
// lost, none of which a plan depends on: LimitRanges that are not the smallest
// of their namespace or are of one without streams, and links of repositories
// that are no streams.
func factsOf(inv *inventory.Inventory) *facts {
	f := &facts{imagesBehind: inv.ImagesAfterStreams(), allStored: inv.BlobsListed(), everywhere: inv.RepositoriesListed()}
	f.labels, f.allLabels = inv.LabelsRead()
	for i := range inv.Images() {
		f.manifests = append(f.manifests, manifestOf(inv, i))
	}
	namespaces := map[string]bool{}
	for s := range inv.Streams() {
		stream := streamOf(inv, s)
		f.streams = append(f.streams, stream)
		f.addLinks(inv, s)
		if limit, name, ok := inv.MaxImageSize(stream.Namespace); ok && !namespaces[stream.Namespace] {
			f.limits = append(f.limits, inventory.Limit{Namespace: stream.Namespace, Name: name, MaxImageSize: limit})
		}
		namespaces[stream.Namespace] = true
	}
	for d := range inv.Digests() {
		if d := inventory.Digest(d); inv.Stored(d) {
			f.stored = append(f.stored, inventory.Blob{Digest: inv.DigestText(d), Size: inv.Size(d)})
		}
	}
	f.addWorkloads(inv)
	f.addEvidence(inv)
	return f
}

func manifestOf(inv *inventory.Inventory, i int) inventory.Manifest {
	view := inv.Image(i)
	blobs := func(digests []inventory.Digest) (list []inventory.Blob) {
		for _, d := range digests {
			list = append(list, inventory.Blob{Digest: inv.DigestText(d), Size: inv.Size(d)})
		}
		return list
	}
	m := inventory.Manifest{
		Digest: inv.DigestText(view.Digest), Size: inv.Size(view.Digest),
		Config: inv.DigestText(view.Config), Subject: inv.DigestText(view.Subject),
		Layers: blobs(view.Layers), Children: blobs(view.Children),
		ImageSize: view.Size, Partial: view.Partial,
		Created: view.Created.Time(), LastPulled: view.Pulled.Time(),
		Managed: view.Managed, Labels: view.Labels,
	}
	if view.Config != inventory.NoDigest {
		m.ConfigSize = inv.Size(view.Config)
	}
	switch view.Class {
	case inventory.ClassImage:
		m.MediaType = ociImage
	case inventory.ClassIndex:
		m.MediaType = ociIndex
	}
	m.UID, m.ResourceVersion = inv.ImageIdentity(i)
	return m
}

func streamOf(inv *inventory.Inventory, s int) inventory.Stream {
	view := inv.Stream(s)
	stream := inventory.Stream{
		Namespace: view.Namespace, Name: view.Name, UID: view.UID, ResourceVersion: view.ResourceVersion,
		Created: view.Created.Time(),
	}
	for t := view.FirstTag; t < view.EndTag; t++ {
		tag := inv.Tag(t)
		history := inventory.Tag{Name: tag.Name}
		for i := tag.FirstItem; i < tag.EndItem; i++ {
			item := inv.Item(i)
			history.Items = append(history.Items, inventory.TagItem{
				Image: inv.DigestText(item.Image), Created: item.Created.Time(),
				DockerImageReference: inv.ItemReference(i),
			})
		}
		stream.Tags = append(stream.Tags, history)
	}
	return stream
}

// addLinks asks for every link that there could be, of a repository whose links were
// listed.
func (f *facts) addLinks(inv *inventory.Inventory, s int) {
	if !inv.LinksListed(s) {
		return
	}
	view := inv.Stream(s)
	for d := range inv.Digests() {
		for _, manifest := range []bool{false, true} {
			if inv.HasLink(s, inventory.Digest(d), manifest) {
				f.links = append(f.links, inventory.Link{
					Namespace: view.Namespace, Name: view.Name,
					Digest: inv.DigestText(inventory.Digest(d)), Manifest: manifest,
				})
			}
		}
	}
	f.linksListed = append(f.linksListed, [2]string{view.Namespace, view.Name})
}

func (f *facts) addWorkloads(inv *inventory.Inventory) {
	references := make([][]inventory.Reference, inv.Workloads())
	for r := range inv.Uses() {
		use := inv.Use(r)
		namespace, stream := repositoryOf(use.Repository)
		references[use.Workload] = append(references[use.Workload], inventory.Reference{
			Field: use.Field, Source: use.Source, Value: use.Value, Err: use.Err,
			Namespace: namespace, Stream: stream, Tag: use.Tag, Digest: inv.DigestText(use.Digest),
		})
	}
	for w := range inv.Workloads() {
		view := inv.Workload(w)
		f.workloads = append(f.workloads, inventory.Workload{
			Group: view.Group, Kind: view.Kind, Namespace: view.Namespace, Name: view.Name,
			Created: view.Created.Time(), Finished: view.Finished, References: references[w],
		})
	}
}

// addEvidence counts objects that are not in the views as objects of other
// kinds, so that every kind has as many as before.
func (f *facts) addEvidence(inv *inventory.Inventory) {
	count := map[inventory.Kind]int{
		inventory.KindImage:       len(f.manifests),
		inventory.KindImageStream: len(f.streams),
		inventory.KindLimitRange:  len(f.limits),
	}
	for _, w := range f.workloads {
		if w.Kind != inventory.KindImageStream {
			count[w.Kind]++
		}
	}
	for _, e := range inv.Evidence() {
		for range e.Count - count[e.Kind] {
			f.others = append(f.others, string(e.Kind))
		}
		if e.Listed {
			f.listed = append(f.listed, e.Kind)
			if !e.Complete {
				f.incomplete = append(f.incomplete, e.Kind)
			}
		}
	}
}

// clone returns facts whose lists can be changed without changing f. Their
// elements share what they point to.
func (f *facts) clone() *facts {
	c := *f
	c.manifests = slices.Clone(f.manifests)
	c.streams = slices.Clone(f.streams)
	c.workloads = slices.Clone(f.workloads)
	c.limits = slices.Clone(f.limits)
	c.links = slices.Clone(f.links)
	c.stored = slices.Clone(f.stored)
	c.linksListed = slices.Clone(f.linksListed)
	c.others = slices.Clone(f.others)
	c.listed = slices.Clone(f.listed)
	c.incomplete = slices.Clone(f.incomplete)
	return &c
}

// build makes an inventory of the facts, in their order.
func (f *facts) build() (*inventory.Inventory, error) {
	return f.buildIn(nil)
}

// buildIn makes an inventory of the facts, added in any order.
func (f *facts) buildIn(order *rand.Rand) (*inventory.Inventory, error) {
	var b inventory.Builder
	if err := f.addTo(&b, order); err != nil {
		return nil, err
	}
	return b.Build(), nil
}

// addTo adds all facts to a Builder: in their order or, with a source of random
// numbers, in any.
func (f *facts) addTo(b *inventory.Builder, order *rand.Rand) error {
	var steps []func() error
	step := func(do func() error) { steps = append(steps, do) }
	for _, m := range f.manifests {
		step(func() error { return b.AddManifest(m) })
	}
	for _, s := range f.streams {
		step(func() error { return b.AddStream(s) })
	}
	for _, w := range f.workloads {
		step(func() error { return b.AddWorkload(w) })
	}
	for _, l := range f.limits {
		step(func() error { return b.AddLimit(l) })
	}
	for _, l := range f.links {
		step(func() error { return b.AddLink(l) })
	}
	for _, r := range f.linksListed {
		step(func() error { b.LinksListed(r[0], r[1]); return nil })
	}
	for _, blob := range f.stored {
		step(func() error { return b.AddStoredBlob(blob) })
	}
	if f.allStored {
		step(func() error { b.BlobsListed(); return nil })
	}
	if f.everywhere {
		step(func() error { b.RepositoriesListed(true); return nil })
	}
	for _, kind := range f.others {
		step(func() error { b.AddOther(kind); return nil })
	}
	step(func() error {
		b.Listed(f.listed...)
		b.Incomplete(f.incomplete...)
		b.ImagesAfterStreams(f.imagesBehind)
		if !f.allLabels {
			b.OnlyLabels(f.labels...)
		}
		return nil
	})
	if order != nil {
		order.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	}
	var errs []error
	for _, do := range steps {
		errs = append(errs, do())
	}
	return errors.Join(errs...)
}

// repositoryOf returns the namespace and name of a repository.
func repositoryOf(name string) (namespace, stream string) {
	namespace, stream, ok := strings.Cut(name, "/")
	if !ok {
		return "", name
	}
	return namespace, stream
}
