package registryclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
)

// maxSignatures is the most that a list of signatures may have.
const maxSignatures = 16 << 20

// AdminDeleteBlob deletes a blob from the storage of OpenShift's integrated
// registry, for all repositories at once: DELETE /admin/blobs/<digest>. It needs
// the right to prune, which the role system:image-pruner has. Where there is no such
// blob the registry says that it is deleted. The error is an *Error.
func (c *Client) AdminDeleteBlob(ctx context.Context, registry name.Registry, d digest.Digest) error {
	traced, tr := withTrail(ctx)
	err := func() error {
		if err := d.Validate(); err != nil {
			return &Error{Class: Invalid, Err: err}
		}
		a, err := c.enter(traced, registry, registry, "admin::prune")
		if err != nil {
			return err
		}
		return a.delete(traced, call{path: "/admin/blobs/" + d.String()})
	}()
	return failure("delete blob "+d.String()+" of", registry.String(), tr, err)
}

// A Signature is one of an image, as OpenShift's registry keeps it in the Image
// object. It says nothing of whether it is valid.
type Signature struct {
	// SchemaVersion is 2.
	SchemaVersion int `json:"schemaVersion"`
	// Name is the image's digest, @ and a name that is unique for the image.
	Name string `json:"name"`
	// Type is "atomic".
	Type string `json:"type"`
	// Content is the signature itself.
	Content []byte `json:"content"`
}

// Signatures reads the signatures of an image from OpenShift's integrated registry,
// by its extension /extensions/v2/<repository>/signatures/<digest>. The error is an
// *Error; other registries answer that it is [NotFound]. It is [Blocked], and no
// mirror is asked, where the registry may not be contacted.
func (c *Client) Signatures(ctx context.Context, image name.Digest) ([]Signature, error) {
	traced, tr := withTrail(ctx)
	signatures, err := c.signatures(traced, image)
	return signatures, failure("get signatures", image.String(), tr, err)
}

func (c *Client) signatures(ctx context.Context, image name.Digest) ([]Signature, error) {
	s, err := c.itself(image)
	if err != nil {
		return nil, err
	}
	a, err := c.through(s).repository(ctx, image.Repository, "pull")
	if err != nil {
		return nil, err
	}
	body, resp, err := a.fetch(ctx, call{method: http.MethodGet, path: signaturesPath(image)}, maxSignatures)
	if err != nil {
		return nil, err
	}
	signatures, err := readSignatures(body)
	if err != nil {
		return nil, lie(resp, fmt.Errorf("the signatures are not what they should be: %w", err))
	}
	return signatures, nil
}

// readSignatures reads a list; null has none, and an object without one is something else.
func readSignatures(body []byte) (signatures []Signature, err error) {
	var list struct {
		Signatures json.RawMessage `json:"signatures"`
	}
	if err = json.Unmarshal(body, &list); err == nil && len(list.Signatures) == 0 {
		err = errors.New("there is no field signatures")
	}
	if err == nil {
		err = json.Unmarshal(list.Signatures, &signatures)
	}
	return signatures, err
}

func signaturesPath(image name.Digest) string {
	return "/extensions/v2/" + image.RepositoryStr() + "/signatures/" + image.DigestStr()
}

// PutSignature adds a signature to an image of OpenShift's integrated registry. A
// zero SchemaVersion is 2, an empty Type is atomic. The error is an *Error:
// [Invalid], and nothing is sent, where the name is not of this image.
func (c *Client) PutSignature(ctx context.Context, image name.Digest, s Signature) error {
	traced, tr := withTrail(ctx)
	return failure("put signature", image.String(), tr, c.putSignature(traced, image, s))
}

func (c *Client) putSignature(ctx context.Context, image name.Digest, s Signature) error {
	if s.SchemaVersion == 0 {
		s.SchemaVersion = 2
	}
	if s.Type == "" {
		s.Type = "atomic"
	}
	prefix := image.DigestStr() + "@"
	if len(s.Name) <= len(prefix) || s.Name[:len(prefix)] != prefix || len(s.Content) == 0 {
		return &Error{Class: Invalid, Err: errors.New("a signature needs content, and a name that begins with the image's digest and @")}
	}
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	a, err := c.repository(ctx, image.Repository, "pull,push")
	if err != nil {
		return err
	}
	k := call{method: http.MethodPut, path: signaturesPath(image), header: http.Header{"Content-Type": {"application/json"}}, body: bytes.NewReader(body)}
	resp, err := a.send(ctx, k, http.StatusCreated, http.StatusOK, http.StatusNoContent)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
