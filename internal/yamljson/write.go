package yamljson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Write writes a JSON text as YAML in the form that people write it: in blocks,
// the keys in their order, strings without quotes where they need none. What is
// empty stays [] or {}.
func Write(w io.Writer, text []byte) error {
	doc, err := fromJSON(text)
	if err != nil {
		return err
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(doc); err != nil {
		return err
	}
	return encoder.Close()
}

// fromJSON reads a JSON text. YAML's own reader takes JSON too, but for some
// characters: to it U+0085 in a string is the end of a line, and others are errors.
func fromJSON(text []byte) (*yaml.Node, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	doc, err := value(decoder)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more than one JSON value: byte %d", decoder.InputOffset())
	}
	return doc, nil
}

func value(decoder *json.Decoder) (*yaml.Node, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return values(decoder, yaml.MappingNode)
		}
		return values(decoder, yaml.SequenceNode)
	case string:
		return stringNode(token), nil
	case json.Number:
		return numberNode(token), nil
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: "null"}, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(token)}, nil // a bool
}

// numberNode says of a number that no float64 holds that it is one: YAML's reader
// would take it for a string.
func numberNode(n json.Number) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: n.String()}
	if _, err := n.Float64(); err != nil {
		node.Tag = "!!float"
	}
	return node
}

// values reads what is in brackets, which YAML puts in blocks unless it is empty.
func values(decoder *json.Decoder, kind yaml.Kind) (*yaml.Node, error) {
	node := &yaml.Node{Kind: kind}
	for decoder.More() {
		element, err := value(decoder)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, element)
	}
	if len(node.Content) == 0 {
		node.Style = yaml.FlowStyle
	}
	_, err := decoder.Token()
	return node, err
}

// stringNode leaves it to the encoder to put quotes around a string that would read
// as something else without, but for characters that are not printed: line breaks
// of YAML that are none of JSON (U+0085, U+2028, U+2029) it would write as they are.
func stringNode(s string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
