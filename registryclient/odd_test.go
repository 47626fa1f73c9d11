package registryclient_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

const (
	ociImage   = "application/vnd.oci.image.manifest.v1+json"
	ociIndex   = "application/vnd.oci.image.index.v1+json"
	dockerList = "application/vnd.docker.distribution.manifest.list.v2+json"
)

// TestMediaTypesOfManifests: what header and body say together.
func TestMediaTypesOfManifests(t *testing.T) {
	for what, c := range map[string]struct {
		header, body string
		expected     string // the media type, or a class
	}{
		"both":                      {ociImage, `{"mediaType":"` + ociImage + `","config":{}}`, ociImage},
		"header alone":              {dockerList, `{"manifests":[]}`, dockerList},
		"header with a charset":     {ociIndex + "; charset=utf-8", `{"manifests":[]}`, ociIndex},
		"body alone":                {"application/json", `{"mediaType":"` + dockerList + `","manifests":[]}`, dockerList},
		"fields of an index":        {"application/octet-stream", `{"schemaVersion":2,"manifests":[]}`, ociIndex},
		"fields of an image":        {"", `{"schemaVersion":2,"config":{},"layers":[]}`, ociImage},
		"an artifact of its own":    {"application/vnd.example+json", `{"x":1}`, "application/vnd.example+json"},
		"they contradict":           {ociImage, `{"mediaType":"` + ociIndex + `"}`, "integrity"},
		"both kinds in one":         {ociImage, `{"config":{},"manifests":[{}]}`, "integrity"},
		"an index with layers":      {ociIndex, `{"layers":[{}]}`, "integrity"},
		"an image with manifests":   {ociImage, `{"manifests":[{}]}`, "integrity"},
		"nothing at all":            {"text/plain", `{}`, "integrity"},
		"not JSON":                  {ociImage, `hello`, "integrity"},
		"schema 1":                  {"application/vnd.docker.distribution.manifest.v1+prettyjws", `{"schemaVersion":1,"fsLayers":[]}`, "unsupported"},
		"schema 1 without its type": {"application/json", `{"schemaVersion":1,"fsLayers":[{"blobSum":"x"}]}`, "unsupported"},
	} {
		t.Run(what, func(t *testing.T) {
			server := serve(t, registrytest.Options{})
			headers := http.Header{"Content-Type": {c.header}}
			server.Inject(registrytest.Status("a manifest", 200, "", c.body, headers))
			m, err := client(t, server, registryclient.Options{}).GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
			if !strings.Contains(c.expected, "/") {
				require.ErrorIs(t, err, registryclient.Class(c.expected))
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.expected, m.MediaType)
			require.Equal(t, digest.FromString(c.body), m.Digest)
		})
	}
}

