package imagestream

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// objects are all types that have a codec of their own, as pointers to zero
// values. A test below checks that none is missing.
var objects = []any{
	&TypeMeta{}, &ObjectMeta{}, &OwnerReference{}, &ManagedFieldsEntry{}, &ListMeta{}, &ShardInfo{}, &ObjectReference{},
	&LocalObjectReference{}, &Status{}, &StatusDetails{}, &StatusCause{},
	&Image{}, &ImageList{}, &ImageLayer{}, &ImageManifest{},
	&ImageSignature{}, &SignatureCondition{}, &SignatureGenericEntity{}, &SignatureIssuer{}, &SignatureSubject{},
	&DockerImage{}, &DockerConfig{},
	&ImageStream{}, &ImageStreamList{}, &ImageStreamSpec{}, &ImageLookupPolicy{}, &ImageStreamStatus{},
	&NamedTagEventList{}, &TagEvent{}, &TagEventCondition{},
	&TagReference{}, &TagImportPolicy{}, &TagReferencePolicy{},
	&ImageStreamTag{}, &ImageStreamTagList{}, &ImageTag{}, &ImageTagList{}, &ImageStreamImage{},
	&ImageStreamMapping{}, &ImageStreamLayers{}, &ImageBlobReferences{}, &ImageLayerData{},
	&ImageStreamImport{}, &ImageStreamImportSpec{}, &ImageStreamImportStatus{},
	&RepositoryImportSpec{}, &RepositoryImportStatus{}, &ImageImportSpec{}, &ImageImportStatus{},
	&Secret{}, &SecretList{},
}

// A type that is a field of another must have its own methods, or it would lose
// its unknown fields where it is encoded alone.
func TestEveryTypeHasItsOwnCodec(t *testing.T) {
	known := map[reflect.Type]bool{}
	for _, o := range objects {
		known[reflect.TypeOf(o).Elem()] = true
	}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(typ.Elem())
		case reflect.Struct:
			if typ.NumField() == 0 || reflect.PointerTo(typ).Implements(reflect.TypeFor[rawCodec]()) || typ == reflect.TypeFor[extra]() {
				return
			}
			require.True(t, known[typ], "%v is not in the table", typ)
			for i := range typ.NumField() {
				visit(typ.Field(i).Type)
			}
		}
	}
	for typ := range known {
		visit(typ)
		_, own := typ.FieldByName("extra")
		require.Equal(t, typ != reflect.TypeFor[TypeMeta](), own, "%v and its unknown fields", typ)
	}
	for _, o := range objects {
		data, err := json.Marshal(o)
		require.NoError(t, err)
		fresh := reflect.New(reflect.TypeOf(o).Elem()).Interface()
		require.NoError(t, json.Unmarshal(data, fresh), "%T", o)
		require.Equal(t, o, fresh)
	}
}

// fill sets everything in v to something that JSON brings back.
func fill(rng *rand.Rand, v reflect.Value, depth int) {
	switch p := v.Addr().Interface().(type) {
	case *Time:
		p.Time = time.Unix(rng.Int64N(1<<32), 0).UTC()
		return
	case *RawExtension:
		p.Raw = []byte(fmt.Sprintf(`{"Id":%s,"Size":%d}`, quotedWord(rng), rng.IntN(1<<30)))
		return
	case *FieldsV1:
		p.Raw = []byte(`{"f:metadata":{` + quotedWord(rng) + `:{}}}`)
		return
	case *[]byte:
		*p = []byte(word(rng))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(word(rng))
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(rng.Int32()))
	case reflect.Pointer:
		if rng.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(rng, v.Elem(), depth+1)
		}
	case reflect.Slice:
		if n := rng.IntN(max(2, 4-depth/2)); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(rng, v.Index(i), depth+1)
			}
		}
	case reflect.Map:
		if n := rng.IntN(3); n > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				value := reflect.New(v.Type().Elem()).Elem()
				fill(rng, value, depth+1)
				v.SetMapIndex(reflect.ValueOf(word(rng)), value)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(rng, v.Field(i), depth+1)
			}
		}
	}
}

func word(rng *rand.Rand) string {
	words := []string{
		"web", "sha256:0123", "a b", "\"quoted\\\"", "line\nbreak\ttab\r", "<&>", "\u2028", "héllo", "日本", "\x01\x1f\x7f", "😀", "",
		"null", "{}", "x/y~z",
	}
	return words[rng.IntN(len(words))] + fmt.Sprint(rng.IntN(1000))
}

