package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// stored returns what a file has for an image, as this package reads it.
func stored(t *testing.T, path, image string) auth.Credential {
	t.Helper()
	resource, err := auth.Image(image)
	require.NoError(t, err)
	candidates, err := auth.NewResolver(auth.Options{}, auth.File(path, auth.DocumentOptions{})).Candidates(t.Context(), resource)
	require.NoError(t, err)
	if len(candidates) == 0 {
		return auth.Credential{}
	}
	return candidates[0].Credential
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// names lists what is in a directory: nothing may be left over there.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestLoginAndLogoutOfAFile(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "new", "containers")
	path := filepath.Join(dir, "auth.json")
	ctx, o := t.Context(), auth.DocumentOptions{}
	require.ErrorIs(t, auth.Logout(ctx, path, "quay.io", o), auth.ErrNotFound)
	require.Empty(t, names(t, root), "logging out makes nothing")

	require.NoError(t, auth.Login(ctx, path, "quay.io", bot, o))
	require.True(t, stored(t, path, "quay.io/org/app").Equal(bot))
	require.Equal(t, []string{"auth.json"}, names(t, dir))
	other := auth.NewBasic("other", "pw")
	require.NoError(t, auth.Login(ctx, path, "quay.io/org", other, o))
	require.True(t, stored(t, path, "quay.io/org/app").Equal(other))
	require.True(t, stored(t, path, "quay.io/app").Equal(bot))

	require.NoError(t, auth.Logout(ctx, path, "https://quay.io", o))
	require.True(t, stored(t, path, "quay.io/app").IsZero())
	require.True(t, stored(t, path, "quay.io/org/app").Equal(other))
	err := auth.Logout(ctx, path, "quay.io", o)
	require.ErrorIs(t, err, auth.ErrNotFound)
	require.EqualError(t, err, "log out file "+path+": not found: no credential for quay.io")
	require.NoError(t, auth.Logout(ctx, path, "quay.io/org", o))
	require.Equal(t, "{\n\t\"auths\": {}\n}", read(t, path))
	require.Equal(t, []string{"auth.json"}, names(t, dir))

	legacy := filepath.Join(dir, ".dockercfg")
	require.NoError(t, auth.Login(ctx, legacy, "quay.io", bot, o))
	require.Equal(t, "{\n\t\"quay.io\": {\n\t\t\"auth\": \""+botAuth+"\"\n\t}\n}", read(t, legacy))
	require.NoError(t, auth.Logout(ctx, legacy, "quay.io", o))
	require.Equal(t, "{}", read(t, legacy))
}

// TestRefusedFiles: they stay as they are, the same file with the same text.
func TestRefusedFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"cut.json": `{"auths": {"quay.io": {"auth": "hunter2`, "list.json": `[]`, "string.json": `{"auths": "x"}`} {
		path := filepath.Join(dir, name)
		write(t, path, text)
		before, err := os.Lstat(path)
		require.NoError(t, err)
		for _, err := range []error{
			auth.Login(t.Context(), path, "quay.io", bot, auth.DocumentOptions{}),
			auth.Logout(t.Context(), path, "quay.io", auth.DocumentOptions{}),
		} {
			require.ErrorIs(t, err, auth.ErrMalformed)
			require.ErrorContains(t, err, "file "+path)
			require.NotContains(t, err.Error(), "hunter2")
		}
		after, err := os.Lstat(path)
		require.NoError(t, err)
		require.True(t, os.SameFile(before, after))
		require.Equal(t, text, read(t, path))
	}
	require.Len(t, names(t, dir), 3)

	folder := filepath.Join(dir, "folder")
	require.NoError(t, os.Mkdir(folder, 0o700))
	require.ErrorContains(t, auth.Login(t.Context(), folder, "quay.io", bot, auth.DocumentOptions{}), "not a regular file")
	require.Empty(t, names(t, folder))

	path := filepath.Join(dir, "never.json")
	require.ErrorIs(t, auth.Login(t.Context(), path, "*.quay.io", bot, auth.DocumentOptions{}), auth.ErrMalformed)
	require.ErrorIs(t, auth.Login(t.Context(), path, "quay.io", auth.Credential{}, auth.DocumentOptions{}), auth.ErrMalformed)
	_, err := os.Lstat(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// TestLoginSeesItsOwnWrites: a resolver of the file follows at the next use.
func TestLoginSeesItsOwnWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	resource, err := auth.Image(app)
	require.NoError(t, err)
	r := auth.NewResolver(auth.Options{}, auth.File(path, auth.DocumentOptions{}))
	for _, c := range []auth.Credential{bot, auth.NewBasic("org+bot", "px"), auth.NewBasic("a", "b")} {
		require.NoError(t, auth.Login(t.Context(), path, "quay.io", c, auth.DocumentOptions{}))
		candidates, err := r.Candidates(t.Context(), resource)
		require.NoError(t, err)
		require.Len(t, candidates, 1)
		require.True(t, candidates[0].Credential.Equal(c))
	}
}

