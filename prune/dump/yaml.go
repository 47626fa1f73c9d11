package dump

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"

	"go.yaml.in/yaml/v3"
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
		c := converter{left: maxYAMLNodes, maxBytes: 2*d.opts.maxObjectBytes() + readAhead}
		if err := c.node(&doc, 0); err != nil {
			return fail(err)
		}
		source.until = source.offset + d.opts.maxObjectBytes()
		if string(c.out) == "null" {
			continue // nothing between two separators
		}
		d.documents++
		in.marks = c.marks
		if err := d.readJSON(bytes.NewReader(c.out), 0); err != nil {
			return err
		}
		in.marks = nil
	}
}

// A mark says in which line of a YAML text the value stands that starts at that
// offset of its JSON.
type mark struct {
	offset int64
	line   int
}

// line returns the line of the YAML text for an offset in the JSON made of it.
func (d *Reader) line(offset int64) int {
	marks := d.inputs[len(d.inputs)-1].marks
	i := sort.Search(len(marks), func(i int) bool { return marks[i].offset > offset })
	if i == 0 {
		return 1
	}
	return marks[i-1].line
}

var errYAML = errors.New("YAML that JSON cannot hold")

// A converter writes a YAML document as JSON. Scalars keep their text: times stay
// what they are, and numbers lose no digit.
type converter struct {
	out      []byte
	marks    []mark
	left     int // values
	maxBytes int64
}

// maxYAMLNodes bounds what aliases may blow a document up to.
const maxYAMLNodes = 50_000_000

const maxYAMLDepth = 1000

func (c *converter) node(n *yaml.Node, depth int) error {
	if c.left--; c.left < 0 || depth > maxYAMLDepth || int64(len(c.out)+len(n.Value)) > c.maxBytes {
		return fmt.Errorf("%w: line %d: too many, too large or too deeply nested values", errYAML, n.Line)
	}
	c.mark(n)
	switch n.Kind {
	case yaml.DocumentNode:
		return c.node(n.Content[0], depth)
	case yaml.AliasNode:
		return c.node(n.Alias, depth+1)
	case yaml.SequenceNode:
		c.out = append(c.out, '[')
		for i, e := range n.Content {
			if i > 0 {
				c.out = append(c.out, ',')
			}
			if err := c.node(e, depth+1); err != nil {
				return err
			}
		}
		c.out = append(c.out, ']')
		return nil
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.ScalarNode:
		return c.scalar(n)
	}
	c.out = append(c.out, "null"...)
	return nil
}

// mark notes in which line stands what is written next.
func (c *converter) mark(n *yaml.Node) {
	if len(c.marks) == 0 || c.marks[len(c.marks)-1].line != n.Line {
		c.marks = append(c.marks, mark{int64(len(c.out)), n.Line})
	}
}

func (c *converter) mapping(n *yaml.Node, depth int) error {
	c.out = append(c.out, '{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return fmt.Errorf("%w: line %d: a key that is no scalar, or a merge", errYAML, key.Line)
		}
		if i > 0 {
			c.out = append(c.out, ',')
		}
		c.mark(n.Content[i])
		c.string(key.Value)
		c.out = append(c.out, ':')
		if err := c.node(n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	c.out = append(c.out, '}')
	return nil
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

func (c *converter) scalar(n *yaml.Node) error {
	switch n.Tag {
	case "!!null":
		c.out = append(c.out, "null"...)
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			return fmt.Errorf("%w: line %d: %w", errYAML, n.Line, err)
		}
		c.out = fmt.Append(c.out, b)
	case "!!int", "!!float":
		return c.number(n)
	default:
		c.string(n.Value)
	}
	return nil
}

func (c *converter) number(n *yaml.Node) error {
	if jsonNumber.MatchString(n.Value) {
		c.out = append(c.out, n.Value...)
		return nil
	}
	var v any
	err := n.Decode(&v)
	if err == nil {
		var text []byte
		if text, err = json.Marshal(v); err == nil {
			c.out = append(c.out, text...)
			return nil
		}
	}
	return fmt.Errorf("%w: line %d: %q: %w", errYAML, n.Line, n.Value, err)
}

func (c *converter) string(s string) { c.out = append(c.out, quoted(s)...) }