func quotedWord(rng *rand.Rand) string {
	data, _ := json.Marshal(word(rng))
	return string(data)
}

func generic(t testing.TB, data []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), "%s", data)
	return v
}

func TestValuesComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 20 {
		for _, o := range objects {
			v := reflect.New(reflect.TypeOf(o).Elem())
			fill(rng, v.Elem(), 0)
			data, err := json.Marshal(v.Interface())
			require.NoError(t, err)
			back := reflect.New(v.Type().Elem())
			require.NoError(t, json.Unmarshal(data, back.Interface()), "round %d: %s", round, data)
			require.Equal(t, v.Interface(), back.Interface())
		}
	}
}

// inject puts unknown fields into every JSON object that stands for a struct of
// this package, and counts them.
func inject(rng *rand.Rand, value any, t reflect.Type) (count int) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch value := value.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for _, item := range value {
				count += inject(rng, item, t.Elem())
			}
		}
	case map[string]any:
		switch {
		case t.Kind() == reflect.Map:
			for _, item := range value {
				count += inject(rng, item, t.Elem())
			}
		case t.Kind() == reflect.Struct && t.NumField() > 1 && t != reflect.TypeFor[TypeMeta]():
			for _, f := range newStructCodec(t).fields {
				if item, ok := value[f.name]; ok {
					count += inject(rng, item, t.FieldByIndex(f.index).Type)
				}
			}
			for range 1 + rng.IntN(3) {
				value["x-"+word(rng)] = anything(rng, 0)
				count++
			}
		}
	}
	return count
}

func anything(rng *rand.Rand, depth int) any {
	switch n := rng.IntN(8); {
	case n == 0 && depth < 4:
		m := map[string]any{}
		for range rng.IntN(4) {
			m[word(rng)] = anything(rng, depth+1)
		}
		return m
	case n == 1 && depth < 4:
		a := []any{}
		for range rng.IntN(4) {
			a = append(a, anything(rng, depth+1))
		}
		return a
	case n == 2:
		return json.Number("12345678901234567890.0100e+2")
	case n == 3:
		return nil
	case n == 4:
		return rng.IntN(2) == 0
	}
	return word(rng)
}

func TestUnknownFieldsAreKeptAtEveryDepth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	total := 0
	for range 10 {
		for _, o := range objects {
			typ := reflect.TypeOf(o).Elem()
			if typ == reflect.TypeFor[TypeMeta]() {
				continue
			}
			v := reflect.New(typ)
			fill(rng, v.Elem(), 0)
			data, err := json.Marshal(v.Interface())
			require.NoError(t, err)
			want := generic(t, data)
			total += inject(rng, want, typ)
			data, err = json.Marshal(want)
			require.NoError(t, err)

			back := reflect.New(typ)
			require.NoError(t, json.Unmarshal(data, back.Interface()))
			// A copy, made field by field or deep, has them as well.
			copied := reflect.New(typ)
			copied.Elem().Set(back.Elem())
			unshare(copied.Elem())
			got, err := json.Marshal(copied.Interface())
			require.NoError(t, err)
			require.Equal(t, want, generic(t, got))
		}
	}
	require.Greater(t, total, 2000)
}

func TestUnknownFieldsFollowTheKnownOnesByName(t *testing.T) {
	var e TagEvent
	require.NoError(t, json.Unmarshal([]byte(` { "z" : [ 1, 2 ], "image":"i", "b":{"k": 1 } , "\u0061":null, "z": 3 } `), &e))
	data, err := json.Marshal(e)
	require.NoError(t, err)
	require.Equal(t, `{"created":null,"dockerImageReference":"","image":"i","generation":0,"a":null,"b":{"k":1},"z":3}`, string(data))
}

func TestKeysMatchExactlyThenByCase(t *testing.T) {
	for text, want := range map[string]TagEvent{
		`{"image":"a"}`:                 {Image: "a"},
		`{"IMAGE":"a"}`:                 {Image: "a"},
		`{"Image":"a","image":"b"}`:     {Image: "b"},
		`{"image":"b","Image":"a"}`:     {Image: "a"},
		`{"dockerimagereference":"x"}`:  {DockerImageReference: "x"},
		`{"image":"a","image":"b"}`:     {Image: "b"},
		`{"\u0069mage":"escaped"}`:      {Image: "escaped"},
		`{"image":null,"created":null}`: {},
		`{"image":"a","image":null}`:    {Image: "a"},
		`{"created":"2026-01-02T03:04:05.678+02:00"}`: {
			Created: NewTime(time.Date(2026, 1, 2, 1, 4, 5, 678000000, time.UTC)),
		},
	} {
		var e TagEvent
		require.NoError(t, json.Unmarshal([]byte(text), &e), text)
		require.Equal(t, want, e, text)
	}
}

