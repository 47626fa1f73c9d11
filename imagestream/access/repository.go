package access

import (
	"strings"

	"github.com/registrykit/registrykit/imagestream"
)

// splitRepository splits the repository of a stream: the label of a namespace, a
// slash, and a name that a stream can have. The reason is empty where it is one.
func splitRepository(repository string) (namespace, name, reason string) {
	const want = "want namespace/name"
	switch {
	case repository == "":
		return "", "", "it is empty; " + want
	case len(repository) > maxRepository:
		return "", "", "it is longer than 255 bytes"
	}
	namespace, name, ok := strings.Cut(repository, "/")
	switch {
	case !ok || namespace == "" || name == "" || strings.Contains(name, "/"):
		return "", "", want + ", with exactly one slash"
	case !isNamespace(namespace):
		return "", "", "the namespace is no label of lower-case letters, digits and dashes, of at most 63 bytes"
	case !isStreamName(name):
		return "", "", "no image stream can have that name"
	}
	return namespace, name, ""
}

// splitPattern is splitRepository, but takes namespace/* and * too, and gives
// nothing for the part that is not named, as access reviews have it.
func splitPattern(repository string) (namespace, name, reason string) {
	if repository == AnyRepository {
		return "", "", ""
	}
	if namespace, ok := strings.CutSuffix(repository, "/*"); ok && isNamespace(namespace) {
		return namespace, "", ""
	}
	return splitRepository(repository)
}

// joinPattern is the other way round.
func joinPattern(namespace, name string) string {
	switch {
	case namespace == "":
		return AnyRepository
	case name == "":
		return namespace + "/*"
	}
	return namespace + "/" + name
}

const (
	maxRepository = 255 // the API server's limit
	maxNamespace  = 63
)

// isNamespace says whether s is a label of RFC 1123.
func isNamespace(s string) bool {
	if s == "" || len(s) > maxNamespace || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// isStreamName says whether s is one component of a repository's name. That is
// read as part of a pull spec, behind a host, which no component can be there.
func isStreamName(s string) bool {
	ref, err := imagestream.ParsePullSpecStrict("registry.example/a/" + s)
	return err == nil && ref.Name == s && ref.Tag == "" && ref.ID == ""
}
