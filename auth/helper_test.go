package auth_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/registrykit/registrykit/auth"
	"github.com/stretchr/testify/require"
)

// clock is a settable time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// counted makes a helper that appends what it is asked for to a file, and returns a
// function that reads the file.
func counted(t *testing.T, scripts map[string]string) func() []string {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	for name, script := range scripts {
		scripts[name] = `read -r server; echo "` + name + ` $1 $server" >>` + log + "\n" + script
	}
	helperPath(t, scripts)
	return func() []string {
		data, err := os.ReadFile(log)
		if os.IsNotExist(err) {
			return nil
		}
		require.NoError(t, err)
		require.NoError(t, os.Remove(log))
		return strings.Split(strings.TrimSpace(string(data)), "\n")
	}
}

const (
	answers  = `echo '{"ServerURL":"x","Username":"u","Secret":"pw"}'`
	knowsNot = `echo 'credentials not found in native keychain'; exit 1`
)

func configFile(t *testing.T, text string) auth.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	write(t, path, text)
	return auth.File(path, auth.DocumentOptions{})
}

// TestOnlyTheMatchingHelperRuns, once, and its answers are used for their time.
func TestOnlyTheMatchingHelperRuns(t *testing.T) {
	runs := counted(t, map[string]string{"one": answers, "two": answers, "store": knowsNot})
	c := &clock{now: time.Unix(0, 0)}
	r := auth.NewResolver(auth.Options{Helpers: auth.HelperOptions{Now: c.Now}},
		configFile(t, `{"credHelpers": {"quay.io": "one", "ghcr.io": "two"}, "credsStore": "store"}`))
	require.Equal(t, "u", chosenBy(t, r, app))
	require.Equal(t, []string{"one get quay.io", "store get quay.io"}, runs())
	require.Equal(t, "u", chosenBy(t, r, "quay.io/another"))
	require.Empty(t, runs(), "both answers are kept")

	c.advance(auth.DefaultHelperNegativeTTL)
	require.Equal(t, "u", chosenBy(t, r, app))
	require.Equal(t, []string{"store get quay.io"}, runs())
	c.advance(auth.DefaultHelperTTL - auth.DefaultHelperNegativeTTL)
	require.Equal(t, "u", chosenBy(t, r, app))
	require.Equal(t, []string{"one get quay.io", "store get quay.io"}, runs())
}

func chosenBy(t *testing.T, r *auth.Resolver, image string) string {
	t.Helper()
	resource, err := auth.Image(image)
	require.NoError(t, err)
	candidates, err := r.Candidates(t.Context(), resource)
	require.NoError(t, err)
	var names []string
	for _, c := range candidates {
		names = append(names, notation(c.Credential))
	}
	return strings.Join(names, " > ")
}

// TestHelperNamesOfDockerHub: docker login stores under the URL, others do not.
func TestHelperNamesOfDockerHub(t *testing.T) {
	runs := counted(t, map[string]string{"hub": `case $server in docker.io) ` + answers + `;; *) ` + knowsNot + `;; esac`})
	r := auth.NewResolver(auth.Options{}, configFile(t, `{"credHelpers": {"index.docker.io": "hub"}}`))
	require.Equal(t, "u", chosenBy(t, r, "busybox"))
	require.Equal(t, []string{"hub get https://index.docker.io/v1/", "hub get index.docker.io", "hub get docker.io"}, runs())
}

func TestIdentityTokenOfAHelper(t *testing.T) {
	helperPath(t, map[string]string{"acr": `echo '{"Username":"<token>","Secret":"T"}'`})
	r := auth.NewResolver(auth.Options{}, configFile(t, `{"credHelpers": {"quay.io": "acr"}}`))
	require.Equal(t, "<none>/+id:T", chosenBy(t, r, app))
}

// TestHelperFailures: each says why, and nothing of what the helper printed.
func TestHelperFailures(t *testing.T) {
	const secret = "hunter2"
	helperPath(t, map[string]string{
		"exit":    `echo '{"Secret":"` + secret + `"}'; echo ` + secret + ` >&2; exit 3`,
		"text":    `echo ` + secret,
		"endless": `while :; do echo ` + secret + `; done`,
		"silent":  `exec sleep 60`,
		"child":   `sleep 60 & exec sleep 60`,
		"empty":   `echo '{}'`,
	})
	cases := map[string]struct {
		class  error
		detail string
	}{
		"exit":    {auth.ErrHelper, "run helper docker-credential-exit: credential helper failed: exit status 3"},
		"text":    {auth.ErrMalformed, "run helper docker-credential-text: malformed: its answer is not JSON with Username and Secret"},
		"endless": {auth.ErrTooLarge, "run helper docker-credential-endless: too large: it printed more than 65536 bytes"},
		"silent":  {auth.ErrHelper, "run helper docker-credential-silent: credential helper failed: no answer within 300ms"},
		"child":   {auth.ErrHelper, "run helper docker-credential-child: credential helper failed: no answer within 300ms"},
		"absent":  {auth.ErrHelper, "run helper docker-credential-absent: credential helper failed: the program is not in PATH"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if strings.Contains(c.detail, "300ms") {
				timeout = 300 * time.Millisecond
			}
			r := auth.NewResolver(auth.Options{Helpers: auth.HelperOptions{Timeout: timeout}},
				configFile(t, `{"credHelpers": {"quay.io": "`+name+`"}, "auths": {`+e("quay.io", "h")+`}}`))
			explanation, err := r.Explain(t.Context(), app)
			require.NoError(t, err)
			require.Equal(t, auth.HelperFailed, explanation.Steps[0].Outcome)
			require.Equal(t, c.detail, explanation.Steps[0].Detail)
			require.Equal(t, "h", explanation.Candidates[0].Credential.Username, "and the rest goes on")
			require.NotContains(t, explanation.String(), secret)
		})
	}
	t.Run("empty", func(t *testing.T) {
		r := auth.NewResolver(auth.Options{}, configFile(t, `{"credHelpers": {"quay.io": "empty"}}`))
		require.Equal(t, []auth.Outcome{auth.HelperNotFound}, outcomes(t, r))
	})
}

