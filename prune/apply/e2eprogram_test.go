package apply_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/stretchr/testify/require"
)

// collected is what examples/collectgarbage prints.
type collected struct {
	Blobs struct {
		Kept, Condemned int
		Deleted         []string
	}
	Links      struct{ Deleted []struct{ Kind string } }
	Dangling   []json.RawMessage
	FreedBytes int64
}

// collector builds examples/collectgarbage, and returns a function that runs it on the
// volume.
func (w *e2eWorld) collector() func(status int, flags ...string) collected {
	w.t.Helper()
	program := filepath.Join(w.t.TempDir(), "collectgarbage")
	w.program("go", "build", "-o", program, "../../examples/collectgarbage")
	return func(status int, flags ...string) (c collected) {
		w.t.Helper()
		cmd := exec.CommandContext(w.t.Context(), program, append(flags, "--root", w.Dir, "-o", "json")...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			w.t.Fatal(err)
		}
		require.Equal(w.t, status, cmd.ProcessState.ExitCode(), "%s", stderr.String())
		if status != 0 {
			require.Empty(w.t, out)
			require.NotEmpty(w.t, stderr.String())
			return c
		}
		require.Empty(w.t, stderr.String())
		require.NoError(w.t, json.Unmarshal(out, &c), "%s", out)
		require.Empty(w.t, c.Dangling)
		for _, l := range c.Links.Deleted {
			require.Equal(w.t, "tag", l.Kind, "what tags were is all that the plan left of links")
		}
		return c
	}
}

// TestEndToEndCollectsGarbage: Debian's registry deletes no blobs. The program does what a
// plan left: it only condemns while the registry runs, and deletes once that is stopped,
// but for what a push took up again in between.
func TestEndToEndCollectsGarbage(t *testing.T) {
	c := newE2ECluster(t)
	plan := c.plan()
	report := c.carryOut(plan, c.ends(), apply.Options{})
	require.Equal(t, plan.Summary.Blobs, report.Count(prune.DeleteBlob, apply.Unsupported), report)
	require.Zero(t, report.FreedBytes)
	var doomed []string
	for a := range plan.Actions() {
		if a.Kind == prune.DeleteBlob {
			doomed = append(doomed, a.Digest)
		}
	}
	slices.Sort(doomed)
	files, blobs := c.snapshot(), c.blobs()
	collect := c.collector()

	collect(1, "--online", "--grace", "0s")
	require.Equal(t, files, c.snapshot(), "it refuses to delete at once while pushes go on")
	out := collect(0, "--grace", "0s", "--dry-run")
	require.Equal(t, doomed, out.Blobs.Deleted)
	require.Equal(t, files, c.snapshot(), "a dry run changes nothing")
	out = collect(0, "--online")
	require.Equal(t, len(doomed), out.Blobs.Condemned)
	require.Equal(t, len(blobs), out.Blobs.Kept)
	require.Zero(t, out.FreedBytes)
	require.Equal(t, blobs, c.blobs())

	again := c.dropped
	c.push("dev/again:v1", again)
	c.Stop()
	blobs = c.blobs()
	out = collect(0, "--grace", "0s")
	needed := c.blobsOf(again)
	doomed = slices.DeleteFunc(doomed, func(d string) bool { return slices.Contains(needed, d) })
	require.Equal(t, doomed, out.Blobs.Deleted)
	require.Equal(t, len(blobs)-len(doomed), out.Blobs.Kept)
	require.Positive(t, out.FreedBytes)
	require.Equal(t, out.FreedBytes, total(blobs)-total(c.blobs()))
	require.Zero(t, c.check())
	require.Empty(t, collect(0, "--grace", "0s").Blobs.Deleted)

	c.Start()
	c.requireItemsPulled(3)
	c.requireLinksGone(plan)
	c.requirePulled("dev/again:v1", c.digest(again))
}
