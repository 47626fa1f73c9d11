package registryclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

const secret = "s3cret-of-alice"

var alice = registryclient.Fixed(&authn.Basic{Username: "alice", Password: secret})

// A listener is a host that notes what it was told.
type listener struct {
	*httptest.Server
	mu   sync.Mutex
	told bytes.Buffer
	hits int
}

func listen(t *testing.T, answer http.HandlerFunc) *listener {
	t.Helper()
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.hits++
		l.told.WriteString(r.Method + " " + r.URL.String() + "\n")
		r.Header.Write(&l.told)
		l.told.ReadFrom(http.MaxBytesReader(w, r.Body, 1<<16))
		l.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) heard() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.told.String()
}

// TestCredentialsStayHome: neither passwords nor tokens go to where a registry
// redirects, whatever is redirected and however often.
func TestCredentialsStayHome(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		for _, status := range []int{301, 302, 307, 308} {
			for what, op := range map[string]operation{"manifest": getManifest, "tags": listTags, "blob": readBlob, "push": pushImage, "delete": deleteTag} {
				t.Run(scheme+" "+http.StatusText(status)+" "+what, func(t *testing.T) {
					evil := listen(t, func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("WWW-Authenticate", `Basic realm="give"`)
						w.WriteHeader(http.StatusUnauthorized)
					})
					server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: scheme, Users: map[string]string{"alice": secret}}})
					server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
						http.Redirect(w, r, evil.URL+r.URL.RequestURI(), status)
					}})
					c := client(t, server, registryclient.Options{Keychain: alice})
					repo := repository(t, server, "team/app")
					err := op(deadline(t), trial{server: server, client: c, repo: repo, layer: repo.Digest(someDigest), size: 5})
					require.Error(t, err)
					require.NotZero(t, evil.hits)
					require.NotContains(t, evil.heard(), "Authorization")
					require.NotContains(t, evil.heard(), secret)
					require.NotContains(t, err.Error(), secret)
				})
			}
		}
	}
}

// TestRedirectsToStorage are what registries do with blobs: the other host gets the
// request, but no credential, and its signature in the URL is in no error.
func TestRedirectsToStorage(t *testing.T) {
	storage := serve(t, registrytest.Options{})
	image := randomImage(t)
	require.NoError(t, storage.Push("team/app:v1", image))
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"alice": secret}}})
	require.NoError(t, server.Push("team/app:v1", image))
	server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, storage.URL()+r.URL.Path+"?X-Amz-Signature=5ignature", http.StatusTemporaryRedirect)
	}}.For("GET", "/blobs/"))
	c := client(t, server, registryclient.Options{Keychain: alice})
	layers, err := image.Layers()
	require.NoError(t, err)
	layer := repository(t, server, "team/app").Digest(digestOf(t, layers[0]).String())

	remove := storage.Inject(registrytest.Truncated(100).Once(2))
	require.NotEmpty(t, read(t, c, layer, registryclient.BlobOptions{}))
	remove()
	require.Equal(t, 3, storage.Count("GET", "/blobs/"))
	for _, r := range storage.Requests() {
		require.Empty(t, r.Authorization)
	}

	storage.Inject(registrytest.ErrorCode(403, "", "SignatureDoesNotMatch"))
	_, err = c.OpenBlob(deadline(t), layer, registryclient.BlobOptions{})
	require.ErrorIs(t, err, registryclient.Denied)
	require.NotContains(t, err.Error(), "5ignature")
	var e *registryclient.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, storage.Host(), e.Endpoint)
	for _, a := range e.Attempts {
		require.NotContains(t, a.String(), "5ignature")
	}
}

// TestWhereRedirectsMayNotLead, from a registry with a public name.
func TestWhereRedirectsMayNotLead(t *testing.T) {
	for target, class := range map[string]registryclient.Class{
		"http://169.254.169.254/latest/meta-data": registryclient.Integrity,
		"https://169.254.169.254/x":               registryclient.Integrity,
		"https://2852039166/x":                    registryclient.Integrity,
		"https://[fe80::1]/x":                     registryclient.Integrity,
		"https://[::ffff:169.254.169.254]/x":      registryclient.Integrity,
		"https://[fd00:ec2::254]/x":               registryclient.Integrity,
		"https://127.0.0.1:1/x":                   registryclient.Integrity,
		"https://localhost:1/x":                   registryclient.Integrity,
		"https://10.0.0.1/x":                      registryclient.Integrity,
		"https://[fd12::1]/x":                     registryclient.Integrity,
		"https://user:pw@cdn.example/x":           registryclient.Integrity,
		"http://cdn.example/x":                    registryclient.PlainHTTP,
		"ftp://cdn.example/x":                     registryclient.PlainHTTP,
	} {
		t.Run(target, func(t *testing.T) {
			server := serve(t, registrytest.Options{TLS: true})
			server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				w.Header().Set("Location", target)
				w.WriteHeader(http.StatusFound)
			}})
			c := client(t, server, registryclient.Options{DialContext: server.DialContext})
			repo, err := name.NewRepository("registry.example.com/team/app")
			require.NoError(t, err)
			for _, op := range []operation{getManifest, readBlob, listTags} {
				server.Forget()
				err := op(deadline(t), trial{client: c, repo: repo, layer: repo.Digest(someDigest), size: 5})
				require.ErrorIs(t, err, class)
				require.NotContains(t, err.Error(), "user:pw")
				for _, r := range server.Requests() {
					require.True(t, strings.HasPrefix(r.Path, "/v2/"), "the dialer leads back here: %s", r.Path)
				}
			}
		})
	}
}

