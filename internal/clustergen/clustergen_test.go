package clustergen_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/clustergen"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
)

func write(t *testing.T, o clustergen.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, o.Write(&b))
	return b.Bytes()
}

// Published figures name a number of images and a seed, so a dump must not
// change unless they do.
func TestSameBytesForEver(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, clustergen.Write(&b, 100, 1))
	sum := sha256.Sum256(b.Bytes())
	require.Equal(t, "87ce2269463c504b82c1c855770b72a7fcddc9d726887472e63cfa8add7b1b59", hex.EncodeToString(sum[:]))
}

// Objects are the same whatever they are written like.
func TestLayouts(t *testing.T) {
	plain := clustergen.Options{Images: 200, Seed: 7}
	text := write(t, plain)
	var tree any
	require.NoError(t, json.Unmarshal(text, &tree))
	sorted, err := json.Marshal(tree)
	require.NoError(t, err)
	require.Equal(t, string(sorted)+"\n", string(text), "compact, with sorted keys")

	indented := plain
	indented.Indent = true
	var lines bytes.Buffer
	require.NoError(t, json.Indent(&lines, text, "", "    "))
	require.Equal(t, lines.String(), string(write(t, indented)))

	kindFirst := plain
	kindFirst.KindFirst = true
	require.JSONEq(t, string(text), string(write(t, kindFirst)))
	require.NotEqual(t, text, write(t, kindFirst))
}

func TestShape(t *testing.T) {
	var list struct {
		Items []struct {
			Kind              string
			DockerImageLayers []struct{ Name string }
		}
	}
	var raw struct{ Items []json.RawMessage }
	text := write(t, clustergen.Options{Images: 1000, Seed: 1, PodBytes: 10000})
	require.NoError(t, json.Unmarshal(text, &list))
	require.NoError(t, json.Unmarshal(text, &raw))
	count, bytesOf, layers := map[string]int{}, map[string]int{}, map[string]int{}
	for i, item := range list.Items {
		count[item.Kind]++
		bytesOf[item.Kind] += len(raw.Items[i])
		for _, l := range item.DockerImageLayers {
			layers[l.Name]++
		}
	}
	require.Equal(t, 1000, count["Image"])
	require.Equal(t, 84, count["ImageStream"])
	require.InDelta(t, 0.55*84, count["Pod"], 25)
	require.InDelta(t, 0.55*84, count["Deployment"], 25)
	require.InDelta(t, 5600, bytesOf["Image"]/1000, 400)
	require.InDelta(t, 10000, bytesOf["Pod"]/count["Pod"], 500)
	require.Len(t, layers, 5*20+3*1000, "five layers of each base, three of each image's own")
}

func TestAnyNumberOfImages(t *testing.T) {
	for n := range 30 {
		inv, err := dump.Read(bytes.NewReader(write(t, clustergen.Options{Images: n, Seed: 3})), nil)
		require.NoError(t, err)
		require.Equal(t, n, inv.Images())
		require.Equal(t, (n+11)/12, inv.Streams())
	}
}

// What a dump is for: about a quarter of its images goes.
func TestPlan(t *testing.T) {
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(t, err)
	for seed := range uint64(2) {
		text := write(t, clustergen.Options{Images: 3000, Seed: seed})
		inv, err := dump.Read(bytes.NewReader(text), &dump.Options{Listed: inventory.Kinds()})
		require.NoError(t, err)
		require.True(t, inv.ImagesAfterStreams())
		require.Equal(t, 3000, inv.Images())
		plan, err := prune.New(inv, policy, clustergen.Now())
		require.NoError(t, err)
		s := plan.Summary
		require.InDelta(t, 0.155*3000, s.TagItems, 0.03*3000)
		require.InDelta(t, 0.265*3000, s.Images, 0.03*3000)
		require.InDelta(t, 5*s.Images, s.Blobs, 20, "manifest, config and three layers each")
	}
}

func TestWriteError(t *testing.T) {
	r, w := io.Pipe()
	full := errors.New("the disk is full")
	r.CloseWithError(full)
	require.ErrorIs(t, clustergen.Write(w, 10, 1), full)
}

func BenchmarkWrite(b *testing.B) {
	var n counter
	for b.Loop() {
		n = 0
		_ = clustergen.Write(&n, 10_000, 1)
	}
	b.SetBytes(int64(n))
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
