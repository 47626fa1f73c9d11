package registryclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/internal/manifest"
)

// accepted is the Accept header of manifests. Docker's schema 1 is not among them:
// its digest is not that of its bytes.
var accepted = strings.Join([]string{
	manifest.MediaTypeOCIIndex, manifest.MediaTypeDockerList, manifest.MediaTypeOCIImage, manifest.MediaTypeDocker2,
	"application/vnd.oci.artifact.manifest.v1+json",
}, ", ")

// MaxManifestBytes is the largest manifest or index that is read or sent.
const MaxManifestBytes = manifest.MaxBytes

// ManifestInfo is what a HEAD tells of a manifest.
type ManifestInfo struct {
	Descriptor
	// Source is where it was read.
	Source Source
}

// A Manifest is a manifest or an index as the registry has it, byte for byte.
type Manifest struct {
	ManifestInfo
	// Raw has the digest and the size that the descriptor says.
	Raw []byte
}

// HeadManifest asks what a reference points to, which registries do not count as a
// pull. Where the answer lacks the digest, or the registry knows no HEAD, the
// manifest itself is fetched.
//
// The error is an *Error: [NotFound] where no source has it, [Integrity] where a
// digest was asked for and another came.
func (c *Client) HeadManifest(ctx context.Context, ref name.Reference) (ManifestInfo, error) {
	return fromSources(ctx, c, "head manifest", ref, func(ctx context.Context, c *Client, s Source) (ManifestInfo, error) {
		info, err := c.headManifest(ctx, s)
		if errors.Is(err, errNoDigest) || errors.Is(err, Unsupported) {
			var m Manifest
			m, err = c.getManifest(ctx, s)
			return m.ManifestInfo, err
		}
		return info, err
	})
}

// errNoDigest is for a HEAD that does not tell what it was sent for.
var errNoDigest = errors.New("the answer names no digest")

func (c *Client) headManifest(ctx context.Context, s Source) (ManifestInfo, error) {
	a, err := c.repository(ctx, s.Ref.Context(), "pull")
	if err != nil {
		return ManifestInfo{}, err
	}
	k := manifestCall(http.MethodHead, s.Ref)
	resp, err := a.send(ctx, k, http.StatusOK)
	if err != nil {
		return ManifestInfo{}, err
	}
	resp.Body.Close()
	info := ManifestInfo{Source: s}
	info.Digest, err = headerDigest(resp)
	if err != nil {
		return info, err
	}
	if info.Digest == "" || resp.ContentLength < 0 {
		return info, errNoDigest
	}
	if err := asWanted(s.Ref, info.Digest); err != nil {
		return info, lie(resp, err)
	}
	if info.Size = resp.ContentLength; info.Size > MaxManifestBytes {
		return info, lie(resp, fmt.Errorf("the manifest has %d bytes, of %d allowed", info.Size, MaxManifestBytes))
	}
	info.MediaType = headerMediaType(resp)
	return info, nil
}

// GetManifest fetches a manifest or an index. Its bytes have the digest that was
// asked for, or that the registry says where a tag was. The error is an *Error, as
// of HeadManifest; [Integrity] also where the body says to be of another media type
// than the header, or could be read as an image and as an index; [Unsupported] for
// a manifest of Docker's schema 1.
func (c *Client) GetManifest(ctx context.Context, ref name.Reference) (Manifest, error) {
	return fromSources(ctx, c, "get manifest", ref, func(ctx context.Context, c *Client, s Source) (Manifest, error) {
		return c.getManifest(ctx, s)
	})
}

