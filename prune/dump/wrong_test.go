package dump_test

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// at is where needle stands in text.
func at(t *testing.T, text, needle string) int64 {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, needle), "%s in %s", needle, text)
	return int64(strings.Index(text, needle))
}

func TestErrorsNameInputOffsetObjectAndField(t *testing.T) {
	for _, c := range []struct {
		text, place string // where the error is
		want        string // behind "a.json: byte N: "
	}{
		{`[]`, `[`, "want an object, got an array"},
		{`[{"kind":"Pod","metadata":{"name":"a"}}]`, `[`, "want an object, got an array"},
		{`"text"`, `"text"`, `want an object, got a string`},
		{`{}`, `{}`, "it says no kind"},
		{`{"kind":null}`, `{`, "it says no kind"},
		{`{"kind":""}`, `{`, "it says no kind"},
		{`{"apiVersion":"v1","metadata":{"name":"x"}}`, `{"api`, "object x: it says no kind"},
		{`{"kind":7}`, `7`, "kind: want a string, got a number"},
		{`{"kind":"Pod","apiVersion":[],"metadata":{"name":"a"}}`, `[]`, "Pod a: apiVersion: want a string, got an array"},
		{`{"kind":"PodList","items":{}}`, `{}`, "PodList: items: want an array, got an object"},
		{`{"items":"x","kind":"PodList"}`, `"x"`, "PodList: items: want an array, got a string"},
		{`{"items":0,"kind":"List"}`, `0`, "List: items: want an array, got a number"},
		{`{"kind":"List","items":true}`, `true`, "List: items: want an array, got true or false"},
		{`{"kind":"List","items":[{"kind":"List","items":{"a":1}}]}`, `{"a"`, "List: items: want an array, got an object"},
		{`{"kind":"List","items":[{"kind":"PodList","metadata":{"name":"x"},"items":"y"}]}`, `"y"`, "PodList x: items: want an array, got a string"},
		{`{"items":[],"kind":"Pod"}`, `{"items`, "Pod: it has items, but its kind is not that of a list"},
		{`{"items":[{"kind":"Pod","metadata":{"name":"a"}}],"metadata":{"name":"x"},"kind":"Template"}`, `{"items`, "Template x: it has items, but its kind is not that of a list"},
		{`{"kind":"List","items":[7]}`, `7`, "want an object, got a number"},
		{`{"kind":"PodList","items":[null]}`, `null`, "Pod: want an object, got null"},
		{`{"kind":"PodList","items":[[]]}`, `[]`, "Pod: want an object, got an array"},
		{`{"items":[{"metadata":{"name":"a","namespace":"n"}}]}`, `{"metadata`, "object n/a: it says no kind"},
		{`{"kind":"List","items":[{"metadata":{"name":"a"}}]}`, `{"metadata`, "object a: the object has no kind"},
		{`{"items":[{"metadata":{"name":"a"}},7],"kind":"PodList"}`, `7`, "want an object, got a number"},
		{`{"kind":"PodList","items":[],"metadata":{"continue":5}}`, `5`, "PodList: metadata.continue: want a string, got a number"},
		{`{"kind":"PodList","items":[],"metadata":{"remainingItemCount":"5"}}`, `"5"`, "PodList: metadata.remainingItemCount: want a number, got a string"},
		{`{"kind":"PodList","items":[],"metadata":[]}`, `[]}`, "PodList: metadata: want an object, got an array"},

		{`{"kind":"Image","metadata":{"name":""}}`, `{"kind`, "Image: invalid fact: it has no name"},
		{`{"kind":"ImageList","items":[{"metadata":{"uid":"x"}}]}`, `{"metadata`, "Image: invalid fact: it has no name"},
		{`{"kind":"Image","metadata":{"name":"sha256:1"},"dockerImageLayers":[{},{"size":"big"}]}`, `"big"`, "Image sha256:1: dockerImageLayers[1].size: want a number, got a string"},
		{`{"kind":"Image","dockerImageMetadata":{"Size":1.5},"metadata":{"name":"sha256:1"}}`, `1.5`, "Image sha256:1: dockerImageMetadata.Size: want a whole number of at most 64 bits, got 1.5"},
		{`{"kind":"Image","metadata":{"name":"sha256:1","creationTimestamp":"yesterday"}}`, `"yesterday"`, `Image sha256:1: metadata.creationTimestamp: "yesterday" is not an RFC 3339 time`},
		{`{"kind":"ImageStream","metadata":{"namespace":"a"}}`, `{"kind`, "ImageStream a/: invalid fact: it has no name"},
		{`{"kind":"ImageStream","metadata":{"namespace":"a","name":"b"},"status":{"tags":[{"tag":"x"},{"tag":"x"}]}}`, `{"kind`, `ImageStream a/b: invalid fact: tag "x" is listed twice`},
		{`{"kind":"ImageStream","metadata":{"namespace":"a","name":"b"},"status":{"tags":[{"items":[]}]}}`, `{"kind`, "ImageStream a/b: invalid fact: a tag without a name"},
		{`{"kind":"ImageStream","metadata":{"namespace":"a","name":"b"},"status":{"tags":[{"tag":"x","items":[{},{"created":1}]}]}}`, `1}`, "ImageStream a/b: status.tags[0].items[1].created: want a string, got a number"},
		{`{"kind":"Pod","metadata":{"namespace":"a","name":"b"},"spec":{"containers":[{"image":["x"]}]}}`, `["x"]`, "Pod a/b: spec.containers[0].image: want a string, got an array"},
		{`{"kind":"Pod","metadata":{"namespace":"a"}}`, `{"kind`, "Pod a/: invalid fact: it has no kind or no name"},
		{`{"kind":"LimitRange","metadata":{"namespace":"a","name":"b"},"spec":{"limits":[{"type":"openshift.io/Image","max":{"storage":"lots"}}]}}`, `"lots"`, `LimitRange a/b: spec.limits[0].max.storage: "lots" is not a quantity`},
		{`{"kind":"LimitRange","metadata":{"namespace":"a","name":"b"},"spec":{"limits":[{"type":"openshift.io/Image","max":{"storage":"-1Gi"}}]}}`, `"-1Gi"`, `LimitRange a/b: spec.limits[0].max.storage: "-1Gi" is negative`},
		{`{"kind":"LimitRange","metadata":{"namespace":"a","name":"b"},"spec":{"limits":{}}}`, `{}`, "LimitRange a/b: spec.limits: want an array, got an object"},

		{`{"kind":"Pod","kind":"Job","metadata":{"name":"a"}}`, `"kind":"J`, "Job a: malformed JSON: duplicate object member name kind"},
		{`{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a","name":"b"}}]}`, `"name":"b"`, "Pod b: metadata: malformed JSON: duplicate object member name name"},
		{`{"kind":"List","items":[],"items":[]}`, `"items":[]}`, "List: malformed JSON: duplicate object member name items"},
		{`{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a"},"x":tru}]}`, `}]}`, "Pod a: x: malformed JSON: invalid character '}' in literal true (expecting 'e')"},
		{"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":\"\xff\"}}", "\xff", "ConfigMap a: data.x: malformed JSON: invalid UTF-8"},
		{"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":\"\xed\xa0\x80\"}}", "\xed", "ConfigMap a: data.x: malformed JSON: invalid UTF-8"},
		{"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"x\":\"a\nb\"}}", "\n", "ConfigMap a: data.x: malformed JSON: invalid character '\\n' in string"},
		{`{"kind":"List","items":[{"kind":"Pod","metadata":{"name":"a"}} {}]}`, `{}`, "malformed JSON: invalid character '{' after array element"},
		{`{"kind":"List","items":[]},`, `,$`, "malformed JSON"},
		{`{"kind":"List","items":[]}]`, `]$`, "want an object, got ]"},
		{`{"kind":"List","items":[]}"x"`, `"x"`, "want an object, got a string"},
		{`{"kind":"List","items":[]} 5`, ` 5`, "want an object, got a number"},
		{`{kind:"List"}`, `kind`, "malformed JSON"},
	} {
		for _, space := range []string{"", " \r\n\t"} {
			_, err := read(nil, space+c.text)
			var e *dump.Error
			require.ErrorAs(t, err, &e, c.text)
			require.Equal(t, "a.json", e.Input)
			require.ErrorContains(t, err, c.want, c.text)
			place := int64(len(space) + strings.Index(c.text, c.place))
			if last, ok := strings.CutSuffix(c.place, "$"); ok {
				place = int64(len(space) + strings.LastIndex(c.text, last))
			}
			require.Equal(t, place, e.Offset, "%s: %v", c.text, err)
			require.Regexp(t, `^a\.json: byte \d+: `, err.Error())
		}
	}
}