func TestPrivateRedirectsAllowed(t *testing.T) {
	server := serve(t, registrytest.Options{TLS: true})
	image := randomImage(t)
	require.NoError(t, server.Push("team/app:v1", image))
	server.Inject(registrytest.RedirectTo(server.URL()).Once(1))
	options := registryclient.HostOptions{TLS: server.ClientTLS(), PrivateRedirects: true}
	c := client(t, server, registryclient.Options{DialContext: server.DialContext, Host: hostOptions(options)})
	repo, err := name.NewRepository("registry.example.com/team/app")
	require.NoError(t, err)
	m, err := c.GetManifest(deadline(t), repo.Tag("v1"))
	require.NoError(t, err)
	require.Equal(t, digestOf(t, image), m.Digest)
}

// TestNamesThatResolveToLinkLocal are found out by the dialer, before it connects.
func TestNamesThatResolveToLinkLocal(t *testing.T) {
	require.ErrorIs(t, registryclient.GuardedDial(t.Context(), "tcp", "169.254.169.254:80", "metadata.example:80"), registryclient.Integrity)
	require.ErrorIs(t, registryclient.GuardedDial(t.Context(), "tcp", "[fe80::1%lo]:80", "metadata.example:80"), registryclient.Integrity)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := closed.Addr().String()
	require.NoError(t, closed.Close())
	require.ErrorIs(t, registryclient.GuardedDial(t.Context(), "tcp", address, "registry.example:80"), syscall.ECONNREFUSED)
}

// TestRealms: a registry names its token service; it may not name just any.
func TestRealms(t *testing.T) {
	for realm, class := range map[string]registryclient.Class{
		"https://169.254.169.254/token": registryclient.Integrity,
		"https://10.0.0.1/token":        registryclient.Integrity,
		"http://auth.example/token":     registryclient.Integrity,
		"file:///etc/passwd":            registryclient.Integrity,
		"::not a url":                   registryclient.Integrity,
	} {
		t.Run(realm, func(t *testing.T) {
			server := serve(t, registrytest.Options{TLS: true, Auth: registrytest.Auth{Scheme: "bearer", Realm: realm}})
			c := client(t, server, registryclient.Options{Keychain: alice, DialContext: server.DialContext})
			repo, err := name.NewRepository("registry.example.com/team/app")
			require.NoError(t, err)
			_, err = c.GetManifest(deadline(t), repo.Tag("v1"))
			require.ErrorIs(t, err, class)
			for _, r := range server.Requests() {
				require.Empty(t, r.Authorization)
			}
		})
	}
}

// TestTokenServicesThatMisbehave: what they answer is in no error, what they are
// sent goes nowhere else.
func TestTokenServicesThatMisbehave(t *testing.T) {
	evil := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"token": "t0ken"})
	})
	byName := strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)
	identity := registryclient.Fixed(authn.FromConfig(authn.AuthConfig{IdentityToken: secret}))
	token := func(status int, body string) registrytest.Fault {
		return registrytest.Status("token", status, "application/json", body, nil).For("", "/token")
	}
	for what, c := range map[string]struct {
		fault    registrytest.Fault
		keychain authn.Keychain
		class    registryclient.Class
	}{
		"no token":                 {token(200, `{"refresh_token":"r3fresh"}`), alice, registryclient.NotRegistry},
		"no JSON":                  {token(200, `r3fresh`), alice, registryclient.NotRegistry},
		"500":                      {token(500, `r3fresh`), alice, registryclient.Unavailable},
		"429":                      {token(429, `{"details":"slow"}`), alice, registryclient.RateLimited},
		"401":                      {token(401, `{"details":"incorrect username or password"}`), alice, registryclient.Unauthorized},
		"403":                      {token(403, `{}`), alice, registryclient.Denied},
		"a redirect, identity":     {registrytest.RedirectTo(byName).For("", "/token"), identity, registryclient.Integrity},
		"a redirect to an address": {registrytest.RedirectTo(evil.URL).For("", "/token"), alice, registryclient.Integrity},
		"a token that is no use":   {token(200, `{"token":"t0ken"}`), alice, registryclient.Unauthorized},
	} {
		t.Run(what, func(t *testing.T) {
			server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"alice": secret}}})
			server.Inject(c.fault)
			client := client(t, server, registryclient.Options{Keychain: c.keychain})
			_, err := client.GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
			require.ErrorIs(t, err, c.class)
			for _, leak := range []string{secret, "r3fresh", "t0ken"} {
				require.NotContains(t, err.Error(), leak)
			}
		})
	}
	require.NotContains(t, evil.heard(), secret)

	// A redirect of a GET is followed, without the password.
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"alice": secret}}})
	server.Inject(registrytest.RedirectTo(byName).For("", "/token"))
	_, err := client(t, server, registryclient.Options{Keychain: alice}).GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
	require.ErrorIs(t, err, registryclient.Unauthorized)
	require.Contains(t, evil.heard(), "GET /token")
	require.NotContains(t, evil.heard(), "Authorization")
}

