package dump

import (
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/workload"
)

// DefaultMaxObjectBytes is the limit on one object where the options set none.
// An API server stores no object above a few MiB.
const DefaultMaxObjectBytes = 64 << 20

// Options say how a dump is read. The zero value is right for a dump that says
// everything itself.
type Options struct {
	// Listed are kinds that were listed although the dump may hold none of them.
	Listed []inventory.Kind
	// ImagesAfterStreams says that the Images were listed after the streams,
	// whatever the order in the dump.
	ImagesAfterStreams bool
	// PhaselessPodsFinished says that a Pod without a status.phase has finished,
	// as the peer reads it. Otherwise it runs, for all that is known: somebody
	// may have left out the status. So, too, an ImageStream that has a spec and
	// no status may list any image, and the streams are incomplete; with this
	// one without a status lists none.
	PhaselessPodsFinished bool
	// MaxObjectBytes is the most bytes that one object may have, 0 for
	// [DefaultMaxObjectBytes]. A YAML document counts as one object, and so does
	// a list that is an item of another.
	MaxObjectBytes int64
	// Labels are the names of the image labels that a policy asks for. Others
	// are not read and so unknown: a rule that asks for them keeps.
	Labels []string
	// AllLabels reads all of them, for a policy that is not known yet.
	AllLabels bool
	// Table names more fields of custom resources that hold pull specs.
	Table []workload.TableEntry
	// Progress, where set, is called now and then with the number of bytes read
	// so far, from the goroutine that called Read.
	Progress func(bytes int64)
}

func (o *Options) maxObjectBytes() int64 {
	if o.MaxObjectBytes > 0 {
		return o.MaxObjectBytes
	}
	return DefaultMaxObjectBytes
}
