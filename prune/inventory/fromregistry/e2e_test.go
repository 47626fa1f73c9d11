package fromregistry_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory/fromregistry"
	"github.com/registrykit/registrykit/registryclient"
	"github.com/stretchr/testify/require"
)

// TestEndToEnd plans for Debian's docker-registry, which has no referrers API and does not
// delete tags alone: what the plan drops stays whole. It runs where that is installed;
// where REGISTRYKIT_E2E is set, it is a failure if it is not.
func TestEndToEnd(t *testing.T) {
	if _, err := exec.LookPath("docker-registry"); err != nil {
		if os.Getenv("REGISTRYKIT_E2E") != "" {
			t.Fatal(err)
		}
		t.Skip("docker-registry is not installed")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host := listener.Addr().String()
	require.NoError(t, listener.Close())
	config := filepath.Join(t.TempDir(), "config.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `version: 0.1
log: {accesslog: {disabled: true}, level: error}
storage: {inmemory: {}, delete: {enabled: true}}
http: {addr: %q, secret: s}
`, host), 0o600))
	server := exec.Command("docker-registry", "serve", config)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill() // it may have ended
		_ = server.Wait()
	})
	w := &world{t: t}
	w.client = registryclient.New(registryclient.Options{Retry: registryclient.RetryOptions{Attempts: 500, Backoff: 20 * time.Millisecond, MaxBackoff: 100 * time.Millisecond}})
	t.Cleanup(w.client.Close)
	w.registry, err = name.NewRegistry(host)
	require.NoError(t, err)
	_, err = w.client.Ping(t.Context(), w.registry)
	require.NoError(t, err)

	old1, fresh := w.image(now.AddDate(-1, 0, 0)), w.image(now)
	for repository, image := range map[string]v1.Image{"top": old1, "org/team/app": old1, "org/app": fresh} {
		require.NoError(t, w.client.Push(t.Context(), w.registry.Repo(repository).Tag("v1"), image, registryclient.PushOptions{}))
	}
	o := fromregistry.Options{UseImageCreated: true, UntaggedIsNothing: true}
	inv := w.read(o)
	require.Empty(t, w.warnings)
	require.Equal(t, 3, inv.Streams())
	plan := w.plan(inv, old())
	require.Equal(t, 2, kinds(plan)[prune.DeleteTagItem])
	require.Equal(t, 2, kinds(plan)[prune.DeleteManifestLink])
	ends := fromregistry.Ends{Client: w.client, Registry: w.registry, Options: o}
	report, err := apply.Run(t.Context(), plan, ends.Apply(), apply.Options{Now: func() time.Time { return now }})
	require.NoError(t, err, report)
	require.Equal(t, 2, report.Count(prune.DeleteTagItem, apply.Unsupported), report)
	require.Zero(t, report.Count(prune.DeleteManifestLink, apply.Done))
	require.Equal(t, inv.Fingerprint(), w.read(o).Fingerprint(), "nothing went")
}
