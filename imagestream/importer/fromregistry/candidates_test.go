package fromregistry_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/registrykit/registrykit/registryclient/registrytest"
	"github.com/stretchr/testify/require"
)

// resolverOf has credentials "key user password", each in a document of its own.
func resolverOf(credentials ...string) *auth.Resolver {
	var sources []auth.Source
	for n, c := range credentials {
		f := strings.Fields(c)
		data := fmt.Appendf(nil, `{"auths":{%q:{"username":%q,"password":%q}}}`, f[0], f[1], f[2])
		sources = append(sources, auth.Document(fmt.Sprintf("d%d", n), data, auth.DocumentOptions{}))
	}
	return auth.NewResolver(auth.Options{}, sources...)
}

// sent says with which users a server was asked by Basic authentication, at its token
// service too.
func sent(server *registrytest.Server) map[string]int {
	users := map[string]int{}
	for _, r := range server.Requests() {
		basic, ok := strings.CutPrefix(r.Authorization, "Basic ")
		if plain, err := base64.StdEncoding.DecodeString(basic); ok && err == nil {
			user, _, _ := strings.Cut(string(plain), ":")
			users[user]++
		}
	}
	return users
}

// TestCandidatesInTurn: the second of three is let in, and stays in use.
func TestCandidatesInTurn(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		t.Run(scheme, func(t *testing.T) {
			server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: scheme, Users: map[string]string{"joe": "right", "late": "right"}}})
			other := serve(t, registrytest.Options{})
			push(t, other, "org/app:v1")
			from := []string{other.Host() + "/org/app:v1"}
			for n := range 20 {
				push(t, server, fmt.Sprintf("org/app:v%d", n))
				from = append(from, fmt.Sprintf("%s/org/app:v%d", server.Host(), n))
			}
			server.Forget()
			h := server.Host()
			i := importerOf(t, registryclient.Options{Keychain: resolverOf(h+"/org old wrong1", h+"/org joe right", h+" late right")})
			i.Workers = 4
			for range 2 { // the second import begins anew
				server.Forget()
				result := do(t, i, stream("", from...), importer.Request{All: true})
				require.Empty(t, result.Failed())
				users := sent(server)
				require.Positive(t, users["old"])
				require.LessOrEqual(t, users["old"], i.Workers, "no more than were under way")
				require.Positive(t, users["joe"])
				require.Zero(t, users["late"], "nothing is tried after what is accepted")
			}
			require.Empty(t, sent(other), "a candidate is for its host")
		})
	}
}

// TestCandidatesThenAnonymous: a public image behind passwords that are all wrong.
func TestCandidatesThenAnonymous(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "bearer", Users: map[string]string{"joe": "right"}, PublicPull: true}})
	push(t, server, "org/app:v1")
	server.Forget()
	i := importerOf(t, registryclient.Options{Keychain: resolverOf(server.Host()+"/org a wrong1", server.Host()+" b wrong2")})
	require.Empty(t, do(t, i, stream("", server.Host()+"/org/app:v1"), importer.Request{}).Failed())
	require.Equal(t, map[string]int{"a": 1, "b": 1}, sent(server))
}

// TestCandidatesAllDenied: each is named, and asked once for the whole repository.
func TestCandidatesAllDenied(t *testing.T) {
	for _, scheme := range []string{"basic", "bearer"} {
		server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: scheme, Users: map[string]string{"joe": "right"}}})
		push(t, server, "org/app:v1")
		server.Forget()
		i := importerOf(t, registryclient.Options{Keychain: resolverOf(server.Host()+"/org a wrong1", server.Host()+" b wrong2")})
		i.Workers = 1
		result := do(t, i, stream("", server.Host()+"/org/app:v1", server.Host()+"/org/app:v2"), importer.Request{})
		require.Len(t, result.Failed(), 2)
		err := result.Tags[0].Err
		require.Equal(t, importer.Unauthorized, err.Class)
		require.Contains(t, err.Error(), fmt.Sprintf(`no credential was accepted; 1. document d0, key "%s/org": user "a" (basic): unauthorized; 2. document d1, key %q: user "b" (basic): unauthorized`, server.Host(), server.Host()))
		require.NotContains(t, fmt.Sprintf("%v %+v", err, err), "wrong")
		var e *registryclient.Error
		require.ErrorAs(t, err, &e)
		require.True(t, result.Tags[1].Err.NotAsked)
		require.Equal(t, map[string]int{"a": 1, "b": 1}, sent(server), scheme)
	}
}

