package prune

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// exact decodes one JSON object into the struct that v points to, and refuses
// all that encoding/json would pass over in silence, since a condition that is
// lost from a rule deletes more: a key that v does not have or has in another
// case, a key that stands twice, a null at any depth, and text that is not
// UTF-8.
func exact(b []byte, v any) error {
	if !utf8.Valid(b) {
		return errors.New("it is not UTF-8")
	}
	if err := strict(b, v); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return exactValue(d, jsonNames(reflect.TypeOf(v).Elem()))
}

// exactValue reads one value that is known to be sound JSON. Where names are
// given, it must be an object that has no other keys.
func exactValue(d *json.Decoder, names []string) error {
	token, err := d.Token()
	switch {
	case err != nil:
		return err
	case token == nil:
		return errors.New("it is null: leave out what is not meant")
	case token == json.Delim('['):
		for i := 0; d.More(); i++ {
			if err := exactValue(d, nil); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
		_, err = d.Token()
	case token == json.Delim('{'):
		err = exactObject(d, names)
	}
	return err
}

func exactObject(d *json.Decoder, names []string) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		switch {
		case seen[key]:
			return fmt.Errorf("%q stands twice", key)
		case names != nil && !slices.Contains(names, key):
			return fmt.Errorf("unknown field %q", key)
		}
		seen[key] = true
		if err := exactValue(d, nil); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	_, err := d.Token()
	return err
}

// jsonNames returns the keys of a struct, never nil.
func jsonNames(t reflect.Type) []string {
	names := []string{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			names = append(names, jsonNames(field.Type)...)
			continue
		}
		names = append(names, name)
	}
	return names
}

// UnmarshalJSON implements json.Unmarshaler. What a policy's JSON refuses, a
// rule's does: see [Policy.UnmarshalJSON]. The error wraps [ErrPolicy]. It does
// not check what the rule says: [Policy.Validate] does.
func (r *Rule) UnmarshalJSON(b []byte) error {
	type plain Rule
	return exactly(b, (*plain)(r))
}

// UnmarshalJSON implements json.Unmarshaler, as that of [Rule] does.
func (c *Condition) UnmarshalJSON(b []byte) error {
	type plain Condition
	return exactly(b, (*plain)(c))
}

// exactly decodes with [exact]. An error leaves what was there, and nothing of
// that is mixed with what is read.
func exactly[T any](b []byte, v *T) error {
	var read T
	if err := exact(b, &read); err != nil {
		if !errors.Is(err, ErrPolicy) {
			err = fmt.Errorf("%w: %w", ErrPolicy, err)
		}
		return err
	}
	*v = read
	return nil
}
