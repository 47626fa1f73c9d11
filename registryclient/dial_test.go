package registryclient_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// An elsewhere is a connection that says that it is to another address.
type elsewhere struct {
	net.Conn
	address string
}

func (c elsewhere) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.address))
}

// resolve makes a client find names at servers on this machine: those under
// public.example seem to be at a public address, all others are where they are.
func resolve(c *registryclient.Client, to map[string]string) {
	registryclient.SetDial(c, func(d *net.Dialer, ctx context.Context, network, target string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(target)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(host, "public.example") {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, to[host])
			if err != nil {
				return nil, err
			}
			return elsewhere{conn, "203.0.113.7:443"}, nil
		}
		return d.DialContext(ctx, network, to[host])
	})
}

// TestWhereNamesOfOthersMayLead: a public registry may not have this machine ask a
// private host for it, whatever its name; a private registry may.
func TestWhereNamesOfOthersMayLead(t *testing.T) {
	for _, way := range []string{"redirect", "token service", "ping"} {
		for _, c := range []struct {
			registry string
			allowed  bool
			refused  bool
		}{
			{registry: "registry.public.example", refused: true},
			{registry: "registry.public.example", allowed: true},
			{registry: "registry.corp.example"},
		} {
			t.Run(fmt.Sprint(way, " ", c.registry, " ", c.allowed), func(t *testing.T) {
				inside := listen(t, func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(http.StatusTeapot)
				})
				options := registrytest.Options{}
				if way == "token service" {
					options.Auth = registrytest.Auth{Scheme: "bearer", Realm: "http://inside.corp.example/token"}
				}
				server := serve(t, options)
				elsewhere := registrytest.RedirectTo("http://inside.corp.example")
				switch way {
				case "redirect":
					server.Inject(elsewhere)
				case "ping":
					elsewhere.Match = registrytest.Ping
					server.Inject(elsewhere)
				}
				client := client(t, server, registryclient.Options{Host: hostOptions(registryclient.HostOptions{
					PlainHTTP: registryclient.HTTPOnly, PrivateRedirects: c.allowed,
				})})
				resolve(client, map[string]string{c.registry: server.Host(), "inside.corp.example": inside.Listener.Addr().String()})
				repo, err := name.NewRepository(c.registry + "/team/app")
				require.NoError(t, err)
				_, err = client.GetManifest(deadline(t), repo.Tag("v1"))
				require.Error(t, err)
				if c.refused {
					require.ErrorIs(t, err, registryclient.Integrity)
					require.ErrorContains(t, err, "PrivateRedirects")
					require.Empty(t, inside.heard())
				} else {
					require.NotEmpty(t, inside.heard())
				}
			})
		}
	}
}

// TestLinkLocalIsNeverDialled, not even where it is what the caller named.
func TestLinkLocalIsNeverDialled(t *testing.T) {
	c := registryclient.New(registryclient.Options{Retry: hasty, Host: hostOptions(registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly, PrivateRedirects: true})})
	defer c.Close()
	for _, host := range []string{"169.254.169.254", "169.254.169.254:5000"} {
		repo, err := name.NewRepository(host + "/team/app")
		require.NoError(t, err)
		_, err = c.GetManifest(deadline(t), repo.Tag("v1"))
		require.ErrorIs(t, err, registryclient.Integrity)
	}
}

// TestTheChallengeIsTheRegistrys: where the ping was redirected to another host, that one
// does not say who gets the credential.
func TestTheChallengeIsTheRegistrys(t *testing.T) {
	token := listen(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"token":"t"}`) })
	evil := listen(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q`, token.URL))
		w.WriteHeader(http.StatusUnauthorized)
	})
	server := serve(t, registrytest.Options{})
	ping := registrytest.RedirectTo(strings.Replace(evil.URL, "127.0.0.1", "localhost", 1))
	ping.Match = registrytest.Ping
	server.Inject(ping)
	_, err := client(t, server, registryclient.Options{Keychain: alice}).GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
	require.ErrorIs(t, err, registryclient.Integrity)
	require.ErrorContains(t, err, "redirected")
	require.NotEmpty(t, evil.heard())
	require.Empty(t, token.heard())
}

// TestAMirrorHasOnePace, trusted more or not, for all clients, and is closed with them.
func TestAMirrorHasOnePace(t *testing.T) {
	server := serve(t, registrytest.Options{})
	require.NoError(t, server.Push("mirrored/app:v1", randomImage(t)))
	there := repository(t, server, "mirrored/app").Tag("v1")
	tag, err := name.NewTag("source.invalid/org/app:v1")
	require.NoError(t, err)
	c := client(t, server, registryclient.Options{Mirrors: sourcer{{Ref: there, Mirror: true, Insecure: true}}, Retry: registryclient.RetryOptions{Attempts: 1}})
	_, err = c.GetManifest(deadline(t), tag)
	require.NoError(t, err)
	server.Inject(registrytest.TooManyRequests("", "3600").Once(1))
	_, err = c.GetManifest(deadline(t), tag)
	require.ErrorIs(t, err, registryclient.RateLimited)
	server.Forget()
	_, err = c.WithKeychain(alice).GetManifest(deadline(t), tag)
	require.ErrorIs(t, err, registryclient.RateLimited)
	_, err = registryclient.Collect(c.Tags(deadline(t), there.Repository, registryclient.ListOptions{}))
	require.ErrorIs(t, err, registryclient.RateLimited)
	require.Zero(t, server.Count("", "/mirrored/"), "nobody asks meanwhile")
}

// TestCloseClosesTwins: those of clients that share the connections too.
func TestCloseClosesTwins(t *testing.T) {
	server := serve(t, registrytest.Options{})
	require.NoError(t, server.Push("mirrored/app:v1", randomImage(t)))
	backend, err := url.Parse(server.URL())
	require.NoError(t, err)
	closed := make(chan struct{}, 10)
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httputil.NewSingleHostReverseProxy(backend).ServeHTTP(w, r)
	}))
	front.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			closed <- struct{}{}
		}
	}
	front.Start()
	t.Cleanup(front.Close)
	repo, err := name.NewRepository(front.Listener.Addr().String() + "/mirrored/app")
	require.NoError(t, err)
	tag, err := name.NewTag("source.invalid/org/app:v1")
	require.NoError(t, err)
	c := registryclient.New(registryclient.Options{
		Host:    hostOptions(registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly}),
		Mirrors: sourcer{{Ref: repo.Tag("v1"), Mirror: true, Insecure: true}},
	})
	_, err = c.WithKeychain(alice).GetManifest(deadline(t), tag)
	require.NoError(t, err)
	c.Close()
	select {
	case <-closed:
	case <-deadline(t).Done():
		t.Fatal("the connection is still open")
	}
}
