package naiveplan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/naiveplan"
)

// A vector's knobs have the names of the fields of naiveplan.Knobs, and its
// expectations those of naiveplan.Sets, but for the duration, which is text.
type vector struct {
	Now     time.Time
	Policy  map[string]any
	Objects struct{ Items []map[string]any }
	Expect  naiveplan.Sets
}

func (v *vector) knobs(t *testing.T) naiveplan.Knobs {
	t.Helper()
	knobs := naiveplan.Knobs{Strict: true}
	if s, ok := v.Policy["keepYoungerThan"].(string); ok {
		d, err := time.ParseDuration(s)
		require.NoError(t, err)
		knobs.KeepYoungerThan = &d
		delete(v.Policy, "keepYoungerThan")
	}
	text, err := json.Marshal(v.Policy)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &knobs))
	return knobs
}

func TestVectors(t *testing.T) {
	files, err := filepath.Glob("../../prune/testdata/vectors/*.json")
	require.NoError(t, err)
	require.Len(t, files, 49)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var v vector
			require.NoError(t, json.Unmarshal(text, &v))

			got, err := naiveplan.Plan(v.Objects.Items, v.knobs(t), v.Now)
			require.NoError(t, err)
			require.Equal(t, lines(v.Expect), lines(got))
		})
	}
}
