package imagestream

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// The codec against encoding/json on types of the same fields that keep nothing
// unknown: what keeping costs.

type plainMeta struct {
	Name              string            `json:"name,omitempty"`
	Namespace         string            `json:"namespace,omitempty"`
	UID               string            `json:"uid,omitempty"`
	ResourceVersion   string            `json:"resourceVersion,omitempty"`
	Generation        int64             `json:"generation,omitempty"`
	CreationTimestamp Time              `json:"creationTimestamp,omitzero"`
	Annotations       map[string]string `json:"annotations,omitempty"`
}

type plainEvent struct {
	Created              Time   `json:"created"`
	DockerImageReference string `json:"dockerImageReference"`
	Image                string `json:"image"`
	Generation           int64  `json:"generation"`
}

type plainStream struct {
	Kind       string    `json:"kind,omitempty"`
	APIVersion string    `json:"apiVersion,omitempty"`
	Metadata   plainMeta `json:"metadata"`
	Spec       struct {
		LookupPolicy struct {
			Local bool `json:"local"`
		} `json:"lookupPolicy"`
		Tags []struct {
			Name        string            `json:"name"`
			Annotations map[string]string `json:"annotations"`
			From        *struct {
				Kind string `json:"kind,omitempty"`
				Name string `json:"name,omitempty"`
			} `json:"from,omitempty"`
			Generation      *int64   `json:"generation"`
			ImportPolicy    struct{} `json:"importPolicy"`
			ReferencePolicy struct {
				Type string `json:"type"`
			} `json:"referencePolicy"`
		} `json:"tags,omitempty"`
	} `json:"spec"`
	Status struct {
		DockerImageRepository string `json:"dockerImageRepository"`
		Tags                  []struct {
			Tag   string       `json:"tag"`
			Items []plainEvent `json:"items"`
		} `json:"tags,omitempty"`
	} `json:"status"`
}

func benchmarkStream(b *testing.B) []byte {
	var s ImageStream
	require.NoError(b, json.Unmarshal(realStreams(b)["nodejs-rhel.json"], &s))
	for _, tag := range s.Spec.Tags {
		list := NamedTagEventList{Tag: tag.Name}
		for i := range 5 {
			list.Items = append(list.Items, TagEvent{
				Created: s.CreationTimestamp, DockerImageReference: "registry.example.com/shop/web@" + sha, Image: sha, Generation: int64(i),
			})
		}
		s.Status.Tags = append(s.Status.Tags, list)
	}
	data, err := json.Marshal(s)
	require.NoError(b, err)
	return data
}

func benchmarkRead[T any](b *testing.B, data []byte) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		var v T
		if err := json.Unmarshal(data, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkWrite[T any](b *testing.B, data []byte) {
	var v T
	require.NoError(b, json.Unmarshal(data, &v))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(&v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	data := benchmarkStream(b)
	b.Run("ImageStream", func(b *testing.B) { benchmarkRead[ImageStream](b, data) })
	b.Run("plain", func(b *testing.B) { benchmarkRead[plainStream](b, data) })
}

func BenchmarkWrite(b *testing.B) {
	data := benchmarkStream(b)
	b.Run("ImageStream", func(b *testing.B) { benchmarkWrite[ImageStream](b, data) })
	b.Run("plain", func(b *testing.B) { benchmarkWrite[plainStream](b, data) })
}
