package imagestreamtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/madeup"
)

// DefaultRegistry is the host of the integrated registry.
const DefaultRegistry = "image-registry.openshift-image-registry.svc:5000"

// Options say what a fixture starts from. The zero value is right.
type Options struct {
	// Now is the instant that ages are counted back from. Zero:
	// 2026-11-01T00:00:00Z. What is finer than a second is cut off, as an API
	// server does.
	Now time.Time
	// Seed makes the same things with other digests and sizes.
	Seed uint64
	// Registry is the host of the integrated registry. Empty:
	// [DefaultRegistry]; "none": the cluster has none, and streams no
	// repository of their own.
	Registry string
}

// A Fixture is streams and images that belong together. Make one with [New]. It
// must not be used by several goroutines at once; what it gives out is the
// caller's.
type Fixture struct {
	now      time.Time
	registry string
	random   *rand.Rand
	images   []*Image
	streams  []*Stream
}

// New returns a fixture without streams and images.
func New(o Options) *Fixture {
	if o.Now.IsZero() {
		o.Now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	}
	switch o.Registry {
	case "":
		o.Registry = DefaultRegistry
	case "none":
		o.Registry = ""
	}
	return &Fixture{now: o.Now.UTC().Truncate(time.Second), registry: o.Registry, random: rand.New(rand.NewPCG(o.Seed, 1))}
}

// Now returns the instant that ages are counted back from.
func (f *Fixture) Now() time.Time { return f.now }

// ago returns the instant of an age.
func (f *Fixture) ago(age time.Duration) time.Time { return f.now.Add(-age).Truncate(time.Second) }

// Lookup returns a lookup that finds the streams of the fixture as they are when
// it is asked, also those that are added later.
func (f *Fixture) Lookup() imagestream.Lookup {
	return func(namespace, name string) (*imagestream.ImageStream, error) {
		if s := f.find(namespace, name); s != nil {
			return s.Object(), nil
		}
		return nil, fmt.Errorf("%s/%s: %w", namespace, name, imagestream.ErrStreamNotFound)
	}
}

// Images returns a lookup that finds the images of the fixture, but for those
// that are [Image.Missing].
func (f *Fixture) Images() imagestream.ImageLookup {
	return func(name string) (*imagestream.Image, error) {
		for _, i := range f.images {
			if i.digest == name && !i.Missing {
				return i.Object(), nil
			}
		}
		return nil, fmt.Errorf("%q: %w", name, imagestream.ErrImageNotFound)
	}
}

// ImageStreams returns all streams, in the order in which they were added.
func (f *Fixture) ImageStreams() []*imagestream.ImageStream {
	objects := make([]*imagestream.ImageStream, 0, len(f.streams))
	for _, s := range f.streams {
		objects = append(objects, s.Object())
	}
	return objects
}

func (f *Fixture) find(namespace, name string) *Stream {
	for _, s := range f.streams {
		if s.namespace == namespace && s.name == name {
			return s
		}
	}
	return nil
}

// Stream returns the stream of a name such as "shop/web", a new one where there
// is none yet.
func (f *Fixture) Stream(name string) *Stream {
	namespace, base, ok := strings.Cut(name, "/")
	if !ok || namespace == "" || base == "" || strings.ContainsAny(base, "/:@ ") {
		panic(fmt.Sprintf("imagestreamtest: %q is not namespace/name", name))
	}
	if s := f.find(namespace, base); s != nil {
		return s
	}
	s := &Stream{fixture: f, namespace: namespace, name: base, tags: map[string]*tag{}, uid: imagestream.UID(madeup.UID(f.random))}
	f.streams = append(f.streams, s)
	return s
}
