package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory/fromlayout"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// A volume is a registry's directory.
type volume struct {
	*testing.T
	dir    string
	layout *registrylayout.Layout
}

func newVolume(t *testing.T) *volume {
	v := &volume{T: t, dir: t.TempDir()}
	driver, err := filesystem.Open(v.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = driver.Close() })
	v.layout = registrylayout.New(storage.New(driver, storage.Options{}), registrylayout.Options{})
	return v
}

func (v *volume) blob(repository, text string) string {
	d := digest.FromString(text)
	_, err := v.layout.PutBlob(v.Context(), repository, d, strings.NewReader(text))
	require.NoError(v, err)
	return string(d)
}

// image pushes an image whose config and layer are texts.
func (v *volume) image(repository, config, layer string, tags ...string) string {
	raw := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":%q,"size":1},"layers":[{"digest":%q,"size":1}]}`,
		v.blob(repository, config), v.blob(repository, layer))
	d, err := v.layout.PutManifest(v.Context(), repository, []byte(raw), registrylayout.PutManifestOptions{Tags: tags})
	require.NoError(v, err)
	return string(d)
}

func (v *volume) remove(key string, err error) {
	require.NoError(v, err)
	require.NoError(v, os.Remove(filepath.Join(v.dir, filepath.FromSlash(key))))
}

func (v *volume) write(key, text string) {
	file := filepath.Join(v.dir, filepath.FromSlash(key))
	require.NoError(v, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(v, os.WriteFile(file, []byte(text), 0o644))
}

// content is every file below a directory, but for the driver's own.
func content(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(file, storage.Reserved) {
			return err
		}
		text, err := os.ReadFile(file)
		files[strings.TrimPrefix(file, dir+"/")] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	}))
	return files
}

// runAt runs the program at an instant.
func runAt(t *testing.T, now time.Time, args ...string) (status int, stdout, stderr string) {
	o, err := parseFlags(args)
	require.NoError(t, err)
	o.now = func() time.Time { return now }
	var out bytes.Buffer
	r, err := collect(t.Context(), o)
	if r != nil {
		require.NoError(t, r.print(&out, o.output))
	}
	if err != nil {
		return 1, out.String(), err.Error()
	}
	return 0, out.String(), ""
}

// collected is the JSON of a run that ended well.
func collected(t *testing.T, now time.Time, args ...string) report {
	status, stdout, stderr := runAt(t, now, append(args, "-o", "json")...)
	require.Zero(t, status, stderr)
	var r report
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&r))
	return r
}

func sha(text string) string { return string(digest.FromString(text)) }

func TestWhatGoes(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config 1", "base")
	old := v.image("shop/web", "config 2", "layer 2", "v1")
	current := v.image("shop/web", "config 3", "layer 3", "v1")
	v.blob("shop/web", "pushed and left")
	v.remove(registrylayout.LayerLinkKey("shop/web", digest.FromString("pushed and left")))
	v.blob("shop/other", "linked and left")
	now := time.Now()

	// Untagged manifests stay, what nobody has goes.
	r := collected(t, now, "--root", v.dir, "--grace", "0s")
	require.Equal(t, []link{{"shop/other", "layer", sha("linked and left")}}, r.Links.Deleted)
	require.ElementsMatch(t, []string{sha("pushed and left"), sha("linked and left")}, r.Blobs.Deleted)
	require.EqualValues(t, len("pushed and left")+len("linked and left"), r.Freed)
	require.Equal(t, 9, r.Blobs.Kept)
	require.Empty(t, r.Dangling)

	r = collected(t, now, "--root", v.dir, "--grace", "0s", "--delete-untagged")
	require.Contains(t, r.Links.Deleted, link{"shop/web", "manifest", old})
	require.Contains(t, r.Links.Deleted, link{"shop/web", "tag", old})
	require.NotContains(t, r.Links.Deleted, link{"shop/web", "tag", current})
	require.ElementsMatch(t, []string{sha("config 1"), sha("base"), sha("config 2"), sha("layer 2"), old, imageOf("config 1", "base")}, r.Blobs.Deleted)
	require.Equal(t, 3, r.Blobs.Kept)
	summary, err := v.layout.Check(t.Context(), registrylayout.CheckOptions{Verify: true}, func(f registrylayout.Finding) { require.Fail(t, "found", "%+v", f) })
	require.NoError(t, err)
	require.True(t, summary.Sound())
	require.Equal(t, 1, summary.Tags)

	// Nothing is left to do.
	r = collected(t, now, "--root", v.dir, "--grace", "0s", "--delete-untagged")
	require.Empty(t, r.Links.Deleted)
	require.Empty(t, r.Blobs.Deleted)
}

