package imagestream

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What github.com/openshift/api (of August 2026, with apimachinery 0.36) writes
// for zero values.
func TestZeroValuesEncodeAsUpstream(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{Image{}, `{"metadata":{},"dockerImageMetadata":null}`},
		{ImageLayer{}, `{"name":"","size":0,"mediaType":""}`},
		{ImageManifest{}, `{"digest":"","mediaType":"","manifestSize":0,"architecture":"","os":""}`},
		{
			ImageSignature{Conditions: []SignatureCondition{{}}, IssuedBy: &SignatureIssuer{}, IssuedTo: &SignatureSubject{}},
			`{"metadata":{},"type":"","content":null,"conditions":[{"type":"","status":"","lastProbeTime":null,"lastTransitionTime":null}],"issuedBy":{},"issuedTo":{"publicKeyID":""}}`,
		},
		{ImageStream{}, `{"metadata":{},"spec":{"lookupPolicy":{"local":false}},"status":{"dockerImageRepository":""}}`},
		{TagReference{}, `{"name":"","annotations":null,"generation":null,"importPolicy":{},"referencePolicy":{"type":""}}`},
		{NamedTagEventList{}, `{"tag":"","items":null}`},
		{TagEvent{}, `{"created":null,"dockerImageReference":"","image":"","generation":0}`},
		{TagEventCondition{}, `{"type":"","status":"","lastTransitionTime":null,"generation":0}`},
		{ImageStreamImport{}, `{"metadata":{},"spec":{"import":false},"status":{}}`},
		{ImageImportSpec{}, `{"from":{},"importPolicy":{},"referencePolicy":{"type":""}}`},
		{ImageImportStatus{}, `{"status":{"metadata":{}}}`},
		{ImageStreamMapping{}, `{"metadata":{},"image":{"metadata":{},"dockerImageMetadata":null},"tag":""}`},
		{ImageStreamTag{}, `{"metadata":{},"tag":null,"generation":0,"lookupPolicy":{"local":false},"image":{"metadata":{},"dockerImageMetadata":null}}`},
		{ImageTag{}, `{"metadata":{},"spec":null,"status":null,"image":null}`},
		{ImageStreamImage{}, `{"metadata":{},"image":{"metadata":{},"dockerImageMetadata":null}}`},
		{
			ImageStreamLayers{Blobs: map[string]ImageLayerData{"b": {}}, Images: map[string]ImageBlobReferences{"i": {}}},
			`{"metadata":{},"blobs":{"b":{"size":null,"mediaType":""}},"images":{"i":{"imageMissing":false,"layers":null,"config":null}}}`,
		},
		{DockerImageReference{}, `{"Registry":"","Namespace":"","Name":"","Tag":"","ID":""}`},
		{DockerImage{}, `{"Id":"","Created":null,"ContainerConfig":{}}`},
		{Time{}, `null`},
		{NewTime(time.Date(2026, 1, 2, 3, 4, 5, 999, time.FixedZone("", 3600))), `"2026-01-02T02:04:05Z"`},
	} {
		got, err := json.Marshal(c.value)
		require.NoError(t, err)
		require.Equal(t, c.want, string(got), "%T", c.value)
	}
}

func TestBothSpellingsOfNoCreationTimestampRead(t *testing.T) {
	for _, text := range []string{`{"metadata":{}}`, `{"metadata":{"creationTimestamp":null}}`} {
		var s ImageStream
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		require.Equal(t, ImageStream{}, s)
	}
}
