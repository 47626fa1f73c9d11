// Package yamljson writes YAML documents as JSON and back.
//
// Scalars keep their text on the way: times stay what they are, and numbers lose
// no digit. What JSON cannot hold, such as a key that is a list, is an error that
// names the line.
package yamljson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// ErrYAML is in the chain of the error for YAML that JSON cannot hold.
var ErrYAML = errors.New("YAML that JSON cannot hold")

// A Mark says in which line of a YAML text the value stands that starts at that
// offset of its JSON.
type Mark struct {
	Offset int64
	Line   int
}

// ToJSON writes a document as JSON of about maxBytes at most. Marks are by
// offset, one for each line that a value starts in.
func ToJSON(doc *yaml.Node, maxBytes int64) (text []byte, marks []Mark, err error) {
	c := converter{left: maxNodes, maxBytes: maxBytes}
	c.quoter = json.NewEncoder(&c.quoted)
	c.quoter.SetEscapeHTML(false)
	if err := c.node(doc, 0); err != nil {
		return nil, nil, err
	}
	return c.out, c.marks, nil
}

// A converter writes a YAML document as JSON.
type converter struct {
	out      []byte
	marks    []Mark
	left     int // values
	maxBytes int64
	quoter   *json.Encoder // writes to quoted
	quoted   bytes.Buffer
}

// maxNodes bounds what aliases may blow a document up to.
const maxNodes = 50_000_000

const maxDepth = 1000

func (c *converter) node(n *yaml.Node, depth int) error {
	if c.left--; c.left < 0 || depth > maxDepth || int64(len(c.out)+len(n.Value)) > c.maxBytes {
		return fmt.Errorf("%w: line %d: too many, too large or too deeply nested values", ErrYAML, n.Line)
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
	if len(c.marks) == 0 || c.marks[len(c.marks)-1].Line != n.Line {
		c.marks = append(c.marks, Mark{int64(len(c.out)), n.Line})
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
			return fmt.Errorf("%w: line %d: a key that is no scalar, or a merge", ErrYAML, key.Line)
		}
		if i > 0 {
			c.out = append(c.out, ',')
		}
		c.mark(n.Content[i])
		if err := c.string(key.Value); err != nil {
			return err
		}
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
			return fmt.Errorf("%w: line %d: %w", ErrYAML, n.Line, err)
		}
		c.out = fmt.Append(c.out, b)
	case "!!int", "!!float":
		return c.number(n)
	default:
		return c.string(n.Value)
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
	return fmt.Errorf("%w: line %d: %q: %w", ErrYAML, n.Line, n.Value, err)
}

func (c *converter) string(s string) error {
	c.quoted.Reset()
	if err := c.quoter.Encode(s); err != nil {
		return err
	}
	c.out = append(c.out, bytes.TrimSuffix(c.quoted.Bytes(), []byte("\n"))...)
	return nil
}