// An input without a name is not named.
func TestErrorsWithoutAnInput(t *testing.T) {
	_, err := dump.Read(strings.NewReader(`{"kind":"PodList","items":7}`), nil)
	require.EqualError(t, err, "byte 26: PodList: items: want an array, got a number")
}

// The offset is right as well where the members of an object stand apart.
func TestOffsetsInIndentedObjects(t *testing.T) {
	for _, c := range []struct{ text, place string }{
		{whole(cluster(), true)[0], `"registry:5000/shop/web:v2"`},
		{whole(cluster(), false)[0], `"registry:5000/shop/web:v2"`},
		{whole(cluster(), true)[9], `3000`},
		{whole(cluster(), false)[9], `3000`},
		{whole(cluster(), false)[4], `"1Gi"`},
		{whole(cluster(), true)[7], `"2026-05-07T08:00:00Z"`},
	} {
		for _, text := range []string{c.text, indented(t, c.text), list(c.text), indented(t, list(c.text)), list(list(c.text))} {
			wrong := strings.Replace(text, c.place, `[]`+strings.Repeat(" ", len(c.place)-2), 1)
			_, err := read(nil, wrong)
			var e *dump.Error
			require.ErrorAs(t, err, &e, text)
			require.Equal(t, at(t, text, c.place), e.Offset, "%v in %s", err, text)
		}
	}
}

