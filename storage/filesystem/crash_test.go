//go:build unix

package filesystem

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/storage"
)

// The test binary is also the program that is killed: TestMain runs what the
// environment asks for.
const (
	envScene = "STORAGE_TEST_SCENE"
	envDir   = "STORAGE_TEST_DIR"
	envStep  = "STORAGE_TEST_STEP"
)

func TestMain(m *testing.M) {
	if scene := os.Getenv(envScene); scene != "" {
		if err := play(scene, os.Getenv(envDir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const (
	objectKey = "docker/registry/v2/blobs/sha256/ab/data"
	otherKey  = "docker/registry/v2/uploads/some/data"
)

var (
	oldData = strings.Repeat("old ", 10_000)
	newData = strings.Repeat("new! ", 12_000)
)

// scenes are what a process does when it is killed. Each starts on a tree that
// before has prepared, and leaves the object old or new, or one of both keys.
var scenes = map[string]struct {
	old  bool // there is an object already
	move bool // there is one to be moved
	run  func(ctx context.Context, d *Driver) error
}{
	"create": {run: func(ctx context.Context, d *Driver) error { return write(ctx, d, storage.CreateOptions{}) }},
	"if absent": {run: func(ctx context.Context, d *Driver) error {
		return write(ctx, d, storage.CreateOptions{IfAbsent: true})
	}},
	"replace": {old: true, run: func(ctx context.Context, d *Driver) error { return write(ctx, d, storage.CreateOptions{}) }},
	"replace a version": {old: true, run: func(ctx context.Context, d *Driver) error {
		info, err := d.Stat(ctx, objectKey)
		if err != nil {
			return err
		}
		return write(ctx, d, storage.CreateOptions{IfVersion: info.Version})
	}},
	"resumable": {old: true, run: func(ctx context.Context, d *Driver) error {
		return write(ctx, d, storage.CreateOptions{Resumable: true})
	}},
	"suspend and resume": {run: func(ctx context.Context, d *Driver) error {
		u, err := d.Create(ctx, objectKey, storage.CreateOptions{Resumable: true})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(u, newData[:20_000]); err != nil {
			return err
		}
		if err := u.Suspend(ctx); err != nil {
			return err
		}
		u, err = d.Resume(ctx, objectKey, u.ID(), storage.CreateOptions{IfAbsent: true})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(u, newData[20_000:]); err != nil {
			return err
		}
		_, err = u.Commit(ctx)
		return err
	}},
	"abort": {old: true, run: func(ctx context.Context, d *Driver) error {
		u, err := d.Create(ctx, objectKey, storage.CreateOptions{Resumable: true})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(u, newData); err != nil {
			return err
		}
		return u.Abort(ctx)
	}},
	"no hard links": {run: func(ctx context.Context, d *Driver) error {
		d.link = func(string, string) error { return &os.LinkError{Err: errNoLinks} }
		return write(ctx, d, storage.CreateOptions{IfAbsent: true})
	}},
	"move": {old: true, move: true, run: func(ctx context.Context, d *Driver) error {
		_, err := d.Move(ctx, otherKey, objectKey, storage.MoveOptions{})
		return err
	}},
	"move if absent": {move: true, run: func(ctx context.Context, d *Driver) error {
		_, err := d.Move(ctx, otherKey, objectKey, storage.MoveOptions{IfAbsent: true})
		return err
	}},
	"delete": {old: true, run: func(ctx context.Context, d *Driver) error {
		return d.Delete(ctx, objectKey, storage.DeleteOptions{})
	}},
}

func write(ctx context.Context, d *Driver, o storage.CreateOptions) error {
	u, err := d.Create(ctx, objectKey, o)
	if err != nil {
		return err
	}
	half := len(newData) / 2
	for _, part := range []string{newData[:half], newData[half:]} {
		if _, err := io.WriteString(u, part); err != nil {
			return err
		}
	}
	_, err = u.Commit(ctx)
	return err
}

// play runs a scene and kills the process before the step with the given number.
// What it prints are the steps.
func play(scene, dir string) error {
	if scene == raceScene {
		return race(dir)
	}
	d, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	last, err := strconv.Atoi(os.Getenv(envStep))
	if err != nil {
		return err
	}
	n := 0
	d.step = func(name string) {
		if n == last {
			self, _ := os.FindProcess(os.Getpid())
			self.Kill()
			select {} // until it has died
		}
		n++
		fmt.Println(name)
	}
	return scenes[scene].run(context.Background(), d)
}

// TestKilledAtEveryStep kills a process before each step of each scene, and then
// looks at what is there.
func TestKilledAtEveryStep(t *testing.T) {
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for step := 0; ; step++ {
				dir := t.TempDir()
				d, err := Open(dir, Options{NoSync: true})
				require.NoError(t, err)
				if scene.old {
					put(t, d, objectKey, oldData)
				}
				if scene.move {
					put(t, d, otherKey, newData)
				}
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), envScene+"="+name, envDir+"="+dir, envStep+"="+strconv.Itoa(step))
				cmd.Stderr = os.Stderr
				out, err := cmd.Output()
				steps := strings.Split(strings.TrimSpace(string(out)), "\n")
				if err == nil {
					require.Greater(t, step, 1, "nothing was killed: %q", steps)
					checkAfter(t, d, name, "the end")
					return
				}
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit)
				require.Equal(t, -1, exit.ExitCode(), "it should have been killed after %q", steps)
				checkAfter(t, d, name, "after "+strings.Join(steps, ", "))
			}
		})
	}
}

