package registryoracle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/stretchr/testify/require"
)

// A collectProgram is examples/collectgarbage as it is built.
type collectProgram struct {
	*testing.T
	path string
}

func buildProgram(t *testing.T) collectProgram {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	p := collectProgram{t, filepath.Join(t.TempDir(), "collectgarbage.exe")} // Windows asks for the ending
	build := exec.Command("go", "build", "-buildvcs=false", "-o", p.path, "./examples/collectgarbage")
	build.Dir, build.Env = root, append(os.Environ(), "GOWORK=off")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return p
}

// run returns the exit status and what was written.
func (p collectProgram) run(args ...string) (status int, stdout, stderr string) {
	command := exec.CommandContext(p.Context(), p.path, args...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), out.String(), errs.String()
	}
	require.NoError(p, err)
	return 0, out.String(), errs.String()
}

// collected is what the program prints as JSON.
type collected struct {
	Blobs struct {
		Kept, Condemned int
		Deleted         []string
	}
	Links struct {
		Deleted []struct{ Repository, Kind, Digest string }
	}
	Dangling, Uploads []any
	FreedBytes        int64
}

// collect runs the program beside the registry, which must end well.
func (p collectProgram) collect(v *volume) (c collected) {
	status, stdout, stderr := p.run("--root", v.dir, "--online", "--delete-untagged", "--grace", "1ms", "-o", "json")
	require.Zero(p, status, stderr)
	require.Empty(p, stderr)
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	require.NoError(p, d.Decode(&c), stdout)
	require.NotNil(p, c.Dangling)
	require.True(p, slices.IsSorted(c.Blobs.Deleted))
	return c
}

// yesterday is a book in which leases have long run out when they are written.
func yesterday(v *volume) *lease.Book {
	return lease.New(v.store, lease.Options{Now: func() time.Time { return time.Now().Add(-24 * time.Hour) }})
}

// The program runs beside a registry that takes pushes of what was garbage until then.
// All that is pushed stays; all else goes, and the program says of each what it was.
func TestCollectProgramBesidePushes(t *testing.T) {
	p, v := buildProgram(t), newVolume(t)
	server := v.serveLeased(t, lease.New(v.store, lease.Options{}))
	before := v.serveLeased(t, yesterday(v))
	random := rand.New(rand.NewPCG(7, 7))
	var writers []*writer
	for n := range 3 {
		writers = append(writers, writerTo(server, n, random.Uint64()))
	}
	var tags []string
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		old := garbage(t, before, round)
		was := v.sizes(t)
		c := p.collect(v) // takes the manifests and the links away
		require.Empty(t, c.Blobs.Deleted)
		require.Equal(t, len(old)*3, c.Blobs.Condemned)
		require.Len(t, c.Links.Deleted, len(old)*3, "a manifest, a config and a layer")
		require.Zero(t, c.FreedBytes)

		var done sync.WaitGroup
		failed := make([]error, len(writers))
		again := map[string]bool{} // the blobs of what is pushed again
		for n, w := range writers {
			for i := n; i < len(old)/2; i += len(writers) {
				again[string(old[i].digest())] = true
				for _, blob := range old[i].blobs {
					again[string(digest.FromString(blob))] = true
				}
				tags = append(tags, fmt.Sprintf("%s:v%d-%d", w.repository, round, i))
			}
			done.Go(func() {
				for i := n; i < len(old)/2; i += len(writers) {
					push := func() error { return w.push(t.Context(), fmt.Sprintf("v%d-%d", round, i), old[i]) }
					if err := w.toItsEnd(t.Context(), "push", push); err != nil {
						failed[n] = err
					}
				}
			})
		}
		c = p.collect(v)
		done.Wait()
		require.NoError(t, errors.Join(failed...))
		t.Logf("round %d: of %d blobs of garbage %d went", round, len(old)*3, len(c.Blobs.Deleted))
		require.Empty(t, c.Dangling)
		var freed int64
		for _, d := range c.Blobs.Deleted {
			freed += was[d]
		}
		require.Equal(t, freed, c.FreedBytes)
		for _, i := range old[len(old)/2:] {
			require.Contains(t, c.Blobs.Deleted, string(i.digest()))
		}
		// What was in doubt has waited for the next run.
		c = p.collect(v)
		require.Empty(t, c.Dangling)
		for d := range again {
			require.NotContains(t, c.Blobs.Deleted, d)
			require.Contains(t, v.sizes(t), d)
		}
		require.Len(t, v.sizes(t), 3*len(tags))
	}
	for _, w := range writers {
		for tag := range w.tags {
			require.NoError(t, w.pull(t.Context(), tag))
		}
	}
	v.requireServed(t, tags)
}

