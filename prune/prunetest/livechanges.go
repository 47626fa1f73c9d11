package prunetest

import (
	"slices"
	"strconv"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/inventory"
)

// Tag makes a tag of a stream point to an image by a pull spec, now, as somebody
// does while a plan is carried out. The image may be one that is gone: then it
// is pushed again, with all its blobs and links.
func (l *Live) Tag(stream, tag, pullSpec, digest string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace, name := splitName(stream)
	s := l.streams[stream]
	if s == nil {
		s = &imagestream.ImageStream{ObjectMeta: imagestream.ObjectMeta{
			Namespace: namespace, Name: name, UID: imagestream.UID("live-" + strconv.Itoa(l.versions)), CreationTimestamp: imagestream.NewTime(now),
		}}
		l.streams[stream] = s
	}
	i := slices.IndexFunc(s.Status.Tags, func(t imagestream.NamedTagEventList) bool { return t.Tag == tag })
	if i < 0 {
		s.Status.Tags = append(s.Status.Tags, imagestream.NamedTagEventList{Tag: tag})
		i = len(s.Status.Tags) - 1
	}
	event := imagestream.TagEvent{Created: imagestream.NewTime(now), DockerImageReference: pullSpec, Image: digest}
	s.Status.Tags[i].Items = append([]imagestream.TagEvent{event}, s.Status.Tags[i].Items...)
	l.touch(s)
	for _, n := range l.itemNeeds(stream, &event) {
		switch {
		case n.link != (link{}):
			l.links[n.link] = true
		case n.image != "":
			l.images[n.image] = l.known[n.image]
		case n.blob != "":
			if _, there := l.blobs[n.blob]; !there {
				l.blobs[n.blob] = 1000
			}
		}
	}
}

// Run starts a Pod with a container for each pull spec.
func (l *Live) Run(name string, pullSpecs ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	namespace, base := splitName(name)
	w := &Workload{Kind: inventory.KindPod, Images: pullSpecs, namespace: namespace, name: base}
	l.workloads = append(l.workloads, l.cluster.workloadFact(w))
}

// DeleteStream deletes a stream, as `oc delete` does: its repository keeps its
// links.
func (l *Live) DeleteStream(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.streams, name)
}
