package auth

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKubeletMatches: the rules of the kubelet, where they are surprising too.
func TestKubeletMatches(t *testing.T) {
	cases := []struct {
		key, image string
		want       bool
	}{
		{"quay.io", "quay.io/org/app", true},
		{"quay.io/org", "quay.io/organization/app", true}, // the first bytes
		{"quay.io/org/", "quay.io/organization/app", false},
		{"quay.io/org/", "quay.io/org/app", true},
		{"quay.io/org/app", "quay.io/org", false},
		{"Quay.io", "quay.io/app", false},
		{"quay.io:443", "quay.io/app", false},
		{"quay.io:", "quay.io/app", true}, // an empty port is none
		{"https://quay.io/v1/", "quay.io/app", true},
		{"https://quay.io/v1", "quay.io/app", false},
		{"quay.io/v2/org", "quay.io/org/app", true}, // also without a scheme
		{"quay.io/v1", "quay.io/v1/app", true},
		{"HTTPS://quay.io", "quay.io/app", false},
		{"*.example.com", "a.example.com/x", true},
		{"*.example.com", "example.com/x", false},
		{"*.*.com", "a.example.com/x", true},
		{"*.*.*", "a.example.com/x", true},
		{"*.example.com/org", "a.example.com/organization", true},
		{"*.example.com:80*", "a.example.com:8080/x", false}, // no wildcard in a port
		{"a.example.com/*", "a.example.com/x", false},        // nor in a path
		{"10.0.0.*", "10.0.0.1/x", true},
		{"[::1]:5000", "[::1]:5000/x", true},
		{"[::1]", "[::1]/x", false}, // read as a class of characters
		{"user:password@quay.io", "quay.io/app", true},
		{"quay.io?x", "quay.io/app", true},
		{"%zz", "quay.io/app", false},
		{"[a-z]uay.io", "quay.io/app", false},
		{"", "quay.io/app", false},
	}
	for _, c := range cases {
		key, image := parseKubeletKey(c.key), parseKubelet(c.image)
		require.Equal(t, c.want, key.matches(&image), "%q for %s", c.key, c.image)

		// What the index finds is what matches.
		doc, err := parseDocument([]byte(`{"auths": {"`+c.key+`": {"username": "u", "password": "p"}}}`), FormatConfig)
		require.NoError(t, err)
		target, err := parseImage(c.image)
		require.NoError(t, err)
		found := newSnapshot([]*place{{doc: doc, kubernetes: true}}).kubeletEntries(nil, target)
		require.Equal(t, c.want, len(found) == 1, "%q for %s", c.key, c.image)
	}
	for image, want := range map[string]bool{
		"docker.io/library/busybox": true, "index.docker.io/x": true, "busybox": true, "acme/x": true, "localhost/x": true,
		"quay.io/x": false, "localhost:5000/x": false, "registry-1.docker.io/x": false, "/x": false,
	} {
		require.Equal(t, want, kubeletDefaultRegistry(image), image)
	}
}
