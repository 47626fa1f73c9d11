package auth

import (
	"net"
	"net/url"
	"path/filepath"
	"strings"
)

// The kubelet's rules, for Options.KubeletCompat. Facts: k8s.io/kubernetes
// pkg/credentialprovider/keyring.go, v1.36.

// A kubeletPattern is a key as the kubelet reads it, or an image's repository.
type kubeletPattern struct {
	// key is host and path as the kubelet keeps and sorts them, with a leading /v1
	// or /v2 cut off where a slash follows it. It is "" where the kubelet passes
	// over the key because it is no URL.
	key string
	// name, port and path are what it compares.
	name, port, path string
	glob             bool
}

func parseKubeletKey(key string) kubeletPattern {
	if !strings.HasPrefix(key, "https://") && !strings.HasPrefix(key, "http://") {
		key = "https://" + key
	}
	parsed, err := url.Parse(key)
	if err != nil {
		return kubeletPattern{}
	}
	path := parsed.Path
	if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v2/") {
		path = path[len("/v1"):]
	}
	if path == "/" {
		path = ""
	}
	return parseKubelet(parsed.Host + path)
}

// parseKubelet reads host and path, as the kubelet does a second time when it
// compares.
func parseKubelet(key string) kubeletPattern {
	parsed, err := url.Parse("https://" + key)
	if err != nil {
		return kubeletPattern{}
	}
	p := kubeletPattern{key: key, path: parsed.Path}
	if p.name, p.port, err = net.SplitHostPort(parsed.Host); err != nil {
		p.name, p.port = parsed.Host, ""
	}
	p.glob = strings.ContainsAny(p.name, `*?[\`)
	return p
}

// matches compares a key with an image's repository: equal ports, host label by
// label with globs, and the path by its first bytes, so that quay.io/org is for
// quay.io/organization too.
func (p *kubeletPattern) matches(image *kubeletPattern) bool {
	if p.key == "" || image.key == "" || p.port != image.port || !strings.HasPrefix(image.path, p.path) {
		return false
	}
	keyLabels, imageLabels := strings.Split(p.name, "."), strings.Split(image.name, ".")
	if len(keyLabels) != len(imageLabels) {
		return false
	}
	for n, label := range keyLabels {
		if matched, err := filepath.Match(label, imageLabels[n]); err != nil || !matched {
			return false
		}
	}
	return true
}

// kubeletHub is the key whose credentials the kubelet falls back to for an image
// of Docker Hub that no key matches.
const kubeletHub = "index.docker.io"

// kubeletDefaultRegistry is the kubelet's guess whether an image is one of Docker
// Hub.
func kubeletDefaultRegistry(image string) bool {
	host, _, slash := strings.Cut(image, "/")
	if host == "" {
		return false
	}
	return !slash || host == dockerHub || host == kubeletHub || !strings.ContainsAny(host, ".:")
}
