package trigger

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadObjectRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		class error
	}{
		"nothing":       {``, ErrMalformed},
		"not JSON":      {`{"kind":}`, ErrMalformed},
		"null":          {`null`, ErrMalformed},
		"a list":        {`[]`, ErrMalformed},
		"two objects":   {`{} {}`, ErrMalformed},
		"a List":        {`{"kind":"List","items":[]}`, ErrMalformed},
		"a typed list":  {`{"kind":"DeploymentList","items":[]}`, ErrMalformed},
		"not UTF-8":     {"{\"a\":\"\xff\"}", ErrMalformed},
		"nested deeper": {strings.Repeat(`{"a":`, maxDepth+1) + "1" + strings.Repeat("}", maxDepth+1), ErrTooLarge},
		"too large":     {`{"a":"` + strings.Repeat("x", maxObject) + `"}`, ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadObject([]byte(tt.text))
			require.ErrorIs(t, err, tt.class)
			var e *Error
			require.ErrorAs(t, err, &e)
		})
	}
	_, err := ObjectOf(map[string]any{"f": func() {}})
	require.ErrorIs(t, err, ErrMalformed)
}

// Nothing of an object is lost, numbers included.
func TestObjectKeepsEverything(t *testing.T) {
	const text = `{"kind":"X","a":1.50,"b":12345678901234567890,"c":"<&>","d":null}`
	written, err := json.Marshal(read(t, text))
	require.NoError(t, err)
	require.JSONEq(t, text, string(written))
	require.Contains(t, string(written), "12345678901234567890")
	require.Contains(t, string(written), "1.50")
}

// An object shares nothing with the value that it was made of.
func TestObjectOfCopies(t *testing.T) {
	container := map[string]any{"name": "web", "image": "old"}
	o, err := ObjectOf(map[string]any{"kind": "Pod", "spec": map[string]any{"containers": []any{container}}})
	require.NoError(t, err)
	container["image"] = "changed"
	require.Equal(t, []string{"containers/web=old"}, images(o))
}

func TestPatchApply(t *testing.T) {
	o := read(t, `{"a":{"b/c":[1,2,{"d~e":"x"}]},"n":null}`)
	for name, tt := range map[string]struct {
		patch Patch
		want  string // "" for an error
	}{
		"nothing":            {nil, `{"a":{"b/c":[1,2,{"d~e":"x"}]},"n":null}`},
		"replace":            {Patch{{"replace", "/a/b~1c/2/d~0e", "y"}}, `{"a":{"b/c":[1,2,{"d~e":"y"}]},"n":null}`},
		"add into a list":    {Patch{{"add", "/a/b~1c/1", "y"}}, `{"a":{"b/c":[1,"y",2,{"d~e":"x"}]},"n":null}`},
		"add behind a list":  {Patch{{"add", "/a/b~1c/-", "y"}, {"add", "/a/b~1c/4", "z"}}, `{"a":{"b/c":[1,2,{"d~e":"x"},"y","z"]},"n":null}`},
		"remove from a list": {Patch{{"remove", "/a/b~1c/0", nil}}, `{"a":{"b/c":[2,{"d~e":"x"}]},"n":null}`},
		"remove":             {Patch{{"remove", "/n", nil}}, `{"a":{"b/c":[1,2,{"d~e":"x"}]}}`},
		"a test that holds":  {Patch{{"test", "/n", nil}, {"test", "/a/b~1c/0", json.Number("1")}}, `{"a":{"b/c":[1,2,{"d~e":"x"}]},"n":null}`},
		"a test that fails":  {Patch{{"replace", "/n", 1}, {"test", "/a/b~1c/2/d~0e", "y"}}, ""},
		"test what is not":   {Patch{{"test", "/x", nil}}, ""},
		"replace what isn't": {Patch{{"replace", "/x", 1}}, ""},
		"add below nothing":  {Patch{{"add", "/x/y", 1}}, ""},
		"add below a number": {Patch{{"add", "/a/b~1c/0/y", 1}}, ""},
		"no such index":      {Patch{{"replace", "/a/b~1c/3", 1}}, ""},
		"a bad index":        {Patch{{"replace", "/a/b~1c/01", 1}}, ""},
		"the whole":          {Patch{{"remove", "", nil}}, ""},
		"another operation":  {Patch{{"move", "/n", "y"}}, ""},
		"no operation":       {Patch{{"", "/n", "y"}}, ""},
		"a path of dots":     {Patch{{"replace", "n", "y"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := json.Marshal(o)
			got, err := tt.patch.Apply(o)
			after, _ := json.Marshal(o)
			require.Equal(t, string(before), string(after))
			if tt.want == "" {
				require.ErrorIs(t, err, ErrPatch)
				return
			}
			require.NoError(t, err)
			written, err := json.Marshal(got)
			require.NoError(t, err)
			require.JSONEq(t, tt.want, string(written))
		})
	}
	text, err := json.Marshal(Patch{{"remove", "/a", nil}, {"test", "/b", nil}})
	require.NoError(t, err)
	require.Equal(t, `[{"op":"remove","path":"/a"},{"op":"test","path":"/b","value":null}]`, string(text))
	text, err = json.Marshal(Patch(nil))
	require.NoError(t, err)
	require.Equal(t, `[]`, string(text))
}
