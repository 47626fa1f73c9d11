package workload

import (
	"bytes"
	"encoding/json"
)

// FromMap reads one object that is decoded already, such as the content of an
// Unstructured. It gives what [FromJSON] gives for the JSON of it; references
// come in the order of their keys. It fails as FromJSON does, and with the error
// of encoding/json where the map holds what JSON cannot.
func FromMap(object map[string]any, opts *Options) (Result, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // so that few strings have escapes to undo
	if err := encoder.Encode(object); err != nil {
		return Result{}, &Error{Object: mapObject(object, opts), Err: err}
	}
	var checked Options
	if opts != nil {
		checked = *opts
	}
	checked.Checked = true
	return FromJSON(text.Bytes(), &checked)
}

// mapObject identifies an object that has no JSON.
func mapObject(object map[string]any, opts *Options) Object {
	text := func(m map[string]any, key string) string {
		s, _ := m[key].(string)
		return clip(s)
	}
	if opts == nil {
		opts = &Options{}
	}
	metadata, _ := object["metadata"].(map[string]any)
	apiVersion, kind := withDefaults(text(object, "apiVersion"), text(object, "kind"), opts.APIVersion, opts.Kind)
	group, version := splitAPIVersion(apiVersion)
	return Object{group, version, kind, text(metadata, "namespace"), text(metadata, "name")}
}
