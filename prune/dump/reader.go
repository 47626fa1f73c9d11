package dump

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/registrykit/registrykit/prune/inventory"
)

// A Reader reads one or more inputs into one inventory. The order of the inputs
// is the order in which things were listed. It must not be used by several
// goroutines at once.
type Reader struct {
	opts     Options
	builder  inventory.Builder
	listings *listings
	objects  *objects
	inputs   []string
	read     int64
	err      error
}

// NewReader returns a Reader of no input yet. A nil opts is the zero Options.
// It fails where a path of the table is not one.
func NewReader(opts *Options) (*Reader, error) {
	d := &Reader{listings: newListings()}
	if opts != nil {
		d.opts = *opts
	}
	d.builder.Origins = d.origin
	var err error
	d.objects, err = newObjects(d)
	return d, err
}

// Read reads one dump, whole, into an inventory.
func Read(r io.Reader, opts *Options) (*inventory.Inventory, error) {
	d, err := NewReader(opts)
	if err != nil {
		return nil, err
	}
	if err := d.Read("", r); err != nil {
		return nil, err
	}
	return d.Inventory()
}

// Read reads one input to its end. The name is for errors. After an error, an
// [*Error] unless the input itself failed, the Reader gives no inventory.
func (d *Reader) Read(name string, r io.Reader) error {
	if d.err != nil {
		return d.err
	}
	d.inputs = append(d.inputs, name)
	d.err = d.input(name, bufio.NewReaderSize(r, 1<<16))
	return d.err
}

func (d *Reader) input(name string, r *bufio.Reader) error {
	first, err := firstByte(r)
	switch {
	case err == io.EOF:
		return nil
	case err != nil:
		return &Error{Input: name, Err: err}
	case first == '{' || first == '[' || first == '"':
		return d.readJSON(name, r)
	}
	return d.readYAML(name, r)
}

// firstByte returns the first byte of the input that is no white space, which
// it passes over.
func firstByte(r *bufio.Reader) (byte, error) {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, r.UnreadByte()
		}
	}
}

// Inventory returns what was read. It fails with [ErrFailed] after a Read that
// failed.
func (d *Reader) Inventory() (*inventory.Inventory, error) {
	if d.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, d.err)
	}
	for kind := range d.listings.listed {
		d.builder.Listed(kind)
	}
	for kind := range d.listings.incomplete {
		d.builder.Incomplete(kind)
	}
	d.builder.Listed(d.opts.Listed...)
	d.doubt()
	d.builder.ImagesAfterStreams(d.opts.ImagesAfterStreams || d.listings.imagesAfterStreams())
	return d.builder.Build(), nil
}

// Newest returns the newest time in what was read: when an object of whatever
// kind or a tag item came to be. It is zero where there is none.
func (d *Reader) Newest() time.Time { return d.objects.newest }

// An origin is an offset in an input: the input in the upper bits.
const originBits = 48

func (d *Reader) originOf(offset int64) int64 {
	return int64(len(d.inputs)-1)<<originBits | offset
}

func (d *Reader) origin(o int64) string {
	where := fmt.Sprintf("byte %d", o&(1<<originBits-1))
	if name := d.inputs[o>>originBits]; name != "" {
		return name + ": " + where
	}
	return where
}