// checkAfter is what the next process finds, and what its clean-up leaves.
func checkAfter(t *testing.T, d *Driver, name, when string) {
	t.Helper()
	defer d.Close()
	scene := scenes[name]
	got := read(t, d, objectKey)
	allowed := []string{newData, ""}
	switch {
	case name == "delete":
		allowed = []string{oldData, ""}
	case scene.old:
		allowed = []string{newData, oldData}
	}
	require.True(t, slices.Contains(allowed, got), "%s: %d bytes are there", when, len(got))
	other := read(t, d, otherKey)
	if scene.move {
		require.True(t, other == newData || other == "" && got == newData, "%s: what was to be moved is gone", when)
		if other != "" {
			_, err := d.Move(t.Context(), otherKey, objectKey, storage.MoveOptions{IfAbsent: !scene.old})
			require.NoError(t, err, "%s: the move again", when)
			require.Equal(t, newData, read(t, d, objectKey))
		}
	}
	// An upload that can be resumed is offered, with what was written.
	for u, err := range d.Uploads(t.Context(), "") {
		require.NoError(t, err)
		require.False(t, u.Active, when)
		if u.Resumable {
			again, err := d.Resume(t.Context(), u.Key, u.ID, storage.CreateOptions{})
			require.NoError(t, err, when)
			require.Equal(t, u.Size, again.Size())
			require.NoError(t, again.Suspend(t.Context()))
		}
	}
	before := read(t, d, objectKey)
	_, _, err := d.CleanUp(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err, when)
	require.Equal(t, before, read(t, d, objectKey), "%s: the clean-up changes the object", when)
	if before != "" { // a write into a leftover would be a write into the object
		require.Len(t, tree(t, d, before), 1, when)
	} else {
		require.Empty(t, tree(t, d, before), when)
	}
}

// tree lists what is on the disk, files and directories, except for locks and for
// the directories above the object.
func tree(t *testing.T, d *Driver, object string) []string {
	t.Helper()
	var all []string
	require.NoError(t, filepath.WalkDir(d.root.Name(), func(p string, e os.DirEntry, err error) error {
		rel, _ := filepath.Rel(d.root.Name(), p)
		rel = filepath.ToSlash(rel)
		above := object != "" && strings.HasPrefix(objectKey, rel+"/")
		private := rel == privateDir || rel == uploadsDir || rel == locksDir || strings.HasPrefix(rel, locksDir+"/")
		if rel != "." && !above && !private {
			all = append(all, rel)
		}
		return err
	}))
	return all
}

func put(t *testing.T, d *Driver, key, data string) {
	t.Helper()
	_, err := storage.New(d, storage.Options{Trust: true}).WriteFile(t.Context(), key, []byte(data), storage.CreateOptions{})
	require.NoError(t, err)
}

// read returns "" for what is not there.
func read(t *testing.T, d *Driver, key string) string {
	t.Helper()
	data, err := storage.New(d, storage.Options{}).ReadFile(t.Context(), key, 1<<20)
	if err != nil {
		require.ErrorIs(t, err, storage.ErrNotExist)
	}
	return string(data)
}

const (
	raceScene  = "race"
	racers     = 16
	raceRounds = 25
)

// race is one process of TestProcessesRace: it creates objects that all create,
// and says which ones were its own. Each round starts when all are there.
func race(dir string) error {
	d, err := Open(dir, Options{NoSync: true})
	if err != nil {
		return err
	}
	defer d.Close()
	rounds := bufio.NewScanner(os.Stdin)
	for rounds.Scan() {
		key := rounds.Text()
		me := strconv.Itoa(os.Getpid())
		u, err := d.Create(context.Background(), key, storage.CreateOptions{IfAbsent: true})
		if err != nil {
			return err
		}
		if _, err := io.WriteString(u, me); err != nil {
			return err
		}
		_, err = u.Commit(context.Background())
		if err != nil {
			fmt.Println("lost")
		} else {
			fmt.Println("won " + me)
		}
		if err := u.Abort(context.Background()); err != nil {
			return err
		}
	}
	return rounds.Err()
}

// TestProcessesRace has 16 processes create the same objects at once.
func TestProcessesRace(t *testing.T) {
	dir := t.TempDir()
	type racer struct {
		in  io.WriteCloser
		out *bufio.Scanner
		cmd *exec.Cmd
	}
	var all [racers]racer
	for i := range all {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), envScene+"="+raceScene, envDir+"="+dir)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		all[i] = racer{in: in, out: bufio.NewScanner(out), cmd: cmd}
	}
	d, err := Open(dir, Options{})
	require.NoError(t, err)
	defer d.Close()
	for round := range raceRounds {
		key := fmt.Sprintf("race/%d/object", round)
		for _, r := range all {
			_, err := fmt.Fprintln(r.in, key)
			require.NoError(t, err)
		}
		var won []string
		for _, r := range all {
			require.True(t, r.out.Scan())
			if pid, ok := strings.CutPrefix(r.out.Text(), "won "); ok {
				won = append(won, pid)
			} else {
				require.Equal(t, "lost", r.out.Text())
			}
		}
		require.Equal(t, []string{read(t, d, key)}, won)
	}
	for _, r := range all {
		require.NoError(t, r.in.Close())
		require.NoError(t, r.cmd.Wait())
	}
	left, err := os.ReadDir(filepath.Join(dir, uploadsDir))
	require.NoError(t, err)
	require.Empty(t, left)
}
