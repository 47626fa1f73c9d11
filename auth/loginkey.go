package auth

import (
	"slices"
	"strings"
)

// dockerHubKey is the key that docker has for Docker Hub. It looks for no other, and
// all other tools know it.
const dockerHubKey = "https://index.docker.io/v1/"

// maxKeyBytes is longer than a host and a repository's name can be.
const maxKeyBytes = 1024

// A loginKey is the place that a login is for.
type loginKey struct {
	text    string // the key to write
	pattern pattern
}

// parseLoginKey checks a registry, namespace or repository and brings it into the
// form in which every tool finds it. The errors repeat nothing of it: a password may
// have got there.
func parseLoginKey(registry string, wildcards bool) (loginKey, error) {
	if len(registry) > maxKeyBytes {
		return loginKey{}, malformed("the registry's name is too long")
	}
	p, err := parseKey(registry)
	rest, _ := cutScheme(registry)
	switch {
	case err != nil:
		return loginKey{}, err
	case p.glob && !wildcards:
		return loginKey{}, malformed("the registry has a wildcard, which only Kubernetes reads")
	case p.path != "" && !isRepositoryPath(p.path) || strings.Contains(rest, "//"):
		return loginKey{}, malformed("the registry's path is not the name of a namespace or repository, without tag and digest")
	case registry == dockerHubKey:
		return loginKey{dockerHubKey, p}, nil
	}
	text := strings.ToLower(beforePath(rest)) // :443 stays, which others do not take for none
	if isDockerHub(p.host) {
		text = dockerHub
	}
	if p.path != "" {
		text += "/" + p.path
	}
	return loginKey{text, p}, nil
}

// isRepositoryPath accepts what names of repositories are made of.
func isRepositoryPath(path string) bool {
	return !slices.Contains(strings.Split(path, "/"), "") && !strings.ContainsFunc(path, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._-/", r)
	})
}

// sameAs reports whether a key that is in a document stands for the same place.
func (k loginKey) sameAs(key string) bool {
	p, err := parseKey(key)
	return err == nil && p.host == k.pattern.host && p.path == k.pattern.path
}

// readByAll reports whether every tool finds a key that stands for the same place
// when it looks for this one.
func (k loginKey) readByAll(key string) bool {
	if key == k.text {
		return true
	}
	if k.pattern.path != "" {
		return false
	}
	if k.pattern.host == dockerHub {
		return key == dockerHubKey
	}
	scheme, rest, found := strings.Cut(key, "://")
	if !found || scheme != "https" && scheme != "http" { // in lower case: podman knows no HTTPS
		return false
	}
	path, found := strings.CutPrefix(rest, k.text)
	return found && slices.Contains([]string{"", "/", "/v1/", "/v2/"}, path)
}
