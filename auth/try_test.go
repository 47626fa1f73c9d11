package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

var (
	errDenied = errors.New("unauthorized")
	denying   = auth.TryOptions{Denied: func(err error) bool { return errors.Is(err, errDenied) }}
)

// accepting calls Try with a registry that accepts one user, "" being anonymous, and
// returns who was tried.
func accepting(t *testing.T, r *auth.Resolver, o auth.TryOptions, user string) (tried []string, err error) {
	t.Helper()
	image, err := auth.Image(app)
	require.NoError(t, err)
	_, err = auth.Try(t.Context(), r, image, o, func(ctx context.Context, a authn.Authenticator) (int, error) {
		config, err := authn.Authorization(ctx, a)
		require.NoError(t, err)
		tried = append(tried, config.Username)
		if a == authn.Anonymous != (config.Username == "") {
			t.Error("anonymous is authn.Anonymous itself")
		}
		if config.Username != user {
			return 0, fmt.Errorf("%w: %s is not welcome with %s", errDenied, config.Username, config.Password)
		}
		return 1, nil
	})
	return tried, err
}

func TestTryInTurn(t *testing.T) {
	three := document(e("quay.io", "a"), e("https://quay.io", "b"), e("quay.io/org", "c"))
	anonymous := denying
	anonymous.Anonymous = true
	cases := map[string]struct {
		options auth.TryOptions
		source  auth.Source
		user    string
		tried   []string
		ok      bool
	}{
		"the best":                  {denying, three, "c", []string{"c"}, true},
		"the last":                  {denying, three, "b", []string{"c", "a", "b"}, true},
		"none":                      {denying, three, "x", []string{"c", "a", "b"}, false},
		"not anonymous, not asked":  {denying, three, "", []string{"c", "a", "b"}, false},
		"anonymous, asked":          {anonymous, three, "", []string{"c", "a", "b", ""}, true},
		"not even anonymous":        {anonymous, three, "x", []string{"c", "a", "b", ""}, false},
		"no candidate: anonymous":   {denying, document(), "", []string{""}, true},
		"no candidate, not allowed": {denying, document(), "x", []string{""}, false},
	}
	for title, c := range cases {
		t.Run(title, func(t *testing.T) {
			tried, err := accepting(t, auth.NewResolver(auth.Options{}, c.source), c.options, c.user)
			require.Equal(t, c.tried, tried)
			require.Equal(t, c.ok, err == nil)
			if !c.ok {
				require.ErrorIs(t, err, auth.ErrDenied)
				require.ErrorIs(t, err, errDenied, "the answers are not lost")
			}
		})
	}
}

func TestTheWinnerIsRemembered(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, document(e("quay.io", "a"), e("https://quay.io", "b"), e("quay.io/org", "c")))
	tried, err := accepting(t, r, denying, "b")
	require.NoError(t, err)
	require.Equal(t, []string{"c", "a", "b"}, tried)
	tried, err = accepting(t, r, denying, "b")
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, tried)
	require.Equal(t, "b", usedFor(t, r), "Resolve begins with it too")
	explanation, err := r.Explain(t.Context(), app)
	require.NoError(t, err)
	require.Equal(t, "b", explanation.Candidates[0].Credential.Username)
	require.Equal(t, auth.Chosen, explanation.Steps[2].Outcome)
	require.Equal(t, "accepted before", explanation.Steps[2].Detail)

	tried, err = accepting(t, r, denying, "a")
	require.NoError(t, err)
	require.Equal(t, []string{"b", "c", "a"}, tried, "it is no more than a preference")
	_, err = accepting(t, r, denying, "x")
	require.ErrorIs(t, err, auth.ErrDenied)
	require.Equal(t, "c", usedFor(t, r), "forgotten, as nobody wins any more")
}

func TestDeniedErrorNamesEverything(t *testing.T) {
	r := auth.NewResolver(auth.Options{},
		auth.Document("old", []byte(auths(e("quay.io", "a"), e("quay.io:5000", "p"))[0]), auth.DocumentOptions{}),
		auth.Secrets(auth.NewSecretStore(secret("pull", `"quay.io/org": {"username": "b", "password": "s3cr3t"}`)), "dev", "pull"))
	_, err := accepting(t, r, denying, "x")
	require.EqualError(t, err, `quay.io/org/img: no credential was accepted`+
		`; 1. document old, key "quay.io": user "a" (basic): unauthorized: a is not welcome with [redacted]`+
		`; 2. secret dev/pull, key "quay.io/org": user "b" (basic): unauthorized: b is not welcome with [redacted]`+
		`; document old, key "quay.io:5000": near miss (it is for port 5000, the image is at the default port)`)
	var denied *auth.DeniedError
	require.ErrorAs(t, err, &denied)
	require.Len(t, denied.Attempts, 2)
	require.Len(t, denied.Explanation.Candidates, 2)

	image, err := auth.Image(app)
	require.NoError(t, err)
	_, err = auth.Try(t.Context(), r, image, auth.TryOptions{}, func(context.Context, authn.Authenticator) (int, error) {
		return 0, &transport.Error{StatusCode: http.StatusForbidden}
	})
	var answer *transport.Error
	require.ErrorAs(t, err, &answer)
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	require.True(t, auth.Denied(err), "also of the error of a Try within a Try")
}

