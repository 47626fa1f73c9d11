package imagestream

import (
	"fmt"
	"strings"
)

// maxNamespace is the longest name of a namespace, a DNS label (RFC 1123).
const maxNamespace = 63

// ValidateStreamName says why the API server takes no image stream of that name: the
// namespace is a DNS label, the name is a part of a repository's name, and namespace/name
// is no longer than 255 bytes (openshift-apiserver, ValidateImageStreamName). An empty
// namespace is not known yet, and passes. The error is an [*Error] of class
// [ErrInvalidName].
func ValidateStreamName(namespace, name string) error {
	reason := checkNamespace(namespace)
	if reason == "" {
		reason = checkStreamName(namespace, name)
	}
	if reason == "" {
		return nil
	}
	return nameError(streamText(namespace, name), reason)
}

// checkNamespace says why no namespace can have a name.
func checkNamespace(s string) (reason string) {
	if len(s) > maxNamespace {
		return fmt.Sprintf("the namespace is longer than %d bytes", maxNamespace)
	}
	other := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }
	if strings.ContainsFunc(s, other) || strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-") {
		return "the namespace is not of lower case letters, digits and hyphens within"
	}
	return ""
}
