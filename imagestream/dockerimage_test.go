package imagestream

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMetadataIsKeptAsItWasRead(t *testing.T) {
	const text = `{"metadata":{"name":"sha256:1"},"dockerImageMetadata":{"Size":1.0e3,"id":"x","New":{"b":1,"a":[null]}}}`
	var i Image
	require.NoError(t, json.Unmarshal([]byte(text), &i))
	data, err := json.Marshal(i)
	require.NoError(t, err)
	require.Equal(t, text, string(data))
}

func TestMetadataDecodesAndComesBack(t *testing.T) {
	i := Image{DockerImageMetadata: RawExtension{Raw: []byte(`{
		"kind":"DockerImage","apiVersion":"1.0","Id":"sha256:1","Created":"2026-01-02T03:04:05Z","ContainerConfig":{"Hostname":"h","New":1},
		"Config":{"Env":["A=1"],"ExposedPorts":{"8080/tcp":{}},"Labels":{"a":"b"},"Healthcheck":{"Test":["CMD"]}},"Size":7,"Os":"linux"}`)}}
	m, err := i.Metadata()
	require.NoError(t, err)
	require.Equal(t, "sha256:1", m.ID)
	require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), m.Created.Time)
	require.Equal(t, map[string]struct{}{"8080/tcp": {}}, m.Config.ExposedPorts)
	require.EqualValues(t, 7, m.Size)

	m.Config.Env = append(m.Config.Env, "B=2")
	require.NoError(t, i.SetMetadata(m))
	require.Equal(t, "1.0", i.DockerImageMetadataVersion)
	require.JSONEq(t, `{
		"kind":"DockerImage","apiVersion":"1.0","Id":"sha256:1","Created":"2026-01-02T03:04:05Z","ContainerConfig":{"Hostname":"h","New":1},
		"Config":{"Env":["A=1","B=2"],"ExposedPorts":{"8080/tcp":{}},"Labels":{"a":"b"},"Healthcheck":{"Test":["CMD"]}},"Size":7,"Os":"linux"}`,
		string(i.DockerImageMetadata.Raw))
}

func TestSetMetadata(t *testing.T) {
	var i Image
	m := &DockerImage{ID: "sha256:1"}
	require.NoError(t, i.SetMetadata(m))
	require.Equal(t, `{"kind":"DockerImage","apiVersion":"image.openshift.io/1.0","Id":"sha256:1","Created":null,"ContainerConfig":{}}`,
		string(i.DockerImageMetadata.Raw))
	require.Empty(t, m.Kind, "the argument is as before")

	before := i
	require.ErrorIs(t, i.SetMetadata(&DockerImage{Created: NewTime(time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC))}), ErrInvalidObject)
	require.Equal(t, before, i)

	require.NoError(t, i.SetMetadata(nil))
	require.Equal(t, Image{}, i)
}

func TestNoMetadata(t *testing.T) {
	for _, text := range []string{`{}`, `{"dockerImageMetadata":null}`} {
		var i Image
		require.NoError(t, json.Unmarshal([]byte(text), &i))
		m, err := i.Metadata()
		require.NoError(t, err)
		require.Nil(t, m)
	}
}

func TestBadMetadata(t *testing.T) {
	for raw, message := range map[string]string{
		`[]`:                   "imagestream: read Image sha256:1: dockerImageMetadata: want an object, got an array",
		`{"Config":{"Env":7}}`: "imagestream: read Image sha256:1: dockerImageMetadata.Config.Env: want an array, got a number",
		`{"Config":`:           "imagestream: read Image sha256:1: dockerImageMetadata: malformed JSON",
		`{}}`:                  "imagestream: read Image sha256:1: dockerImageMetadata: malformed JSON",
		` null `:               "",
	} {
		i := Image{ObjectMeta: ObjectMeta{Name: "sha256:1"}, DockerImageMetadata: RawExtension{Raw: []byte(raw)}}
		m, err := i.Metadata()
		require.Nil(t, m)
		if message == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, ErrInvalidObject)
		require.EqualError(t, err, message)
	}
}
