package imagestream

import (
	"bytes"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// RawExtension is a JSON value that is kept as it was read. The zero value is
// none, and written as null.
type RawExtension struct {
	// Raw must be nil, empty or valid JSON when it is written.
	Raw []byte `json:"-"`
}

// MarshalJSON implements [encoding/json.Marshaler].
func (e RawExtension) MarshalJSON() ([]byte, error) { return e.appendJSON(nil) }

// UnmarshalJSON implements [encoding/json.Unmarshaler]; null gives the zero
// RawExtension.
func (e *RawExtension) UnmarshalJSON(data []byte) error {
	e.Raw = keepRaw(data)
	return nil
}

func (e *RawExtension) appendJSON(b []byte) ([]byte, error) { return appendRaw(b, e.Raw), nil }
func (e *RawExtension) readJSON(r *rawjson.Reader)          { e.Raw = keepRaw(r.Raw()) }

// FieldsV1 is the set of fields that a manager owns, a tree of names, kept as
// it was read.
type FieldsV1 struct {
	// Raw must be nil, empty or valid JSON when it is written.
	Raw []byte `json:"-"`
}

// MarshalJSON implements [encoding/json.Marshaler].
func (f FieldsV1) MarshalJSON() ([]byte, error) { return f.appendJSON(nil) }

// UnmarshalJSON implements [encoding/json.Unmarshaler]; null gives the zero
// FieldsV1.
func (f *FieldsV1) UnmarshalJSON(data []byte) error {
	f.Raw = keepRaw(data)
	return nil
}

func (f *FieldsV1) appendJSON(b []byte) ([]byte, error) { return appendRaw(b, f.Raw), nil }
func (f *FieldsV1) readJSON(r *rawjson.Reader)          { f.Raw = keepRaw(r.Raw()) }

func appendRaw(b, raw []byte) []byte {
	if len(raw) == 0 {
		return append(b, "null"...)
	}
	return append(b, raw...)
}

func keepRaw(text []byte) []byte {
	if string(text) == "null" {
		return nil
	}
	return bytes.Clone(text)
}