func imageOf(config, layer string) string {
	return sha(fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":%q,"size":1},"layers":[{"digest":%q,"size":1}]}`, sha(config), sha(layer)))
}

func TestGraceAndTwoRuns(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	v.blob("shop/web", "left")
	now := time.Now()
	r := collected(t, now, "--root", v.dir)
	require.Empty(t, r.Blobs.Deleted)
	require.Equal(t, 1, r.Blobs.Condemned)
	require.Equal(t, []link{{"shop/web", "layer", sha("left")}}, r.Links.Deleted)
	r = collected(t, now.Add(23*time.Hour), "--root", v.dir)
	require.Empty(t, r.Blobs.Deleted)
	r = collected(t, now.Add(25*time.Hour), "--root", v.dir)
	require.Equal(t, []string{sha("left")}, r.Blobs.Deleted)
	require.Equal(t, 3, r.Blobs.Kept)

	// What is pushed again in between stays.
	v.blob("shop/web", "left")
	v.remove(registrylayout.LayerLinkKey("shop/web", digest.FromString("left")))
	require.Equal(t, 1, collected(t, now, "--root", v.dir).Blobs.Condemned)
	v.image("shop/web", "other config", "left", "v2")
	r = collected(t, now.Add(48*time.Hour), "--root", v.dir)
	require.Empty(t, r.Blobs.Deleted)
	require.Zero(t, r.Blobs.Condemned)
}

func TestDryRunTouchesNothing(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config 1", "layer 1", "v1")
	v.image("shop/web", "config 2", "layer 2", "v1")
	v.blob("shop/web", "left")
	v.write("docker/registry/v2/repositories/shop/web/_uploads/u1/data", "half")
	v.write("docker/registry/v2/repositories/shop/web/_uploads/u1/startedat", "2020-01-01T00:00:00Z")
	before := content(t, v.dir)
	now := time.Now().Add(1000 * time.Hour)
	args := []string{"--root", v.dir, "--delete-untagged", "--grace", "0s"}
	dry := collected(t, now, append(args, "--dry-run")...)
	require.Equal(t, before, content(t, v.dir))
	real := collected(t, now, args...)
	require.True(t, dry.DryRun)
	dry.DryRun = false
	require.Equal(t, real, dry)
	require.Equal(t, []upload{{"shop/web", "u1"}}, real.Uploads)
	require.NotEqual(t, before, content(t, v.dir))
	require.NotContains(t, content(t, v.dir), "docker/registry/v2/repositories/shop/web/_uploads/u1/data")
}

// A dry run condemns nothing, and says of nothing that it is.
func TestDryRunCondemnsNothing(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	v.blob("shop/web", "left")
	before := content(t, v.dir)
	status, text, stderr := runAt(t, time.Now(), "--root", v.dir, "--dry-run")
	require.Zero(t, status, stderr)
	require.Equal(t, before, content(t, v.dir))
	for line := range strings.Lines(text) {
		require.Contains(t, line, "would ")
	}
	require.Contains(t, text, "1 of these would be condemned")
}

// What a writer that died has left beside the tree goes too, when it is old enough.
func TestWhatDeadWritersLeft(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "{}", "layer", "v1")
	u, err := v.layout.StartUpload(t.Context(), "shop/web")
	require.NoError(t, err)
	_, err = u.Write([]byte("half"))
	require.NoError(t, err)
	require.NoError(t, u.Suspend(t.Context()))
	left := func() (n int) {
		driver, err := filesystem.Open(v.dir, filesystem.Options{NoSync: true})
		require.NoError(t, err)
		defer driver.Close()
		for _, err := range driver.Uploads(t.Context(), "") {
			require.NoError(t, err)
			n++
		}
		return n
	}
	later := time.Now().Add(1000 * time.Hour)
	collected(t, time.Now(), "--root", v.dir)
	collected(t, later, "--root", v.dir, "--dry-run")
	collected(t, later, "--root", v.dir, "--uploads-older-than", "0s")
	require.Equal(t, 1, left())
	status, text, stderr := runAt(t, later, "--root", v.dir)
	require.Zero(t, status, stderr)
	require.Regexp(t, `deleted 1 temporary files of writers that died, and [0-9]+ empty directories`, text)
	require.Zero(t, left())
}

