package auth

import (
	"strings"
)

// nearMiss says why an entry that seems to be for the target is not; "" where it is,
// or where it has nothing to do with it.
func nearMiss(e *entry, p *place, t *target, compat bool) string {
	if compat && p.kubernetes {
		return kubeletNearMiss(e, t)
	}
	k := &e.pattern
	if k.glob {
		return globNearMiss(k, p, t)
	}
	if k.host == t.host {
		return pathNearMiss(k, t)
	}
	name, port, _ := cutPort(k.host)
	targetName, targetPort, _ := cutPort(t.host)
	switch {
	case name == targetName:
		return "it is for " + portName(port) + ", the image is at " + portName(targetPort)
	case t.host == dockerHub && (name == "docker.com" || strings.HasSuffix(name, ".docker.com") || strings.HasSuffix(name, ".docker.io")):
		return "that is not a name of Docker Hub's registry: docker.io, index.docker.io and registry-1.docker.io are"
	case port == targetPort && oneEdit(name, targetName):
		return "the host differs from " + targetName + " by one slip of a key"
	}
	return ""
}

func portName(port string) string {
	if port == "" {
		return "the default port"
	}
	return "port " + port
}

// pathNearMiss is for a key of the same host.
func pathNearMiss(k *pattern, t *target) string {
	switch {
	case k.covers(t.path):
		return ""
	case t.path == "":
		return "it is for " + k.path + " alone, not for the registry as a whole"
	case strings.HasPrefix(k.path, t.path+":"), strings.HasPrefix(k.path, t.path+"@"):
		return "a key has no tag and no digest"
	case strings.HasPrefix(k.path, t.path+"/"):
		return "it is for what is below the repository"
	case strings.HasPrefix(t.path, k.path):
		return "whole segments of a path are compared: " + k.path + " is not a namespace of " + t.path
	case strings.EqualFold(k.path, t.path) || len(t.path) > len(k.path) && t.path[len(k.path)] == '/' && strings.EqualFold(k.path, t.path[:len(k.path)]):
		return "repositories are in lower case"
	}
	return "it is for " + k.path + ", another repository or namespace"
}

func globNearMiss(k *pattern, p *place, t *target) string {
	covers := k.covers(t.path)
	if globMatches(k.host, t.host) {
		switch {
		case !covers:
			return pathNearMiss(k, t)
		case !p.kubernetes:
			return "wildcards count in Secrets and the kubelet's file alone"
		}
		return ""
	}
	glob, globPort, _ := cutPort(k.host)
	name, port, _ := cutPort(t.host)
	suffix := glob[strings.LastIndexByte(glob, '*')+1:]
	switch {
	case !covers:
		return ""
	case globMatches(glob, name) && globPort != port:
		return "it is for " + portName(globPort) + ", the image is at " + portName(port)
	case strings.Count(suffix, ".") > 1 && labels(glob) != labels(name) && strings.HasSuffix(name, suffix):
		return "a * stands for one part of a host name"
	}
	return ""
}

// kubeletNearMiss is for keys that only this package would accept.
func kubeletNearMiss(e *entry, t *target) string {
	if image := parseKubelet(t.raw); e.kubelet.matches(&image) {
		return ""
	}
	k := &e.pattern
	if k.host == "" || !k.covers(t.path) || k.host != t.host && !(k.glob && globMatches(k.host, t.host)) {
		return ""
	}
	if k.host == dockerHub {
		return "the kubelet uses this name of Docker Hub only where nothing else matches, or not at all"
	}
	return "the kubelet compares host, case, port and version path as they are written"
}

// oneEdit reports whether one character was left out, added, mistaken or swapped
// with the next.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || len(a) < 5 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) || isDigit(a[i]) && isDigit(b[i]) {
		return false // registry1 and registry2 are two registries
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