// TestBlobsOfOddRegistries: no ranges, other ranges, other sizes.
func TestBlobsOfOddRegistries(t *testing.T) {
	content := strings.Repeat("0123456789", 50)
	answer := func(status int, body string, headers map[string]string) registrytest.Fault {
		h := http.Header{}
		for key, value := range headers {
			h.Set(key, value)
		}
		return registrytest.Status("a blob", status, "application/octet-stream", body, h).For("GET", "/blobs/")
	}
	for what, c := range map[string]struct {
		fault    registrytest.Fault
		options  registryclient.BlobOptions
		expected string
		class    registryclient.Class
	}{
		"no ranges":            {answer(200, content, nil), registryclient.BlobOptions{Offset: 10, Length: 5}, content[10:15], ""},
		"no ranges, to end":    {answer(200, content, nil), registryclient.BlobOptions{Offset: 490}, content[490:], ""},
		"another range":        {answer(206, content[:5], map[string]string{"Content-Range": "bytes 0-4/500"}), registryclient.BlobOptions{Offset: 10, Length: 5}, "", registryclient.Integrity},
		"no word of the range": {answer(206, content[:5], nil), registryclient.BlobOptions{Offset: 10, Length: 5}, "", registryclient.Integrity},
		"a range of unknown":   {answer(206, content[10:15], map[string]string{"Content-Range": "bytes 10-14/*"}), registryclient.BlobOptions{Offset: 10, Length: 5}, content[10:15], ""},
		"another size":         {answer(200, content, nil), registryclient.BlobOptions{Size: 499}, "", registryclient.Integrity},
		"past the end":         {answer(200, "short", nil), registryclient.BlobOptions{Offset: 10}, "", registryclient.Integrity},
		"not satisfiable":      {answer(416, "", nil), registryclient.BlobOptions{Offset: 10}, "", registryclient.Invalid},
		"a bad offset":         {registrytest.Fault{}, registryclient.BlobOptions{Offset: -1}, "", registryclient.Invalid},
		"an offset past it":    {registrytest.Fault{}, registryclient.BlobOptions{Offset: 11, Size: 10}, "", registryclient.Invalid},
	} {
		t.Run(what, func(t *testing.T) {
			server := serve(t, registrytest.Options{})
			server.Inject(c.fault)
			d := repository(t, server, "team/app").Digest(digest.FromString(content).String())
			blob, err := client(t, server, registryclient.Options{}).OpenBlob(deadline(t), d, c.options)
			if c.class != "" {
				require.ErrorIs(t, err, c.class)
				return
			}
			require.NoError(t, err)
			defer blob.Close()
			got, err := io.ReadAll(blob)
			require.NoError(t, err)
			require.Equal(t, c.expected, string(got))
			require.Equal(t, server.Host(), blob.Source().Endpoint())
			require.NoError(t, blob.Close())
			_, err = blob.Read(make([]byte, 1))
			require.Error(t, err)
		})
	}
}

// TestKindsOfCredentials: identity tokens are exchanged, registry tokens sent as they
// are, and what is already encoded too.
func TestKindsOfCredentials(t *testing.T) {
	bearer := registrytest.Auth{Scheme: "bearer", Users: map[string]string{"alice": secret}}
	basic := registrytest.Auth{Scheme: "basic", Users: map[string]string{"alice": secret}}
	for what, c := range map[string]struct {
		auth   registrytest.Auth
		config authn.AuthConfig
		fault  registrytest.Fault
		fails  bool
	}{
		"identity token":            {auth: bearer, config: authn.AuthConfig{IdentityToken: secret}},
		"a wrong identity token":    {auth: bearer, config: authn.AuthConfig{IdentityToken: "x"}, fails: true},
		"no POST at the service":    {auth: bearer, config: authn.AuthConfig{Username: "alice", Password: secret, IdentityToken: secret}, fault: registrytest.ErrorCode(404, "", "").For("POST", "/token")},
		"encoded":                   {auth: basic, config: authn.AuthConfig{Auth: "YWxpY2U6czNjcmV0LW9mLWFsaWNl"}},
		"a registry token, no good": {auth: bearer, config: authn.AuthConfig{RegistryToken: secret}, fails: true},
		"nothing":                   {auth: basic, fails: true},
	} {
		t.Run(what, func(t *testing.T) {
			server := serve(t, registrytest.Options{Auth: c.auth})
			require.NoError(t, server.Push("team/app:v1", randomImage(t)))
			server.Inject(c.fault)
			cl := client(t, server, registryclient.Options{Keychain: registryclient.Fixed(authn.FromConfig(c.config))})
			_, err := cl.GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
			if c.fails {
				require.ErrorIs(t, err, registryclient.Unauthorized)
				require.NotContains(t, err.Error(), secret)
				return
			}
			require.NoError(t, err)
		})
	}
	server := serve(t, registrytest.Options{Auth: bearer})
	cl := client(t, server, registryclient.Options{Keychain: registryclient.Fixed(authn.FromConfig(authn.AuthConfig{RegistryToken: "as-it-is"}))})
	_, err := cl.GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
	require.Error(t, err)
	require.Zero(t, server.Count("", "/token"))
	require.Equal(t, "Bearer as-it-is", server.Requests()[1].Authorization)
}