// They go also where something cannot be deleted; where something cannot be read,
// nothing goes.
func TestWhatDeadWritersLeftOfAFailedRun(t *testing.T) {
	for _, unreadable := range []bool{false, true} {
		v := newVolume(t)
		image := v.image("shop/web", "{}", "layer", "v1")
		v.blob("shop/web", "left")
		u, err := v.layout.StartUpload(t.Context(), "shop/web")
		require.NoError(t, err)
		_, err = u.Write([]byte("half"))
		require.NoError(t, err)
		require.NoError(t, u.Suspend(t.Context()))
		if unreadable {
			key, err := registrylayout.BlobKey(digest.Digest(image))
			require.NoError(t, err)
			v.write(key, "not what it was")
		} else { // the marks cannot be stored
			v.write(filepath.Dir(fromlayout.DefaultCondemned), "a file where a directory belongs")
		}
		status, text, _ := runAt(t, time.Now().Add(1000*time.Hour), "--root", v.dir)
		require.Equal(t, 1, status)
		if unreadable {
			require.NotContains(t, text, "temporary")
		} else {
			require.Contains(t, text, "deleted 1 temporary files")
		}
	}
}

func TestYoungUploadsStay(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	v.write("docker/registry/v2/repositories/shop/web/_uploads/u1/data", "half")
	v.write("docker/registry/v2/repositories/shop/web/_uploads/u1/startedat", time.Now().UTC().Format(time.RFC3339))
	require.Empty(t, collected(t, time.Now(), "--root", v.dir).Uploads)
	require.Empty(t, collected(t, time.Now().Add(1000*time.Hour), "--root", v.dir, "--uploads-older-than", "0s").Uploads)
}

func TestDirectories(t *testing.T) {
	empty := t.TempDir()
	r := collected(t, time.Now(), "--root", empty)
	require.Empty(t, r.Blobs.Deleted)
	require.Empty(t, content(t, empty))
	_, text, _ := runAt(t, time.Now(), "--root", empty)
	require.Contains(t, text, "is empty")
	var out, says bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--root", empty, "-o", "json"}, &out, &says))
	require.JSONEq(t, `{"blobs":{"kept":0,"deleted":[]},"links":{"deleted":[]},"dangling":[],"freedBytes":0}`, out.String())
	require.Contains(t, says.String(), "is empty", "the JSON has no place for it")
	entries, err := os.ReadDir(empty)
	require.NoError(t, err)
	require.Empty(t, entries)

	// A store died as it tried out what the volume can do.
	require.NoError(t, os.MkdirAll(filepath.Join(empty, storage.DefaultProbePrefix, "one"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(empty, storage.DefaultProbePrefix, "one", "absent"), nil, 0o600))
	_, text, _ = runAt(t, time.Now(), "--root", empty)
	require.Contains(t, text, "is empty")

	missing := filepath.Join(empty, "missing")
	status, _, stderr := runAt(t, time.Now(), "--root", missing)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, missing)
	require.NoDirExists(t, missing)

	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "thesis.txt"), []byte("x"), 0o600))
	status, _, stderr = runAt(t, time.Now(), "--root", other)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "no registry")
	require.Len(t, content(t, other), 1)
}

