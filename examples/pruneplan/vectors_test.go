package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
)

// A vector is a case of the peer's behaviour, from package prune's tests.
type vector struct {
	Now     string
	Policy  knobs
	Objects json.RawMessage
	Expect  struct {
		InvalidReferences, IgnoredReferences int
		TagItems                             []struct {
			Stream, Tag, Image string
			Index              int
		}
		LayerLinks, ManifestLinks []struct{ Repository, Digest string }
		Blobs, Images             []string
	}
}

type knobs struct {
	KeepYoungerThan                                                 *string
	KeepTagRevisions                                                *int
	PruneOverSizeLimit, AllImages, PruneRegistry, IgnoreInvalidRefs bool
	Namespace                                                       string
}

// flags are what sets the knobs.
func (k *knobs) flags() []string {
	args := []string{
		fmt.Sprintf("--prune-over-size-limit=%t", k.PruneOverSizeLimit), fmt.Sprintf("--all=%t", k.AllImages),
		fmt.Sprintf("--prune-registry=%t", k.PruneRegistry), fmt.Sprintf("--ignore-invalid-refs=%t", k.IgnoreInvalidRefs),
	}
	if k.KeepYoungerThan != nil {
		args = append(args, "--keep-younger-than", *k.KeepYoungerThan)
	}
	if k.KeepTagRevisions != nil {
		args = append(args, fmt.Sprintf("--keep-tag-revisions=%d", *k.KeepTagRevisions))
	}
	if k.Namespace != "" {
		args = append(args, "-n", k.Namespace)
	}
	return args
}

func (v *vector) want() []string {
	var list []string
	for _, i := range v.Expect.TagItems {
		list = append(list, fmt.Sprintf("item %s:%s#%d %s", i.Stream, i.Tag, i.Index, i.Image))
	}
	for _, l := range v.Expect.LayerLinks {
		list = append(list, "layer link "+l.Repository+" "+l.Digest)
	}
	for _, l := range v.Expect.ManifestLinks {
		list = append(list, "manifest link "+l.Repository+" "+l.Digest)
	}
	for _, b := range v.Expect.Blobs {
		list = append(list, "blob "+b)
	}
	for _, i := range v.Expect.Images {
		list = append(list, "image "+i)
	}
	slices.Sort(list)
	return list
}

// deletions lists what a plan deletes as want does.
func deletions(plan *prune.Plan) []string {
	var list []string
	for a := range plan.Actions() {
		switch a.Kind {
		case prune.DeleteTagItem:
			list = append(list, fmt.Sprintf("item %s:%s#%d %s", a.Stream, a.Tag, a.Index, a.Image))
		case prune.DeleteLayerLink:
			list = append(list, "layer link "+a.Repository+" "+a.Digest)
		case prune.DeleteManifestLink:
			list = append(list, "manifest link "+a.Repository+" "+a.Digest)
		case prune.DeleteBlob:
			list = append(list, "blob "+a.Digest)
		case prune.DeleteImage:
			list = append(list, "image "+a.Image)
		}
	}
	slices.Sort(list)
	return list
}

// The vectors of package prune, through flags and JSON.
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
			args := append(v.Policy.flags(), "--now", v.Now, "-o", "json")

			r := pruneplan(string(v.Objects), append(args, "--strict-peer")...)
			status := planned
			if v.Expect.InvalidReferences > 0 {
				status = invalidReferences
			}
			require.Equal(t, status, r.status, r.stderr)
			plan := r.plan(t)
			require.Equal(t, v.want(), deletions(plan))
			require.Len(t, plan.InvalidReferences, v.Expect.InvalidReferences+v.Expect.IgnoredReferences)

			// Without --strict-peer never more; without the kinds, less still.
			all := deletions(pruneplan(string(v.Objects), append(args, "--listed", "all")...).plan(t))
			require.Subset(t, v.want(), all)
			require.Subset(t, all, deletions(pruneplan(string(v.Objects), args...).plan(t)))
		})
	}
}
