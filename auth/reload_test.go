package auth_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// usedFor returns the user name of the first candidate for quay.io/org/img, "" for
// none.
func usedFor(t *testing.T, r *auth.Resolver) string {
	t.Helper()
	resource, err := auth.Image(app)
	require.NoError(t, err)
	authenticator, err := r.Resolve(resource)
	require.NoError(t, err)
	if authenticator == authn.Anonymous {
		return ""
	}
	config, err := authenticator.Authorization()
	require.NoError(t, err)
	return config.Username
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func outcomes(t *testing.T, r *auth.Resolver) []auth.Outcome {
	t.Helper()
	e, err := r.Explain(t.Context(), app)
	require.NoError(t, err)
	var all []auth.Outcome
	for _, s := range e.Steps {
		all = append(all, s.Outcome)
	}
	return all
}

// TestFileIsReadAgain goes through the life of a file.
func TestFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	r := auth.NewResolver(auth.Options{}, auth.File(path, auth.DocumentOptions{}))
	require.Equal(t, "", usedFor(t, r))
	require.Equal(t, []auth.Outcome{auth.Missing}, outcomes(t, r))

	write(t, path, auths(e("quay.io", "a"))[0])
	require.Equal(t, "a", usedFor(t, r))
	write(t, path, auths(e("quay.io", "b"))[0]) // of the same length, within the same tick
	require.Equal(t, "b", usedFor(t, r))

	write(t, path, `{"auths": {"quay.io": {"auth`)
	require.Equal(t, "b", usedFor(t, r), "the last good one serves")
	require.Equal(t, []auth.Outcome{auth.Stale, auth.Chosen}, outcomes(t, r))

	write(t, path, string(make([]byte, 10<<20)))
	require.Equal(t, "b", usedFor(t, r))
	explanation, err := r.Explain(t.Context(), app)
	require.NoError(t, err)
	require.Equal(t, "what it last held serves, read file "+path+": too large: more than 4194304 bytes", explanation.Steps[0].Detail)

	write(t, path, auths(e("quay.io", "c"))[0])
	require.Equal(t, "c", usedFor(t, r))
	require.Equal(t, []auth.Outcome{auth.Chosen}, outcomes(t, r))

	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, old, old))
	require.Equal(t, "c", usedFor(t, r))
	require.Equal(t, "c", usedFor(t, r), "not read again: it is old")

	require.NoError(t, os.Remove(path))
	require.Equal(t, "", usedFor(t, r), "a file that is gone takes its credentials along")
}

// TestSymbolicLinkIsFollowed: a mounted Secret changes by a link in its path.
func TestSymbolicLinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	for _, version := range []string{"1", "2"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		path := filepath.Join(dir, version, "config.json")
		write(t, path, auths(e("quay.io", "v"+version))[0])
		require.NoError(t, os.Chtimes(path, old, old))
	}
	data := filepath.Join(dir, "..data")
	require.NoError(t, os.Symlink("1", data))
	r := auth.NewResolver(auth.Options{}, auth.Node(filepath.Join(data, "config.json")))
	require.Equal(t, "v1", usedFor(t, r))
	require.NoError(t, os.Remove(data))
	require.NoError(t, os.Symlink("2", data))
	require.Equal(t, "v2", usedFor(t, r))
}

func TestWhatIsNoFileIsNotRead(t *testing.T) {
	dir := t.TempDir()
	r := auth.NewResolver(auth.Options{}, auth.File(dir, auth.DocumentOptions{}))
	require.Equal(t, []auth.Outcome{auth.Unreadable}, outcomes(t, r))
	r = auth.NewResolver(auth.Options{}, auth.File(os.DevNull, auth.DocumentOptions{}))
	require.Equal(t, []auth.Outcome{auth.NoMatch}, outcomes(t, r))
}

