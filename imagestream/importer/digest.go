package importer

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
)

// hasDigest says whether content has a digest. An algorithm that registries do not use
// is no digest.
func hasDigest(content []byte, digest string) bool {
	algorithm, want, _ := strings.Cut(digest, ":")
	var sum []byte
	switch algorithm {
	case "sha256":
		s := sha256.Sum256(content)
		sum = s[:]
	case "sha384":
		s := sha512.Sum384(content)
		sum = s[:]
	case "sha512":
		s := sha512.Sum512(content)
		sum = s[:]
	default:
		return false
	}
	return hex.EncodeToString(sum) == want
}
