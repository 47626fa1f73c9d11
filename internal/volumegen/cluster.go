package volumegen

import (
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// ClusterFiles returns what a registry's volume holds of a made-up cluster, as it
// is now: its links, its manifests byte for byte, and some bytes in the place of
// the layers and configs, whose digests are made up.
func ClusterFiles(live *prunetest.Live) (map[string]string, error) {
	files := map[string]string{}
	var errs []error
	add := func(key string, err error, text string) {
		errs = append(errs, err)
		files[key] = text
	}
	for d, size := range live.Blobs() {
		text := string(live.Manifest(d))
		if text == "" {
			text = fmt.Sprintf("%d bytes", size)
		}
		key, err := registrylayout.BlobKey(digest.Digest(d))
		add(key, err, text)
	}
	for _, link := range live.Links() {
		key, err := linkKey(link)
		add(key, err, link.Digest)
	}
	return files, errors.Join(errs...)
}

func linkKey(l inventory.Link) (string, error) {
	repository := inventory.RepositoryName(l.Namespace, l.Name)
	if l.Manifest {
		return registrylayout.ManifestLinkKey(repository, digest.Digest(l.Digest))
	}
	return registrylayout.LayerLinkKey(repository, digest.Digest(l.Digest))
}

// ClusterMissing is the cluster's Missing, asked of a volume.
func ClusterMissing(ctx context.Context, s *storage.Store, live *prunetest.Live) ([]string, error) {
	var errs []error
	there := func(key string, err error) bool {
		if err == nil {
			_, err = s.Stat(ctx, key)
		}
		if !errors.Is(err, storage.ErrNotExist) {
			errs = append(errs, err)
		}
		return err == nil
	}
	missing := live.MissingFrom(
		func(l inventory.Link) bool { return there(linkKey(l)) },
		func(d string) bool { return there(registrylayout.BlobKey(digest.Digest(d))) },
	)
	return missing, errors.Join(errs...)
}
