package auth_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

func named(name, user string) auth.Source {
	return auth.Document(name, []byte(auths(e("quay.io", user))[0]), auth.DocumentOptions{})
}

// TestPlacesOfTheSameName: two documents, or the Secrets of two clusters, may be called
// the same and have the same key.
func TestPlacesOfTheSameName(t *testing.T) {
	east, west := auth.NewSecretStore(secret("pull", e("quay.io", "east"))), auth.NewSecretStore(secret("pull", e("quay.io", "west")))
	for title, sources := range map[string][]auth.Source{
		"documents": {named("config", "east"), named("config", "west")},
		"secrets":   {auth.Secrets(east, "dev", "pull"), auth.Secrets(west, "dev", "pull")},
	} {
		t.Run(title, func(t *testing.T) {
			r := auth.NewResolver(auth.Options{}, sources...)
			tried, err := accepting(t, r, denying, "west")
			require.NoError(t, err)
			require.Equal(t, []string{"east", "west"}, tried)
			require.Equal(t, "west", usedFor(t, r), "and not what the other place holds")
			tried, err = accepting(t, r, denying, "x")
			require.ErrorIs(t, err, auth.ErrDenied)
			require.Equal(t, []string{"west", "east"}, tried, "each once")
		})
	}
}

// TestPlaceThatTakesAnothersCredential: equal candidates are one, but each place is
// still looked at for itself.
func TestPlaceThatTakesAnothersCredential(t *testing.T) {
	store := auth.NewSecretStore(secret("a", e("quay.io", "one")), secret("b", e("quay.io", "two")))
	r := auth.NewResolver(auth.Options{}, auth.Secrets(store, "dev", "a", "b"))
	_, err := accepting(t, r, denying, "two")
	require.NoError(t, err)
	image, err := auth.Image(app)
	require.NoError(t, err)
	authenticator, err := r.Resolve(image)
	require.NoError(t, err)
	store.Put(secret("b", e("quay.io", "one")))
	config, err := authn.Authorization(t.Context(), authenticator)
	require.NoError(t, err)
	require.Equal(t, "one", config.Username)
}

// TestRotatedWinner: what was accepted once is not used when it is gone.
func TestRotatedWinner(t *testing.T) {
	store := auth.NewSecretStore(secret("a", e("quay.io", "one")), secret("b", e("quay.io", "two")))
	r := auth.NewResolver(auth.Options{}, auth.Secrets(store, "dev", "a", "b"))
	_, err := accepting(t, r, denying, "two")
	require.NoError(t, err)
	require.Equal(t, "two", usedFor(t, r))
	store.Put(secret("b", e("quay.io", "three")))
	tried, err := accepting(t, r, denying, "three")
	require.NoError(t, err)
	require.Equal(t, []string{"one", "three"}, tried)
	store.Delete("dev", "b")
	require.Equal(t, "one", usedFor(t, r))
}

// TestWinnerOfTheRepository, whatever tag of it was asked for.
func TestWinnerOfTheRepository(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, named("a", "one"), named("b", "two"))
	tried := func(image string) (users []string) {
		tag, err := name.NewTag(image)
		require.NoError(t, err)
		_, err = auth.Try(t.Context(), r, tag, denying, func(ctx context.Context, a authn.Authenticator) (int, error) {
			config, err := authn.Authorization(ctx, a)
			require.NoError(t, err)
			if users = append(users, config.Username); config.Username != "two" {
				return 0, errDenied
			}
			return 0, nil
		})
		require.NoError(t, err)
		return users
	}
	require.Equal(t, []string{"one", "two"}, tried("quay.io/org/img:v1"))
	require.Equal(t, []string{"two"}, tried("quay.io/org/img:v2"))
}

// TestHelpersWaitForTheirTurn: a helper that does not answer keeps nobody from a better
// candidate, and a remembered one is found without asking the others.
func TestHelpersWaitForTheirTurn(t *testing.T) {
	runs := counted(t, map[string]string{"slow": `exec sleep 600`, "one": answers, "two": `echo '{"Username":"two","Secret":"pw"}'`})
	options := auth.Options{Helpers: auth.HelperOptions{Timeout: time.Hour, TTL: -1}}
	slow := configFile(t, `{"credsStore": "slow"}`)
	r := auth.NewResolver(options, named("d", "one"), slow)
	require.Equal(t, "one", usedFor(t, r))
	tried, err := accepting(t, r, denying, "one")
	require.NoError(t, err)
	require.Equal(t, []string{"one"}, tried)
	require.Empty(t, runs())

	r = auth.NewResolver(options, configFile(t, `{"credHelpers": {"quay.io": "one"}}`), configFile(t, `{"credHelpers": {"quay.io": "two"}}`))
	_, err = accepting(t, r, denying, "two")
	require.NoError(t, err)
	require.Equal(t, []string{"one get quay.io", "one get quay.io", "two get quay.io"}, runs(), "a denied one is asked again")
	_, err = accepting(t, r, denying, "two")
	require.NoError(t, err)
	require.Equal(t, []string{"two get quay.io"}, runs())
}

// TestTryEndsWithItsContext, even where the caller takes every error for a denial.
func TestTryEndsWithItsContext(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, named("a", "one"), named("b", "two"))
	image, err := auth.Image(app)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err = auth.Try(ctx, r, image, auth.TryOptions{Denied: func(error) bool { return true }, Anonymous: true},
		func(ctx context.Context, _ authn.Authenticator) (int, error) {
			calls++
			cancel()
			return 0, fmt.Errorf("call: %w", ctx.Err())
		})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, auth.ErrDenied)
	require.Equal(t, 1, calls)
}

// TestFileGivenTwice: the same file by two sources is one candidate.
func TestFileGivenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	write(t, path, auths(e("quay.io", "u"))[0])
	r := auth.NewResolver(auth.Options{}, auth.File(path, auth.DocumentOptions{}), auth.File(path, auth.DocumentOptions{}))
	require.Equal(t, "u", chosenBy(t, r, app))
}

func TestCandidateOf(t *testing.T) {
	r := auth.NewResolver(auth.Options{}, named("d", "one"))
	image, err := auth.Image(app)
	require.NoError(t, err)
	const want = `document d, key "quay.io": user "one" (basic)`
	authenticator, err := r.Resolve(image)
	require.NoError(t, err)
	c, ok := auth.CandidateOf(authenticator)
	require.True(t, ok)
	require.Equal(t, want, c.String())
	_, err = auth.Try(t.Context(), r, image, auth.TryOptions{}, func(_ context.Context, a authn.Authenticator) (int, error) {
		c, ok := auth.CandidateOf(a)
		require.True(t, ok)
		require.Equal(t, want, c.String())
		return 0, nil
	})
	require.NoError(t, err)
	c, ok = auth.CandidateOf(authn.Anonymous)
	require.False(t, ok)
	require.Equal(t, "no candidate", c.String())
}