func TestEmptyInputs(t *testing.T) {
	for _, text := range []string{"", " ", "\n\n", "\ufeff", "\ufeff \n", "---\n", "# nothing\n", "---\n---\nnull\n"} {
		v, err := read(nil, text)
		require.ErrorIs(t, err, dump.ErrEmpty, "%q", text)
		require.Nil(t, v)
		_, err = read(nil, list(), text)
		require.ErrorIs(t, err, dump.ErrEmpty, "one input that is empty, of two")
	}
	for _, e := range mustRead(t, list()).Evidence() {
		require.False(t, e.Listed)
	}
	v := mustRead(t)
	require.Zero(t, v.Images())
}

func TestOneObjectWithTwoContents(t *testing.T) {
	for _, c := range []struct{ object, change, to, want string }{
		{whole(cluster(), true)[9], "3000", "3001", "size"},
		{whole(cluster(), true)[9], `"u1"`, `"u2"`, ""},
		{whole(cluster(), true)[9], `"21"`, `"22"`, "uid or resourceVersion"},
		{whole(cluster(), true)[7], `"tag":"latest"`, `"tag":"newest"`, "tags"},
		{whole(cluster(), true)[0], `"registry:5000/shop/web:v2"`, `"registry:5000/shop/web:v3"`, "images"},
		{whole(cluster(), true)[1], `Succeeded`, `Running`, "phase"},
		{whole(cluster(), true)[2], "T08", "T09", "creation time"},
		{whole(cluster(), true)[4], "1Gi", "2Gi", "max.storage"},
		{whole(cluster(), true)[4], "1Gi", "1024Mi", ""},
		{whole(cluster(), true)[6], "canary\"}", "other\"}", "images"},
		{whole(cluster(), true)[5], "settings", "settings", ""},
	} {
		changed := strings.Replace(c.object, c.change, c.to, 1)
		for _, inputs := range [][]string{
			{c.object + "\n" + changed}, {list(c.object, changed)}, {c.object, "  " + changed}, {list(c.object), list(list(changed))},
		} {
			v, err := read(nil, inputs...)
			if c.want == "" {
				require.NoError(t, err)
				require.NotNil(t, v)
				continue
			}
			require.ErrorIs(t, err, inventory.ErrConflict)
			var e *dump.Error
			require.ErrorAs(t, err, &e)
			last := inputs[len(inputs)-1]
			again := strings.LastIndex(last, changed)
			first := strings.Index(inputs[0], c.object)
			require.EqualValues(t, again, e.Offset)
			require.ErrorContains(t, err, "different content: "+c.want)
			require.ErrorContains(t, err, "(first at a.json: byte "+strconv.Itoa(first)+", again at "+e.Input+": byte "+strconv.Itoa(again)+")")
		}
	}
}

