package auth_test

import (
	"strings"
	"testing"

	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// TestNoCredentialForAnotherPlace: what looks like the registry or namespace of a key
// gets nothing, from a file nor from a Secret.
func TestNoCredentialForAnotherPlace(t *testing.T) {
	for key, images := range map[string]string{
		"evil.com":               "registry.evil.com/x xevil.com/x evil.com.x.io/x evil.comx/x evil.co/x evil-com/x evil.com:5000/x evil.com:80/x evil.com:4430/x evil.com:44/x",
		"example.com":            "example.com.evil.com/x evil.com/example.com evil.com/example.com/x www.example.com/x",
		"https://example.com/":   "example.com.evil.com/x evil.com/example.com/x",
		"example.com:5000":       "example.com/x example.com:500/x example.com:50000/x example.com:443/x evil.com/example.com/5000",
		"example.com/ns":         "example.com/nsx example.com/nsx/y example.com/n example.com/x/ns example.com/x evil.com/ns",
		"https://example.com/ns": "example.com/nsx example.com/x evil.com/ns",
		"example.com/ns/":        "example.com/nsx example.com/x",
		"example.com/v2":         "example.com/x example.com/v2x",
		"*.example.com":          "example.com/x a.b.example.com/x a.example.com.evil.com/x evil.com/a.example.com a.example.com:5000/x xexample.com/x",
		"*.com":                  "evil.io/x a.b.com/x",
		"reg*.example.com":       "xreg.example.com/x reg.a.example.com/x",
		"*:5000":                 "example.com/x example.com:5000/x localhost/x localhost:50/x",
		"*":                      "evil.com/x evil.com:5000/x",
		"10.0.0.1":               "10.0.0.11/x 10.0.0.1:5000/x 110.0.0.1/x 10.0.0/x",
		"[::1]:5000":             "[::11]:5000/x [::1]:500/x [::1]/x",
		"docker.io":              "docker.io.evil.com/x evil.com/docker.io/x registry-2.docker.io/x hub.docker.com/x quay.io/docker.io/x",
		"docker.io/acme":         "busybox acmex/y quay.io/acme/y",
		"xn--bcher-kva.example":  "bcher-kva.example/x xn--bcher-kv.example/x",
		"user@example.com":       "example.com/x user/x",
		"example.com@evil.com":   "example.com/x evil.com/x",
		"example.com#.evil.com":  "example.com/x evil.com/x",
		"example.com?x.evil.com": "example.com/x evil.com/x",
		`example.com\\.evil.com`: "example.com/x evil.com/x",
		"example.com%2fns":       "example.com/x example.com/ns",
		"example.com/../evil":    "example.com/x evil/x example.com/evil",
		"//example.com":          "example.com/x",
		"ftp://example.com":      "example.com/x",
		" example.com":           "example.com/x",
		"example.com.":           "example.com/x",
		".example.com":           "a.example.com/x example.com/x",
	} {
		for _, image := range strings.Fields(images) {
			entry := `"` + key + `": {"username": "leaked", "password": "p"}`
			for kind, source := range map[string]auth.Source{
				"file":   document(entry),
				"secret": auth.Secrets(auth.NewSecretStore(secret("pull", entry)), "dev", "pull"),
			} {
				if _, err := auth.Image(image); err != nil {
					continue // what names no image asks for nothing
				}
				require.Empty(t, chosenBy(t, auth.NewResolver(auth.Options{}, source), image), "%s: key %q, image %s", kind, key, image)
			}
		}
	}
}