// TestCandidatesStop: a rate limit, or a registry that breaks, is not asked with the next.
func TestCandidatesStop(t *testing.T) {
	for want, fault := range map[importer.Class]registrytest.Fault{
		importer.RateLimited: registrytest.TooManyRequests("application/json", "3600"),
		importer.Unavailable: registrytest.BrokenPipe(),
	} {
		server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"joe": "right"}}})
		push(t, server, "org/app:v1")
		server.Forget()
		fault.Match = func(r *http.Request) bool {
			user, _, _ := r.BasicAuth()
			return user == "b"
		}
		server.Inject(fault)
		h := server.Host()
		i := importerOf(t, registryclient.Options{
			Keychain: resolverOf(h+"/org a wrong1", h+"/org b wrong2", h+" joe right"),
			Retry:    registryclient.RetryOptions{Attempts: 1},
		})
		result := do(t, i, stream("", h+"/org/app:v1"), importer.Request{})
		require.Len(t, result.Failed(), 1)
		require.Equal(t, want, result.Tags[0].Err.Class)
		users := sent(server)
		require.Equal(t, 1, users["a"])
		require.Positive(t, users["b"]) // net/http may ask again over a new connection
		require.Zero(t, users["joe"])
	}
}

// TestTheWinnersRateLimit is not run into by each further tag.
func TestTheWinnersRateLimit(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"joe": "right"}}})
	push(t, server, "org/app:v1")
	server.Inject(registrytest.TooManyRequests("application/json", "3600").For("HEAD", "/manifests/v2"))
	h := server.Host()
	i := importerOf(t, registryclient.Options{Keychain: resolverOf(h+"/org a wrong1", h+" joe right")})
	i.Workers = 1
	result := do(t, i, stream("", h+"/org/app:v1", h+"/org/app:v2", h+"/org/app:v3"), importer.Request{})
	require.Len(t, result.Failed(), 2)
	require.Equal(t, importer.RateLimited, result.Tags[2].Err.Class)
	require.True(t, result.Tags[2].Err.NotAsked)
}

// TestCandidatesAreNotForMirrors: what is for the source is not sent to its mirror.
func TestCandidatesAreNotForMirrors(t *testing.T) {
	users := registrytest.Auth{Scheme: "basic", Users: map[string]string{"joe": "right"}}
	source, mirror := serve(t, registrytest.Options{Auth: users}), serve(t, registrytest.Options{Auth: users})
	push(t, source, "org/app:v1")
	for _, policy := range []string{"AllowContactingSource", "NeverContactSource"} {
		source.Forget()
		mirror.Forget()
		m := mirrors(t, "ImageTagMirrorSet", "imageTagMirrors", policy, source.Host()+"/org", mirror.Host()+"/mirrored")
		h := source.Host()
		i := importerOf(t, registryclient.Options{Mirrors: m, Keychain: resolverOf(h+"/org a wrong1", h+" b wrong2", mirror.Host()+" m wrong3")})
		require.Len(t, do(t, i, stream("", h+"/org/app:v1"), importer.Request{}).Failed(), 1)
		require.Equal(t, []int{0, 0}, []int{sent(mirror)["a"], sent(mirror)["b"]}, policy)
		require.Positive(t, sent(mirror)["m"])
		if policy == "NeverContactSource" {
			require.Empty(t, source.Requests())
			require.Equal(t, 1, sent(mirror)["m"])
		} else {
			require.Equal(t, map[string]int{"a": 1, "b": 1}, sent(source))
		}
	}
}

// TestCandidatesOverPlainHTTP: what was withheld is not sent in its turn.
func TestCandidatesOverPlainHTTP(t *testing.T) {
	server := serve(t, registrytest.Options{Pipe: true, Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"joe": "right"}}})
	push(t, server, "org/app:v1")
	server.Forget()
	h := "registry.example:5000"
	i := importerOf(t, registryclient.Options{DialContext: server.DialContext, Keychain: resolverOf(h+"/org a wrong1", h+" joe right")})
	s := stream("", h+"/org/app:v1")
	s.Spec.Tags[0].ImportPolicy.Insecure = true
	require.Len(t, do(t, i, s, importer.Request{}).Failed(), 1)
	require.NotEmpty(t, server.Requests())
	require.Empty(t, sent(server))
}

// TestAKeychainWithoutCandidates is asked for one credential, as ever.
func TestAKeychainWithoutCandidates(t *testing.T) {
	server := serve(t, registrytest.Options{Auth: registrytest.Auth{Scheme: "basic", Users: map[string]string{"joe": "right"}}})
	push(t, server, "org/app:v1")
	server.Forget()
	several := authn.NewMultiKeychain(resolverOf(server.Host()+"/org a wrong1", server.Host()+" joe right"))
	result := do(t, importerOf(t, registryclient.Options{Keychain: several}), stream("", server.Host()+"/org/app:v1"), importer.Request{})
	require.Equal(t, importer.Unauthorized, result.Tags[0].Err.Class)
	require.Equal(t, map[string]int{"a": 1}, sent(server))
}
