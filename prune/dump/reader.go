package dump

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/registrykit/registrykit/internal/yamljson"
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
	inputs   []input
	read     int64
	err      error

	documents int

	inPart      []error
	inPartCount int
}

// An input is what one call of Read reads.
type input struct {
	name  string
	yaml  bool
	marks []yamljson.Mark // of the YAML document that is being read
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
// [*Error], the Reader gives no inventory and reads nothing more. What the input
// itself failed with is in the error's chain. An input without a document is
// [ErrEmpty]; an empty list is a document.
func (d *Reader) Read(name string, r io.Reader) error {
	if d.err != nil {
		return d.err
	}
	d.inputs = append(d.inputs, input{name: name})
	d.err = d.input(bufio.NewReaderSize(r, 1<<16))
	return d.err
}

func (d *Reader) input(r *bufio.Reader) error {
	before := d.documents
	if err := d.document(r); err != nil {
		return err
	}
	if d.documents == before {
		return d.errorAt(0, "", ErrEmpty)
	}
	return nil
}

func (d *Reader) document(r *bufio.Reader) error {
	first, err := skipByteOrderMark(r)
	if err != nil {
		return d.errorAt(0, "", err)
	}
	start := first
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return d.errorAt(start, "", err)
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if start++; start > d.opts.maxObjectBytes() {
				return d.errorAt(start, "", fmt.Errorf("%w: more than %d bytes of white space", ErrTooLarge, d.opts.maxObjectBytes()))
			}
			continue
		}
		if err := r.UnreadByte(); err != nil {
			return err
		}
		if c == '{' || c == '[' || c == '"' {
			d.documents++
			return d.readJSON(r, start)
		}
		return d.readYAML(r)
	}
}

// skipByteOrderMark passes over the mark that some programs write before UTF-8,
// and returns how long it is.
func skipByteOrderMark(r *bufio.Reader) (int64, error) {
	const mark = "\ufeff"
	start, err := r.Peek(len(mark))
	if err != nil && err != io.EOF {
		return 0, err
	}
	if string(start) != mark {
		return 0, nil
	}
	_, err = r.Discard(len(mark))
	return int64(len(mark)), err
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
	if len(d.opts.Labels) > 0 && !d.opts.AllLabels { // else no image has any
		d.builder.OnlyLabels(d.opts.Labels...)
	}
	d.doubt()
	d.builder.ImagesAfterStreams(d.opts.ImagesAfterStreams || d.listings.imagesAfterStreams())
	return d.builder.Build(), nil
}

// Newest returns the newest time in what was read: when an object of whatever
// kind or a tag item came to be. It is zero where there is none.
func (d *Reader) Newest() time.Time { return d.objects.newest }

// An origin is an offset in an input, or a line of a YAML text: the input in the
// upper bits.
const originBits = 40

func (d *Reader) originOf(offset int64) int64 {
	last := len(d.inputs) - 1
	if d.inputs[last].yaml {
		offset = int64(d.line(offset))
	}
	return int64(last)<<originBits | offset
}

func (d *Reader) origin(o int64) string {
	input := d.inputs[o>>originBits]
	unit := "byte"
	if input.yaml {
		unit = "line"
	}
	where := fmt.Sprintf("%s %d", unit, o&(1<<originBits-1))
	if input.name != "" {
		return input.name + ": " + where
	}
	return where
}

// errorAt returns an error at an offset of the input that is being read.
func (d *Reader) errorAt(offset int64, object string, err error) *Error {
	input := &d.inputs[len(d.inputs)-1]
	e := &Error{Input: input.name, Offset: offset, Object: object, Err: err}
	if input.yaml {
		e.Offset, e.Line = 0, d.line(offset)
	}
	return e
}