// There is no inventory after an error, not even of other inputs.
func TestNothingIsKnownAfterAnError(t *testing.T) {
	d, err := dump.NewReader(nil)
	require.NoError(t, err)
	require.NoError(t, d.Read("good", strings.NewReader(list(whole(cluster(), true)...))))
	v, err := d.Inventory()
	require.NoError(t, err)
	require.NotNil(t, v)
	failed := d.Read("bad", strings.NewReader(`{"kind":"PodList","items":[`))
	require.ErrorIs(t, failed, io.ErrUnexpectedEOF)
	require.Equal(t, failed, d.Read("good again", strings.NewReader(list())), "it reads nothing more")
	v, err = d.Inventory()
	require.Nil(t, v)
	require.ErrorIs(t, err, dump.ErrFailed)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the cause is there")
	var e *dump.Error
	require.True(t, errors.As(err, &e))
	require.Equal(t, "bad", e.Input)
}

// What is wrong stands in the second of three objects; the first error in the
// text is the one that is told, whichever part of the reader meets it.
func TestTheFirstErrorIsTold(t *testing.T) {
	good := `{"kind":"Pod","metadata":{"name":"a"}}`
	wrong := `{"kind":"Pod","metadata":{"name":"b","creationTimestamp":7}}`
	for range 20 {
		_, err := read(nil, list(good, wrong)+`{"kind":"Pod","metadata":{"na`)
		require.ErrorContains(t, err, "Pod b: metadata.creationTimestamp")
	}
}

func TestTimesThatDoNotParse(t *testing.T) {
	texts := map[string]string{}
	for i, object := range whole(cluster(), true) {
		for _, day := range []string{"2026-05-09T08:00:00Z", "2026-05-02T08:00:00Z", "2026-05-01T08:00:00Z", "2026-05-07T08:00:00Z", "2026-05-06T07:00:00Z"} {
			if strings.Contains(object, day) {
				texts[strconv.Itoa(i)+day] = strings.Replace(object, day, "@", 1)
			}
		}
	}
	texts["LimitRange"] = `{"kind":"LimitRange","metadata":{"name":"a","creationTimestamp":"@"}}`
	texts["ConfigMap"] = `{"kind":"ConfigMap","metadata":{"name":"a","creationTimestamp":"@"}}`
	require.Len(t, texts, 7)
	for name, text := range texts {
		for _, wrong := range []string{
			"", "now", "0", "2026-05-01", "2026-05-01T00:00:00", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-05-01T24:00:00Z",
			"2026-05-01T00:00:00+0200", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z", "2026-05-01 00:00:00Z", "2026-05-01T00:00:00z",
			" 2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z\\n", "2026-05-01T00:00:00Z\\u0000",
		} {
			_, err := read(nil, strings.Replace(text, "@", wrong, 1))
			var e *dump.Error
			require.ErrorAs(t, err, &e, "%s %q", name, wrong)
			require.Regexp(t, `creationTimestamp|created`, err.Error())
		}
		for _, right := range []string{
			"2026-05-01T00:00:00Z", "2026-05-01T00:00:00.123456789Z", "2026-05-01T23:59:59+14:00", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
			"9999-12-31T23:59:59Z", "1969-01-01T00:00:00-12:00", "2024-02-29T00:00:00Z", "2026\\u002d05-01T00:00:00Z",
		} {
			_, err := read(nil, strings.Replace(text, "@", right, 1))
			require.NoError(t, err, "%s %q", name, right)
		}
		v, err := read(nil, strings.Replace(text, `"@"`, "null", 1))
		require.NoError(t, err)
		require.NotNil(t, v)
	}
}

func TestNegativeSizesAreUnknown(t *testing.T) {
	v := mustRead(t, `{"kind":"Image","metadata":{"name":"sha256:1"},"dockerImageMetadata":{"Id":"sha256:c","Size":-5},
		"dockerImageLayers":[{"name":"sha256:l","size":-1},{"name":"sha256:m","size":-9223372036854775808}],
		"dockerImageManifests":[{"digest":"sha256:2","manifestSize":-1}]}`)
	require.Zero(t, v.Image(0).Size)
	for i := range v.Digests() {
		require.Zero(t, v.Size(inventory.Digest(i)))
	}
}
