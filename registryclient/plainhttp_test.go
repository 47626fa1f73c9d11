package registryclient_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"context"
	"net"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// onlyEncrypted has alice's credential, and withholds it where it would be sent in plain text.
var onlyEncrypted = keychainFunc(func(r authn.Resource) (authn.Authenticator, error) {
	if s, ok := r.(interface{ Scheme() string }); ok && s.Scheme() == "http" {
		return authn.Anonymous, nil
	}
	return alice.Resolve(r)
})

// TestACredentialStaysEncrypted: a registry that may be asked in plain HTTP speaks HTTPS at
// first, gets the credential, and then, or so somebody between says, plain HTTP alone. What
// was given for the one is not sent over the other.
func TestACredentialStaysEncrypted(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		for what, meanwhile := range map[string]bool{"between two listings": false, "within a listing": true} {
			t.Run(scheme+" "+what, func(t *testing.T) {
				users := registrytest.Auth{Scheme: scheme, Users: map[string]string{"alice": secret}}
				encrypted, plain := serve(t, registrytest.Options{TLS: true, PageSize: 1, Auth: users}), serve(t, registrytest.Options{Auth: users})
				for _, tag := range []string{"v1", "v2"} {
					require.NoError(t, encrypted.Push("team/app:"+tag, randomImage(t)))
					require.NoError(t, plain.Push("team/app:"+tag, randomImage(t)))
				}
				encrypted.Forget()
				plain.Forget()
				var down atomic.Bool
				c := client(t, encrypted, registryclient.Options{
					Keychain: onlyEncrypted,
					Host: hostOptions(registryclient.HostOptions{
						PlainHTTP: registryclient.HTTPFallback, SkipVerify: true, PrivateRedirects: true,
					}),
					DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
						_, port, _ := net.SplitHostPort(address)
						if down.Load() || port == "80" {
							return plain.DialContext(ctx, network, address)
						}
						return encrypted.DialContext(ctx, network, address)
					},
				})
				repo, err := name.NewRepository("registry.example.com/team/app")
				require.NoError(t, err)
				fall := func() {
					down.Store(true)
					c.Close()
					access, _ := c.Ping(deadline(t), repo.Registry)
					require.Equal(t, "http", access.Scheme)
				}
				for tag, err := range c.Tags(deadline(t), repo, registryclient.ListOptions{}) {
					if tag == "v1" && meanwhile {
						fall()
						continue
					}
					require.Equal(t, meanwhile, err != nil, err)
				}
				if !meanwhile {
					fall()
				}
				_, err = registryclient.Collect(c.Tags(deadline(t), repo, registryclient.ListOptions{}))
				require.ErrorIs(t, err, registryclient.Unauthorized)
				require.NotZero(t, plain.Count("GET", "/tags/list"))
				given := map[string]bool{}
				for _, r := range encrypted.Requests() {
					given[r.Authorization] = r.Authorization != ""
				}
				require.NotEmpty(t, given)
				for _, r := range plain.Requests() {
					require.False(t, given[r.Authorization], r.Path)
				}
			})
		}
	}
}

// TestRefererTellsNothing: a redirect leads to storage by a URL that is signed, and that on
// to a third host, which must not hear of the signature.
func TestRefererTellsNothing(t *testing.T) {
	var heard atomic.Pointer[http.Header]
	last := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard.Store(&r.Header)
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(last.Close)
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, last.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(storage.Close)
	server := serve(t, registrytest.Options{})
	server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Redirect(w, r, storage.URL+"/blob?X-Amz-Signature=5ignature", http.StatusTemporaryRedirect)
	}}.For("GET", "/manifests/"))
	_, err := client(t, server, registryclient.Options{}).GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
	require.ErrorIs(t, err, registryclient.NotFound)
	require.Empty(t, heard.Load().Get("Referer"))
}
