package imagestream

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Streams as nobody would store them on purpose.
var strangeStreams = []string{
	`{}`,
	`{"metadata":{"generation":-5},"spec":{"tags":[{"name":"","from":{"kind":"ImageStreamTag","name":""},"generation":-3}]},"status":{"tags":[{"tag":"","items":[{}]}]}}`,
	`{"metadata":{"name":"web","namespace":"shop","uid":"u"},"spec":{"tags":[{"name":"a","from":{"kind":"ImageStreamTag","name":"web:a"},"generation":9223372036854775807},
	  {"name":"b","from":{"kind":"ImageStreamTag","name":":"}},{"name":"c","from":{"kind":"ImageStreamImage","name":"@"}}]},
	  "status":{"tags":[{"tag":"a","items":null,"conditions":[{"type":"ImportSuccess","status":"False","generation":9223372036854775807}]},{"tag":"b","items":[{"image":"","created":null}]}]}}`,
	`{"metadata":{"name":"a:b","namespace":"x/y","generation":9223372036854775807},"spec":{"dockerImageRepository":"::","tags":[{"name":"a@b","from":{"kind":"DockerImage","name":"quay.io"}},
	  {"name":"b","reference":true,"from":{"kind":"DockerImage","name":""}},{"name":"c","from":{}},{"name":"latest"}]},
	  "status":{"dockerImageRepository":"[::1]:5000/x","tags":[{"tag":"c","items":[{"image":"sha256:","dockerImageReference":"@"},{"image":"x"},{"image":"x:x"}]}]}}`,
	`{"metadata":{"name":"web","namespace":"shop","resourceVersion":"1"},"spec":{"tags":[{"name":"b","from":{"kind":"ImageStreamTag","name":"a"}},{"name":"a","from":{"kind":"ImageStreamTag","name":"b"}},{"name":"c","from":{"kind":"ImageStreamTag","name":"a"}}]},
	  "status":{"tags":[{"tag":"b","items":[{"created":"0001-01-01T00:00:01Z","image":"sha256:aa","generation":-1}]},{"tag":"a","items":[{"created":"9999-12-31T23:59:59Z","image":"sha256:ab"}]}]}}`,
}

// Whatever a stream holds, everything that reads or changes it returns, leaves it
// as it was, and fails with an *Error.
func FuzzStoredStreams(f *testing.F) {
	for i, text := range strangeStreams {
		f.Add([]byte(text), []byte{byte(i), 1, 2, 3, 0, 0, 8, 0, 1, 9, 0, 11, 12})
		f.Add([]byte(text), []byte{0, 11, 0, 12, 12, 12, 2, 0, 0, 6, 0, 0, 6, 0, 1})
	}
	f.Fuzz(func(t *testing.T, text, operations []byte) {
		var s ImageStream
		if len(text) > 1<<14 || json.Unmarshal(text, &s) != nil {
			return
		}
		before := textOf(t, &s)
		lookup := LookupIn(&s)
		for step, in := 1, (&script{operations[:min(len(operations), 60)]}); len(in.bytes) > 0; step++ {
			next, changes, err := Applier{Lookup: lookup, History: HistoryPolicy{MaxItems: 2, MaxAge: 1}}.Apply(&s, in.operation(0), at(step))
			if err != nil {
				var e *Error
				require.True(t, errors.As(err, &e))
				require.Nil(t, next)
				continue
			}
			require.Equal(t, len(changes) == 0, next == &s)
			read(t, next, lookup)
		}
		read(t, &s, lookup)
		require.Equal(t, before, textOf(t, &s))
	})
}

// read calls everything that reads a stream.
func read(t *testing.T, s *ImageStream, lookup Lookup) {
	image := func(name string) (*Image, error) { return anIndex(1, 2), nil }
	Lint(s, lookup, LintOptions{Images: image, MaxItems: 1, MaxBytes: 1})
	NewTagGraph(slices.Values([]*ImageStream{s})).Cycles()
	for range s.PendingImports() {
	}
	text := textOf(t, s)
	size, err := s.EncodedSize()
	require.NoError(t, err)
	require.GreaterOrEqual(t, size, len(text))
	var compact ImageStream
	require.NoError(t, json.Unmarshal([]byte(text), &compact))
	size, err = compact.EncodedSize()
	require.NoError(t, err)
	require.Equal(t, len(textOf(t, &compact)), size)
	_ = s.Usage()
	for i := range s.Spec.Tags {
		tag := s.Spec.Tags[i].Name
		_, _ = FollowTag(s, tag, lookup)
		_, _, _ = s.RecentPullSpec(tag, ResolveOptions{Public: true})
		_, _ = ImageTagOf(s, tag, image)
		_, _ = ImageStreamTagOf(s, tag, image)
		_, _ = UsageReference(s.Namespace, s.Spec.Tags[i].From)
	}
	_, _ = ImageStreamImageOf(s, "sha256:", image)
	_, _ = s.FindImage("0")
}
