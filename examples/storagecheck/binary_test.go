package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/filesystem"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

const imageType = "application/vnd.oci.image.manifest.v1+json"

// volume is a registry's volume in a directory.
type volume struct {
	*testing.T
	dir                         string
	config, layer, image, index digest.Digest
}

// newVolume writes an image of a config and a layer, in an index with a tag.
func newVolume(t *testing.T) *volume {
	v := &volume{T: t, dir: t.TempDir(), config: digest.FromString("{}"), layer: digest.FromString("a layer")}
	driver, err := filesystem.Open(v.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer driver.Close()
	layout := registrylayout.New(storage.New(driver, storage.Options{}), registrylayout.Options{})
	for d, text := range map[digest.Digest]string{v.config: "{}", v.layer: "a layer"} {
		_, err := layout.PutBlob(t.Context(), "shop/web", d, strings.NewReader(text))
		require.NoError(t, err)
	}
	v.image, err = layout.PutManifest(t.Context(), "shop/web", fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"digest":%q,"size":2},"layers":[{"digest":%q,"size":7}]}`,
		imageType, v.config, v.layer), registrylayout.PutManifestOptions{})
	require.NoError(t, err)
	v.index, err = layout.PutManifest(t.Context(), "shop/web", fmt.Appendf(nil, `{"schemaVersion":2,"manifests":[{"mediaType":%q,"digest":%q,"size":1}]}`,
		imageType, v.image), registrylayout.PutManifestOptions{Tags: []string{"v1"}})
	require.NoError(t, err)
	// What the driver needs to write, so that a test sees who writes.
	require.NoError(t, os.RemoveAll(filepath.Join(v.dir, storage.Reserved)))
	return v
}

func (v *volume) path(key string, err error) string {
	require.NoError(v, err)
	return filepath.Join(v.dir, filepath.FromSlash(key))
}

func (v *volume) blob(d digest.Digest) string { return v.path(registrylayout.BlobKey(d)) }

func (v *volume) write(file, text string) {
	require.NoError(v, os.MkdirAll(filepath.Dir(file), 0o777))
	require.NoError(v, os.WriteFile(file, []byte(text), 0o666))
}

// program is built once for all tests of the process.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "storagecheck")
	if err == nil {
		program = filepath.Join(dir, "storagecheck.exe") // Windows asks for the ending
		var out []byte
		if out, err = exec.Command("go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	status := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		status = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

func runProgram(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, args...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), out.String(), errs.String()
	}
	require.NoError(t, err)
	return 0, out.String(), errs.String()
}

// reported runs the program for JSON.
func reported(t *testing.T, status int, dir string, args ...string) map[string]any {
	t.Helper()
	got, stdout, stderr := runProgram(t, append([]string{"--root", dir, "-o", "json"}, args...)...)
	require.Equal(t, status, got, stdout+stderr)
	var r map[string]any
	require.NoError(t, json.Unmarshal([]byte(stdout), &r), stdout)
	return r
}

func TestSound(t *testing.T) {
	v := newVolume(t)
	for _, args := range [][]string{nil, {"--verify"}} {
		r := reported(t, 0, v.dir, args...)
		require.Equal(t, true, r["sound"])
		for name, want := range map[string]float64{"repositories": 1, "tags": 1, "blobs": 4, "uploads": 0, "orphanBytes": 0} {
			require.Equal(t, want, r[name], name)
		}
		for _, list := range []string{"orphans", "dangling", "brokenLinks", "mismatches", "unreadable", "unknown"} {
			require.Equal(t, []any{}, r[list], list)
		}
		sizes := int64(0)
		for _, d := range []digest.Digest{v.config, v.layer, v.image, v.index} {
			info, err := os.Stat(v.blob(d))
			require.NoError(t, err)
			sizes += info.Size()
		}
		require.Equal(t, float64(sizes), r["bytes"])
	}
	status, stdout, stderr := runProgram(t, "--root", v.dir, "--verify")
	require.Equal(t, 0, status)
	require.True(t, strings.HasPrefix(stdout, "1 repositories, 1 tags, 4 blobs, "), stdout)
	require.Contains(t, stdout, "All is sound; every blob was read.")
	require.Contains(t, stderr, "verified ", "the progress")
	require.NoDirExists(t, filepath.Join(v.dir, storage.Reserved), "nothing was written")
}

func TestFindings(t *testing.T) {
	const repositories = registrylayout.Root + "/repositories/shop/web/"
	for _, c := range []struct {
		what   string
		do     func(v *volume)
		args   []string
		list   string
		want   func(v *volume) []any
		inText string
	}{
		{"a layer is missing", func(v *volume) { require.NoError(v, os.Remove(v.blob(v.layer))) }, nil, "dangling", func(v *volume) []any {
			return []any{
				map[string]any{"repository": "shop/web", "kind": "layer", "digest": string(v.layer), "missing": string(v.layer)},
				map[string]any{"repository": "shop/web", "kind": "layer", "digest": string(v.image), "missing": string(v.layer)},
			}
		}, "needs the layer"},
		{"a config has no link", func(v *volume) {
			require.NoError(v, os.Remove(v.path(registrylayout.LayerLinkKey("shop/web", v.config))))
		}, nil, "dangling", func(v *volume) []any {
			return []any{map[string]any{"repository": "shop/web", "kind": "config", "digest": string(v.image), "missing": string(v.config), "unlinked": true}}
		}, "is not linked there"},
		{"a child is missing", func(v *volume) {
			require.NoError(v, os.Remove(v.path(registrylayout.ManifestLinkKey("shop/web", v.image))))
			require.NoError(v, os.Remove(v.blob(v.image)))
		}, nil, "dangling", func(v *volume) []any {
			return []any{map[string]any{"repository": "shop/web", "kind": "child", "digest": string(v.index), "missing": string(v.image)}}
		}, "needs the child"},
		{"a manifest is missing", func(v *volume) { require.NoError(v, os.Remove(v.blob(v.index))) }, nil, "dangling", func(v *volume) []any {
			return []any{
				map[string]any{"repository": "shop/web", "kind": "manifest", "digest": string(v.index), "missing": string(v.index)},
				map[string]any{"repository": "shop/web", "kind": "tag", "digest": string(v.index), "missing": string(v.index), "tag": "v1"},
			}
		}, "tag v1 needs the manifest"},
		{"an orphan", func(v *volume) { v.write(v.blob(digest.FromString("x")), "x") }, nil, "orphans", func(*volume) []any {
			return []any{map[string]any{"kind": "blob", "digest": string(digest.FromString("x")), "bytes": 1.0}}
		}, "blob " + string(digest.FromString("x")) + "  1 bytes"},
		{"an orphan link", func(v *volume) {
			v.write(v.path(registrylayout.LayerLinkKey("shop/web", digest.FromString("x"))), string(digest.FromString("x")))
			v.write(v.blob(digest.FromString("x")), "x")
		}, nil, "orphans", func(*volume) []any {
			return []any{
				map[string]any{"repository": "shop/web", "kind": "layer", "digest": string(digest.FromString("x"))},
				map[string]any{"kind": "blob", "digest": string(digest.FromString("x")), "bytes": 1.0},
			}
		}, "layer link " + string(digest.FromString("x")) + " in shop/web"},
		{"a broken link", func(v *volume) { v.write(v.path(registrylayout.TagKey("shop/web", "v1")), "\x1b[31m") }, nil, "brokenLinks", func(*volume) []any {
			key := repositories + "_manifests/tags/v1/current/link"
			return []any{map[string]any{"repository": "shop/web", "key": key, "error": "registry layout: " + key + `: broken link: it holds "\x1b[31m", which is no digest`}}
		}, `"\x1b[31m", which is no digest`},
		{"changed bytes", func(v *volume) { v.write(v.blob(v.layer), "A layer") }, []string{"--verify"}, "mismatches", func(v *volume) []any {
			key, _ := registrylayout.BlobKey(v.layer)
			return []any{map[string]any{"digest": string(v.layer), "key": key, "error": "registry layout: " + key + ": digest does not match"}}
		}, "Digests that do not match: 1"},
		{"a manifest that is none", func(v *volume) {
			v.write(v.path(registrylayout.ManifestLinkKey("shop/web", v.layer)), string(v.layer))
		}, nil, "unreadable", func(v *volume) []any {
			key, _ := registrylayout.BlobKey(v.layer)
			return []any{map[string]any{"repository": "shop/web", "digest": string(v.layer), "key": key,
				"error": "unreadable manifest: manifest: invalid character 'a' looking for beginning of value"}}
		}, "Manifests that cannot be read: 1"},
	} {
		t.Run(c.what, func(t *testing.T) {
			v := newVolume(t)
			c.do(v)
			r := reported(t, 5, v.dir, c.args...)
			require.Equal(t, false, r["sound"])
			require.ElementsMatch(t, c.want(v), r[c.list])
			status, stdout, _ := runProgram(t, append(c.args, "--root", v.dir)...)
			require.Equal(t, 5, status)
			require.Contains(t, stdout, c.inText)
			require.NotContains(t, stdout, "\x1b")
		})
	}
}

func TestChangedBytesAreSeenOnlyByVerify(t *testing.T) {
	v := newVolume(t)
	v.write(v.blob(v.layer), "A layer")
	reported(t, 0, v.dir)
}

func TestNoFindings(t *testing.T) {
	v := newVolume(t)
	v.write(filepath.Join(v.dir, "docker/registry/v2/repositories/shop/web/_uploads/1/data"), "12345")
	v.write(filepath.Join(v.dir, "docker/registry/v2/blobs/README"), "x")
	r := reported(t, 0, v.dir)
	require.Equal(t, 1.0, r["uploads"])
	require.Equal(t, 5.0, r["uploadBytes"])
	require.Equal(t, []any{"docker/registry/v2/blobs/README"}, r["unknown"])
	_, stdout, _ := runProgram(t, "--root", v.dir)
	require.Contains(t, stdout, "1 uploads that have not ended, 5 bytes\n")
	require.Contains(t, stdout, "Files that no registry makes: 1")
}

// What a writer that died has left is told, is no finding, and stays.
func TestTemporaryRemains(t *testing.T) {
	v := newVolume(t)
	_, before, _ := runProgram(t, "--root", v.dir)
	require.NotContains(t, before, "temporary")
	driver, err := filesystem.Open(v.dir, filesystem.Options{NoSync: true})
	require.NoError(t, err)
	defer driver.Close()
	u, err := driver.Create(t.Context(), "docker/registry/v2/half", storage.CreateOptions{Resumable: true})
	require.NoError(t, err)
	_, err = u.Write([]byte("half"))
	require.NoError(t, err)
	_, text, _ := runProgram(t, "--root", v.dir)
	require.NotContains(t, text, "temporary", "somebody writes")
	require.NoError(t, u.Suspend(t.Context()))
	for range 2 {
		status, text, stderr := runProgram(t, "--root", v.dir)
		require.Equal(t, sound, status, stderr)
		require.Contains(t, text, "1 temporary files that nobody is known to write to, 4 ")
	}
}

func TestEmptyIsSound(t *testing.T) {
	for _, dirs := range []string{"", "docker/registry/v2", "docker/registry/v2/blobs", "lost+found"} {
		dir := t.TempDir()
		require.NoError(t, os.MkdirAll(filepath.Join(dir, dirs), 0o777))
		r := reported(t, 0, dir, "--verify")
		require.Equal(t, true, r["sound"], dirs)
		require.Equal(t, 0.0, r["blobs"])
	}
}

func TestFailures(t *testing.T) {
	v := newVolume(t)
	other := t.TempDir()
	v.write(filepath.Join(other, "file"), "x")
	for _, c := range []struct {
		what, says string
		args       []string
	}{
		{"missing", "no such", []string{"--root", filepath.Join(other, "missing")}},
		{"a file", "", []string{"--root", filepath.Join(other, "file")}},
		{"no registry", "is no registry: it holds file", []string{"--root", other}},
		{"inside of one", "inside of one", []string{"--root", filepath.Join(v.dir, "docker/registry/v2")}},
		{"no root", "--root is missing", nil},
		{"another format", `-o "yaml"`, []string{"--root", v.dir, "-o", "yaml"}},
		{"an argument", `"x"`, []string{"--root", v.dir, "x"}},
		{"a flag", "-nonsense", []string{"--nonsense"}},
	} {
		if runtime.GOOS == "windows" {
			c.says = ""
		}
		status, stdout, stderr := runProgram(t, c.args...)
		require.Equal(t, 1, status, c.what)
		require.Empty(t, stdout)
		require.True(t, strings.HasPrefix(stderr, "storagecheck: "), stderr)
		require.Contains(t, stderr, c.says)
	}
	status, _, stderr := runProgram(t, "-h")
	require.Equal(t, 0, status)
	require.Contains(t, stderr, "usage: storagecheck --root DIR")
}

// TestSymbolicLinks: they are an error, and what they point to is not read.
func TestSymbolicLinks(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("sha256:"+strings.Repeat("5ec7e7", 10)+"5ec7"), 0o666))
	for _, where := range []func(v *volume) string{
		func(v *volume) string { return v.path(registrylayout.TagKey("shop/web", "v1")) },
		func(v *volume) string { return v.blob(v.layer) },
	} {
		v := newVolume(t)
		file := where(v)
		require.NoError(t, os.Remove(file))
		require.NoError(t, os.Symlink(secret, file))
		status, stdout, stderr := runProgram(t, "--root", v.dir, "-o", "json", "--verify")
		require.Equal(t, 1, status)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "not an object of this store")
		require.NotContains(t, stderr, "5ec7")
	}
}
