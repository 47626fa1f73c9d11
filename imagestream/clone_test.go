package imagestream

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClonesAreEqualAndShareNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 10 {
		image, stream := new(Image), new(ImageStream)
		istag, itag, isimage := new(ImageStreamTag), new(ImageTag), new(ImageStreamImage)
		mapping, imported, layers := new(ImageStreamMapping), new(ImageStreamImport), new(ImageStreamLayers)
		signature, tag, metadata := new(ImageSignature), new(TagReference), new(DockerImage)
		for _, c := range []struct {
			value any
			clone func() any
		}{
			{image, func() any { return image.Clone() }},
			{stream, func() any { return stream.Clone() }},
			{istag, func() any { return istag.Clone() }},
			{itag, func() any { return itag.Clone() }},
			{isimage, func() any { return isimage.Clone() }},
			{mapping, func() any { return mapping.Clone() }},
			{imported, func() any { return imported.Clone() }},
			{layers, func() any { return layers.Clone() }},
			{signature, func() any { return signature.Clone() }},
			{tag, func() any { return tag.Clone() }},
			{metadata, func() any { return metadata.Clone() }},
		} {
			fill(rng, reflect.ValueOf(c.value).Elem(), 0)
			cloned := c.clone()
			require.Equal(t, c.value, cloned)
			before, err := json.Marshal(c.value)
			require.NoError(t, err)
			spoil(reflect.ValueOf(cloned).Elem())
			after, err := json.Marshal(c.value)
			require.NoError(t, err)
			require.Equal(t, string(before), string(after), "%T", c.value)
		}
	}
}

// spoil changes everything in v in place.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			changed := reflect.New(value.Type()).Elem()
			changed.Set(value)
			spoil(changed) // what the value points to
			v.SetMapIndex(key, changed)
		}
		if !v.IsNil() {
			v.SetMapIndex(reflect.ValueOf("spoiled"), reflect.Zero(v.Type().Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				spoil(v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("spoiled")
	case reflect.Uint8:
		v.SetUint(' ')
	case reflect.Int32, reflect.Int64:
		v.SetInt(-1)
	}
}

func TestCloneKeepsUnknownFieldsAndNil(t *testing.T) {
	require.Nil(t, (*ImageStream)(nil).Clone())
	require.Nil(t, (*Image)(nil).Clone())

	const text = `{"metadata":{"new":1},"spec":{"lookupPolicy":{"local":false,"new":2},"new":3},"status":{"dockerImageRepository":"","new":4},"new":5}`
	var s ImageStream
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	data, err := json.Marshal(s.Clone())
	require.NoError(t, err)
	require.Equal(t, text, string(data))
}
