package importer_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/internal/manifest"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fake is a registry in memory.
type fake struct {
	mu        sync.Mutex
	tags      map[string]string // by repository:tag
	manifests map[string]importer.Manifest
	blobs     map[string][]byte
	// fail returns the error for a request, if any.
	fail func(op string, t importer.Target) error
	// before is called ahead of each request, without the lock.
	before func(op string, t importer.Target)
	asked  []string
	// busy and busiest are how many requests are under way at once, by host.
	busy, busiest map[string]int
}

func newFake() *fake {
	return &fake{
		tags: map[string]string{}, manifests: map[string]importer.Manifest{}, blobs: map[string][]byte{},
		busy: map[string]int{}, busiest: map[string]int{},
	}
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// put stores a manifest and returns its digest.
func (f *fake) put(mediaType string, raw []byte) string {
	digest := digestOf(raw)
	f.manifests[digest] = importer.Manifest{
		Descriptor: importer.Descriptor{MediaType: mediaType, Digest: digest, Size: int64(len(raw)), Endpoint: "quay.example"},
		Raw:        raw,
	}
	return digest
}

// image stores an image of one layer and returns its digest.
func (f *fake) image(os, architecture, name string) string {
	config := fmt.Appendf(nil, `{"os":%q,"architecture":%q,"created":"2025-01-02T03:04:05.6Z","config":{"Env":["NAME=%s"],"StopSignal":"TERM"}}`, os, architecture, name)
	f.blobs[digestOf(config)] = config
	raw := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[{"mediaType":"l","digest":%q,"size":100},{"mediaType":"l","digest":%q,"size":100}]}`,
		manifest.MediaTypeOCIImage, digestOf(config), len(config), digestOf([]byte(name)), digestOf([]byte(name)))
	return f.put(manifest.MediaTypeOCIImage, raw)
}

// entry is an image of a list.
type entry struct {
	digest, os, architecture, variant string
	attestation                       bool
}

// index stores a list and returns its digest.
func (f *fake) index(entries ...entry) string {
	var list []map[string]any
	for _, e := range entries {
		m := map[string]any{"mediaType": manifest.MediaTypeOCIImage, "digest": e.digest}
		if known, ok := f.manifests[e.digest]; ok {
			m["mediaType"], m["size"] = known.MediaType, known.Size
		}
		if e.os != "" {
			m["platform"] = map[string]any{"os": e.os, "architecture": e.architecture, "variant": e.variant}
		}
		if e.attestation {
			m["annotations"] = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
		}
		list = append(list, m)
	}
	raw, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": manifest.MediaTypeOCIIndex, "manifests": list})
	if err != nil {
		panic(err)
	}
	return f.put(manifest.MediaTypeOCIIndex, raw)
}

func (f *fake) tag(repository, tag, digest string) { f.tags[repository+":"+tag] = digest }

// begin records a request and returns what it fails with.
func (f *fake) begin(ctx context.Context, op string, t importer.Target) (end func(), err error) {
	f.mu.Lock()
	f.asked = append(f.asked, op+" "+t.String())
	f.busy[t.Registry]++
	f.busiest[t.Registry] = max(f.busiest[t.Registry], f.busy[t.Registry])
	fail := f.fail
	f.mu.Unlock()
	end = func() {
		f.mu.Lock()
		f.busy[t.Registry]--
		f.mu.Unlock()
	}
	if f.before != nil {
		f.before(op, t)
	}
	if err := ctx.Err(); err != nil {
		return end, err
	}
	if fail != nil {
		return end, fail(op, t)
	}
	return end, nil
}

// count returns how many requests of a kind were made.
func (f *fake) count(op string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.asked {
		if len(a) >= len(op) && a[:len(op)] == op {
			n++
		}
	}
	return n
}

var errNotFound = &importer.Error{Class: importer.NotFound, Err: errors.New("MANIFEST_UNKNOWN")}

func (f *fake) find(t importer.Target) (importer.Manifest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	digest := t.ID
	if digest == "" {
		digest = f.tags[t.AsRepository().String()+":"+t.Tag]
	}
	m, ok := f.manifests[digest]
	if !ok {
		return m, errNotFound
	}
	return m, nil
}

func (f *fake) HeadManifest(ctx context.Context, t importer.Target) (importer.Descriptor, error) {
	end, err := f.begin(ctx, "HEAD", t)
	defer end()
	if err != nil {
		return importer.Descriptor{}, err
	}
	m, err := f.find(t)
	return m.Descriptor, err
}

func (f *fake) GetManifest(ctx context.Context, t importer.Target) (importer.Manifest, error) {
	end, err := f.begin(ctx, "GET manifest", t)
	defer end()
	if err != nil {
		return importer.Manifest{}, err
	}
	return f.find(t)
}

func (f *fake) GetBlob(ctx context.Context, t importer.Target, d importer.Descriptor, _ int64) ([]byte, error) {
	end, err := f.begin(ctx, "GET blob", t)
	defer end()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	blob, ok := f.blobs[d.Digest]
	if !ok {
		return nil, errNotFound
	}
	return blob, nil
}

func (f *fake) ListTags(ctx context.Context, t importer.Target) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		end, err := f.begin(ctx, "LIST", t)
		defer end()
		if err != nil {
			yield("", err)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		prefix := t.AsRepository().String() + ":"
		var tags []string
		for name := range f.tags {
			if len(name) > len(prefix) && name[:len(prefix)] == prefix {
				tags = append(tags, name[len(prefix):])
			}
		}
		slices.Sort(tags)
		for _, tag := range tags {
			if !yield(tag, nil) {
				return
			}
		}
	}
}

// stream returns a stream whose tags are imported as given, in the form tag=pullspec.
func stream(mode imagestream.ImportModeType, tags ...string) *imagestream.ImageStream {
	s := imagestream.New("dev", "app")
	for _, t := range tags {
		name, from, _ := cut(t)
		s.Spec.Tags = append(s.Spec.Tags, imagestream.TagReference{
			Name:            name,
			From:            &imagestream.ObjectReference{Kind: imagestream.KindDockerImage, Name: from},
			ImportPolicy:    imagestream.TagImportPolicy{ImportMode: mode},
			ReferencePolicy: imagestream.TagReferencePolicy{Type: imagestream.SourceTagReferencePolicy},
		})
	}
	return s
}

func cut(s string) (before, after string, ok bool) {
	for i := range s {
		if s[i] == '=' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}
