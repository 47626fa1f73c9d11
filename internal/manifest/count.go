package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// MaxDescriptors is the most descriptors that the lists of a manifest may have,
// together. With a digest of SHA-256 in each, and nothing else, so many have more
// than [MaxBytes]: no manifest that a registry can hold has them.
const MaxDescriptors = 50_000

// A TooManyError is the error for a manifest with more than [MaxDescriptors].
type TooManyError struct {
	Field string // the list that has the one too many, as in layers
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("%s: the manifest has more than %d descriptors", e.Field, MaxDescriptors)
}

// checkCount refuses a manifest with more than left descriptors before any of them is
// decoded, so that none costs more memory than so many. A field that is there twice
// counts twice. What is not JSON is left to the decoding.
func checkCount(raw []byte, left int) error {
	if bytes.Count(raw, []byte("["))+bytes.Count(raw, []byte(",")) <= left {
		return nil // as nearly all: each element begins behind one of these
	}
	lists := struct {
		Layers    counted `json:"layers"`
		Blobs     counted `json:"blobs"`
		Manifests counted `json:"manifests"`
		FSLayers  counted `json:"fsLayers"`
	}{
		counted{"layers", &left}, counted{"blobs", &left}, counted{"manifests", &left}, counted{"fsLayers", &left},
	}
	var tooMany *TooManyError
	if err := json.Unmarshal(raw, &lists); errors.As(err, &tooMany) {
		return tooMany
	}
	return nil
}

// counted is a list that is counted and not kept.
type counted struct {
	field string
	left  *int // for all lists of the manifest
}

// UnmarshalJSON is called with what is JSON.
func (c *counted) UnmarshalJSON(text []byte) error {
	if *c.left -= elements(text); *c.left < 0 {
		return &TooManyError{c.field}
	}
	return nil
}

// elements counts the values of a JSON array; 0 where it is none.
func elements(text []byte) int {
	if len(text) == 0 || text[0] != '[' {
		return 0
	}
	count, depth, empty := 1, 0, true
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '[', '{':
			empty = empty && depth == 0
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 1 {
				count++
			}
		case ' ', '\t', '\r', '\n':
		case '"':
			empty = false
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		default:
			empty = false
		}
	}
	if empty {
		return 0
	}
	return count
}