func (c *Client) getManifest(ctx context.Context, s Source) (Manifest, error) {
	a, err := c.repository(ctx, s.Ref.Context(), "pull")
	if err != nil {
		return Manifest{}, err
	}
	k := manifestCall(http.MethodGet, s.Ref)
	k.kind = manifestRequest
	raw, resp, err := a.fetch(ctx, k, MaxManifestBytes)
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{ManifestInfo: ManifestInfo{Source: s}, Raw: raw}
	m.Size = int64(len(raw))
	if err := m.identify(resp); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// identify finds the media type and checks the digest.
func (m *Manifest) identify(resp *http.Response) error {
	var err error
	if m.MediaType, m.ArtifactType, err = typeOf(m.Raw, headerMediaType(resp)); err != nil {
		if errors.Is(err, Unsupported) {
			return &Error{Class: Unsupported, Endpoint: hostKey(resp.Request.URL), Err: err}
		}
		return lie(resp, err)
	}
	wanted, err := headerDigest(resp)
	if err != nil {
		return lie(resp, err)
	}
	algorithm := digest.SHA256
	if d, ok := m.Source.Ref.(name.Digest); ok {
		// What was asked for counts; the header may use another algorithm.
		wanted = digest.Digest(d.DigestStr())
		algorithm = wanted.Algorithm()
	} else if wanted != "" {
		algorithm = wanted.Algorithm()
	}
	if !algorithm.Available() {
		return lie(resp, fmt.Errorf("the digest's algorithm %s is not known", algorithm))
	}
	m.Digest = algorithm.FromBytes(m.Raw)
	if wanted != "" && m.Digest != wanted {
		return lie(resp, fmt.Errorf("the manifest has the digest %s, not %s", m.Digest, wanted))
	}
	return nil
}

func manifestCall(method string, ref name.Reference) call {
	return call{
		method: method,
		path:   "/v2/" + ref.Context().RepositoryStr() + "/manifests/" + ref.Identifier(),
		header: http.Header{"Accept": {accepted}},
	}
}

// headerDigest reads Docker-Content-Digest; "" where there is none.
func headerDigest(resp *http.Response) (digest.Digest, error) {
	text := resp.Header.Get("Docker-Content-Digest")
	if text == "" {
		return "", nil
	}
	d, err := digest.Parse(text)
	if err != nil {
		return "", lie(resp, fmt.Errorf("the header Docker-Content-Digest: %w", err))
	}
	return d, nil
}

// asWanted checks a digest against a reference by digest.
func asWanted(ref name.Reference, d digest.Digest) error {
	if wanted, ok := ref.(name.Digest); ok && wanted.DigestStr() != d.String() {
		return fmt.Errorf("the digest is %s, not %s", d, wanted.DigestStr())
	}
	return nil
}

// headerMediaType is the Content-Type without its parameters.
func headerMediaType(resp *http.Response) string {
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return mediaType
}

// schema1 are the media types of manifests whose digest leaves their signatures out.
const schema1 = "application/vnd.docker.distribution.manifest.v1+"

// typeOf says what a manifest is: the header and the body must not contradict each
// other, and where neither says it the fields decide, since an OCI index need not
// name its type. A body with the fields of both an image and an index would be read
// as one here and as the other elsewhere (CVE-2021-41190).
func typeOf(raw []byte, header string) (mediaType, artifactType string, err error) {
	var body struct {
		SchemaVersion int             `json:"schemaVersion"`
		MediaType     string          `json:"mediaType"`
		ArtifactType  string          `json:"artifactType"`
		Config        json.RawMessage `json:"config"`
		Layers        json.RawMessage `json:"layers"`
		Manifests     json.RawMessage `json:"manifests"`
		FSLayers      json.RawMessage `json:"fsLayers"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return "", "", fmt.Errorf("the manifest is not JSON: %w", err)
	}
	image, index := present(body.Config) || present(body.Layers), present(body.Manifests)
	switch {
	case strings.HasPrefix(header, schema1), strings.HasPrefix(body.MediaType, schema1), present(body.FSLayers):
		return "", "", fmt.Errorf("%w: a manifest of Docker's schema 1, which has to be pushed again by a newer tool", Unsupported)
	case image && index:
		return "", "", errors.New("the manifest has the fields of an image and of an index")
	case !specific(header):
		header = ""
	case body.MediaType != "" && body.MediaType != header:
		return "", "", fmt.Errorf("the manifest says to be %s, the header %s", clean(body.MediaType, 80), clean(header, 80))
	}
	switch {
	case header != "":
		mediaType = header
	case body.MediaType != "":
		mediaType = body.MediaType
	case index:
		mediaType = manifest.MediaTypeOCIIndex
	case image:
		mediaType = manifest.MediaTypeOCIImage
	default:
		return "", "", errors.New("nothing says what kind of manifest it is")
	}
	if manifest.IsIndex(mediaType) && image || manifest.IsImage(mediaType) && index {
		return "", "", fmt.Errorf("the manifest has not the fields of a %s", mediaType)
	}
	return mediaType, body.ArtifactType, nil
}

func present(field json.RawMessage) bool {
	return len(field) > 0 && !bytes.Equal(field, []byte("null"))
}

// specific reports whether a Content-Type says more than that it is text or JSON.
func specific(mediaType string) bool {
	switch mediaType {
	case "", "application/json", "text/plain", "text/html", "application/octet-stream", "binary/octet-stream":
		return false
	}
	return true
}

// PutManifest stores a manifest or an index, under a tag or its digest. What it
// names must be there already; see [Client.Push] for a whole image. A manifest
// with a subject is found by the referrers API; where the registry has none, only
// Push keeps the tag that stands in for it.
//
// The error is an *Error: [Integrity] where ref is a digest that raw does not have,
// and nothing is sent, or where the registry says that it stored something else.
func (c *Client) PutManifest(ctx context.Context, ref name.Reference, mediaType string, raw []byte) (ManifestInfo, error) {
	traced, tr := withTrail(ctx)
	info, err := c.putManifest(traced, ref, mediaType, raw)
	return info, failure("put manifest", ref.String(), tr, err)
}

func (c *Client) putManifest(ctx context.Context, ref name.Reference, mediaType string, raw []byte) (ManifestInfo, error) {
	info := ManifestInfo{Source: Source{Ref: ref}}
	if len(raw) > MaxManifestBytes {
		return info, &Error{Class: Invalid, Err: manifest.ErrTooLarge}
	}
	algorithm := digest.SHA256
	if d, ok := ref.(name.Digest); ok {
		algorithm = digest.Digest(d.DigestStr()).Algorithm()
	}
	if !algorithm.Available() {
		return info, &Error{Class: Invalid, Err: digest.ErrDigestUnsupported}
	}
	info.Descriptor = Descriptor{MediaType: mediaType, Digest: algorithm.FromBytes(raw), Size: int64(len(raw))}
	if err := asWanted(ref, info.Digest); err != nil {
		return info, &Error{Class: Integrity, Err: err}
	}
	a, err := c.repository(ctx, ref.Context(), "pull,push")
	if err != nil {
		return info, err
	}
	k := manifestCall(http.MethodPut, ref)
	k.header = http.Header{"Content-Type": {mediaType}}
	k.body = bytes.NewReader(raw)
	resp, err := a.send(ctx, k, http.StatusCreated, http.StatusOK, http.StatusAccepted)
	if err != nil {
		return info, err
	}
	resp.Body.Close()
	stored, err := headerDigest(resp)
	if err != nil {
		return info, err
	}
	if stored != "" && stored.Algorithm() == info.Digest.Algorithm() && stored != info.Digest {
		return info, lie(resp, fmt.Errorf("the registry stored %s, not %s", stored, info.Digest))
	}
	return info, nil
}

// DeleteManifest deletes a manifest or an index, and with it every tag that points
// to it. OpenShift's registry refuses, as [Unsupported], while an image stream
// still refers to it. The error is an *Error.
func (c *Client) DeleteManifest(ctx context.Context, d name.Digest) error {
	traced, tr := withTrail(ctx)
	return failure("delete manifest", d.String(), tr, c.deleteManifest(traced, d))
}

func (c *Client) deleteManifest(ctx context.Context, ref name.Reference) error {
	a, err := c.repository(ctx, ref.Context(), "pull,delete")
	if err != nil {
		return err
	}
	return a.delete(ctx, manifestCall(http.MethodDelete, ref))
}
