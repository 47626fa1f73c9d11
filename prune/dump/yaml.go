package dump

import (
	"bytes"
	"fmt"
	"io"
	"sort"

	"go.yaml.in/yaml/v3"

	"github.com/registrykit/registrykit/internal/yamljson"
)

// readYAML reads a YAML text, one document after the other, by way of JSON.
func (d *Reader) readYAML(r io.Reader) error {
	in := &d.inputs[len(d.inputs)-1]
	in.yaml = true
	source := &limitedReader{r: r, read: new(int64)}
	source.until = d.opts.maxObjectBytes()
	documents := yaml.NewDecoder(source)
	line := 1
	fail := func(err error) error {
		e := d.errorAt(0, "", err)
		e.Line = line
		return e
	}
	for {
		var doc yaml.Node
		err := documents.Decode(&doc)
		switch {
		case err == io.EOF:
			return nil
		case source.err != nil:
			return fail(source.err)
		case source.offset > source.until:
			return fail(fmt.Errorf("%w: a YAML document of more than %d bytes; write JSON", ErrTooLarge, d.opts.maxObjectBytes()))
		case err != nil:
			return fail(fmt.Errorf("neither JSON nor YAML: %w", err))
		}
		line = doc.Line
		text, marks, err := yamljson.ToJSON(&doc, 2*d.opts.maxObjectBytes()+readAhead)
		if err != nil {
			return fail(err)
		}
		source.until = source.offset + d.opts.maxObjectBytes()
		if string(text) == "null" {
			continue // nothing between two separators
		}
		d.documents++
		in.marks = marks
		if err := d.readJSON(bytes.NewReader(text), 0); err != nil {
			return err
		}
		in.marks = nil
	}
}

// line returns the line of the YAML text for an offset in the JSON made of it.
func (d *Reader) line(offset int64) int {
	marks := d.inputs[len(d.inputs)-1].marks
	i := sort.Search(len(marks), func(i int) bool { return marks[i].Offset > offset })
	if i == 0 {
		return 1
	}
	return marks[i-1].Line
}
