package trigger

import (
	"strings"

	"github.com/registrykit/registrykit/internal/rawjson"
)

// element is a value in a JSON text, with where it starts.
type element struct {
	text   string
	offset int
}

// field is a field of a JSON object.
type field struct {
	key string
	element
}

// isNull says whether the value is null.
func (e element) isNull() bool { return e.text == "null" }

// kind is the first byte of the value.
func (e element) kind() byte {
	if e.text == "" {
		return 0
	}
	return e.text[0]
}

// string reads a string; ok is false for anything else.
func (e element) string() (s string, ok bool) {
	if e.kind() != '"' {
		return "", false
	}
	r := rawjson.NewReader([]byte(e.text))
	s = r.String()
	return s, r.Err() == nil
}

// readList splits a list that is valid JSON. null is an empty list.
func readList(text string) (elements []element, offset int, isList bool) {
	r := rawjson.NewReader([]byte(text))
	if k := r.Kind(); k != '[' && k != 'n' {
		return nil, r.Offset(), false
	}
	offset = r.Offset()
	for range r.Array() {
		at := r.Offset()
		elements = append(elements, element{string(r.Raw()), at})
	}
	return elements, offset, r.Err() == nil
}

// fields splits an object that is valid JSON.
func (e element) fields() (fields []field, isObject bool) {
	if e.kind() != '{' {
		return nil, false
	}
	r := rawjson.NewReader([]byte(e.text))
	for key := range r.Object() {
		f := field{key: string(key)}
		f.offset = e.offset + r.Offset()
		f.text = string(r.Raw())
		fields = append(fields, f)
	}
	return fields, r.Err() == nil
}

// knownAs finds the known field that a key means, as encoding/json does: in any
// case of letters.
func knownAs(key string, known []string) (name string, ok bool) {
	for _, name := range known {
		if key == name {
			return name, true
		}
	}
	for _, name := range known {
		if strings.EqualFold(key, name) {
			return name, true
		}
	}
	return "", false
}

// meant guesses which known field a mistyped key means, "" where none is near.
func meant(key string, known []string) string {
	if len(key) > 32 {
		return ""
	}
	for _, name := range known {
		plain := strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(key))
		if most := min(2, len(name)/3); editDistance(plain, strings.ToLower(name)) <= most {
			return name
		}
	}
	return ""
}

// editDistance counts the bytes to add, to take out or to change.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
