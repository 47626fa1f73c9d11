package prune_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

// A vector is a cluster, a policy, and the exact sets that a plan deletes where
// only what the peer reads counts.
type vector struct {
	Now     time.Time
	Policy  json.RawMessage
	Objects json.RawMessage
	Expect  struct {
		InvalidReferences int
		IgnoredReferences int
		TagItems          []struct {
			Stream, Tag, Image string
			Index              int
		}
		LayerLinks, ManifestLinks []struct{ Repository, Digest string }
		Blobs, Images             []string
	}
}

func readVector(t *testing.T, file string) vector {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var v vector
	require.NoError(t, json.Unmarshal(text, &v))
	return v
}

// want lists what the vector expects, in the words of deletions.
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

// deletions lists what a plan deletes, sorted.
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

func strictPeer(p prune.Policy) prune.Policy {
	p.PeerReferencesOnly, p.AcceptUnknownImages, p.AbsentTimesAreAncient = true, true, true
	return p
}

func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.json")
	require.NoError(t, err)
	require.Len(t, files, 49)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			v := readVector(t, file)
			var policy prune.Policy
			require.NoError(t, json.Unmarshal(v.Policy, &policy))
			inv, err := dump.Read(bytes.NewReader(v.Objects), &dump.Options{Listed: inventory.Kinds(), ImagesAfterStreams: true, PhaselessPodsFinished: true})
			require.NoError(t, err)

			plan, err := prune.New(inv, strictPeer(policy), v.Now)
			var invalid *prune.InvalidReferencesError
			if errors.As(err, &invalid) {
				plan = invalid.Plan
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, v.want(), deletions(plan))
			require.Len(t, plan.InvalidReferences, v.Expect.InvalidReferences+v.Expect.IgnoredReferences)

			// With all that is known beyond the peer, never more.
			inv, err = dump.Read(bytes.NewReader(v.Objects), &dump.Options{Listed: inventory.Kinds()})
			require.NoError(t, err)
			if plan, err = prune.New(inv, policy, v.Now); err == nil {
				require.Subset(t, v.want(), deletions(plan))
			}
		})
	}
}
