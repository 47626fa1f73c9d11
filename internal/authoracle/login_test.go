package authoracle

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containers/image/v5/pkg/docker/config"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// TestFirstLoginsAreByteForByteThoseOfPodman: a file that is not there yet.
func TestFirstLoginsAreByteForByteThoseOfPodman(t *testing.T) {
	for _, key := range []string{"quay.io", "quay.io/org", "localhost:5000", "docker.io", "docker.io/library", "reg.example.com:443/a/b"} {
		for _, password := range []string{"pw", "p:w ä<&>\n", strings.Repeat("x", 800)} {
			dir := t.TempDir()
			ours, theirs := filepath.Join(dir, "ours", "auth.json"), filepath.Join(dir, "theirs", "auth.json")
			require.NoError(t, auth.Login(t.Context(), ours, key, auth.NewBasic("org+bot", password), auth.DocumentOptions{}))
			_, err := config.SetCredentials(containersContext(t, theirs), key, "org+bot", password)
			require.NoError(t, err)
			require.Equal(t, read(t, theirs), read(t, ours))
			for _, path := range []string{ours, theirs} {
				info, err := os.Stat(path)
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
				info, err = os.Stat(filepath.Dir(path))
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// loginKeys are what is logged in to and out of, in podman's spelling.
var loginKeys = []string{"quay.io", "quay.io/org", "reg.example.com", "reg.example.com:5000", "reg.example.com:5000/org", "docker.io", "docker.io/org"}

// loginDifferences are those between an edit of this package and podman's.
var loginDifferences = []difference{
	{"what podman loses", "podman keeps auth and identitytoken of each entry alone, of the other entries too",
		func(all document, _ string) bool {
			return slices.ContainsFunc(all, func(e entry) bool {
				return slices.Contains([]string{"auth and others", "unknown members", "members", "registry token", "null"}, e.value)
			})
		}},
	{"other spellings", "podman leaves what stands for the same under another key, or refuses to log out of it; here all of it changes",
		func(all document, key string) bool {
			host, path, _ := strings.Cut(key, "/")
			return slices.ContainsFunc(all, func(e entry) bool {
				return hub(e.host) == host && e.path == path && e.key != key && !slices.Contains([]string{"wildcard", "no URL"}, e.spelling)
			})
		}},
}

// TestEditsAsPodmanDoes compares the files after a login, or a logout, as JSON; in any
// case podman finds what was logged in to, and this package finds what podman did.
func TestEditsAsPodmanDoes(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours.json"), filepath.Join(dir, "theirs.json")
	r := rand.New(rand.NewPCG(3, 3))
	var counts tally
	for i := range 600 {
		doc := generate(r, "u")
		key := loginKeys[r.IntN(len(loginKeys))]
		if r.IntN(2) == 0 {
			if at := doc[r.IntN(len(doc))]; at.spelling == "plain" {
				key = at.key // the same key for the other half
			}
		}
		require.NoError(t, os.WriteFile(ours, []byte(doc.text()), 0o600))
		require.NoError(t, os.WriteFile(theirs, []byte(doc.text()), 0o600))
		host, path, _ := strings.Cut(key, "/")
		key = strings.TrimSuffix(hub(host)+"/"+path, "/")
		c := auth.NewBasic(fmt.Sprintf("new-%d", i), "p:w")
		login := r.IntN(3) > 0
		var ourErr, theirErr error
		if login {
			ourErr = auth.Login(t.Context(), ours, key, c, auth.DocumentOptions{})
			_, theirErr = config.SetCredentials(containersContext(t, theirs), key, "new-"+fmt.Sprint(i), "p:w")
			require.NoError(t, ourErr, doc.text())
		} else {
			ourErr = auth.Logout(t.Context(), ours, key, auth.DocumentOptions{})
			theirErr = config.RemoveAuthentication(containersContext(t, theirs), key)
			if ourErr != nil {
				require.ErrorIs(t, ourErr, auth.ErrNotFound)
				require.Equal(t, doc.text(), read(t, ours))
			}
		}

		// Podman reports "not logged in" after it has written the file.
		same := (ourErr == nil) == (theirErr == nil) && sameJSON(t, ours, theirs)
		if theirErr != nil {
			require.True(t, errors.Is(theirErr, config.ErrNotLoggedIn), theirErr)
		}
		reasons := among(loginDifferences, doc, key)
		counts.add(reasons, same, true)
		if len(reasons) == 0 {
			require.True(t, same, "%s (login %t) in %s:\n%s\n%s\n%v %v", key, login, doc.text(), read(t, ours), read(t, theirs), ourErr, theirErr)
		}

		// A URL of another namespace may be taken for the registry by podman.
		if login && !slices.ContainsFunc(doc, func(e entry) bool { return strings.HasPrefix(e.spelling, "http") || e.spelling == "url with /v1/" }) {
			got, err := config.GetCredentials(containersContext(t, ours), key+"/new/app")
			if err == nil {
				require.Equal(t, c.Username, got.Username, "%s in %s", key, read(t, ours))
			} else { // below the key there may be an entry that podman cannot read
				require.True(t, slices.ContainsFunc(doc, func(e entry) bool { return e.spoils() || e.value == "no padding" }), err)
			}
		}
	}
	counts.check(t, loginDifferences, 50)
}

// sameJSON compares what is in two files, without regard to order.
func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var one, two any
	require.NoError(t, json.Unmarshal([]byte(read(t, a)), &one))
	require.NoError(t, json.Unmarshal([]byte(read(t, b)), &two))
	first, err := json.Marshal(one)
	require.NoError(t, err)
	second, err := json.Marshal(two)
	require.NoError(t, err)
	return string(first) == string(second)
}

// TestPodmanLoginsAreReadBack: every credential that podman writes, also into files
// that have others already, is the first candidate here.
func TestPodmanLoginsAreReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	sys := containersContext(t, path)
	for i, key := range loginKeys {
		_, err := config.SetCredentials(sys, key, fmt.Sprint("user-", i), "pw:ä")
		require.NoError(t, err)
	}
	resolver := auth.NewResolver(auth.Options{}, auth.File(path, auth.DocumentOptions{}))
	for i, key := range loginKeys {
		found := candidates(t, resolver, key+"/some/app")
		require.NotEmpty(t, found)
		require.Equal(t, credential{user: fmt.Sprint("user-", i), password: "pw:ä"}, found[0])
	}
}