// TestAnOpenPing: some registries let everyone ping and ask for a token afterwards.
func TestAnOpenPing(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"alice": secret}}})
	image := randomImage(t)
	require.NoError(t, server.Push("team/app:v1", image))
	server.Inject(match(registrytest.Status("ping", 200, "application/json", "{}", nil), registrytest.Ping))
	c := client(t, server, registryclient.Options{Keychain: alice})
	repo := repository(t, server, "team/app")
	access, err := c.Ping(deadline(t), repo.Registry)
	require.NoError(t, err)
	require.Empty(t, access.Challenge)
	m, err := c.GetManifest(deadline(t), repo.Tag("v1"))
	require.NoError(t, err)
	_, err = c.PutManifest(deadline(t), repo.Tag("v2"), m.MediaType, m.Raw)
	require.NoError(t, err, "and its body is sent again")
}

func TestPutManifestIsChecked(t *testing.T) {
	server := serve(t, registrytest.Options{})
	c := client(t, server, registryclient.Options{})
	repo := repository(t, server, "team/app")
	raw := []byte(`{"schemaVersion":2,"config":{},"layers":[]}`)
	_, err := c.PutManifest(deadline(t), repo.Digest(someDigest), ociImage, raw)
	require.ErrorIs(t, err, registryclient.Integrity)
	_, err = c.PutManifest(deadline(t), repo.Tag("v1"), ociImage, make([]byte, registryclient.MaxManifestBytes+1))
	require.ErrorIs(t, err, registryclient.Invalid)
	require.Empty(t, server.Requests(), "nothing was sent")
	server.Inject(registrytest.WrongDigest().For("PUT", ""))
	_, err = c.PutManifest(deadline(t), repo.Tag("v1"), ociImage, raw)
	require.ErrorIs(t, err, registryclient.Integrity)
}

func TestBrokenListsOfReferrersAndSignatures(t *testing.T) {
	for _, body := range []string{`[]`, `{}`, `{"manifests":[{"digest":"sha256:short"}]}`, `{"manifests":7}`} {
		server := serve(t, registrytest.Options{})
		server.Inject(registrytest.Status("x", 200, ociIndex, body, nil))
		c := client(t, server, registryclient.Options{})
		_, err := registryclient.Collect(c.Referrers(deadline(t), repository(t, server, "a/b").Digest(someDigest), ""))
		require.ErrorIs(t, err, registryclient.Integrity, body)
	}
	server := serve(t, registrytest.Options{})
	c := client(t, server, registryclient.Options{})
	image := repository(t, server, "a/b").Digest(someDigest)
	for _, s := range []registryclient.Signature{{}, {Name: "x@y", Content: []byte("c")}, {Name: someDigest + "@", Content: []byte("c")}, {Name: someDigest + "@n"}} {
		require.ErrorIs(t, c.PutSignature(deadline(t), image, s), registryclient.Invalid)
	}
	require.ErrorIs(t, c.AdminDeleteBlob(deadline(t), image.Registry, "sha256:short"), registryclient.Invalid)
	require.Empty(t, server.Requests())
	server.Inject(registrytest.Status("x", 200, "application/json", `{"signatures":{}}`, nil))
	_, err := c.Signatures(deadline(t), image)
	require.ErrorIs(t, err, registryclient.Integrity)
}

// TestRedirectsThatDeleteNothing: 301 to 303 make a GET of a DELETE and a PUT, and its
// success is not theirs.
func TestRedirectsThatDeleteNothing(t *testing.T) {
	for _, status := range []int{301, 302, 303} {
		server := serve(t, registrytest.Options{})
		image := randomImage(t)
		require.NoError(t, server.Push("a/b:v1", image))
		raw, err := image.RawManifest()
		require.NoError(t, err)
		server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method != http.MethodDelete && r.Method != http.MethodPut {
				next.ServeHTTP(w, r)
				return
			}
			http.Redirect(w, r, "/v2/", status)
		}})
		c := client(t, server, registryclient.Options{})
		repo := repository(t, server, "a/b")
		d := repo.Digest(digestOf(t, image).String())
		require.ErrorIs(t, c.DeleteManifest(deadline(t), d), registryclient.Integrity)
		require.ErrorIs(t, c.DeleteBlob(deadline(t), d), registryclient.Integrity)
		_, err = c.PutManifest(deadline(t), repo.Tag("v2"), "application/vnd.docker.distribution.manifest.v2+json", raw)
		require.ErrorIs(t, err, registryclient.Integrity)
	}
}

