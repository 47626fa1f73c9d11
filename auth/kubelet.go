package auth

import (
	"net"
	"net/url"
	"path/filepath"
	"strings"
)

// The kubelet's rules, for Options.KubeletCompat. Facts: k8s.io/kubernetes
// pkg/credentialprovider/keyring.go, v1.36.

// kubeletKey returns a key as the kubelet keeps it: host and path, with a leading
// /v1 or /v2 cut off where a slash follows it. It is "" where the kubelet passes
// over the key because it is no URL.
func kubeletKey(key string) string {
	if !strings.HasPrefix(key, "https://") && !strings.HasPrefix(key, "http://") {
		key = "https://" + key
	}
	parsed, err := url.Parse(key)
	if err != nil {
		return ""
	}
	path := parsed.Path
	if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v2/") {
		path = path[len("/v1"):]
	}
	if path == "/" {
		path = ""
	}
	return parsed.Host + path
}

// kubeletHost is the part of a kubelet's key, or image, that an index is made by:
// the host with its port. False where neither can ever match.
func kubeletHost(key string) (string, bool) {
	parsed, err := url.Parse("https://" + key)
	if err != nil {
		return "", false
	}
	return parsed.Host, true
}

// kubeletMatches compares a key with an image's repository: equal ports, host
// label by label with globs, and the path by its first bytes, so that quay.io/org
// is for quay.io/organization too.
func kubeletMatches(key, image string) bool {
	k, err := url.Parse("https://" + key)
	if err != nil {
		return false
	}
	i, err := url.Parse("https://" + image)
	if err != nil || !strings.HasPrefix(i.Path, k.Path) {
		return false
	}
	keyLabels, keyPort := kubeletLabels(k.Host)
	imageLabels, imagePort := kubeletLabels(i.Host)
	if keyPort != imagePort || len(keyLabels) != len(imageLabels) {
		return false
	}
	for n, label := range keyLabels {
		if matched, err := filepath.Match(label, imageLabels[n]); err != nil || !matched {
			return false
		}
	}
	return true
}

func kubeletLabels(host string) ([]string, string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = host, ""
	}
	return strings.Split(name, "."), port
}

// kubeletHub is the key whose credentials the kubelet falls back to for an image
// of Docker Hub that no key matches.
const kubeletHub = "index.docker.io"
