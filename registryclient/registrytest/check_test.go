package registrytest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// own is this library's client.
func own(c *registryclient.Client) registrytest.Subject {
	digestOf := func(reference string) (name.Digest, error) { return name.NewDigest(reference) }
	return registrytest.Subject{
		Tags: func(ctx context.Context, repository string) ([]string, error) {
			repo, err := name.NewRepository(repository)
			if err != nil {
				return nil, err
			}
			return registryclient.Collect(c.Tags(ctx, repo, registryclient.ListOptions{}))
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
			d, err := digestOf(reference)
			if err != nil {
				return nil, err
			}
			blob, err := c.OpenBlob(ctx, d, registryclient.BlobOptions{})
			if err != nil {
				return nil, err
			}
			defer blob.Close()
			return io.ReadAll(blob)
		},
		DeleteTag: func(ctx context.Context, reference string) error {
			tag, err := name.NewTag(reference)
			if err != nil {
				return err
			}
			_, err = c.DeleteTag(ctx, tag)
			return err
		},
		Referrers: func(ctx context.Context, reference string) ([]string, error) {
			d, err := digestOf(reference)
			if err != nil {
				return nil, err
			}
			var digests []string
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
			if errors.As(err, &e) {
				return string(e.Class)
			}
			return ""
		},
	}
}

func TestChecksWithOurClient(t *testing.T) {
	for _, check := range registrytest.Checks() {
		t.Run(check.Name, func(t *testing.T) {
			t.Parallel()
			c := registryclient.New(registryclient.Options{
				Keychain: registryclient.Fixed(&authn.Basic{Username: registrytest.User, Password: registrytest.Password}),
				Retry:    registryclient.RetryOptions{Backoff: time.Millisecond},
			})
			defer c.Close()
			require.NoError(t, check.Run(t.Context(), func(*registrytest.Server) registrytest.Subject { return own(c) }))
		})
	}
}

// careless is a client as one writes it in ten minutes.
func careless() registrytest.Subject {
	get := func(ctx context.Context, method, reference, kind string) ([]byte, error) {
		host, rest, _ := strings.Cut(reference, "/")
		i := strings.LastIndexAny(rest, ":@")
		if j := strings.Index(rest, "@"); j > 0 {
			i = j
		}
		req, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://%s/v2/%s/%s/%s", host, rest[:i], kind, rest[i+1:]), nil)
		if err != nil {
			return nil, err
		}
		req.SetBasicAuth(registrytest.User, registrytest.Password)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		if resp.StatusCode >= 400 {
			return nil, errors.New(resp.Status)
		}
		return io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	}
	return registrytest.Subject{
		Tags: func(ctx context.Context, repository string) ([]string, error) {
			var page struct{ Tags []string }
			body, err := get(ctx, http.MethodGet, repository+":list", "tags")
			if err != nil {
				return nil, err
			}
			return page.Tags, json.Unmarshal(body, &page)
		},
		Manifest: func(ctx context.Context, reference string) ([]byte, error) {
			return get(ctx, http.MethodGet, reference, "manifests")
		},
		Blob: func(ctx context.Context, reference string) ([]byte, error) {
			return get(ctx, http.MethodGet, reference, "blobs")
		},
		DeleteTag: func(ctx context.Context, reference string) error {
			_, err := get(ctx, http.MethodDelete, reference, "manifests")
			return err
		},
	}
}

// TestChecksFindWhatIsCareless: each of these has to fail, or the check checks nothing.
func TestChecksFindWhatIsCareless(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	results := map[string]error{}
	for _, check := range registrytest.Checks() {
		results[check.Name] = check.Run(t.Context(), func(*registrytest.Server) registrytest.Subject { return careless() })
	}
	for _, found := range []string{
		"lists all pages of tags", "logs in with a token", "gets a new token for one that expired",
		"waits for a 429 in JSON", "waits for a 503", "tries again after a 500", "reads a truncated blob to its end",
		"a tag deletion that does nothing", "a web page in place of a registry",
		"a manifest of another digest", "a blob of another digest", "a manifest without end",
	} {
		require.Contains(t, results, found)
		require.Error(t, results[found], found)
		require.NotErrorIs(t, results[found], registrytest.ErrLacks, found)
	}
	for _, passed := range []string{"gets a manifest by tag", "reads a blob", "deletes a tag and nothing else", "403"} {
		require.Contains(t, results, passed)
		require.NoError(t, results[passed], passed)
	}
	require.ErrorIs(t, results["lists referrers"], registrytest.ErrLacks)
}

// Put a client through the checks.
func ExampleCheck() {
	client := registryclient.New(registryclient.Options{
		Keychain: registryclient.Fixed(&authn.Basic{Username: registrytest.User, Password: registrytest.Password}),
	})
	defer client.Close()
	for _, check := range registrytest.Checks()[:3] {
		err := check.Run(context.Background(), func(*registrytest.Server) registrytest.Subject { return own(client) })
		fmt.Println(check.Name+":", err)
	}
	// Output:
	// lists all pages of tags: <nil>
	// gets a manifest by tag: <nil>
	// gets a manifest by digest: <nil>
}
