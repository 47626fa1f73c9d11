package registrylayout

import (
	"regexp"
	"strings"

	_ "crypto/sha256" // a digest of an algorithm that is not linked is refused
	_ "crypto/sha512"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
)

// MaxRepository is how many bytes the name of a repository may have that is
// written to: distribution's limit.
const MaxRepository = 255

// The grammars are those of the OCI distribution specification, "Pulling
// manifests".
var (
	repositoryName = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	tagName        = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

// CheckRepository says what is wrong with the name of a repository that is to be
// written to, as [ErrName]: it must be one that every registry serves. What reads
// or deletes takes any name that a directory can have, see [ParseKey].
func CheckRepository(name string) error {
	if len(name) > MaxRepository || !repositoryName.MatchString(name) {
		return invalid("repository", name)
	}
	return nil
}

// CheckTag says what is wrong with a tag, as [ErrName].
func CheckTag(tag string) error {
	if !tagName.MatchString(tag) {
		return invalid("tag", tag)
	}
	return nil
}

// checkDirectory takes what can be the directory of a repository: no segment
// begins with "_", which is where a repository's own things begin.
func checkDirectory(name string) error {
	if strings.HasPrefix(name, "_") || strings.Contains(name, "/_") || storage.CheckKey(name) != nil {
		return invalid("repository", name)
	}
	return nil
}

func checkDigest(d digest.Digest) error {
	if !validDigest(d) {
		return invalid("digest", string(d))
	}
	return nil
}

// validDigest takes the algorithms that registries have, whatever else a program
// links. It says what digest.Digest.Validate says of them, in a tenth of the time: a
// check asks it of every path, link and descriptor.
func validDigest(d digest.Digest) bool {
	algorithm, hex, _ := strings.Cut(string(d), ":")
	size := 0
	switch digest.Algorithm(algorithm) {
	case digest.SHA256:
		size = 64
	case digest.SHA384:
		size = 96
	case digest.SHA512:
		size = 128
	}
	if size == 0 || len(hex) != size {
		return false
	}
	for i := range len(hex) {
		if c := hex[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func checkUpload(id string) error {
	if strings.Contains(id, "/") || storage.CheckKey(id) != nil {
		return invalid("upload", id)
	}
	return nil
}
