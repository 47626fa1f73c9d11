package apply

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const condemnedSchema = "registrykit/condemned/v1"

// EncodeCondemned writes condemned blobs as JSON, sorted, for those who keep them
// somewhere of their own.
func EncodeCondemned(w io.Writer, blobs *Condemnations) error {
	out := bufio.NewWriterSize(w, 1<<16)
	out.WriteString(`{"schema":"` + condemnedSchema + `","blobs":{`)
	if blobs != nil {
		var text []byte
		for k, m := range blobs.marks.all() { // one by one: there may be a million
			if len(text) > 0 {
				out.WriteByte(',')
			}
			var err error
			if text, err = appendCondemned(text[:0], k, blobs.condemnation(m)); err != nil {
				return fmt.Errorf("blob %s: %w", k, err)
			}
			if _, err := out.Write(text); err != nil {
				return err
			}
		}
	}
	out.WriteString("}}\n")
	return out.Flush() // has the errors of all that was written before
}

// appendCondemned appends one field of the JSON.
func appendCondemned(text []byte, k *digestKey, c Condemnation) ([]byte, error) {
	if k.isSum {
		text = append(k.appendTo(append(text, '"')), '"')
	} else {
		name, err := json.Marshal(k.other)
		if err != nil {
			return nil, err
		}
		text = append(text, name...)
	}
	value, err := json.Marshal(c)
	return append(append(text, ':'), value...), err
}

// DecodeCondemned reads what [EncodeCondemned] wrote. Another schema, or a field
// that it does not know, a blob that is there twice, and text behind the end are
// errors. It sets no limit to the text: the reader does.
func DecodeCondemned(r io.Reader) (*Condemnations, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	blobs := new(Condemnations)
	schema := ""
	err := eachField(d, func(name string) error {
		switch name {
		case "schema":
			return d.Decode(&schema)
		case "blobs":
			return eachField(d, func(digest string) error { return decodeCondemned(d, digest, blobs) })
		}
		return fmt.Errorf("unknown field %q", name)
	})
	if err != nil {
		return nil, err
	}
	switch _, err := d.Token(); {
	case err == nil || isSyntax(err):
		return nil, errors.New("there is more behind the object")
	case err != io.EOF:
		return nil, err
	}
	if schema != condemnedSchema {
		return nil, fmt.Errorf("schema %q, want %q", schema, condemnedSchema)
	}
	return blobs, nil
}

// decodeCondemned reads the value of one field of the JSON.
func decodeCondemned(d *json.Decoder, digest string, blobs *Condemnations) error {
	var c Condemnation
	if err := d.Decode(&c); err != nil {
		return fmt.Errorf("blob %s: %w", digest, err)
	}
	k := keyOf(digest)
	if _, isNew := blobs.set(&k, c); !isNew {
		return fmt.Errorf("blob %s is there twice", digest)
	}
	return nil
}

func isSyntax(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax)
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
