package operatorconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MaxBytes is how large a resource may be: what etcd takes by default, and more.
const MaxBytes = 4 << 20

// Kind and group of the resource.
const (
	kind  = "Config"
	group = "imageregistry.operator.openshift.io"
)

// ParseConfig reads the resource, as `oc get configs.imageregistry.operator.openshift.io
// cluster -o json` prints it, and validates its spec.storage. What is wrong is
// [ErrInvalid] with a [FieldError].
func ParseConfig(text []byte) (*Storage, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrInvalid, len(text), MaxBytes)
	}
	var config struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Spec       struct {
			Storage json.RawMessage `json:"storage"`
		} `json:"spec"`
	}
	if err := decode(text, &config, ""); err != nil {
		return nil, err
	}
	if name, _, _ := strings.Cut(config.APIVersion, "/"); config.Kind != kind || name != group {
		return nil, fmt.Errorf("%w: a %.60q of %.60q, want a %s of %s", ErrInvalid, config.Kind, config.APIVersion, kind, group)
	}
	if config.Spec.Storage == nil {
		config.Spec.Storage = json.RawMessage("{}")
	}
	return Parse(config.Spec.Storage)
}

// Parse reads the value of spec.storage, in JSON, and validates it. What is wrong is
// [ErrInvalid] with a [FieldError].
func Parse(text []byte) (*Storage, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrInvalid, len(text), MaxBytes)
	}
	var s Storage
	if err := decode(text, &s, root); err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := decode(text, &fields, root); err != nil {
		return nil, err
	}
	known := []string{"managementState"}
	for _, b := range Backends() {
		known = append(known, string(b))
	}
	problems := []error{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, name) {
			problems = append(problems, &FieldError{fmt.Sprintf("%s.%.60s", root, clean(name)), fmt.Errorf("%w: no such backend is known", ErrInvalid)})
		}
	}
	if len(problems) == 0 {
		problems = append(problems, s.Validate())
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &s, nil
}

// Backends returns all of them, in the order of the resource's fields.
func Backends() []Backend {
	return []Backend{EmptyDir, S3, GCS, Azure, PVC, Swift, IBMCOS, OSS}
}

// clean keeps control characters and what parts a path out of a field's name.
func clean(name string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, name)
}

// decode names the field that has the wrong type, below a path.
func decode(text []byte, v any, path string) error {
	d := json.NewDecoder(bytes.NewReader(text))
	err := d.Decode(v)
	if err == nil && d.More() {
		err = errors.New("it goes on after its end")
	}
	if err == nil {
		return nil
	}
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		field := strings.Trim(path+"."+mistyped.Field, ".")
		return &FieldError{field, fmt.Errorf("%w: a JSON %s, want %s", ErrInvalid, mistyped.Value, mistyped.Type)}
	}
	return fmt.Errorf("%w: %w", ErrInvalid, err)
}
