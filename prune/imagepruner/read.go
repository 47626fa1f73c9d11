package imagepruner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/registrykit/registrykit/internal/yamljson"
)

// MaxBytes is the most that [Read] reads. An API server stores no more.
const MaxBytes = 4 << 20

// ErrTooLarge is the error of [Read] for more than [MaxBytes].
var ErrTooLarge = fmt.Errorf("an ImagePruner of more than %d bytes", MaxBytes)

// Read reads one ImagePruner in JSON or YAML, as `oc get -o json` and -o yaml write
// it.
//
// Where fields have values of the wrong type, the error is an [*InvalidError] with
// all of them, and the ImagePruner has what could be read besides. For everything
// else, such as text that is neither JSON nor YAML, a second document, or more
// than [MaxBytes], the ImagePruner is nil. It does not check what it says: see
// [ImagePruner.Check].
func Read(r io.Reader) (*ImagePruner, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxBytes {
		return nil, ErrTooLarge
	}
	if !json.Valid(text) { // YAML does not have all of JSON, such as long keys or U+0085
		if text, err = fromYAML(text); err != nil {
			return nil, err
		}
	}
	p := new(ImagePruner)
	var problems Problems
	readStruct(reflect.ValueOf(p).Elem(), "", text, &problems)
	return p, problems.Err()
}

func fromYAML(text []byte) ([]byte, error) {
	documents := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	if err := documents.Decode(&doc); err == io.EOF {
		return nil, errors.New("it is empty: want an ImagePruner in JSON or YAML")
	} else if err != nil {
		return nil, fmt.Errorf("neither JSON nor YAML: %s", short(err.Error()))
	}
	if err := documents.Decode(&next); err != io.EOF {
		return nil, errors.New("want one ImagePruner, got more behind it")
	}
	text, _, err := yamljson.ToJSON(&doc, 2*MaxBytes)
	return text, err
}

// WriteYAML writes the ImagePruner as YAML, its fields in the order of the API.
// [Read] reads it as the same; bytes that are not UTF-8 become U+FFFD.
func (p *ImagePruner) WriteYAML(w io.Writer) error {
	text, err := compact(p)
	if err != nil {
		return err
	}
	return yamljson.Write(w, text)
}

// WriteJSON writes the ImagePruner as one line of JSON, with no more escapes than
// JSON needs.
func (p *ImagePruner) WriteJSON(w io.Writer) error {
	text, err := compact(p)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
