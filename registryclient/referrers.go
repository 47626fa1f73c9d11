package registryclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
)

// Referrers lists the manifests whose subject is that digest: signatures,
// attestations, SBOMs. With an artifactType it lists those of that type alone. A
// registry without the referrers API is asked for the tag that stands in for it
// (OCI distribution specification 1.1, "Referrers Tag Schema"); a subject that is
// not there has none.
//
// It is listed where the subject's name says. Where Options.Mirrors forbid to contact that,
// the error is [Blocked]: mirrors often lack signatures, and that one knows of none says
// nothing. What the place has where the manifest m was read is listed by
//
//	client.From(m.Source).Referrers(ctx, m.Source.Ref.Context().Digest(m.Digest.String()), "")
//
// Pages are fetched as they are read. The listing ends with the first error, an
// *Error. A descriptor whose digest does not parse is [Integrity], and so is a page that
// repeats the one before.
func (c *Client) Referrers(ctx context.Context, subject name.Digest, artifactType string) iter.Seq2[Descriptor, error] {
	return func(yield func(Descriptor, error) bool) {
		const op = "list referrers"
		traced, tr := withTrail(ctx)
		at, err := c.itself(subject)
		if err == nil {
			err = c.through(at).eachReferrer(traced, subject, artifactType, func(d Descriptor) bool { return yield(d, nil) })
		}
		if err != nil {
			yield(Descriptor{}, failure(op, subject.String(), tr, err))
		}
	}
}

func (c *Client) eachReferrer(ctx context.Context, subject name.Digest, artifactType string, yield func(Descriptor) bool) error {
	a, err := c.repository(ctx, subject.Repository, "pull")
	if err != nil {
		return err
	}
	next := call{
		method: http.MethodGet,
		path:   "/v2/" + subject.RepositoryStr() + "/referrers/" + subject.DigestStr(),
		query:  url.Values{},
		header: http.Header{"Accept": {"application/vnd.oci.image.index.v1+json"}},
	}
	if artifactType != "" {
		next.query.Set("artifactType", artifactType)
	}
	var before []Descriptor
	for empty := 0; ; {
		body, resp, err := a.fetch(ctx, next, MaxManifestBytes)
		if next.url == nil && noReferrersAPI(err) {
			return c.taggedReferrers(ctx, subject, artifactType, yield)
		}
		if err != nil {
			return err
		}
		page, err := readReferrers(body, resp)
		if err != nil {
			return err
		}
		if len(page) > 0 && len(before) > 0 && page[0].Digest == before[0].Digest {
			return lie(resp, errors.New("the page repeats the one before"))
		}
		// The registry may or may not have filtered: a second time changes nothing.
		if !yieldReferrers(page, artifactType, yield) {
			return nil
		}
		if next.url, err = nextLink(resp.Header.Values("Link"), resp.Request.URL); err != nil {
			return lie(resp, err)
		}
		if next.url == nil {
			return nil
		}
		if empty++; len(page) > 0 {
			empty, before = 0, page
		}
		if empty > maxEmptyPages {
			return lie(resp, fmt.Errorf("more than %d pages in a row hold nothing", maxEmptyPages))
		}
	}
}

// noReferrersAPI reports whether an answer is of a registry that does not know the
// referrers API. By the specification that is 404; others take the path for a
// malformed one.
func noReferrersAPI(err error) bool {
	var refused *Error
	if !errors.As(err, &refused) {
		return false
	}
	return slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusNotImplemented, http.StatusNotAcceptable}, refused.StatusCode)
}

// taggedReferrers reads the index that clients keep under a tag made of the digest.
func (c *Client) taggedReferrers(ctx context.Context, subject name.Digest, artifactType string, yield func(Descriptor) bool) error {
	m, err := c.getManifest(ctx, Source{Ref: subject.Repository.Tag(referrersTag(subject.DigestStr()))})
	if errors.Is(err, NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	referrers, err := readReferrers(m.Raw, nil)
	if err != nil {
		return err
	}
	yieldReferrers(referrers, artifactType, yield)
	return nil
}

// referrersTag is the tag that stands in for the referrers API: the algorithm, cut
// to 32 characters, and the hash, cut to 64.
func referrersTag(d string) string {
	algorithm, hash, _ := strings.Cut(d, ":")
	return algorithm[:min(len(algorithm), 32)] + "-" + hash[:min(len(hash), 64)]
}

func readReferrers(body []byte, resp *http.Response) ([]Descriptor, error) {
	var index struct {
		SchemaVersion int           `json:"schemaVersion"`
		Manifests     *[]Descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(body, &index); err != nil {
		return nil, lie(resp, fmt.Errorf("the referrers are not an index: %w", err))
	}
	if index.Manifests == nil {
		return nil, lie(resp, errors.New("the referrers are not an index"))
	}
	for i, d := range *index.Manifests {
		if _, err := digest.Parse(d.Digest.String()); err != nil {
			return nil, lie(resp, fmt.Errorf("manifests[%d].digest of the referrers: %w", i, err))
		}
	}
	return *index.Manifests, nil
}

func yieldReferrers(page []Descriptor, artifactType string, yield func(Descriptor) bool) bool {
	for _, d := range page {
		if (artifactType == "" || d.ArtifactType == artifactType) && !yield(d) {
			return false
		}
	}
	return true
}
