package authoracle

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/containers/image/v5/docker"
	"github.com/containers/image/v5/types"
	"github.com/registrykit/registrykit/auth"
	"github.com/registrykit/registrykit/auth/containersimage"
	"github.com/stretchr/testify/require"
)

// A refusing registry accepts one password, and says so of others as registries do.
type refusing struct {
	status int
	body   string
	tokens bool // a token service denies, not the registry
	url    string
}

func (r *refusing) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	_, password, basic := request.BasicAuth()
	deny := func(status int) {
		if w.Header().Set("WWW-Authenticate", `Basic realm="x"`); r.tokens {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+r.url+`/token",service="x"`)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, r.body)
	}
	switch {
	case request.URL.Path == "/token" && password == "right":
		fmt.Fprint(w, `{"token": "accepted"}`)
	case password == "right" && !r.tokens, request.Header.Get("Authorization") == "Bearer accepted":
		fmt.Fprint(w, `{"name": "org/app", "tags": ["v1"]}`)
	case basic:
		deny(r.status)
	default:
		deny(http.StatusUnauthorized)
	}
}

// TestDenialsOfContainersImage: every form of refusal that its docker package makes an
// error of leads to the next credential.
func TestDenialsOfContainersImage(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		for _, body := range []string{"", `{"errors": [{"code": "UNAUTHORIZED", "message": "no"}]}`, `{"errors": [{"code": "DENIED", "message": "no"}]}`} {
			for _, tokens := range []bool{false, true} {
				t.Run(fmt.Sprint(status, body, tokens), func(t *testing.T) {
					registry := &refusing{status: status, body: body, tokens: tokens}
					server := httptest.NewServer(registry)
					defer server.Close()
					registry.url = server.URL
					host := strings.TrimPrefix(server.URL, "http://")
					document := func(password string) auth.Source {
						text := fmt.Sprintf(`{"auths": {%q: {"username": "u", "password": %q}}}`, host, password)
						return auth.Document(password, []byte(text), auth.DocumentOptions{})
					}
					ref, err := docker.ParseReference("//" + host + "/org/app")
					require.NoError(t, err)
					base := &types.SystemContext{DockerInsecureSkipTLSVerify: types.OptionalBoolTrue}
					r := auth.NewResolver(auth.Options{}, document("wrong"), document("right"))
					var errs []error
					tags, err := containersimage.Try(t.Context(), r, base, ref.DockerReference().String(), auth.TryOptions{},
						func(ctx context.Context, sys *types.SystemContext) ([]string, error) {
							tags, err := docker.GetRepositoryTags(ctx, sys, ref)
							errs = append(errs, err)
							return tags, err
						})
					require.NoError(t, err)
					require.Equal(t, []string{"v1"}, tags)
					require.Len(t, errs, 2)
					require.True(t, auth.Denied(errs[0]), errs[0])
				})
			}
		}
	}
}
