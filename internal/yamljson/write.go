package yamljson

import (
	"bytes"
	"io"

	"go.yaml.in/yaml/v3"
)

// Write writes a JSON text as YAML in the form that people write it: in blocks,
// the keys in their order, strings without quotes where they need none. What is
// empty stays [] or {}.
func Write(w io.Writer, text []byte) error {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		return err
	}
	unstyle(&doc)
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(&doc); err != nil {
		return err
	}
	return encoder.Close()
}

// unstyle takes out the brackets and quotes of JSON. The encoder puts quotes
// around a string that would read as something else without.
func unstyle(n *yaml.Node) {
	if len(n.Content) > 0 || n.Kind == yaml.ScalarNode {
		n.Style = 0
	}
	for _, child := range n.Content {
		unstyle(child)
	}
}