// TestReferrersWithoutEnd: a page that leads to itself is not followed until the
// context ends.
func TestReferrersWithoutEnd(t *testing.T) {
	server := serve(t, registrytest.Options{})
	image := repository(t, server, "a/b").Digest(someDigest)
	server.Inject(registrytest.Status("x", 200, ociIndex, `{"schemaVersion":2,"manifests":[{"digest":"`+someDigest+`"}]}`,
		http.Header{"Link": {`</v2/a/b/referrers/` + someDigest + `>; rel="next"`}}))
	c := client(t, server, registryclient.Options{})
	found, err := registryclient.Collect(c.Referrers(deadline(t), image, ""))
	require.ErrorIs(t, err, registryclient.Integrity)
	require.Len(t, found, 1)
	require.Equal(t, 2, server.Count("GET", "/referrers/"))
}

// TestErrorTexts are one line, without what a registry puts there for a terminal.
func TestErrorTexts(t *testing.T) {
	server := serve(t, registrytest.Options{})
	server.Inject(registrytest.ErrorCode(403, "DENIED", "no\n\x1b[31mred"+strings.Repeat("x", 1000)))
	c := client(t, server, registryclient.Options{UserAgent: "tester/1"})
	_, err := c.HeadManifest(deadline(t), repository(t, server, "a/b").Tag("v1"))
	require.ErrorIs(t, err, registryclient.Denied)
	_, err = c.GetManifest(deadline(t), repository(t, server, "a/b").Tag("v1"))
	require.Less(t, len(err.Error()), 600)
	require.NotContains(t, err.Error(), "\n")
	require.NotContains(t, err.Error(), "\x1b")
	require.Equal(t, "tester/1 registrykit", server.Requests()[0].UserAgent)
	for limit, expected := range map[registryclient.RateLimit]string{
		{Limit: 100, Remaining: 7, Window: 6e12}:                 "7 of 100 left per 1h40m0s",
		{Limit: -1, Remaining: -1, RetryAfter: 30e9}:             "retry after 30s",
		{Limit: -1, Remaining: 5, Reset: 60e9, RetryAfter: 15e9}: "reset in 1m0s, retry after 15s",
	} {
		require.Equal(t, expected, limit.String())
	}
	require.True(t, registryclient.RateLimited.Temporary())
	require.False(t, registryclient.NotFound.Temporary())
}

// TestManyAttemptsAreCut.
func TestManyAttemptsAreCut(t *testing.T) {
	inBubble(t, registrytest.Options{}, registryclient.Options{Retry: registryclient.RetryOptions{Attempts: 100}}, func(t *testing.T, try trial) {
		try.server.Inject(registrytest.ErrorCode(500, "UNKNOWN", ""))
		err := getManifest(t.Context(), try)
		var e *registryclient.Error
		require.ErrorAs(t, err, &e)
		require.Len(t, e.Attempts, registryclient.MaxAttempts)
		require.Zero(t, e.Attempts[registryclient.MaxAttempts-1].Wait, "the last one is there")
	})
}

// TestRedirectsWithoutEnd.
func TestRedirectsWithoutEnd(t *testing.T) {
	server := serve(t, registrytest.Options{})
	n := 0
	server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		n++
		http.Redirect(w, r, fmt.Sprintf("/v2/x/manifests/v%d", n), http.StatusFound)
	}})
	_, err := client(t, server, registryclient.Options{}).GetManifest(deadline(t), repository(t, server, "a/b").Tag("v1"))
	require.ErrorIs(t, err, registryclient.Integrity)
	require.Less(t, n, 15)
	var none name.Reference
	require.Empty(t, registryclient.Source{Ref: none}.Endpoint())
}
