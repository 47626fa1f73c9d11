package registryclient_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// TestCredentialsDoNotCatchUp: where another host sends a request back, no credential goes
// with it, nor with what the registry redirects it to then: the other has chosen it.
func TestCredentialsDoNotCatchUp(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"alice": secret}}})
	other := listen(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, server.URL()+"/v2/bounce/manifests/v1", http.StatusTemporaryRedirect)
	})
	server.Inject(registrytest.Fault{Do: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		switch r.URL.Path {
		case "/v2/team/app/manifests/v1":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/v2/bounce/manifests/v1":
			http.Redirect(w, r, "/v2/victim/manifests/v1", http.StatusTemporaryRedirect)
		default:
			w.WriteHeader(http.StatusTeapot)
		}
	}}.For("GET", "/manifests/"))
	c := client(t, server, registryclient.Options{Keychain: alice})
	_, err := c.GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
	require.Error(t, err)
	require.NotZero(t, server.Count("GET", "/v2/victim/"))
	for _, r := range server.Requests() {
		if strings.HasPrefix(r.Path, "/v2/victim/") || strings.HasPrefix(r.Path, "/v2/bounce/") {
			require.Empty(t, r.Authorization, r.Path)
		}
	}
}

// TestAddressesInOtherScripts: net/http makes an address of digits that are not ASCII,
// after the guards of names have seen it.
func TestAddressesInOtherScripts(t *testing.T) {
	inside := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	require.NoError(t, err)
	for _, host := range []string{"１２７.０.０.１", "bücher.example"} {
		for _, way := range []string{"redirect", "token service"} {
			t.Run(fmt.Sprint(way, " ", host), func(t *testing.T) {
				options := registrytest.Options{}
				if way == "token service" {
					options.Auth = registrytest.Auth{Scheme: "bearer", Realm: "http://" + host + ":" + port + "/token"}
				}
				server := serve(t, options)
				if way == "redirect" {
					server.Inject(registrytest.RedirectTo("http://" + host + ":" + port))
				}
				c := client(t, server, registryclient.Options{Host: hostOptions(registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly})})
				resolve(c, map[string]string{
					"registry.public.example": server.Host(), "127.0.0.1": inside.Listener.Addr().String(),
					"xn--bcher-kva.example": inside.Listener.Addr().String(),
				})
				repo, err := name.NewRepository("registry.public.example/team/app")
				require.NoError(t, err)
				_, err = c.GetManifest(deadline(t), repo.Tag("v1"))
				require.ErrorIs(t, err, registryclient.Integrity)
				require.Empty(t, inside.heard())
			})
		}
	}
}

// TestEmbeddedAddresses: an address of IPv4 within one of IPv6 is refused as it is.
func TestEmbeddedAddresses(t *testing.T) {
	for _, host := range []string{
		"64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1", "::a9fe:a9fe", "::ffff:169.254.169.254",
	} {
		t.Run(host, func(t *testing.T) {
			server := serve(t, registrytest.Options{})
			server.Inject(registrytest.RedirectTo("http://[" + host + "]"))
			c := client(t, server, registryclient.Options{Host: hostOptions(registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly, PrivateRedirects: true})})
			_, err := c.GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
			require.ErrorIs(t, err, registryclient.Integrity)
			require.ErrorContains(t, err, "link-local")
		})
	}
}

// TestCredentialsOfMachines: what clouds serve them at is refused, link-local or not, also
// where redirects may lead to private addresses.
func TestCredentialsOfMachines(t *testing.T) {
	for _, address := range []string{"[fd00:ec2::254]", "[fd00:ec2::23]", "[fd20:ce::254]"} {
		server := serve(t, registrytest.Options{})
		server.Inject(registrytest.RedirectTo("http://" + address))
		c := client(t, server, registryclient.Options{
			Retry: registryclient.RetryOptions{Attempts: 1},
			Host:  hostOptions(registryclient.HostOptions{PlainHTTP: registryclient.HTTPOnly, PrivateRedirects: true}),
		})
		_, err := c.GetManifest(deadline(t), repository(t, server, "team/app").Tag("v1"))
		require.ErrorIs(t, err, registryclient.Integrity, address)
		require.ErrorContains(t, err, "link-local", address)
	}
}