func TestRotatedSecret(t *testing.T) {
	version := func(v, user string) *auth.PullSecret {
		s := secret("pull", e("quay.io", user))
		s.ResourceVersion = v
		return s
	}
	store := auth.NewSecretStore(version("1", "a"))
	var plain auth.SecretReaderFunc = func(ctx context.Context, namespace, name string) (*auth.PullSecret, error) {
		return store.Secret(ctx, namespace, name) // hides that the store is Versioned
	}
	for name, r := range map[string]*auth.Resolver{
		"a store":     auth.NewResolver(auth.Options{}, auth.Secrets(store, "dev", "pull")),
		"a namespace": auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(store, "dev")),
		"a reader":    auth.NewResolver(auth.Options{}, auth.Secrets(plain, "dev", "pull")),
		"an account": auth.NewResolver(auth.Options{}, auth.ServiceAccount(
			auth.ServiceAccountReaderFunc(func(context.Context, string, string) ([]string, error) { return []string{"pull"}, nil }), plain, "dev", "builder")),
	} {
		t.Run(name, func(t *testing.T) {
			store.Put(version("1", "a"))
			require.Equal(t, "a", usedFor(t, r))
			store.Put(version("2", "b"))
			require.Equal(t, "b", usedFor(t, r))

			broken := version("3", "c")
			broken.Data = auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(`{"auths"`)})
			store.Put(broken)
			require.Equal(t, "b", usedFor(t, r), "the last good one serves")
			require.Equal(t, auth.Stale, outcomes(t, r)[0])
			require.Equal(t, "b", usedFor(t, r))

			store.Put(version("", "d"))
			require.Equal(t, "d", usedFor(t, r))
			store.Put(version("", "f"))
			require.Equal(t, "f", usedFor(t, r), "without a version the data is compared")
			store.Delete("dev", "pull")
			require.Equal(t, "", usedFor(t, r))
		})
	}
}

// TestUnreachableServer: what was read serves while the API server does not answer.
func TestUnreachableServer(t *testing.T) {
	var down error
	store := auth.NewSecretStore(secret("pull", e("quay.io", "a")))
	reader := auth.SecretReaderFunc(func(ctx context.Context, namespace, name string) (*auth.PullSecret, error) {
		if down != nil {
			return nil, down
		}
		return store.Secret(ctx, namespace, name)
	})
	lister := auth.SecretListerFunc(func(ctx context.Context, namespace string) ([]*auth.PullSecret, error) {
		if down != nil {
			return nil, down
		}
		return store.Secrets(ctx, namespace)
	})
	byName := auth.NewResolver(auth.Options{}, auth.Secrets(reader, "dev", "pull"))
	all := auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(lister, "dev"))
	require.Equal(t, "a", usedFor(t, byName))
	require.Equal(t, "a", usedFor(t, all))

	down = errors.New("connection refused")
	require.Equal(t, "a", usedFor(t, byName))
	require.Equal(t, "a", usedFor(t, all))
	require.Equal(t, []auth.Outcome{auth.Stale, auth.Chosen}, outcomes(t, byName))
	require.Equal(t, []auth.Outcome{auth.Unreadable, auth.Stale, auth.Chosen}, outcomes(t, all))

	down = nil
	store.Put(secret("pull", e("quay.io", "b")))
	require.Equal(t, "b", usedFor(t, byName))
	require.Equal(t, "b", usedFor(t, all))

	down = auth.ErrNotFound
	require.Equal(t, "", usedFor(t, byName))
	require.Equal(t, "", usedFor(t, all), "the namespace is gone")
}

func TestIntegratedRegistryReadsTheTokenEachTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	r := auth.NewResolver(auth.Options{}, auth.IntegratedRegistry(path), auth.IntegratedRegistry(path, "registry.apps.example.com"))
	image, err := auth.Image("image-registry.openshift-image-registry.svc:5000/dev/app")
	require.NoError(t, err)
	authenticator, err := r.Resolve(image)
	require.NoError(t, err)
	require.Equal(t, authn.Anonymous, authenticator)

	write(t, path, "token 1\n")
	authenticator, err = r.Resolve(image)
	require.NoError(t, err)
	for _, token := range []string{"token 1", "token 2"} {
		write(t, path, token)
		config, err := authenticator.Authorization()
		require.NoError(t, err)
		require.Equal(t, &authn.AuthConfig{Username: "serviceaccount", Password: token}, config)
	}
	route, err := auth.Image("registry.apps.example.com/dev/app")
	require.NoError(t, err)
	candidates, err := r.Candidates(t.Context(), route)
	require.NoError(t, err)
	require.Len(t, candidates, 1)
	require.Equal(t, "", usedFor(t, r), "no other registry gets the token")

	write(t, path, " \n")
	candidates, err = r.Candidates(t.Context(), image)
	require.NoError(t, err)
	require.Empty(t, candidates)
}