// TestSingleFlight: many ask, one process answers.
func TestSingleFlight(t *testing.T) {
	dir := t.TempDir()
	gate := filepath.Join(dir, "gate")
	runs := counted(t, map[string]string{"slow": `while [ ! -e ` + gate + ` ]; do sleep 0.01; done; ` + answers})
	r := auth.NewResolver(auth.Options{}, configFile(t, `{"credsStore": "slow"}`))
	var group sync.WaitGroup
	image, err := auth.Image(app)
	require.NoError(t, err)
	for range 20 {
		group.Go(func() {
			candidates, err := r.Candidates(context.Background(), image)
			if err != nil || len(candidates) != 1 {
				t.Errorf("%v %v", candidates, err)
			}
		})
	}
	write(t, gate, "")
	group.Wait()
	require.Equal(t, []string{"slow get quay.io"}, runs())
}

// TestAbandonedHelperIsKilled: nothing runs on for nobody. The helper holds a pipe
// open for as long as it lives.
func TestAbandonedHelperIsKilled(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, exec.Command("mkfifo", pipe).Run())
	helperPath(t, map[string]string{"stuck": `exec 3>` + pipe + `; echo started >&3; exec sleep 600`})
	before := runtime.NumGoroutine()
	r := auth.NewResolver(auth.Options{Helpers: auth.HelperOptions{Timeout: time.Hour}}, configFile(t, `{"credsStore": "stuck"}`))
	image, err := auth.Image(app)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := r.Candidates(ctx, image)
		done <- err
	}()
	alive, err := os.Open(pipe)
	require.NoError(t, err)
	defer func() { _ = alive.Close() }()
	started := make([]byte, len("started\n"))
	_, err = io.ReadFull(alive, started)
	require.NoError(t, err)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	rest, err := io.ReadAll(alive)
	require.NoError(t, err)
	require.Empty(t, rest)
	for runtime.NumGoroutine() > before { // the test's timeout ends this if it has to
		runtime.Gosched()
	}
}

func TestHelpersAreNotForEverybody(t *testing.T) {
	runs := counted(t, map[string]string{"one": answers})
	const text = `{"credHelpers": {"quay.io": "one"}, "credsStore": "one"}`
	s := secret("pull")
	s.Data = auth.NewSecretData(map[string][]byte{".dockerconfigjson": []byte(text)})
	r := auth.NewResolver(auth.Options{}, auth.Document("d", []byte(text), auth.DocumentOptions{}),
		auth.Secrets(auth.NewSecretStore(s), "dev", "pull"))
	require.Equal(t, []auth.Outcome{auth.HelperIgnored, auth.HelperIgnored, auth.HelperIgnored, auth.HelperIgnored}, outcomes(t, r))
	r = auth.NewResolver(auth.Options{Helpers: auth.HelperOptions{Disabled: true}}, configFile(t, text))
	require.Equal(t, []auth.Outcome{auth.HelperFailed, auth.HelperFailed}, outcomes(t, r))
	require.Empty(t, runs())
}

// TestDeniedHelperIsAskedAgain: its token may have been replaced meanwhile.
func TestDeniedHelperIsAskedAgain(t *testing.T) {
	count := filepath.Join(t.TempDir(), "count")
	helperPath(t, map[string]string{"ecr": `echo x >>` + count + `; n=$(wc -l <` + count + ` | tr -d ' '); echo "{\"Username\":\"AWS\",\"Secret\":\"token$n\"}"`})
	r := auth.NewResolver(auth.Options{}, configFile(t, `{"credsStore": "ecr"}`))
	image, err := auth.Image(app)
	require.NoError(t, err)
	var tried []string
	got, err := auth.Try(t.Context(), r, image, denying, func(ctx context.Context, a authn.Authenticator) (string, error) {
		config, err := authn.Authorization(ctx, a)
		require.NoError(t, err)
		tried = append(tried, config.Password)
		if config.Password != "token2" {
			return "", errDenied
		}
		return config.Password, nil
	})
	require.NoError(t, err)
	require.Equal(t, "token2", got)
	require.Equal(t, []string{"token1", "token2"}, tried)
}
