package registrylayout_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// tree is a layout that a test fills.
type tree struct {
	*registrylayout.Layout
	t      *testing.T
	store  *storage.Store
	driver *memory.Driver
}

func newTree(t *testing.T) *tree {
	d := &memory.Driver{}
	return newTreeOn(t, d, storage.New(d, storage.Options{Trust: true}), registrylayout.Options{})
}

func newTreeOn(t *testing.T, d *memory.Driver, s *storage.Store, o registrylayout.Options) *tree {
	return &tree{registrylayout.New(s, o), t, s, d}
}

// descriptor is what a manifest says of a blob.
type descriptor struct {
	MediaType string        `json:"mediaType"`
	Digest    digest.Digest `json:"digest"`
	Size      int           `json:"size"`
}

const (
	imageType = "application/vnd.oci.image.manifest.v1+json"
	indexType = "application/vnd.oci.image.index.v1+json"
	layerType = "application/vnd.oci.image.layer.v1.tar"
)

func describe(mediaType string, content string) descriptor {
	return descriptor{mediaType, digest.FromString(content), len(content)}
}

// imageText is the manifest of an image whose config and layers are named.
func imageText(config string, layers ...string) []byte {
	m := map[string]any{"schemaVersion": 2, "mediaType": imageType, "config": describe("application/vnd.oci.image.config.v1+json", config)}
	list := []descriptor{}
	for _, l := range layers {
		list = append(list, describe(layerType, l))
	}
	m["layers"] = list
	return encode(m)
}

func indexText(children ...digest.Digest) []byte {
	list := []descriptor{}
	for _, c := range children {
		list = append(list, descriptor{imageType, c, 1})
	}
	return encode(map[string]any{"schemaVersion": 2, "mediaType": indexType, "manifests": list})
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

func (t *tree) blob(repository, content string) digest.Digest {
	d := digest.FromString(content)
	_, err := t.PutBlob(t.t.Context(), repository, d, bytes.NewBufferString(content))
	require.NoError(t.t, err)
	return d
}

// image puts an image with its config and layers.
func (t *tree) image(repository, config string, layers []string, tags ...string) digest.Digest {
	t.blob(repository, config)
	for _, l := range layers {
		t.blob(repository, l)
	}
	return t.manifest(repository, imageText(config, layers...), tags...)
}

func (t *tree) manifest(repository string, raw []byte, tags ...string) digest.Digest {
	d, err := t.PutManifest(t.t.Context(), repository, raw, registrylayout.PutManifestOptions{Tags: tags})
	require.NoError(t.t, err)
	return d
}

func (t *tree) write(key string, text string) {
	_, err := t.store.WriteFile(t.t.Context(), key, []byte(text), storage.CreateOptions{})
	require.NoError(t.t, err)
}

func (t *tree) remove(key string) {
	require.NoError(t.t, t.store.Delete(t.t.Context(), key, storage.DeleteOptions{}))
}

func (t *tree) keys() []string {
	var keys []string
	for e, err := range t.store.List(t.t.Context(), storage.ListOptions{}) {
		require.NoError(t.t, err)
		keys = append(keys, e.Key)
	}
	return keys
}

// check returns the findings in short.
func (t *tree) check(o registrylayout.CheckOptions) ([]string, registrylayout.Summary) {
	var all []string
	summary, err := t.Check(t.t.Context(), o, func(f registrylayout.Finding) { all = append(all, short(f)) })
	require.NoError(t.t, err)
	return all, summary
}

func short(f registrylayout.Finding) string {
	text := string(f.Kind)
	for _, part := range []string{f.Repository, string(f.Reference), f.Tag, hex8(f.Digest)} {
		if part != "" {
			text += " " + part
		}
	}
	if f.Missing != "" {
		text += " -> " + hex8(f.Missing)
	}
	if f.Unlinked {
		text += " unlinked"
	}
	if f.Key != "" {
		text += " " + f.Key
	}
	return text
}

func hex8(d digest.Digest) string {
	if d == "" {
		return ""
	}
	return d.Encoded()[:8]
}

// key turns what a path function returns into a key.
func key(k string, err error) string {
	if err != nil {
		panic(fmt.Sprint("no key: ", err))
	}
	return k
}
