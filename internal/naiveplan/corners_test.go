package naiveplan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/naiveplan"
	"github.com/registrykit/registrykit/prune"
)

// Indexes that own each other in circles, as no digest function allows but any
// text can say, are ordered by themselves, not by where they stand in the dump.
func TestCirclesHaveOneOrder(t *testing.T) {
	age, revisions := time.Duration(0), 0
	knobs := naiveplan.Knobs{Strict: true, KeepYoungerThan: &age, KeepTagRevisions: &revisions, AllImages: true, PruneRegistry: true}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		g := newGenerator(r, age, true)
		var objects []obj
		for _, d := range g.manifests {
			index := obj{
				"apiVersion": "image.openshift.io/v1", "kind": "Image", "metadata": obj{"name": d},
				"dockerImageManifestMediaType": mediaTypes[2], "dockerImageManifests": g.children(),
			}
			objects = append(objects, index)
		}
		requireNoOrder(t, seed, r, objects, knobs)
	}
}

// What the rules say of an age holds to the nanosecond, or else keeps.
func TestNanoseconds(t *testing.T) {
	age, revisions := time.Hour, 0
	knobs := naiveplan.Knobs{Strict: true, KeepYoungerThan: &age, KeepTagRevisions: &revisions}
	const nanoseconds = "2026-11-01T11:00:00.000000%03dZ"
	for created := range 10 {
		text := fmt.Sprintf(nanoseconds, created*100)
		objects := []obj{{
			"kind": "ImageStream", "metadata": obj{"namespace": "a", "name": "a", "creationTimestamp": "2020-01-01T00:00:00Z"},
			"status": obj{"tags": []obj{{"tag": "v1", "items": []obj{{"image": "sha256:" + strings.Repeat("a", 64), "created": text}}}}},
		}}
		for at := range 10 {
			now := now.Add(time.Duration(at * 100))
			sets, err := naiveplan.Plan(decoded(t, objects), knobs, now)
			require.NoError(t, err)
			inv, err := inventoryOf(t, objects, knobs)
			require.NoError(t, err)
			plan, err := prune.New(inv, policyOf(t, knobs), now)
			require.NoError(t, err)
			require.LessOrEqual(t, plan.Summary.TagItems, len(sets.TagItems), "created %s, planned at %s", text, now)
		}
	}
}
