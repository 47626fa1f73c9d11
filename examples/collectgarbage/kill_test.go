//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/internal/volumegen"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// The test binary is also the program that is killed: TestMain runs it with the
// arguments that the environment has, one on each line.
const (
	envKillArgs  = "COLLECTGARBAGE_TEST_ARGS"
	envKillNow   = "COLLECTGARBAGE_TEST_NOW"   // in seconds
	envKillCall  = "COLLECTGARBAGE_TEST_CALL"  // from 1
	envKillAfter = "COLLECTGARBAGE_TEST_AFTER" // "true": once the call has been made
)

func TestMain(m *testing.M) {
	if args := os.Getenv(envKillArgs); args != "" {
		if err := collectAndDie(strings.Split(args, "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// collectAndDie is the program from where it has opened the volume.
func collectAndDie(args []string) error {
	o, err := parseFlags(args)
	if err != nil {
		return err
	}
	now, err := strconv.ParseInt(os.Getenv(envKillNow), 10, 64)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(os.Getenv(envKillCall))
	if err != nil {
		return err
	}
	o.now = func() time.Time { return time.Unix(now, 0) }
	driver, err := filesystem.Open(o.root, filesystem.Options{NoSync: true}) // a death of the process, not of the machine
	if err != nil {
		return err
	}
	deadly := killingDriver(driver, int64(n), os.Getenv(envKillAfter) == "true")
	_, err = collectOn(context.Background(), driver, storage.New(deadly, storage.Options{}), o)
	return err
}

// killingDriver kills the process at the call with the number of those that change
// something, ahead of it or behind it. What is a try of the store's does not count.
func killingDriver(d storage.Driver, n int64, after bool) storage.Driver {
	mutating := []string{"create", "write", "commit", "suspend", "abort", "delete", "move", "resume", "discard"}
	var calls atomic.Int64
	count := func(op, key string) {
		if slices.Contains(mutating, op) && !strings.HasPrefix(key, storage.DefaultProbePrefix) && calls.Add(1) == n {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it has died
		}
	}
	if after {
		return middleware.Observe(d, func(e middleware.Event) { count(e.Op, e.Key) }, middleware.ObserveOptions{})
	}
	return middleware.Faults(d, middleware.Fault{Ops: mutating, Wait: func(_ context.Context, op, key string) error {
		count(op, key)
		return nil
	}})
}

// TestACollectionThatIsKilledAnywhere kills the program at each of its calls that
// change the volume: the run that condemns, and the one that deletes. The same
// run again, and the next, leave what they leave where nobody was killed.
func TestACollectionThatIsKilledAnywhere(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config 1", "base", "v1")
	v.image("shop/web", "config 2", "base", "v1")
	v.image("shop/front", "config 1", "layer 2")
	v.image("shop/front", "config 3", "base", "latest")
	v.blob("shop/layers", "linked and left")
	v.blob("shop/web", "pushed and left")
	v.remove(registrylayout.LayerLinkKey("shop/web", digest.FromString("pushed and left")))
	upload, err := v.layout.StartUpload(t.Context(), "shop/web")
	require.NoError(t, err)
	_, err = upload.Write([]byte("abandoned"))
	require.NoError(t, err)
	require.NoError(t, upload.Suspend(t.Context()))

	condemned := time.Now().Add(48 * time.Hour)
	deleted := condemned.Add(25 * time.Hour)
	args := func(dir string) []string {
		return []string{"--root", dir, "--delete-untagged", "--uploads-older-than", "1h"}
	}
	run := func(dir string, now time.Time) {
		o, err := parseFlags(args(dir))
		require.NoError(t, err)
		o.now = func() time.Time { return now }
		driver, err := filesystem.Open(dir, filesystem.Options{NoSync: true})
		require.NoError(t, err)
		defer driver.Close()
		_, err = collectOn(t.Context(), driver, storage.New(driver, storage.Options{}), o)
		require.NoError(t, err)
	}
	whole := copyOf(t, v.dir)
	resolved := resolvedOn(t, whole)
	require.Len(t, resolved, 2)
	run(whole, condemned)
	second := copyOf(t, whole)
	run(whole, deleted)
	want := content(t, whole)
	require.Less(t, len(want), len(content(t, second)))
	require.Equal(t, resolved, resolvedOn(t, whole))

	for _, first := range []bool{true, false} {
		for _, after := range []bool{false, true} {
			for n := 1; ; n++ {
				when := fmt.Sprintf("the run that condemns: %t, call %d, after it: %t", first, n, after)
				dir, now := copyOf(t, v.dir), condemned
				if !first {
					dir, now = copyOf(t, second), deleted
				}
				if !killed(t, n, after, now, args(dir)...) {
					require.Greater(t, n, 6, when)
					t.Log(when, "was not made")
					break
				}
				require.Equal(t, resolved, resolvedOn(t, dir), when)
				if first {
					run(dir, condemned)
				}
				run(dir, deleted)
				require.Equal(t, want, content(t, dir), when)
			}
		}
	}
}

// killed runs the program and reports whether it was killed.
func killed(t *testing.T, n int, after bool, now time.Time, args ...string) bool {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envKillArgs+"="+strings.Join(args, "\n"), envKillNow+"="+strconv.FormatInt(now.Unix(), 10),
		envKillCall+"="+strconv.Itoa(n), envKillAfter+"="+strconv.FormatBool(after))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	require.Equal(t, -1, cmd.ProcessState.ExitCode(), "%s: %s", err, out)
	return true
}

func copyOf(t *testing.T, from string) string {
	dir := filepath.Join(t.TempDir(), "volume")
	require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, storage.Reserved, "locks")))
	return dir
}

// resolvedOn says what the tags of a volume resolve to. Nothing there refers to what
// is not there.
func resolvedOn(t *testing.T, dir string) map[string][]string {
	d, err := filesystem.Open(dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer d.Close()
	layout := registrylayout.New(storage.New(d, storage.Options{}), registrylayout.Options{})
	found, err := volumegen.Resolved(t.Context(), layout)
	require.NoError(t, err)
	dangling, err := volumegen.Dangling(t.Context(), layout)
	require.NoError(t, err)
	require.Empty(t, dangling)
	return found
}