func TestReadingReplacesTheValue(t *testing.T) {
	var s ImageStream
	require.NoError(t, json.Unmarshal([]byte(`{"metadata":{"name":"a","labels":{"x":"1"}},"status":{"tags":[{"tag":"1","items":[]}]},"new":1}`), &s))
	before := s
	require.NoError(t, json.Unmarshal([]byte(`null`), &s))
	require.Equal(t, before, s)
	require.Error(t, json.Unmarshal([]byte(`{"metadata":{"name":"b"},"status":[]}`), &s))
	require.Equal(t, before, s)
	require.NoError(t, json.Unmarshal([]byte(`{"metadata":{"namespace":"n"}}`), &s))
	require.Equal(t, ImageStream{ObjectMeta: ObjectMeta{Namespace: "n"}}, s)
}

func TestWrongTypesNameTheObjectAndTheField(t *testing.T) {
	for _, c := range []struct {
		into          any
		text          string
		object, field string
		reason        string
	}{
		{&ImageStream{}, `[]`, "ImageStream", "", "want an object, got an array"},
		{&ImageStream{}, `"x"`, "ImageStream", "", "want an object, got a string"},
		{&ImageStream{}, `{"metadata":[]}`, "ImageStream", "metadata", "want an object, got an array"},
		{&ImageStream{}, `{"metadata":{"name":"web","namespace":"shop"},"spec":{"tags":{}}}`, "ImageStream shop/web", "spec.tags", "want an array, got an object"},
		{
			&ImageStream{}, `{"spec":{"tags":[{},{"from":{"name":1}}]},"metadata":{"name":"web","namespace":"shop"}}`,
			"ImageStream shop/web", "spec.tags[1].from.name", "want a string, got a number",
		},
		{&ImageStream{}, `{"metadata":{"name":"a b\n"},"spec":1}`, `ImageStream "a b\n"`, "spec", "want an object, got a number"},
		{&ImageStream{}, `{"metadata":{"annotations":{"a.b/c":true}}}`, "ImageStream", `metadata.annotations["a.b/c"]`, "want a string, got true or false"},
		{&ImageStream{}, `{"metadata":{"creationTimestamp":5}}`, "ImageStream", "metadata.creationTimestamp", "want a string, got a number"},
		{&ImageStream{}, `{"metadata":{"creationTimestamp":"yesterday"}}`, "ImageStream", "metadata.creationTimestamp", `want an instant in RFC 3339, got "yesterday"`},
		{&ImageStream{}, `{"metadata":{"creationTimestamp":""}}`, "ImageStream", "metadata.creationTimestamp", `want an instant in RFC 3339, got ""`},
		{&ImageStream{}, `{"metadata":{"creationTimestamp":"0000-01-01T00:00:00+01:00"}}`, "ImageStream", "metadata.creationTimestamp", "range"},
		{&ImageStream{}, `{"metadata":{"creationTimestamp":"2026-01-01T00:00:61Z"}}`, "ImageStream", "metadata.creationTimestamp", "RFC 3339"},
		{&Image{}, `{"metadata":{"name":"sha256:1"},"dockerImageLayers":[{"size":1.5}]}`, "Image sha256:1", "dockerImageLayers[0].size", "whole number"},
		{&Image{}, `{"dockerImageLayers":[{"size":9223372036854775808}]}`, "Image", "dockerImageLayers[0].size", "whole number"},
		{&Image{}, `{"dockerImageLayers":[{"size":"1"}]}`, "Image", "dockerImageLayers[0].size", "want a number, got a string"},
		{&Image{}, `{"dockerImageSignatures":["AA==","?"]}`, "Image", "dockerImageSignatures[1]", "base64"},
		{&ImageImportStatus{}, `{"status":{"code":3000000000}}`, "ImageImportStatus", "status.code", "too large for 32 bits"},
		{&ImageStreamLayers{}, `{"blobs":{"sha256:1":{"size":true}}}`, "ImageStreamLayers", "blobs.sha256:1.size", "want a number, got true or false"},
		{&ImageStreamSpec{}, `{"lookupPolicy":{"local":"true"}}`, "ImageStreamSpec", "lookupPolicy.local", "want true or false, got a string"},
		{&Time{}, `5`, "Time", "", "want a string, got a number"},
	} {
		err := json.Unmarshal([]byte(c.text), c.into)
		require.ErrorIs(t, err, ErrInvalidObject, c.text)
		var e *Error
		require.True(t, errors.As(err, &e))
		require.Equal(t, "read", e.Op)
		require.Equal(t, c.object, e.Object, c.text)
		require.Equal(t, c.field, e.Field, c.text)
		require.Contains(t, e.Reason, c.reason, c.text)
		require.Zero(t, reflect.ValueOf(c.into).Elem().Interface(), "the value is as before")
	}
}

