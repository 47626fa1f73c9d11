package apply

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

const condemnedSchema = "registrykit/condemned/v1"

// EncodeCondemned writes condemned blobs as JSON, for those who keep them
// somewhere of their own.
func EncodeCondemned(blobs map[string]Condemnation) ([]byte, error) {
	text := []byte(`{"schema":"` + condemnedSchema + `","blobs":{`)
	for i, digest := range slices.Sorted(maps.Keys(blobs)) { // one by one: there may be a million
		name, err := json.Marshal(digest)
		if err != nil {
			return nil, err
		}
		mark, err := json.Marshal(blobs[digest])
		if err != nil {
			return nil, fmt.Errorf("blob %s: %w", digest, err)
		}
		if i == 0 {
			text = slices.Grow(text, len(blobs)*(len(name)+len(mark)+2)+len("}}\n"))
		} else {
			text = append(text, ',')
		}
		text = append(append(append(text, name...), ':'), mark...)
	}
	return append(text, "}}\n"...), nil
}

// DecodeCondemned reads what [EncodeCondemned] wrote. Another schema, or a field
// that it does not know, a blob that is there twice, and text behind the end are
// errors. The map is never nil without one.
func DecodeCondemned(text []byte) (map[string]Condemnation, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	blobs := map[string]Condemnation{}
	schema := ""
	err := eachField(d, func(name string) error {
		switch name {
		case "schema":
			return d.Decode(&schema)
		case "blobs":
			return eachField(d, func(digest string) error {
				var mark Condemnation
				if err := d.Decode(&mark); err != nil {
					return fmt.Errorf("blob %s: %w", digest, err)
				}
				if _, twice := blobs[digest]; twice {
					return fmt.Errorf("blob %s is there twice", digest)
				}
				blobs[digest] = mark
				return nil
			})
		}
		return fmt.Errorf("unknown field %q", name)
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is more behind the object")
	}
	if schema != condemnedSchema {
		return nil, fmt.Errorf("schema %q, want %q", schema, condemnedSchema)
	}
	return blobs, nil
}

// eachField calls f for each field of an object, to read its value. A null is an
// object without any.
func eachField(d *json.Decoder, f func(name string) error) error {
	start, err := d.Token()
	if err != nil || start == nil {
		return err
	}
	if start != json.Delim('{') {
		return errors.New("want an object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if err := f(name.(string)); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
