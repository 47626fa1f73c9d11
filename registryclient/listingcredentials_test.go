package registryclient_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// eachHost has for each host a user of that name, and notes what it was asked for in plain
// text, for which it has nothing.
type eachHost struct{ plain []string }

func (k *eachHost) Resolve(r authn.Resource) (authn.Authenticator, error) {
	if s, ok := r.(interface{ Scheme() string }); ok && s.Scheme() == "http" {
		k.plain = append(k.plain, r.String())
		return authn.Anonymous, nil
	}
	return &authn.Basic{Username: r.RegistryStr(), Password: secret}, nil
}

// usersOf are the users whose passwords were sent, by host or not.
func usersOf(t *testing.T, requests []registrytest.Request) map[string]bool {
	users := map[string]bool{}
	for _, r := range requests {
		if encoded, ok := strings.CutPrefix(r.Authorization, "Basic "); ok {
			plain, err := base64.StdEncoding.DecodeString(encoded)
			require.NoError(t, err)
			user, _, _ := strings.Cut(string(plain), ":")
			users[user] = true
		}
	}
	return users
}

// listings are the verbs that list, at mirrors where they may.
func listings(ctx context.Context, c *registryclient.Client, repo name.Repository) map[string]func() error {
	return map[string]func() error{
		"tags": func() error {
			_, err := registryclient.Collect(c.Tags(ctx, repo, registryclient.ListOptions{AtMirrors: true}))
			return err
		},
		"referrers": func() error {
			_, err := registryclient.Collect(c.Referrers(ctx, repo.Digest(someDigest), ""))
			return err
		},
		"catalog": func() error {
			_, err := registryclient.Collect(c.Catalog(ctx, repo.Registry, registryclient.ListOptions{}))
			return err
		},
		"signatures": func() error { _, err := c.Signatures(ctx, repo.Digest(someDigest)); return err },
		"ping":       func() error { _, err := c.Ping(ctx, repo.Registry); return err },
	}
}

// TestAListingThatWasRedirected goes on where it was redirected to, by that host's own links,
// and by none of them back with a credential.
func TestAListingThatWasRedirected(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"alice": secret}}})
	page := 0
	other := listen(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="give"`)
		switch page++; page {
		case 1:
			w.Header().Set("Link", `</second>; rel="next"`)
			fmt.Fprint(w, `{"tags":["a"],"repositories":["a"],"manifests":[]}`)
		case 2:
			http.Redirect(w, r, server.URL()+"/v2/victim/tags/list", http.StatusTemporaryRedirect)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/v2/" || strings.Contains(r.URL.Path, "victim") {
			next.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, other.URL+"/first", http.StatusTemporaryRedirect)
	}}.For("GET", ""))
	c := client(t, server, registryclient.Options{Keychain: alice})
	for verb, list := range listings(deadline(t), c, repository(t, server, "team/app")) {
		if verb == "ping" {
			continue
		}
		page = 0
		require.Error(t, list(), verb)
		require.NotContains(t, other.heard(), "Authorization", verb)
		for _, r := range server.Requests() {
			if strings.Contains(r.Path, "victim") {
				require.Empty(t, r.Authorization, verb)
			}
		}
	}
}

// TestAMirrorThatAsksForACredential gets its own, at the token service that it names too, and
// never the one of the source or of another mirror.
func TestAMirrorThatAsksForACredential(t *testing.T) {
	collector := serve(t, registrytest.Options{})
	source, second := serve(t, registrytest.Options{}), serve(t, registrytest.Options{})
	first := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Realm: strings.Replace(collector.URL(), "127.0.0.1", "localhost", 1) + "/token"}})
	c := forbidden(t, "NeverContactSource", source, first, second).WithKeychain(new(eachHost))
	for verb, list := range listings(deadline(t), c, repository(t, source, "org/app")) {
		require.Error(t, list(), verb)
		require.Empty(t, source.Requests(), verb)
	}
	require.NotEmpty(t, collector.Requests())
	for _, server := range []*registrytest.Server{collector, first, second} {
		users := usersOf(t, server.Requests())
		delete(users, first.Host())
		require.Empty(t, users)
	}
	require.Empty(t, usersOf(t, second.Requests()))
}

// TestAnInsecureMirrorOverPlainHTTP is asked with what the keychain gives for that, and trusted
// no more under its own name.
func TestAnInsecureMirrorOverPlainHTTP(t *testing.T) {
	mirror := serve(t, registrytest.Options{Pipe: true, Auth: registrytest.Auth{Scheme: "basic"}})
	keychain := new(eachHost)
	at, err := name.NewRepository("mirror.example.com/mirrored/app")
	require.NoError(t, err)
	c := registryclient.New(registryclient.Options{
		Keychain: keychain, Retry: hasty, Mirrors: sourcer{{Ref: at.Tag("v1"), Mirror: true, Insecure: true}},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return mirror.DialContext(ctx, network, address)
		},
	})
	t.Cleanup(c.Close)
	repo, err := name.NewRepository("source.invalid/org/app")
	require.NoError(t, err)
	for verb, list := range listings(deadline(t), c, repo) {
		require.Error(t, list(), verb)
	}
	require.Equal(t, []string{"mirror.example.com/mirrored/app"}, keychain.plain)
	require.NotEmpty(t, mirror.Requests())
	for _, r := range mirror.Requests() {
		require.Empty(t, r.Authorization)
	}
	_, err = registryclient.Collect(c.Tags(deadline(t), at, registryclient.ListOptions{}))
	require.Error(t, err)
	require.NotErrorIs(t, err, registryclient.Unauthorized, "not asked in plain text")
}
