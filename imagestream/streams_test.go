package imagestream

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func realStreams(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/imagestreams/*.json")
	require.NoError(t, err)
	require.Len(t, files, 50)
	streams := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		streams[filepath.Base(file)] = data
	}
	return streams
}

func TestRealStreamsLoseNothing(t *testing.T) {
	for file, data := range realStreams(t) {
		var s ImageStream
		require.NoError(t, json.Unmarshal(data, &s), file)
		require.Equal(t, "ImageStream", s.Kind, file)
		require.NotEmpty(t, s.Name, file)
		require.NotEmpty(t, s.Spec.Tags, file)
		requireNothingUnknown(t, file, reflect.ValueOf(&s).Elem())

		written, err := json.Marshal(s)
		require.NoError(t, err)
		requireContains(t, file, generic(t, written), generic(t, data))

		var again ImageStream
		require.NoError(t, json.Unmarshal(written, &again))
		require.Equal(t, s, again, file)
	}
}

func TestPullSpecsOfRealStreamsParseAlikeInBothModes(t *testing.T) {
	count := 0
	for file, data := range realStreams(t) {
		var s ImageStream
		require.NoError(t, json.Unmarshal(data, &s))
		for _, tag := range s.Spec.Tags {
			if tag.From == nil || tag.From.Kind != KindDockerImage {
				continue
			}
			compat, err := ParsePullSpec(tag.From.Name)
			require.NoError(t, err, file)
			strict, err := ParsePullSpecStrict(tag.From.Name)
			require.NoError(t, err, file)
			require.Equal(t, compat, strict)
			require.Contains(t, compat.Registry, "redhat", file)
			count++
		}
	}
	require.Greater(t, count, 100)
}

// requireContains: got has all that want has, but for null where got has
// nothing: that is how a zero is written now.
func requireContains(t *testing.T, at string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		require.IsType(t, want, got, at)
		for key, value := range want {
			item, ok := got.(map[string]any)[key]
			if !ok {
				require.Nil(t, value, "%s.%s is lost", at, key)
				continue
			}
			requireContains(t, at+"."+key, item, value)
		}
	case []any:
		require.IsType(t, want, got, at)
		require.Len(t, got, len(want), at)
		for i := range want {
			requireContains(t, at+"[]", got.([]any)[i], want[i])
		}
	default:
		require.Equal(t, want, got, at)
	}
}

// requireNothingUnknown: these files are old enough that the types know all of
// their fields.
func requireNothingUnknown(t *testing.T, at string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			requireNothingUnknown(t, at, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			requireNothingUnknown(t, at, v.Index(i))
		}
	case reflect.Struct:
		if e, ok := v.Addr().Interface().(*extra); ok {
			require.Nil(t, e.unknown, at)
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				requireNothingUnknown(t, at+"."+f.Name, v.Field(i))
			} else if f.Type == reflect.TypeFor[extra]() {
				require.True(t, v.Field(i).IsZero(), at)
			}
		}
	}
}

// A history of a million items reads like any other.
func TestHugeHistoryReads(t *testing.T) {
	const n = 1_000_000
	text := []byte(`{"status":{"tags":[{"tag":"a","items":[`)
	for i := range n {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"generation":%d}`, i)
	}
	text = append(text, `]}]}}`...)
	var s ImageStream
	require.NoError(t, json.Unmarshal(text, &s))
	require.Len(t, s.Status.Tags[0].Items, n)
	require.EqualValues(t, n-1, s.Status.Tags[0].Items[n-1].Generation)
}
