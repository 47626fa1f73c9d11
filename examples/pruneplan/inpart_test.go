package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// An Image whose metadata is nonsense does not keep the others from being planned.
func TestImageReadInPart(t *testing.T) {
	text, err := os.ReadFile("testdata/cluster.json")
	require.NoError(t, err)
	whole := pruneplan("", "-o", "json", "testdata/cluster.json")
	require.Zero(t, whole.status, whole.stderr)
	most := whole.plan(t).Summary
	var list struct {
		Kind  string           `json:"kind"`
		Items []map[string]any `json:"items"`
	}
	require.NoError(t, json.Unmarshal(text, &list))
	tried, nonsenses := 0, []any{"x", []any{}, map[string]any{"Id": 5}, map[string]any{"Size": "x"}}
	if testing.Short() {
		nonsenses = nonsenses[2:3]
	}
	for _, object := range list.Items {
		metadata := object["dockerImageMetadata"]
		if object["kind"] != "Image" || metadata == nil {
			continue
		}
		for _, nonsense := range nonsenses {
			object["dockerImageMetadata"] = nonsense
			changed, err := json.Marshal(list)
			require.NoError(t, err)
			r := pruneplan(string(changed), "-o", "json", "-")
			require.Zero(t, r.status, r.stderr)
			require.Regexp(t, `pruneplan: standard input: byte \d+: Image sha256:[0-9a-f]+: dockerImageMetadata[^:]*: want`, r.stderr)
			require.Contains(t, r.stderr, "pruneplan: 1 such fields of Images cannot be read: what these may need stays")
			s := r.plan(t).Summary
			require.Equal(t, most.TagItems, s.TagItems)
			require.Equal(t, most.Images, s.Images, "which goes does not depend on it")
			require.LessOrEqual(t, s.Blobs, most.Blobs)
			tried++
		}
		object["dockerImageMetadata"] = metadata
	}
	require.Greater(t, tried, 5*len(nonsenses))
}
