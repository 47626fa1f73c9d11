package yamljson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/registrykit/registrykit/internal/yamljson"
)

func toJSON(t testing.TB, text string, maxBytes int64) (string, []yamljson.Mark, error) {
	t.Helper()
	var doc yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
	b, marks, err := yamljson.ToJSON(&doc, maxBytes)
	return string(b), marks, err
}

func TestScalarsKeepTheirText(t *testing.T) {
	got, marks, err := toJSON(t, "a: &x 2019-10-09T03:13:45Z\nb: [9007199254740993, 1.50, 0x1F, ~, yes, \"true\", true, '<&>', *x]\n", 1000)
	require.NoError(t, err)
	require.Equal(t, `{"a":"2019-10-09T03:13:45Z","b":[9007199254740993,1.50,31,null,"yes","true",true,"<&>","2019-10-09T03:13:45Z"]}`, got)
	require.Equal(t, []yamljson.Mark{{Offset: 0, Line: 1}, {Offset: 28, Line: 2}, {Offset: 87, Line: 1}}, marks)
}

func TestWhatJSONCannotHold(t *testing.T) {
	for text, want := range map[string]string{
		"a: .nan":                       "line 1",
		"? [a]\n: b":                    "line 1: a key that is no scalar",
		"a: &a {x: 1}\nb: {<<: *a}":     "line 2: a key that is no scalar, or a merge",
		"a: 'longer than twenty bytes'": "line 1: too many, too large",
	} {
		_, _, err := toJSON(t, text, 20)
		require.ErrorIs(t, err, yamljson.ErrYAML, text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestWriteIsReadAgain(t *testing.T) {
	for text, want := range map[string]string{
		`{"b":"0 0 * * *","a":{},"c":[],"d":[{"x":"True"},{"x":"true"}],"e":null,"f":3600000000000}`: "b: 0 0 * * *\na: {}\nc: []\nd:\n  - x: \"True\"\n  - x: \"true\"\ne: null\nf: 3600000000000\n",
		`{"t":"2019-10-09T03:13:45Z","u":"line\nline","v":"","w":"~","x":"1"}`:                       "t: \"2019-10-09T03:13:45Z\"\nu: |-\n  line\n  line\nv: \"\"\nw: \"~\"\nx: \"1\"\n",
		"[\"\u0085\",\"a\\u2028b\",\"\\u2029\",\"\x7f\",\"\U0001f6a2\"]":                             "- \"\\N\"\n- \"a\\Lb\"\n- \"\\P\"\n- \"\\x7F\"\n- \"\\U0001F6A2\"\n",
	} {
		var b bytes.Buffer
		require.NoError(t, yamljson.Write(&b, []byte(text)))
		require.Equal(t, want, b.String())
		back, _, err := toJSON(t, b.String(), 1000)
		require.NoError(t, err)
		require.Equal(t, text, back)
	}
	for _, text := range []string{"", "{", "[1", `{"a"`, "1 2", "a: b"} {
		require.Error(t, yamljson.Write(&bytes.Buffer{}, []byte(text)), text)
	}
}

// FuzzWrite: every JSON text that is written as YAML reads as what it was.
func FuzzWrite(f *testing.F) {
	f.Add(`{"a":["1","~",null,1e3,true,"- x","a: b","\u0000"]}`)
	f.Add(`["\u0085",1e400,-0,18446744073709551616]`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1000 || !json.Valid([]byte(text)) {
			return
		}
		canonical, err := json.Marshal(value(t, text))
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, yamljson.Write(&b, canonical))
		back, _, err := toJSON(t, b.String(), 1_000_000)
		require.NoError(t, err, b.String())
		require.Equal(t, value(t, string(canonical)), value(t, back), b.String())
	})
}

// value is that of a JSON text, with numbers as they stand there.
func value(t testing.TB, text string) (v any) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&v), text)
	return v
}
