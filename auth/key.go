package auth

import (
	"slices"
	"strings"
)

// dockerHub is the name that every alias of Docker Hub is read as.
const dockerHub = "docker.io"

// isDockerHub reports whether a host is one of the names of Docker Hub: the one
// in image names, the one in auth files since the first Docker, and the API's.
func isDockerHub(host string) bool {
	return host == dockerHub || host == "index.docker.io" || host == "registry-1.docker.io"
}

// A pattern is a key of a document, read: which host, and which repositories
// there.
type pattern struct {
	// host with its port, in lower case, without :443, and docker.io for each of
	// Docker Hub's names.
	host string
	// path without slashes at its ends; empty for the whole registry.
	path string
	// glob says that a label of the host has a *.
	glob bool
	// written is what stood in the key for host, in lower case.
	written string
}

// parseKey reads a key as docker, podman and Kubernetes write them: a host, with
// or without a port and a path, perhaps as a URL, perhaps with the API's version
// as its path. The error says what is wrong and repeats nothing of the key, which
// may hold a password.
func parseKey(key string) (pattern, error) {
	rest, url := cutScheme(key)
	switch {
	case rest == "":
		return pattern{}, malformed("the key is empty")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\u00a0' }):
		return pattern{}, malformed("the key has a space or a control character")
	case strings.Contains(beforePath(rest), "@"):
		return pattern{}, malformed("the key has a user name or password before the host")
	}
	host, path, slash := strings.Cut(rest, "/")
	p := pattern{written: strings.TrimSuffix(strings.ToLower(host), ":443")}
	p.host = p.written
	if err := checkHost(p.host); err != nil {
		return pattern{}, err
	}
	p.glob = strings.Contains(p.host, "*")
	if isDockerHub(p.host) {
		p.host = dockerHub
	}
	if slash {
		p.path = keyPath(path, url)
	}
	if strings.ContainsAny(p.path, "?#%") {
		return pattern{}, malformed("the key's path has a query, a fragment or an escape")
	}
	return p, nil
}

// keyPath trims slashes and the version of the registry's API. A namespace may be
// called v1 or v2 too: without a scheme and without a final slash it is one, as
// podman writes it.
func keyPath(path string, url bool) string {
	version, rest, slash := strings.Cut(path, "/")
	if version == "v1" || version == "v2" {
		rest = strings.Trim(rest, "/")
		if url || slash && rest == "" {
			return rest
		}
	}
	return strings.Trim(path, "/")
}

func cutScheme(key string) (rest string, found bool) {
	for _, scheme := range []string{"https://", "http://"} {
		if len(key) >= len(scheme) && strings.EqualFold(key[:len(scheme)], scheme) {
			return key[len(scheme):], true
		}
	}
	return key, false
}

func beforePath(key string) string {
	host, _, _ := strings.Cut(key, "/")
	return host
}

// checkHost accepts names, IPv4 and bracketed IPv6 addresses, a * in labels, and a
// port.
func checkHost(host string) error {
	name, port, hasPort := cutPort(host)
	if hasPort && (port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "") {
		return malformed("the key's port is not a number")
	}
	if strings.HasPrefix(name, "[") {
		inner, closed := strings.CutSuffix(name[1:], "]")
		if !closed || len(inner) < 2 || strings.Trim(inner, "0123456789abcdef:.") != "" {
			return malformed("the key's host is not an IPv6 address")
		}
		return nil
	}
	if slices.Contains(strings.Split(name, "."), "") {
		return malformed("the key's host is empty or has an empty part")
	}
	if strings.ContainsFunc(name, func(r rune) bool {
		return r != '*' && r != '-' && r != '_' && r != '.' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) {
		return malformed("the key's host has a character that no host has; of wildcards only * is one")
	}
	return nil
}

// cutPort splits a host from its port, with an eye on IPv6.
func cutPort(host string) (name, port string, found bool) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || i < strings.LastIndexByte(host, ']') {
		return host, "", false
	}
	return host[:i], host[i+1:], true
}

// covers reports whether the pattern's path is the repository or a namespace of
// it, whole segments compared.
func (p *pattern) covers(repository string) bool {
	n := len(p.path)
	return n == 0 || strings.HasPrefix(repository, p.path) && (len(repository) == n || repository[n] == '/')
}

// segments is the number of segments of the path.
func (p *pattern) segments() int {
	if p.path == "" {
		return 0
	}
	return strings.Count(p.path, "/") + 1
}

// globMatches compares label by label; a * stands for any characters of one
// label, none too. Ports must be equal.
func globMatches(glob, host string) bool {
	globName, globPort, _ := cutPort(glob)
	name, port, _ := cutPort(host)
	if globPort != port || strings.HasPrefix(name, "[") {
		return false
	}
	for {
		globLabel, globRest, more := strings.Cut(globName, ".")
		label, rest, hostMore := strings.Cut(name, ".")
		if more != hostMore || !labelMatches(globLabel, label) {
			return false
		}
		if !more {
			return true
		}
		globName, name = globRest, rest
	}
}

// labelMatches matches * in one label, in time linear in both but for the number
// of wildcards.
func labelMatches(glob, label string) bool {
	first, rest, wild := strings.Cut(glob, "*")
	if !wild {
		return glob == label
	}
	if !strings.HasPrefix(label, first) {
		return false
	}
	label = label[len(first):]
	for {
		part, more, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(label, part)
		}
		i := strings.Index(label, part)
		if i < 0 {
			return false
		}
		label, rest = label[i+len(part):], more
	}
}
