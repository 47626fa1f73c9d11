package fromregistry

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/registryclient"
)

// IntegratedEnds carry out, on OpenShift's integrated registry, what of a plan for a
// cluster is there: manifest links, layer links and blobs. Streams, Images and the
// listing are the API server's. Client and Registry are required. The credential needs
// the role system:image-pruner. They may be used by many goroutines at once.
//
//	ends := apply.Ends{Streams: api, Images: api, Inventory: api, Condemned: file}
//	registry := fromregistry.IntegratedEnds{Client: client, Registry: host}
//	report, err := apply.Run(ctx, plan, registry.In(ends), apply.Options{})
//
// What the registry does not have is apply.ErrNotFound, which is success to a deletion,
// as to `oc adm prune images`. Unlike there, a 404 without a registry's error code is
// not: something else answers at that address, or a registry that has no such
// endpoint. That is apply.ErrUnsupported, and nothing counts as freed.
type IntegratedEnds struct {
	Client   *registryclient.Client
	Registry name.Registry
}

// In returns ends with these in the places of the registry's.
func (e *IntegratedEnds) In(ends apply.Ends) apply.Ends {
	ends.Manifests, ends.Layers, ends.Blobs = e, e, e
	return ends
}

// DeleteManifestLink deletes a manifest from one repository. The error is
// apply.ErrInUse where the image stream refers to it again, and apply.ErrUnsupported
// where the registry deletes no links at all. Its answer to both is 405 UNSUPPORTED, so
// it is then asked to delete a link that cannot be there.
func (e *IntegratedEnds) DeleteManifestLink(ctx context.Context, repository, digest string) error {
	d, err := digestIn(e.Registry, repository, digest)
	if err != nil {
		return err
	}
	refusal := e.Client.DeleteManifest(ctx, d)
	if !errors.Is(refusal, registryclient.Unsupported) {
		return ownAnswer(refusal)
	}
	deletes, err := e.deletesLinks(ctx, d.Repository)
	switch {
	case err != nil:
		return ownAnswer(err)
	case deletes:
		return &endError{class: apply.ErrInUse, err: refusal}
	}
	return ownAnswer(refusal)
}

// deletesLinks reports whether the registry deletes links: of one that cannot be there
// it says that it is not, or that the deletion is unsupported.
func (e *IntegratedEnds) deletesLinks(ctx context.Context, repo name.Repository) (bool, error) {
	err := e.Client.DeleteBlob(ctx, repo.Digest(digest.FromString(rand.Text()).String()))
	switch {
	case errors.Is(ownAnswer(err), apply.ErrNotFound):
		return true, nil
	case errors.Is(err, registryclient.Unsupported):
		return false, nil
	case err == nil: // whatever it says of a deletion is worth nothing
		return false, nil
	}
	return false, err
}

// DeleteLayerLink takes a layer or config away from one repository.
func (e *IntegratedEnds) DeleteLayerLink(ctx context.Context, repository, digest string) error {
	d, err := digestIn(e.Registry, repository, digest)
	if err != nil {
		return err
	}
	return ownAnswer(e.Client.DeleteBlob(ctx, d))
}

// DeleteBlob deletes a blob's bytes from the storage. The registry does so whatever
// needs them, and answers that it is done where there were none.
func (e *IntegratedEnds) DeleteBlob(ctx context.Context, blob string) error {
	d, err := digest.Parse(blob)
	if err != nil {
		return err
	}
	return ownAnswer(e.Client.AdminDeleteBlob(ctx, e.Registry, d))
}
