package authoracle

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/containers/image/v5/pkg/docker/config"
	"github.com/containers/image/v5/types"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// containersContext is one of an auth file, without anything of this machine.
func containersContext(t *testing.T, path string) *types.SystemContext {
	t.Helper()
	empty := filepath.Join(t.TempDir(), "registries.conf")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	return &types.SystemContext{AuthFilePath: path, SystemRegistriesConfPath: empty, SystemRegistriesConfDirPath: t.TempDir()}
}

// containersDifferences are those between package auth, for auth files, and
// containers/image.
var containersDifferences = []difference{
	{"spelling", "a final slash, capitals in the host or scheme, :443 and /v2/ without a scheme hide a key from containers/image",
		reaching(func(e *entry) bool {
			return slices.Contains([]string{"final slash", "upper case", "port 443", "HTTPS", "/v2/ without a scheme"}, e.spelling)
		})},
	{"paths of URLs", "containers/image takes a URL with a path for the whole registry, or for nothing",
		concerning(func(e *entry) bool {
			return e.path != "" && slices.Contains([]string{"https", "http", "url with /v1/"}, e.spelling)
		})},
	{"namespaces of Docker Hub", "containers/image knows namespaces below docker.io alone",
		reaching(func(e *entry) bool {
			return e.spelling == "plain" && e.path != "" && hub(e.host) == "docker.io" && e.host != "docker.io"
		})},
	{"ties", "of several keys for a registry as a whole containers/image takes the one that is spelled as the image's host, else a random one; here the first of the document is taken",
		func(all document, image string) bool {
			n := 0
			for i := range all {
				if e := &all[i]; e.concerns(image) && e.spelling != "wildcard" && e.spelling != "no URL" && e.path == "" {
					n++
				}
			}
			return n > 1
		}},
	{"hidden", "in containers/image an entry without a credential ends the search among the shorter keys of the file; here it hides nothing",
		reaching(func(e *entry) bool { return slices.Contains([]string{"empty", "null", "no colon"}, e.value) })},
	{"unreadable", "an entry that containers/image does not read, or fails for: user name and password as members, an identity token alone, no padding, no base64",
		reaching(func(e *entry) bool {
			return slices.Contains([]string{"members", "identity token alone", "no padding", "no base64"}, e.value)
		})},
	{"registry tokens", "containers/image does not read registrytoken",
		reaching(func(e *entry) bool { return e.value == "registry token" })},
}

// TestAgreesWithContainersImage compares what is found first in auth files.
func TestAgreesWithContainersImage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	sys := containersContext(t, path)
	r := rand.New(rand.NewPCG(1, 1))
	var counts tally
	for range 3000 {
		doc := generate(r, "u")
		require.NoError(t, os.WriteFile(path, []byte(doc.text()), 0o600))
		resolver := auth.NewResolver(auth.Options{}, auth.Document("auth.json", []byte(doc.text()), auth.DocumentOptions{}))
		for _, image := range doc.looked() {
			want, err := config.GetCredentials(sys, image)
			theirs := credential{want.Username, want.Password, want.IdentityToken, ""}
			ours := credential{}
			if all := candidates(t, resolver, image); len(all) > 0 {
				ours = all[0]
			}
			reasons := among(containersDifferences, doc, image)
			counts.add(reasons, err == nil && ours == theirs, ours != credential{})
			if len(reasons) == 0 {
				require.NoError(t, err, doc.text())
				require.Equal(t, theirs, ours, "%s in %s", image, doc.text())
			}
		}
	}
	counts.check(t, containersDifferences, 60)
}

// candidates are what package auth has for an image.
func candidates(t *testing.T, r *auth.Resolver, image string) []credential {
	t.Helper()
	resource, err := auth.Image(image)
	require.NoError(t, err)
	found, err := r.Candidates(t.Context(), resource)
	require.NoError(t, err)
	var all []credential
	for _, c := range found {
		all = append(all, plain(c.Credential))
	}
	return all
}