func TestOtherErrorsEndATry(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, document(e("quay.io", "a"), e("https://quay.io", "b")))
	image, err := auth.Image(app)
	require.NoError(t, err)
	broken := errors.New("connection reset")
	calls := 0
	_, err = auth.Try(t.Context(), r, image, denying, func(context.Context, authn.Authenticator) (int, error) {
		calls++
		return 0, broken
	})
	require.Equal(t, broken, err)
	require.Equal(t, 1, calls)
}

// statusError is like the error of another client.
type statusError struct{ StatusCode int }

func (e statusError) Error() string { return "status" }

type embeddedError struct{ *statusError }

func (e embeddedError) Error() string { return "embedded" }

func TestDenied(t *testing.T) {
	for err, want := range map[error]bool{
		&transport.Error{StatusCode: http.StatusUnauthorized}:                                true,
		&transport.Error{StatusCode: http.StatusForbidden}:                                   true,
		&transport.Error{StatusCode: http.StatusNotFound}:                                    false,
		fmt.Errorf("get: %w", &transport.Error{StatusCode: http.StatusForbidden}):            true,
		errors.Join(errors.New("x"), &transport.Error{StatusCode: http.StatusUnauthorized}):  true,
		fmt.Errorf("%w, %w", errors.New("x"), &transport.Error{StatusCode: http.StatusGone}): false,
		statusError{http.StatusUnauthorized}:                                                 true,
		embeddedError{}:                                                                      false,
		errors.New("unauthorized"):                                                           false,
		(*transport.Error)(nil):                                                              false,
	} {
		require.Equal(t, want, auth.Denied(err), "%T", err)
	}
	require.False(t, auth.Denied(nil))
}

// The errors of containers/image, by their form.
type (
	ErrUnauthorizedForCredentials struct{ Err error }
	errorCode                     int
	registryError                 struct{ Code errorCode }
	codeless                      struct{ *registryError }
)

func (ErrUnauthorizedForCredentials) Error() string { return "invalid username/password" }
func (registryError) Error() string                 { return "registry" }
func (codeless) Error() string                      { return "an embedded nil" }

func (c errorCode) String() string { return []string{"UNKNOWN", "UNAUTHORIZED", "DENIED"}[c] }

func TestDeniedOfContainersImage(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"unauthorized":     {ErrUnauthorizedForCredentials{}, true},
		"wrapped":          {fmt.Errorf("fetching: %w", &ErrUnauthorizedForCredentials{}), true},
		"joined":           {errors.Join(errors.New("x"), &registryError{1}), true},
		"code, denied":     {fmt.Errorf("x: %w", registryError{2}), true},
		"code, unknown":    {registryError{0}, false},
		"an embedded nil":  {codeless{}, false},
		"a denied Try":     {&auth.DeniedError{Attempts: []auth.Attempt{{Err: registryError{1}}}}, true},
		"a DeniedError of": {&auth.DeniedError{}, false},
	} {
		require.Equal(t, c.want, auth.Denied(c.err), name)
	}
}

// TestTryAgainstARegistry: the second credential opens what the first does not, with
// the client that the package is made for.
func TestTryAgainstARegistry(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "good" || password != "pw" {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	repository, err := name.NewRepository(host+"/org/app", name.Insecure)
	require.NoError(t, err)

	r := auth.NewResolver(auth.Options{}, document(e(host+"/org", "bad"), e(host, "good")))
	status, err := auth.Try(t.Context(), r, repository, auth.TryOptions{}, func(ctx context.Context, a authn.Authenticator) (int, error) {
		rt, err := transport.NewWithContext(ctx, repository.Registry, a, http.DefaultTransport, []string{repository.Scope(transport.PullScope)})
		if err != nil {
			return 0, err
		}
		response, err := (&http.Client{Transport: rt}).Get(server.URL + "/v2/org/app/tags/list")
		if err != nil {
			return 0, err
		}
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode, transport.CheckError(response, http.StatusOK)
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
}