// What points to nothing is told, and holds nothing back.
func TestDangling(t *testing.T) {
	v := newVolume(t)
	image := v.image("shop/web", "config", "layer", "v1")
	v.blob("shop/web", "left")
	v.remove(registrylayout.BlobKey(digest.FromString("layer")))
	r := collected(t, time.Now(), "--root", v.dir, "--grace", "0s")
	require.Contains(t, r.Dangling, dangling{"shop/web", registrylayout.LayerReference, image, sha("layer")})
	require.Equal(t, []string{sha("left")}, r.Blobs.Deleted)

	v.remove(registrylayout.BlobKey(digest.Digest(image)))
	r = collected(t, time.Now(), "--root", v.dir, "--grace", "0s")
	require.Contains(t, r.Dangling, dangling{"shop/web", registrylayout.TagReference, image, image})
	require.Contains(t, r.Blobs.Deleted, sha("config"))
}

// A manifest that cannot be read may need anything: nothing goes.
func TestUnreadableManifest(t *testing.T) {
	v := newVolume(t)
	image := v.image("shop/web", "config", "layer", "v1")
	v.blob("shop/web", "left")
	key, err := registrylayout.BlobKey(digest.Digest(image))
	require.NoError(t, err)
	v.write(key, "not what it was")
	before := content(t, v.dir)
	status, _, stderr := runAt(t, time.Now(), "--root", v.dir, "--grace", "0s")
	require.Equal(t, 1, status)
	require.Contains(t, stderr, image[len("sha256:"):])
	require.Equal(t, before, content(t, v.dir))
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{
		{}, {"--root"}, {"--root", "x", "y"}, {"--root", "x", "-o", "yaml"}, {"--root", "x", "--grace", "-1s"},
		{"--root", "x", "--grace", "soon"}, {"--root", "x", "--online", "--grace", "0s"}, {"--nonsense"},
	} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 1, run(t.Context(), args, &stdout, &stderr), args)
		require.Empty(t, stdout.String())
		require.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
	}
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--help"}, &stdout, &stderr))
	require.Equal(t, usage, stderr.String())
}

func TestTheFormOfTheJSON(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	v.blob("shop/web", "left")
	var stdout, stderr bytes.Buffer
	require.Zero(t, run(t.Context(), []string{"--root", v.dir, "--grace", "0s", "-o", "json"}, &stdout, &stderr), stderr.String())
	require.JSONEq(t, `{"blobs":{"kept":3,"deleted":["`+sha("left")+`"]},
		"links":{"deleted":[{"repository":"shop/web","kind":"layer","digest":"`+sha("left")+`"}]},"dangling":[],"freedBytes":4}`, stdout.String())
}

// While writers hold leases, blobs go in two runs, and leased ones stay.
func TestOnline(t *testing.T) {
	v := newVolume(t)
	v.image("shop/web", "config", "layer", "v1")
	v.blob("shop/web", "left")
	now := time.Now()
	r := collected(t, now, "--root", v.dir, "--online", "--grace", "1h")
	require.Equal(t, 1, r.Blobs.Condemned)
	r = collected(t, now.Add(2*time.Hour), "--root", v.dir, "--online", "--grace", "1h")
	require.Equal(t, []string{sha("left")}, r.Blobs.Deleted)
	summary, err := v.layout.Check(t.Context(), registrylayout.CheckOptions{Verify: true}, func(registrylayout.Finding) {})
	require.NoError(t, err)
	require.True(t, summary.Sound())
}
