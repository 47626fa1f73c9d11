package distributiondriver_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/distributiondriver"
	"github.com/stretchr/testify/require"
)

// ledger notes what a registry relies on.
type ledger struct {
	mu   sync.Mutex
	uses []distributiondriver.Use
}

func (l *ledger) note(_ context.Context, u distributiondriver.Use) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses = append(l.uses, u)
	return nil
}

// take returns what was done with each blob since the last call.
func (l *ledger) take() map[digest.Digest][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	ops := make(map[digest.Digest][]string)
	for _, u := range l.uses {
		ops[u.Digest] = append(ops[u.Digest], u.Op)
	}
	l.uses = nil
	return ops
}

const someDigest = digest.Digest("sha256:0a11111111111111111111111111111111111111111111111111111111111111")

func TestUsing(t *testing.T) {
	const (
		blob     = "/docker/registry/v2/blobs/sha256/0a/0a11111111111111111111111111111111111111111111111111111111111111/data"
		layer    = "/docker/registry/v2/repositories/a/b/_layers/sha256/0a11111111111111111111111111111111111111111111111111111111111111/link"
		manifest = "/docker/registry/v2/repositories/a/b/_manifests/revisions/sha256/0a11111111111111111111111111111111111111111111111111111111111111/link"
		tag      = "/docker/registry/v2/repositories/a/b/_manifests/tags/latest/current/link"
		other    = "/docker/registry/v2/repositories/a/_uploads/1/data"
	)
	var l ledger
	d := distributiondriver.New(openMemory(t), distributiondriver.Options{Using: l.note})
	ctx := t.Context()
	use := func(op, path string) []distributiondriver.Use {
		return []distributiondriver.Use{{Op: op, Key: path[1:], Digest: someDigest}}
	}
	for _, c := range []struct {
		name string
		call func() error
		want []distributiondriver.Use
	}{
		{"write a blob", func() error { return d.PutContent(ctx, blob, []byte("text")) }, use("write", blob)},
		{"look at a blob", func() error { _, err := d.Stat(ctx, blob); return err }, use("stat", blob)},
		{"stream a blob", func() error {
			w, err := d.Writer(ctx, blob, false)
			return errors.Join(err, w.Cancel(ctx))
		}, use("write", blob)},
		{"write something else", func() error { return d.PutContent(ctx, other, []byte("text")) }, nil},
		{"move to a blob", func() error { return d.Move(ctx, other, blob) }, use("move", blob)},
		{"link a layer", func() error { return d.PutContent(ctx, layer, []byte(someDigest)) }, use("link", layer)},
		{"link a tag", func() error { return d.PutContent(ctx, tag, []byte(someDigest+"\n")) }, use("link", tag)},
		{"link nothing", func() error { return d.PutContent(ctx, tag, []byte("sha256:0a")) }, nil},
		{"link too much", func() error { return d.PutContent(ctx, tag, []byte(strings.Repeat("a", 10_000))) }, nil},
		{"look at a link", func() error { _, err := d.Stat(ctx, layer); return err }, nil},
		{"read a layer's link", func() error { _, err := d.GetContent(ctx, layer); return err }, use("stat", layer)},
		{"link a manifest", func() error { return d.PutContent(ctx, manifest, []byte(someDigest)) }, use("link", manifest)},
		{"read a manifest's link", func() error { _, err := d.GetContent(ctx, manifest); return err }, use("stat", manifest)},
		{"read a tag's link", func() error { _, err := d.GetContent(ctx, tag); return err }, nil},
		{"read", func() error { _, err := d.GetContent(ctx, blob); return err }, nil},
		{"look at a directory", func() error { _, err := d.Stat(ctx, strings.TrimSuffix(blob, "/data")); return err }, nil},
		{"a digest in the wrong place", func() error { return d.PutContent(ctx, strings.Replace(blob, "/0a/", "/0b/", 1), nil) }, nil},
		{"no digest", func() error { return d.PutContent(ctx, "/docker/registry/v2/blobs/sha256/0a/0a/data", nil) }, nil},
		{"delete", func() error { return d.Delete(ctx, blob) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.uses = nil
			require.NoError(t, c.call())
			require.Equal(t, c.want, l.uses)
		})
	}
}

// TestUsingRefuses: where a lease cannot be had, nothing is done.
func TestUsingRefuses(t *testing.T) {
	const blob = "/docker/registry/v2/blobs/sha256/0a/0a11111111111111111111111111111111111111111111111111111111111111/data"
	refused := errors.New("no lease to be had")
	s := openMemory(t)
	d := distributiondriver.New(s, distributiondriver.Options{Using: func(context.Context, distributiondriver.Use) error { return refused }})
	put(t, d, "/source")
	require.ErrorIs(t, d.PutContent(t.Context(), blob, nil), refused)
	require.ErrorIs(t, d.PutContent(t.Context(), "/docker/registry/v2/repositories/a/_layers/x/link", []byte(someDigest)), refused)
	require.ErrorIs(t, d.Move(t.Context(), "/source", blob), refused)
	_, err := d.Stat(t.Context(), blob)
	require.ErrorIs(t, err, refused)
	_, err = d.GetContent(t.Context(), "/docker/registry/v2/repositories/a/_layers/sha256/"+someDigest.Encoded()+"/link")
	require.ErrorIs(t, err, refused)
	_, err = d.Writer(t.Context(), blob, false)
	require.ErrorIs(t, err, refused)
	var keys []string
	for e, err := range s.List(t.Context(), storage.ListOptions{}) {
		require.NoError(t, err)
		keys = append(keys, e.Key)
	}
	require.Equal(t, []string{"source"}, keys)
}

// TestRegistryUses: everything that a push relies on is told, what is there
// already as well as what is new.
func TestRegistryUses(t *testing.T) {
	onEach(t, func(t *testing.T, _ *distributiondriver.Driver, s *storage.Store) {
		var l ledger
		host := serve(t, distributiondriver.New(s, distributiondriver.Options{Using: l.note}))
		p := push(t, host, "app")
		l.take()
		for _, repository := range []string{"app", "other"} {
			require.NoError(t, remote.Write(tag(t, host, repository, "again"), p.image, remote.WithContext(t.Context())))
			used := l.take()
			manifest, err := p.image.Manifest()
			require.NoError(t, err)
			image, err := p.image.Digest()
			require.NoError(t, err)
			want := []digest.Digest{digest.Digest(image.String()), digest.Digest(manifest.Config.Digest.String())}
			for _, layer := range manifest.Layers {
				want = append(want, digest.Digest(layer.Digest.String()))
			}
			require.ElementsMatch(t, want, slices.Collect(maps.Keys(used)), repository)
			require.Contains(t, used[want[0]], "link")
		}
	})
}