// TestHostsThatAreNoRegistry get no token, and are told of.
func TestHostsThatAreNoRegistry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	r := auth.NewResolver(auth.Options{}, auth.IntegratedRegistry(path, "*.example.com", "not a host", "quay.io/org", "https://bob:hunter2@quay.io", "reg.example.com"))
	want := []string{
		`host "*.example.com": malformed: not the name of one registry`,
		`host "not a host": malformed: the key has a space or a control character`,
		`host "quay.io/org": malformed: not the name of one registry`,
		`host "https://[redacted]@quay.io": malformed: the key has a user name or password before the host`,
	}
	for _, token := range []string{"", "token"} {
		if token != "" {
			write(t, path, token)
		}
		explanation, err := r.Explain(t.Context(), app)
		require.NoError(t, err)
		require.Empty(t, explanation.Candidates)
		var details []string
		for _, s := range explanation.Steps {
			if s.Outcome == auth.Malformed {
				details = append(details, s.Detail)
			}
		}
		require.Equal(t, want, details)
		require.Equal(t, token != "", explanation.PlacesRead == 1)
	}
	require.Equal(t, "serviceaccount/token", chosenBy(t, r, "reg.example.com/org/img"))
}

// TestAuthenticatorFollows: what Resolve returned long ago gives today's password,
// and what it had where there is none any more.
func TestAuthenticatorFollows(t *testing.T) {
	store := auth.NewSecretStore(secret("pull", `"quay.io": {"username": "u", "password": "1"}`))
	r := auth.NewResolver(auth.Options{}, auth.NamespaceSecrets(store, "dev"))
	image, err := auth.Image(app)
	require.NoError(t, err)
	authenticator, err := r.Resolve(image)
	require.NoError(t, err)
	for _, password := range []string{"1", "2"} {
		store.Put(secret("pull", `"quay.io": {"username": "u", "password": "`+password+`"}`))
		config, err := authn.Authorization(t.Context(), authenticator)
		require.NoError(t, err)
		require.Equal(t, password, config.Password)
	}
	store.Delete("dev", "pull")
	config, err := authn.Authorization(t.Context(), authenticator)
	require.NoError(t, err)
	require.Equal(t, "1", config.Password)
}

// TestConcurrentUse runs everything at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	write(t, path, auths(e("quay.io", "f"))[0])
	store := auth.NewSecretStore(secret("pull", e("quay.io/org", "s")))
	r := auth.NewResolver(auth.Options{}, auth.File(path, auth.DocumentOptions{}), auth.NamespaceSecrets(store, "dev"))
	image, err := auth.Image(app)
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				store.Put(secret("pull", e("quay.io/org", "s")))
				candidates, err := r.Candidates(context.Background(), image)
				if err != nil || len(candidates) != 2 {
					t.Errorf("%v %v", candidates, err)
				}
				if _, err := r.Explain(context.Background(), app); err != nil {
					t.Error(err)
				}
				_, err = auth.Try(context.Background(), r, image, auth.TryOptions{}, func(ctx context.Context, a authn.Authenticator) (string, error) {
					config, err := authn.Authorization(ctx, a)
					return config.Username, err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestContextEndsALookup(t *testing.T) {
	entered := make(chan struct{})
	release := make(chan struct{})
	defer close(release)
	reader := auth.SecretReaderFunc(func(ctx context.Context, _, _ string) (*auth.PullSecret, error) {
		close(entered)
		<-release // deaf to its context
		return nil, auth.ErrNotFound
	})
	r := auth.NewResolver(auth.Options{}, auth.Secrets(reader, "dev", "pull"))
	image, err := auth.Image(app)
	require.NoError(t, err)
	go func() { _, _ = r.Candidates(context.Background(), image) }()
	<-entered
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("shutting down")
	cancel(why)
	_, err = r.Candidates(ctx, image)
	require.ErrorIs(t, err, why)
}
