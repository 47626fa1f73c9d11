package registryoracle

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// subject is the client as the checks want it.
func subject(c *registryclient.Client) registrytest.Subject {
	return registrytest.Subject{
		Tags: func(ctx context.Context, repository string) ([]string, error) {
			repo, err := name.NewRepository(repository)
			if err != nil {
				return nil, err
			}
			tags, err := registryclient.Collect(c.Tags(ctx, repo, registryclient.ListOptions{}))
			// Distribution 3 has no referrers API: a tag stands in for it.
			return slices.DeleteFunc(tags, func(tag string) bool { return strings.HasPrefix(tag, "sha256-") }), err
		},
		Manifest: func(ctx context.Context, reference string) ([]byte, error) {
			ref, err := name.ParseReference(reference)
			if err != nil {
				return nil, err
			}
			m, err := c.GetManifest(ctx, ref)
			return m.Raw, err
		},
		Blob: func(ctx context.Context, reference string) ([]byte, error) {
			d, err := name.NewDigest(reference)
			if err != nil {
				return nil, err
			}
			return c.GetBlob(ctx, d, 1<<20)
		},
		DeleteTag: func(ctx context.Context, reference string) error {
			tag, err := name.NewTag(reference)
			if err != nil {
				return err
			}
			_, err = c.DeleteTag(ctx, tag)
			return err
		},
		Referrers: func(ctx context.Context, reference string) (digests []string, err error) {
			d, err := name.NewDigest(reference)
			if err != nil {
				return nil, err
			}
			for referrer, err := range c.Referrers(ctx, d, "") {
				if err != nil {
					return nil, err
				}
				digests = append(digests, referrer.Digest.String())
			}
			return digests, nil
		},
		Class: func(err error) string {
			var e *registryclient.Error
			if !errors.As(err, &e) {
				return ""
			}
			return string(e.Class)
		},
	}
}

// TestConformance puts the client through the checks with distribution 3 behind their
// faults.
func TestConformance(t *testing.T) {
	for _, check := range registrytest.Checks() {
		t.Run(check.Name, func(t *testing.T) {
			check.Options.Base, check.Options.NoReferrers = distribution3(t, false), true
			c := registryclient.New(registryclient.Options{
				Keychain: registryclient.Fixed(&authn.Basic{Username: registrytest.User, Password: registrytest.Password}),
				Retry:    registryclient.RetryOptions{Backoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond},
			})
			t.Cleanup(c.Close)
			require.NoError(t, check.Run(t.Context(), func(*registrytest.Server) registrytest.Subject { return subject(c) }))
		})
	}
}