func TestLoginByHelper(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	helperPath(t, map[string]string{
		"keeps": `printf '%s ' "$1" >>` + log + `; cat >>` + log + `; echo >>` + log,
		"fails": `cat; exit 1`,
		"empty": `cat >/dev/null; echo 'credentials not found in native keychain'; exit 1`,
	})
	path := filepath.Join(t.TempDir(), "config.json")
	text := `{"credHelpers": {"quay.io": "keeps", "https://index.docker.io/v1/": "keeps", "bad.io": "fails", "gone.io": "missing", "empty.io": "empty"}, "auths": {"quay.io": {}, "empty.io": {}}}`
	write(t, path, text)
	ctx, o := t.Context(), auth.DocumentOptions{}
	login := func(registry string, c auth.Credential) error { return auth.Login(ctx, path, registry, c, o) }

	require.NoError(t, login("https://Quay.io", bot))
	require.NoError(t, login("docker.io", auth.Credential{Username: "u", IdentityToken: auth.NewSecretValue("T")}))
	require.ErrorIs(t, login("quay.io", auth.Credential{RegistryToken: auth.NewSecretValue("T")}), auth.ErrMalformed)
	for _, registry := range []string{"bad.io", "gone.io", "empty.io"} {
		err := login(registry, auth.NewBasic("u", "hunter2"))
		require.ErrorIs(t, err, auth.ErrHelper, registry)
		require.NotContains(t, err.Error(), "hunter2")
	}
	require.Equal(t, text, read(t, path), "the file is as it was")
	require.NoError(t, auth.Logout(ctx, path, "index.docker.io", o))
	require.Equal(t, text, read(t, path), "the helper alone had it")
	require.NoError(t, auth.Logout(ctx, path, "quay.io", o))
	require.NoError(t, auth.Logout(ctx, path, "empty.io", o), "the entry alone was there")
	require.ErrorIs(t, auth.Logout(ctx, path, "empty.io", o), auth.ErrNotFound)
	require.ErrorIs(t, auth.Logout(ctx, path, "bad.io", o), auth.ErrHelper)
	require.NotContains(t, read(t, path), `"auths": {"`)
	require.Equal(t, `store {"ServerURL":"quay.io","Username":"org+bot","Secret":"pw"}
store {"ServerURL":"https://index.docker.io/v1/","Username":"\u003ctoken\u003e","Secret":"T"}
erase https://index.docker.io/v1/
erase quay.io
`, read(t, log))

	// Helpers know registries alone, so a namespace is for the file.
	require.NoError(t, login("quay.io/org", bot))
	require.True(t, stored(t, path, "quay.io/org/app").Equal(bot))
	require.NoError(t, auth.Login(ctx, path, "quay.io", bot, auth.DocumentOptions{Kubernetes: true}), "Kubernetes starts none")
	var got struct{ Auths map[string]any }
	require.NoError(t, json.Unmarshal([]byte(read(t, path)), &got))
	require.Len(t, got.Auths, 2)
}

// TestLoginWaitsForTheLock until its context ends, and says for what.
func TestLoginEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	cause := errors.New("out of time")
	ctx, cancel := context.WithCancelCause(t.Context())
	held, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- auth.HoldLock(path, func() { close(held); <-release })
	}()
	<-held
	cancel(cause)
	err := auth.Login(ctx, path, "quay.io", bot, auth.DocumentOptions{})
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, ".auth.json.login-lock")
	close(release)
	require.NoError(t, <-done)
	require.Empty(t, names(t, filepath.Dir(path)), "neither the file nor the lock")
	require.NoError(t, auth.Login(t.Context(), path, "quay.io", bot, auth.DocumentOptions{}))
}