func writerTo(server *httptest.Server, number int, seed uint64) *writer {
	return &writer{
		url: server.URL, number: number, repository: fmt.Sprintf("shop/web-%d", number), others: []string{"old/app"},
		random: rand.New(rand.NewPCG(seed, 0)), tags: map[string]image{}, did: map[string]int{},
	}
}

// garbage pushes images and untags them.
func garbage(t *testing.T, server *httptest.Server, round int) (old []image) {
	w := writerTo(server, 0, 0)
	w.repository = "old/app"
	for n := range 24 {
		i := imageOf(fmt.Sprintf("%d of round %d", n, round))
		require.NoError(t, w.push(t.Context(), "v1", i))
		old = append(old, i)
	}
	require.NoError(t, w.deleteTag(t.Context(), "v1"))
	return old
}

func (v *volume) sizes(t *testing.T) map[string]int64 {
	sizes := map[string]int64{}
	for b, err := range v.Blobs(t.Context()) {
		require.NoError(t, err)
		sizes[string(b.Digest)] = b.Size
	}
	return sizes
}

// Beside a registry that runs the program refuses what is not safe there, and touches
// nothing.
func TestCollectProgramRefuses(t *testing.T) {
	p, v := buildProgram(t), newVolume(t)
	server := v.serveLeased(t, yesterday(v))
	garbage(t, server, 0)
	w := writerTo(server, 0, 0)
	kept := imageOf("kept")
	require.NoError(t, w.push(t.Context(), "v1", kept))
	w.repository = "shop/broken"
	broken := imageAbout(`,"annotations":{"a":"b"}`, "broken")
	require.NoError(t, w.push(t.Context(), "v1", broken))

	files := v.files(t)
	refused := func(says string, args ...string) {
		t.Helper()
		status, stdout, stderr := p.run(append(args, "--online", "--delete-untagged")...)
		require.Equal(t, 1, status, stdout)
		require.Contains(t, stderr, says)
		require.Equal(t, files, v.files(t))
	}
	refused("--grace 0s", "--root", v.dir, "--grace", "0s")
	refused("no such file", "--root", filepath.Join(v.dir, "nowhere"))
	refused("is no registry", "--root", filepath.Join(v.dir, "docker", "registry"))
	refused("--root is missing")

	// What cannot be read may need anything: also what was condemned waits.
	c := p.collect(v)
	require.NotZero(t, c.Blobs.Condemned)
	d := string(broken.digest())
	key := filepath.Join(v.dir, "docker/registry/v2/blobs/sha256", d[7:9], d[7:], "data")
	require.NoError(t, os.WriteFile(key, []byte("{"), 0o600))
	files = v.files(t)
	refused("nothing is deleted while something cannot be read", "--root", v.dir, "--grace", "1ms")
	require.NoError(t, os.WriteFile(key, broken.raw, 0o600))
	c = p.collect(v)
	require.Len(t, c.Blobs.Deleted, 24*3)
	v.requireServed(t, []string{"shop/web-0:v1", "shop/broken:v1"})
}

// files is every file on the volume but for the driver's own.
func (v *volume) files(t *testing.T) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(v.dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(file, storage.Reserved) {
			return err
		}
		text, err := os.ReadFile(file)
		files[file] = string(text)
		return err
	}))
	return files
}
