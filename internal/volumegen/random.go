package volumegen

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/registrykit/registrykit/internal/madeup"
	"github.com/registrykit/registrykit/internal/manifest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
)

// Random fills an empty volume: repositories one within the other, images that
// share layers and configs, indexes and indexes of indexes, referrers of what is
// there and of what is not, tags that moved, manifests without a tag, links and
// blobs that nobody needs, and now and then something is missing that is needed.
// A tag that begins with "tmp" is one that may go. All bytes have their digests.
func Random(ctx context.Context, s *storage.Store, l *registrylayout.Layout, seed uint64) error {
	g := &generator{ctx: ctx, layout: l, Rand: rand.New(rand.NewPCG(seed, 3)), manifests: map[string][]madeup.Descriptor{}}
	for range 3 + g.IntN(7) {
		g.push(g.repository())
	}
	for range g.IntN(3) {
		g.blob(g.repository(), fmt.Sprintf("left %d", g.IntN(5)))
	}
	if g.err == nil && g.IntN(3) == 0 {
		g.err = g.lose(s)
	}
	return g.err
}

// A generator stops at its first error.
type generator struct {
	*rand.Rand
	ctx       context.Context
	layout    *registrylayout.Layout
	manifests map[string][]madeup.Descriptor // by repository
	err       error
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func (g *generator) repository() string { return pick(g.Rand, "dev/app", "dev/app/front", "ops") }

func (g *generator) blob(repository, content string) madeup.Descriptor {
	d := digest.FromString(content)
	if g.err == nil {
		_, g.err = g.layout.PutBlob(g.ctx, repository, d, strings.NewReader(content))
	}
	return madeup.Descriptor{MediaType: madeup.OCILayer, Digest: string(d), Size: int64(len(content))}
}

// push puts a manifest into a repository, with or without a tag.
func (g *generator) push(repository string) {
	m := madeup.Manifest{SchemaVersion: 2, MediaType: manifest.MediaTypeOCIImage}
	there := g.manifests[repository]
	if len(there) > 0 && g.IntN(4) == 0 {
		m.MediaType = manifest.MediaTypeOCIIndex
		m.Manifests = []madeup.Descriptor{pick(g.Rand, there...), pick(g.Rand, there...)}
		m.Annotations = madeup.Revision(g.Rand)
	} else {
		config := g.blob(repository, fmt.Sprintf("config %d", g.IntN(6)))
		config.MediaType = madeup.OCIConfig
		m.Config = &config
		for range 1 + g.IntN(3) {
			m.Layers = append(m.Layers, g.blob(repository, fmt.Sprintf("layer %d", g.IntN(8))))
		}
		if all := slices.Concat(g.manifests["dev/app"], there); len(all) > 0 && g.IntN(4) == 0 {
			subject := pick(g.Rand, all...) // maybe of another repository
			m.Subject = &subject
		}
	}
	var tags []string
	if g.IntN(3) > 0 {
		tags = []string{pick(g.Rand, "latest", "v1", "tmp-1", "tmp-2")}
	}
	if g.err != nil {
		return
	}
	raw := madeup.JSON(m)
	d, err := g.layout.PutManifest(g.ctx, repository, raw, registrylayout.PutManifestOptions{Tags: tags})
	g.err = err
	g.manifests[repository] = append(there, madeup.Descriptor{MediaType: m.MediaType, Digest: string(d), Size: int64(len(raw))})
}

// lose takes something away without asking.
func (g *generator) lose(s *storage.Store) error {
	var keys []string
	for o, err := range g.layout.Walk(g.ctx, "") {
		if err != nil {
			return err
		}
		keys = append(keys, o.Key)
	}
	for range 1 + g.IntN(2) {
		n := g.IntN(len(keys))
		if err := s.Delete(g.ctx, keys[n], storage.DeleteOptions{}); err != nil {
			return err
		}
		keys = slices.Delete(keys, n, n+1)
	}
	return nil
}
