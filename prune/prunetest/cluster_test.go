package prunetest_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune/dump"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// The three forms of a cluster say the same.
func TestJSONGivesTheInventory(t *testing.T) {
	for seed := range uint64(100) {
		c := prunetest.Random(seed)
		want := c.Inventory()
		got, err := dump.Read(bytes.NewReader(c.JSON()), &dump.Options{
			Listed: c.Listed(), Labels: []string{"stage", "team"}, ImagesAfterStreams: want.ImagesAfterStreams(),
		})
		require.NoError(t, err)
		require.Equal(t, want.Evidence(), got.Evidence(), "seed %d", seed)
		require.Equal(t, want.Images(), got.Images())
		for i := range want.Images() {
			a, b := want.Image(i), got.Image(i)
			a.Pulled = b.Pulled // which the API does not tell
			require.Equal(t, want.DigestText(a.Digest), got.DigestText(b.Digest))
			require.Equal(t, want.DigestText(a.Config), got.DigestText(b.Config))
			require.Equal(t, want.DigestText(a.Subject), got.DigestText(b.Subject))
			require.Equal(t, want.Size(a.Config), got.Size(b.Config))
			a.Digest, a.Config, a.Subject, a.Layers, a.Children = b.Digest, b.Config, b.Subject, b.Layers, b.Children
			require.Equal(t, a, b, "seed %d", seed)
		}
		require.Equal(t, want.Items(), got.Items())
		require.Equal(t, want.Uses(), got.Uses())
	}
}

func TestSameFingerprint(t *testing.T) {
	c := small()
	got, err := dump.Read(bytes.NewReader(c.JSON()), &dump.Options{Listed: c.Listed(), AllLabels: true})
	require.NoError(t, err)
	require.Equal(t, c.Inventory().Fingerprint(), got.Fingerprint())
}

func small() *prunetest.Cluster {
	c := prunetest.NewCluster(prunetest.Options{Seed: 7})
	app := c.Stream("dev/app")
	base := app.Push("latest", c.Image(), 48*time.Hour)
	app.Push("latest", c.ImageOn(base), 2*time.Hour)
	index := app.Push("multi", c.Index(), time.Hour)
	app.Push(index.SignatureTag(), c.Signature(index), time.Hour)
	c.Stream("test/app").TagFrom("latest", app, base, time.Minute)
	app.Refer("alias", "docker.io/library/busybox:1", time.Hour)
	for n, kind := range inventory.WorkloadKinds() {
		c.Workload(kind, "dev/w"+string(rune('a'+n)), app.Tag("latest"))
	}
	c.Deployment("test/web", app.Digest(base))
	c.Limit("dev", 1<<20)
	return c
}

func TestDeterministic(t *testing.T) {
	require.Equal(t, small().JSON(), small().JSON())
	require.Equal(t, prunetest.Random(5).JSON(), prunetest.Random(5).JSON())
	require.NotEqual(t, prunetest.Random(5).JSON(), prunetest.Random(6).JSON())
	require.Equal(t, small().Inventory().Fingerprint(), small().Inventory().Fingerprint())
}

func TestTypedObjects(t *testing.T) {
	c := small()
	var list struct{ Items []json.RawMessage }
	require.NoError(t, json.Unmarshal(c.JSON(), &list))
	byName := map[string]string{}
	for _, raw := range list.Items {
		var o struct {
			Kind     string
			Metadata struct{ Namespace, Name string }
		}
		require.NoError(t, json.Unmarshal(raw, &o))
		byName[o.Kind+" "+o.Metadata.Namespace+"/"+o.Metadata.Name] = string(raw)
	}
	for _, i := range c.Images() {
		text, err := json.Marshal(i)
		require.NoError(t, err)
		require.JSONEq(t, byName["Image /"+i.Name], string(text))
		_, err = i.Metadata()
		require.NoError(t, err)
	}
	require.Len(t, c.ImageStreams(), 2)
	app := c.ImageStreams()[0]
	require.Equal(t, prunetest.DefaultRegistry+"/dev/app", app.Status.DockerImageRepository)
	require.Equal(t, []string{"alias", "latest", "multi"}, tagNames(app)[:3])
	latest := app.Status.Tags[1].Items
	require.True(t, latest[0].Created.After(latest[1].Created.Time), "newest first")
	require.Equal(t, []int64{2, 1}, []int64{latest[0].Generation, latest[1].Generation})
}