func TestWriteErrorsNameTheField(t *testing.T) {
	s := ImageStream{Status: ImageStreamStatus{Tags: []NamedTagEventList{{Items: []TagEvent{
		{}, {Created: NewTime(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))},
	}}}}}
	_, err := json.Marshal(s)
	require.ErrorIs(t, err, ErrInvalidObject)
	require.ErrorContains(t, err, "imagestream: write ImageStream: status.tags[0].items[1].created: the year 10000")

	_, err = json.Marshal(Image{DockerImageMetadata: RawExtension{Raw: []byte(`{"Id":`)}})
	require.Error(t, err)
}

// Programs embed the metadata in types of their own. encoding/json must then
// see all of their fields.
func TestTypesOfOthersMayEmbedTheMetadata(t *testing.T) {
	type pod struct {
		TypeMeta   `json:",inline"`
		ObjectMeta `json:"metadata"`
		Spec       struct {
			Node string `json:"node"`
		} `json:"spec"`
	}
	const text = `{"kind":"Pod","metadata":{"name":"p","new":1},"spec":{"node":"n"}}`
	var p pod
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	require.Equal(t, "Pod", p.Kind)
	require.Equal(t, "n", p.Spec.Node)
	data, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, text, string(data))
}

func TestTypesStayComparable(t *testing.T) {
	var a, b TagEvent
	require.NoError(t, json.Unmarshal([]byte(`{"image":"a"}`), &a))
	require.NoError(t, json.Unmarshal([]byte(`{"image":"a"}`), &b))
	require.True(t, a == b)
	b.Generation = 2
	require.False(t, a == b)
}

func TestStringsEncodeAsEncodingJSONDoes(t *testing.T) {
	var every []rune
	for c := range rune(0x3000) {
		every = append(every, c, 'x')
	}
	want, err := json.Marshal(string(every))
	require.NoError(t, err)
	got, err := json.Marshal(LocalObjectReference{Name: string(every)})
	require.NoError(t, err)
	require.Equal(t, `{"name":`+string(want)+`}`, string(got))

	for _, s := range []string{"\xff", "a\xc3", "\xed\xa0\x80", "😀\xf0\x9f"} {
		var want, got struct{ Name string }
		data, err := json.Marshal(map[string]string{"name": s})
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &want))
		data, err = json.Marshal(LocalObjectReference{Name: s})
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &got))
		require.Equal(t, want, got)

		var read LocalObjectReference
		require.NoError(t, json.Unmarshal([]byte(`{"name":"`+s+`"}`), &read))
		require.Equal(t, want.Name, read.Name)
	}
}

// FuzzRead: whatever the text, no type panics; what one reads, it writes, and
// then reads the same; and it takes nothing that is not JSON through
// encoding/json.
func FuzzRead(f *testing.F) {
	rng := rand.New(rand.NewPCG(5, 6))
	for i, o := range objects {
		v := reflect.New(reflect.TypeOf(o).Elem())
		fill(rng, v.Elem(), 0)
		data, err := json.Marshal(v.Interface())
		require.NoError(f, err)
		f.Add(uint8(i), data)
	}
	f.Add(uint8(0), []byte(`{"a":`))
	f.Add(uint8(1), []byte(`{"managedFields":[{"fieldsV1":[[[[[[`))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		typ := reflect.TypeOf(objects[int(which)%len(objects)]).Elem()
		// Past encoding/json's check of the text.
		_ = reflect.New(typ).Interface().(json.Unmarshaler).UnmarshalJSON(data)

		v := reflect.New(typ)
		if json.Unmarshal(data, v.Interface()) != nil {
			return
		}
		written, err := json.Marshal(v.Interface())
		require.NoError(t, err)
		back := reflect.New(typ)
		require.NoError(t, json.Unmarshal(written, back.Interface()))
		again, err := json.Marshal(back.Interface())
		require.NoError(t, err)
		require.Equal(t, string(written), string(again))
	})
}