// TestUploadsElsewhere: the registry says where a blob is to be sent; the credential
// does not go along.
func TestUploadsElsewhere(t *testing.T) {
	evil := listen(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Path)
		w.WriteHeader(map[string]int{"PATCH": 202, "PUT": 201}[r.Method])
	})
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"alice": secret}}})
	target, err := url.JoinPath(evil.URL, "upload")
	require.NoError(t, err)
	server.Inject(registrytest.Status("upload", 202, "", "", http.Header{"Location": {target}}).For("POST", "/uploads/"))
	c := client(t, server, registryclient.Options{Keychain: alice})
	repo := repository(t, server, "team/app")
	require.NoError(t, c.Push(deadline(t), repo.Tag("v1"), randomImage(t), registryclient.PushOptions{}))
	require.NotZero(t, evil.hits)
	require.NotContains(t, evil.heard(), "Authorization")
}

// TestCredentialsAreNotShared between clients that share their connections.
func TestCredentialsAreNotShared(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: scheme, Users: map[string]string{"alice": secret}}})
		require.NoError(t, server.Push("team/app:v1", randomImage(t)))
		c := client(t, server, registryclient.Options{Keychain: alice})
		repo := repository(t, server, "team/app")
		_, err := c.HeadManifest(deadline(t), repo.Tag("v1"))
		require.NoError(t, err)
		_, err = c.WithKeychain(nil).HeadManifest(deadline(t), repo.Tag("v1"))
		require.ErrorIs(t, err, registryclient.Unauthorized)
		_, err = c.HeadManifest(deadline(t), repo.Tag("v1"))
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(pathsOf(server), "/v2/\n"), "one ping for both")
	}
}

func pathsOf(server *registrytest.Server) string {
	var b strings.Builder
	for _, r := range server.Requests() {
		b.WriteString(r.Path + "\n")
	}
	return b.String()
}

// TestPlainHTTPIsToldToTheKeychain, which may withhold the credential then.
func TestPlainHTTPIsToldToTheKeychain(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"alice": secret}}})
	var asked []string
	keychain := keychainFunc(func(r authn.Resource) (authn.Authenticator, error) {
		scheme := ""
		if s, ok := r.(interface{ Scheme() string }); ok {
			scheme = s.Scheme()
		}
		asked = append(asked, r.String()+" "+scheme)
		return authn.Anonymous, nil
	})
	c := client(t, server, registryclient.Options{Keychain: keychain, DialContext: server.DialContext, Host: hostOptions(registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly})})
	repo, err := name.NewRepository("registry.example.com/team/app")
	require.NoError(t, err)
	_, err = c.GetManifest(deadline(t), repo.Tag("v1"))
	require.ErrorIs(t, err, registryclient.Unauthorized)
	require.Equal(t, []string{"registry.example.com/team/app http"}, asked)
}

// TestARedirectedPingIsPlainHTTPAllTheSame: whoever is between may redirect the ping to
// HTTPS. What is asked then is not encrypted for that.
func TestARedirectedPingIsPlainHTTPAllTheSame(t *testing.T) {
	server := serve(t, registrytest.Options{})
	encrypted := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="give"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(encrypted.Close)
	ping := registrytest.RedirectTo("https://registry.example.com:8443")
	ping.Match = registrytest.Ping
	server.Inject(ping)
	var schemes []string
	c := client(t, server, registryclient.Options{
		Keychain: keychainFunc(func(r authn.Resource) (authn.Authenticator, error) {
			if s, ok := r.(interface{ Scheme() string }); ok && s.Scheme() == "http" {
				schemes = append(schemes, "http")
				return authn.Anonymous, nil
			}
			return alice.Resolve(r)
		}),
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "registry.example.com:8443" {
				return (&net.Dialer{}).DialContext(ctx, network, encrypted.Listener.Addr().String())
			}
			return server.DialContext(ctx, network, address)
		},
		Host: hostOptions(registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly, SkipVerify: true, PrivateRedirects: true}),
	})
	repo, err := name.NewRepository("registry.example.com/team/app")
	require.NoError(t, err)
	_, err = c.GetManifest(deadline(t), repo.Tag("v1"))
	require.Error(t, err)
	require.Equal(t, []string{"http"}, schemes)
	for _, r := range server.Requests() {
		require.Empty(t, r.Authorization)
	}
}

type keychainFunc func(authn.Resource) (authn.Authenticator, error)

func (f keychainFunc) Resolve(r authn.Resource) (authn.Authenticator, error) { return f(r) }
