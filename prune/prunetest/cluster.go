package prunetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/internal/madeup"
	"github.com/registrykit/registrykit/prune/inventory"
)

// DefaultRegistry is the host of a cluster's own registry.
const DefaultRegistry = "image-registry.openshift-image-registry.svc:5000"

// Options say what a made-up cluster starts from. The zero value is right.
type Options struct {
	// Now is the instant that ages are counted back from. Zero:
	// 2026-11-01T00:00:00Z. What is finer than a second is cut off, as an API
	// server does.
	Now time.Time
	// Seed makes the same cluster with other digests and sizes.
	Seed uint64
	// Registry is the host of the integrated registry. Empty: [DefaultRegistry].
	Registry string
}

// A Cluster is a made-up cluster. Make one with [NewCluster], put things into
// it, and take out what a test needs: an inventory, typed objects, or a dump.
// The same calls give the same cluster, to the byte.
//
// Methods panic where a test's author made a mistake, such as a stream's name
// without a namespace: the test could not do anything about an error. A Cluster
// must not be used by several goroutines at once.
type Cluster struct {
	now      time.Time
	registry string
	random   *rand.Rand

	images    []*Image
	streams   []*Stream
	workloads []*Workload
	limits    []limit
	versions  int

	notListed  map[inventory.Kind]bool
	incomplete map[inventory.Kind]bool
	tooEarly   bool // Images were listed before the streams
}

type limit struct {
	namespace string
	bytes     int64
}

// NewCluster returns a cluster without objects, in which everything was listed.
func NewCluster(o Options) *Cluster {
	if o.Now.IsZero() {
		o.Now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Registry == "" {
		o.Registry = DefaultRegistry
	}
	return &Cluster{
		now: o.Now.UTC().Truncate(time.Second), registry: o.Registry,
		random:    rand.New(rand.NewPCG(o.Seed, 0)),
		notListed: map[inventory.Kind]bool{}, incomplete: map[inventory.Kind]bool{},
	}
}

// Now returns the instant that ages are counted back from.
func (c *Cluster) Now() time.Time { return c.now }

// Limit adds a LimitRange that admits images of at most so many bytes to a
// namespace.
func (c *Cluster) Limit(namespace string, bytes int64) {
	if namespace == "" || bytes < 0 {
		panic(fmt.Sprintf("prunetest: a limit of %d bytes in namespace %q", bytes, namespace))
	}
	c.limits = append(c.limits, limit{namespace, bytes})
}

// NotListed says that nobody asked for these kinds, so that their objects, if
// there are any, are not known.
func (c *Cluster) NotListed(kinds ...inventory.Kind) { note(c.notListed, kinds) }

// Incomplete says that the lists of these kinds broke off. The objects of the
// cluster are those that were read before.
func (c *Cluster) Incomplete(kinds ...inventory.Kind) { note(c.incomplete, kinds) }

func note(kinds map[inventory.Kind]bool, add []inventory.Kind) {
	for _, kind := range add {
		if !slices.Contains(inventory.Kinds(), kind) {
			panic(fmt.Sprintf("prunetest: %q is no kind whose list is evidence", kind))
		}
		kinds[kind] = true
	}
}

// ImagesFirst says that Images were listed before the streams, so that an image
// which is not among them may only be too new.
func (c *Cluster) ImagesFirst() { c.tooEarly = true }

// Listed returns the kinds that were listed, whether or not there are objects
// of them: what a dump cannot say of itself.
func (c *Cluster) Listed() []inventory.Kind {
	return slices.DeleteFunc(inventory.Kinds(), func(k inventory.Kind) bool { return c.notListed[k] })
}

// ago returns the instant of an age.
func (c *Cluster) ago(age time.Duration) time.Time { return c.now.Add(-age).Truncate(time.Second) }

// identity makes up a UID and a resourceVersion.
func (c *Cluster) identity() (uid imagestream.UID, resourceVersion string) {
	c.versions++
	return imagestream.UID(madeup.UID(c.random)), fmt.Sprint(1000 + c.versions)
}
