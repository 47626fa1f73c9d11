package apply

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// condemnedForm is how condemned blobs are written.
type condemnedForm struct {
	Schema string                  `json:"schema"`
	Blobs  map[string]Condemnation `json:"blobs"`
}

const condemnedSchema = "registrykit/condemned/v1"

// EncodeCondemned writes condemned blobs as JSON, for those who keep them
// somewhere of their own.
func EncodeCondemned(blobs map[string]Condemnation) ([]byte, error) {
	text, err := json.Marshal(condemnedForm{condemnedSchema, blobs})
	return append(text, '\n'), err
}

// DecodeCondemned reads what [EncodeCondemned] wrote. Another schema, or a field
// that it does not know, is an error. The map is never nil without one.
func DecodeCondemned(text []byte) (map[string]Condemnation, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var form condemnedForm
	if err := d.Decode(&form); err != nil {
		return nil, err
	}
	if form.Schema != condemnedSchema {
		return nil, fmt.Errorf("schema %q, want %q", form.Schema, condemnedSchema)
	}
	if form.Blobs == nil {
		form.Blobs = map[string]Condemnation{}
	}
	return form.Blobs, nil
}
