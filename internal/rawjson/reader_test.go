package rawjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func Example() {
	r := NewReader([]byte(`{"kind":"Pod","spec":{"containers":[{"image":"a"},{"image":"b"}],"other":[1,2]}}`))
	for key := range r.Object() {
		if string(key) != "spec" {
			continue
		}
		for key := range r.Object() {
			if string(key) != "containers" {
				continue
			}
			for range r.Array() {
				for key := range r.Object() {
					if string(key) == "image" {
						path := r.Path()
						fmt.Println(path, r.String())
					}
				}
			}
		}
	}
	fmt.Println(r.Err())
	// Output:
	// spec.containers[0].image a
	// spec.containers[1].image b
	// <nil>
}

// value reads whatever comes next, as encoding/json decodes into an any.
func value(r *Reader) any {
	switch r.Kind() {
	case '{':
		m := map[string]any{}
		for key := range r.Object() {
			k := string(key)
			m[k] = value(r)
		}
		return m
	case '[':
		a := []any{}
		for range r.Array() {
			a = append(a, value(r))
		}
		return a
	case '"':
		return r.String()
	case 't', 'f':
		return r.Bool()
	case 'n':
		r.Skip()
		return nil
	}
	return json.Number(r.Raw())
}

func sameAsEncodingJSON(t *testing.T, text string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	r := NewReader([]byte(text))
	got := value(r)
	if r.Err() != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %#v, %v\nwant %#v", text, got, r.Err(), want)
	}
}

func TestReadsWhatEncodingJSONReads(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `""`, `null`, `true`, `-1.5e+3`, ` { "a" : [ 1 , { } , "x" ] } `,
		`{"a\"b\\":"\u00e9\n\\","":{"":[[],[[]]]}}`, `["\\\\","\\\"",""]`, "\"\\ud83d\\ude00 \"",
	} {
		sameAsEncodingJSON(t, text)
	}
}

func TestErrorsNameTheField(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"a":{"b":[0,{"c":7}]}}`, "a.b[1].c: want a string, got a number"},
		{`{"a":{"b":[0,{"c":[]}]}}`, "a.b[1].c: want a string, got an array"},
		{`{"a":{"b":"x"}}`, "a.b: want an array, got a string"},
		{`{"a":"x"}`, "a: want an object, got a string"},
		{`{"a":{"b":[0,{"c`, "malformed JSON"},
	} {
		r := NewReader([]byte(c.text))
		for range r.Object() {
			for range r.Object() {
				for range r.Array() {
					if r.Kind() == '{' {
						for range r.Object() {
							_ = r.String()
						}
					}
				}
			}
		}
		var e *Error
		if !errors.As(r.Err(), &e) || !strings.HasSuffix(e.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.text, r.Err(), c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		ok   bool
	}{{"12", 12, true}, {"-9223372036854775808", -1 << 63, true}, {"null", 0, true},
		{"9223372036854775808", 0, false}, {"1.0", 0, false}, {"1e3", 0, false}, {`"1"`, 0, false}} {
		r := NewReader([]byte(c.text))
		got := r.Int64()
		if got != c.want || (r.Err() == nil) != c.ok {
			t.Errorf("%s: %d, %v", c.text, got, r.Err())
		}
	}
}

// FuzzReader: any text ends without a panic; a valid one reads as with
// encoding/json.
func FuzzReader(f *testing.F) {
	f.Add(`{"a":[1,"\"",{"b":null}],"c":{}}`)
	f.Add(`{"a":`)
	f.Add(`[}{]`)
	f.Fuzz(func(t *testing.T, text string) {
		value(NewReader([]byte(text)))
		var v any
		if json.Valid([]byte(text)) && json.Unmarshal([]byte(text), &v) == nil && !hasInvalidText(text) {
			sameAsEncodingJSON(t, text)
		}
	})
}

// encoding/json mends invalid UTF-8 and lone surrogates; a tokenizer refuses
// them before a Reader sees them.
func hasInvalidText(text string) bool {
	return strings.ContainsRune(text, '\uFFFD') || strings.ToValidUTF8(text, "") != text || strings.Contains(text, `\u`) || strings.Contains(text, `\U`)
}
