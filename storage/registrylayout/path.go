package registrylayout

import (
	"errors"

	"github.com/opencontainers/go-digest"
)

// Root is the directory of the whole tree.
const Root = "docker/registry/v2"

const (
	blobsDir        = Root + "/blobs/"
	repositoriesDir = Root + "/repositories/"
)

// BlobKey is where the bytes of a blob are, be it a layer, a config or a
// manifest. [ErrName].
func BlobKey(d digest.Digest) (string, error) {
	if err := checkDigest(d); err != nil {
		return "", err
	}
	hex := d.Encoded()
	return blobsDir + d.Algorithm().String() + "/" + hex[:2] + "/" + hex + "/data", nil
}

// LayerLinkKey is where a repository's link to a layer or config is. [ErrName].
func LayerLinkKey(repository string, d digest.Digest) (string, error) {
	return linkKey(repository, "/_layers/", d)
}

// ManifestLinkKey is where a repository's link to a manifest is. [ErrName].
func ManifestLinkKey(repository string, d digest.Digest) (string, error) {
	return linkKey(repository, "/_manifests/revisions/", d)
}

// TagKey is where the link is that says what a tag is now. [ErrName].
func TagKey(repository, tag string) (string, error) {
	dir, err := tagDir(repository, tag)
	return dir + "current/link", err
}

// TagIndexKey is where the link is that says that a tag is or was this manifest.
// [ErrName].
func TagIndexKey(repository, tag string, d digest.Digest) (string, error) {
	dir, err := tagDir(repository, tag)
	if err = errors.Join(err, checkDigest(d)); err != nil {
		return "", err
	}
	return dir + "index/" + digestPath(d) + "/link", nil
}

// UploadDataKey is where the bytes of an upload are that has not ended. [ErrName].
func UploadDataKey(repository, id string) (string, error) {
	dir, err := uploadDir(repository, id)
	return dir + "data", err
}

// UploadStartedKey is where an upload says when it was started, in the format of
// RFC 3339. [ErrName].
func UploadStartedKey(repository, id string) (string, error) {
	dir, err := uploadDir(repository, id)
	return dir + "startedat", err
}

func linkKey(repository, dir string, d digest.Digest) (string, error) {
	if err := errors.Join(checkDirectory(repository), checkDigest(d)); err != nil {
		return "", err
	}
	return repositoriesDir + repository + dir + digestPath(d) + "/link", nil
}

// tagDir ends in a slash.
func tagDir(repository, tag string) (string, error) {
	if err := errors.Join(checkDirectory(repository), CheckTag(tag)); err != nil {
		return "", err
	}
	return repositoriesDir + repository + "/_manifests/tags/" + tag + "/", nil
}

// uploadDir ends in a slash.
func uploadDir(repository, id string) (string, error) {
	if err := errors.Join(checkDirectory(repository), checkUpload(id)); err != nil {
		return "", err
	}
	return repositoriesDir + repository + "/_uploads/" + id + "/", nil
}

func digestPath(d digest.Digest) string { return d.Algorithm().String() + "/" + d.Encoded() }