func tagNames(s imagestream.ImageStream) (names []string) {
	for _, t := range s.Status.Tags {
		names = append(names, t.Tag)
	}
	return names
}

func TestHistoryOrder(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	middle := app.Push("latest", c.Image(), time.Hour)
	old := app.Push("latest", c.Image(), 2*time.Hour)
	newest := app.Push("latest", c.Image(), time.Hour)
	var got []string
	for _, item := range c.ImageStreams()[0].Status.Tags[0].Items {
		got = append(got, item.Image)
	}
	require.Equal(t, []string{newest.Digest(), middle.Digest(), old.Digest()}, got)
}

func TestSharedLayers(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{Seed: 1})
	base := c.Image()
	derived := c.ImageOn(base)
	require.Greater(t, len(derived.Layers()), len(base.Layers()))
	require.Equal(t, base.Layers(), derived.Layers()[:len(base.Layers())])
	require.NotEqual(t, base.Config(), derived.Config())
	index := c.Index(base, derived)
	require.Equal(t, []*prunetest.Image{base, derived}, index.Children())
	require.Empty(t, index.Config())
}

// An image is as old as its first push, and so is what an index owns.
func TestCreated(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	index := app.Push("latest", c.Index(), time.Hour)
	app.Push("stable", index, 3*time.Hour)
	lost := c.Image()
	set := c.Image()
	set.Created = c.Now().Add(-time.Minute)
	created := map[string]time.Duration{}
	for _, i := range c.Images() {
		created[i.Name] = c.Now().Sub(i.CreationTimestamp.Time)
	}
	require.Equal(t, 3*time.Hour, created[index.Digest()])
	require.Equal(t, 3*time.Hour, created[index.Children()[0].Digest()])
	require.Equal(t, 30*24*time.Hour, created[lost.Digest()])
	require.Equal(t, time.Minute, created[set.Digest()])
	require.Equal(t, c.Now().Add(-90*24*time.Hour), c.ImageStreams()[0].CreationTimestamp.Time)
}

func TestEvidence(t *testing.T) {
	c := small()
	c.NotListed(inventory.KindPod)
	c.Incomplete(inventory.KindJob)
	c.ImagesFirst()
	inv := c.Inventory()
	require.False(t, inv.Complete(inventory.KindPod))
	require.False(t, inv.Complete(inventory.KindJob))
	require.True(t, inv.Complete(inventory.KindDeployment))
	require.False(t, inv.ImagesAfterStreams())
	for _, e := range inv.Evidence() {
		switch e.Kind {
		case inventory.KindPod:
			require.Zero(t, e.Count)
		case inventory.KindJob:
			require.True(t, e.Listed)
			require.Equal(t, 1, e.Count)
		}
	}
	read, err := dump.Read(bytes.NewReader(c.JSON()), &dump.Options{Listed: c.Listed()})
	require.NoError(t, err)
	require.Equal(t, inv.Evidence(), read.Evidence())
	require.False(t, read.ImagesAfterStreams())
}

func TestMistakesPanic(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	for name, mistake := range map[string]func(){
		"no namespace":         func() { c.Stream("app") },
		"a pull spec":          func() { c.Stream("registry:5000/dev/app") },
		"no tag":               func() { c.Stream("dev/app").Push("", c.Image(), 0) },
		"a digest for a tag":   func() { c.Stream("dev/app").Push("sha256:0", c.Image(), 0) },
		"not a workload":       func() { c.Workload("Service", "dev/web") },
		"two of a name":        func() { c.Pod("dev/web"); c.Pod("dev/web") },
		"a limit below 0":      func() { c.Limit("dev", -1) },
		"no evidence":          func() { c.NotListed("Service") },
		"a build from nothing": func() { c.Workload(inventory.KindBuild, "dev/b"); c.JSON() },
	} {
		require.Panics(t, mistake, name)
	}
}
