package registrylayout_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

func of(content string) string { return hex8(digest.FromString(content)) }

func TestCheckFindings(t *testing.T) {
	const repository = registrylayout.Root + "/repositories/"
	image := imageText("{}", "layer")
	img := digest.FromBytes(image)
	index := indexText(img)
	idx := digest.FromBytes(index)
	blobOf := func(d digest.Digest) string { return key(registrylayout.BlobKey(d)) }
	layer, config := digest.FromString("layer"), digest.FromString("{}")
	for _, c := range []struct {
		what string
		do   func(t *tree)
		want []string
	}{
		{"an empty tree", func(t *tree) {
			for _, k := range t.keys() {
				t.remove(k)
			}
		}, nil},
		{"sound", func(*tree) {}, nil},
		{"by digest only, as OpenShift has it", func(t *tree) { t.remove(key(registrylayout.TagKey("a/b", "v1"))) },
			[]string{"orphan a/b tag v1"}},
		{"no tags at all", func(t *tree) {
			t.remove(key(registrylayout.TagKey("a/b", "v1")))
			t.remove(key(registrylayout.TagIndexKey("a/b", "v1", idx)))
		}, nil},
		{"a layer's bytes are gone", func(t *tree) { t.remove(blobOf(layer)) }, []string{
			"dangling a/b layer " + hex8(layer) + " -> " + hex8(layer),
			"dangling a/b layer " + hex8(img) + " -> " + hex8(layer),
		}},
		{"a layer's link is gone", func(t *tree) { t.remove(key(registrylayout.LayerLinkKey("a/b", layer))) }, []string{
			"dangling a/b layer " + hex8(img) + " -> " + hex8(layer) + " unlinked",
		}},
		{"a config is gone, bytes and link", func(t *tree) {
			t.remove(blobOf(config))
			t.remove(key(registrylayout.LayerLinkKey("a/b", config)))
		}, []string{"dangling a/b config " + hex8(img) + " -> " + hex8(config)}},
		{"an image's bytes are gone, so that what it needs is not known", func(t *tree) { t.remove(blobOf(img)) }, []string{
			"dangling a/b manifest " + hex8(img) + " -> " + hex8(img),
			"dangling a/b child " + hex8(idx) + " -> " + hex8(img),
		}},
		{"an image's link is gone, as Debian's collector leaves it", func(t *tree) { t.remove(key(registrylayout.ManifestLinkKey("a/b", img))) }, []string{
			"dangling a/b child " + hex8(idx) + " -> " + hex8(img) + " unlinked",
		}},
		{"an index's bytes are gone", func(t *tree) { t.remove(blobOf(idx)) }, []string{
			"dangling a/b manifest " + hex8(idx) + " -> " + hex8(idx),
			"dangling a/b tag v1 " + hex8(idx) + " -> " + hex8(idx),
		}},
		{"an index's link is gone", func(t *tree) { t.remove(key(registrylayout.ManifestLinkKey("a/b", idx))) }, []string{
			"dangling a/b tag v1 " + hex8(idx) + " -> " + hex8(idx) + " unlinked",
		}},
		{"a blob that nobody needs", func(t *tree) { t.write(blobOf(digest.FromString("x")), "x") }, []string{"orphan " + of("x")}},
		{"a push that ended before its manifest", func(t *tree) { t.blob("c", "x") }, []string{"orphan c layer " + of("x"), "orphan " + of("x")}},
		{"a layer that another repository needs", func(t *tree) {
			_, err := t.MountBlob(t.t.Context(), "c", "a/b", layer)
			require.NoError(t.t, err)
		}, []string{"orphan c layer " + hex8(layer)}},
		{"all links to an image are gone", func(t *tree) {
			for _, k := range t.keys() {
				if strings.HasPrefix(k, repository) {
					t.remove(k)
				}
			}
		}, []string{"orphan " + hex8(config), "orphan " + hex8(layer), "orphan " + hex8(img), "orphan " + hex8(idx)}},
		{"garbage in a layer link", func(t *tree) { t.write(key(registrylayout.LayerLinkKey("a/b", layer)), "garbage\x00") }, []string{
			"broken link a/b " + key(registrylayout.LayerLinkKey("a/b", layer)),
			"dangling a/b layer " + hex8(img) + " -> " + hex8(layer) + " unlinked",
		}},
		{"an empty link to an image", func(t *tree) { t.write(key(registrylayout.ManifestLinkKey("a/b", img)), "") }, []string{
			"broken link a/b " + key(registrylayout.ManifestLinkKey("a/b", img)),
			"dangling a/b child " + hex8(idx) + " -> " + hex8(img) + " unlinked",
		}},
		{"a link to another digest", func(t *tree) { t.write(key(registrylayout.LayerLinkKey("a/b", layer)), string(config)) }, []string{
			"broken link a/b " + key(registrylayout.LayerLinkKey("a/b", layer)),
			"dangling a/b layer " + hex8(img) + " -> " + hex8(layer) + " unlinked",
		}},
		{"a tag that points outside", func(t *tree) { t.write(key(registrylayout.TagKey("a/b", "v1")), "sha256:../../../../../../etc/passwd") },
			[]string{"broken link a/b " + key(registrylayout.TagKey("a/b", "v1"))}},
		{"a huge tag", func(t *tree) { t.write(key(registrylayout.TagKey("a/b", "v1")), strings.Repeat("x", 1<<20)) },
			[]string{"broken link a/b " + key(registrylayout.TagKey("a/b", "v1"))}},
		{"a line end after the digest, which no registry reads", func(t *tree) { t.write(key(registrylayout.TagKey("a/b", "v1")), string(idx)+"\n") },
			[]string{"broken link a/b " + key(registrylayout.TagKey("a/b", "v1"))}},
		{"a broken index of a tag", func(t *tree) { t.write(key(registrylayout.TagIndexKey("a/b", "v1", idx)), "x") },
			[]string{"broken link a/b " + key(registrylayout.TagIndexKey("a/b", "v1", idx))}},
		{"a link whose path is none", func(t *tree) { t.write(repository+"a/b/_layers/sha256/xyz/link", string(layer)) },
			[]string{"broken link a/b " + repository + "a/b/_layers/sha256/xyz/link"}},
		{"a tag to a manifest that never was", func(t *tree) { t.write(key(registrylayout.TagKey("a/b", "v2")), string(digest.FromString("never"))) },
			[]string{"dangling a/b tag v2 " + of("never") + " -> " + of("never")}},
		{"what no registry puts there", func(t *tree) {
			t.write(registrylayout.Root+"/blobs/README", "x")
			t.write(repository+"a/b/_catalog/x", "x")
		}, []string{"unknown " + registrylayout.Root + "/blobs/README", "unknown a/b " + repository + "a/b/_catalog/x"}},
		{"a manifest that was changed in place, so that what it needs is not known", func(t *tree) { t.write(blobOf(img), strings.Replace(string(image), "layer", "lay3r", 1)) },
			[]string{"mismatch " + hex8(img) + " " + blobOf(img)}},
		{"a manifest that is none", func(t *tree) {
			d := t.blob("a/b", "not JSON")
			t.write(key(registrylayout.ManifestLinkKey("a/b", d)), string(d))
		}, []string{"unreadable a/b " + of("not JSON") + " " + blobOf(digest.FromString("not JSON"))}},
		{"a manifest that is too large", func(t *tree) {
			d := t.blob("a/b", strings.Repeat(" ", registrylayout.MaxManifest+1))
			t.write(key(registrylayout.ManifestLinkKey("a/b", d)), string(d))
		}, []string{"unreadable a/b " + of(strings.Repeat(" ", registrylayout.MaxManifest+1)) + " " + blobOf(digest.FromString(strings.Repeat(" ", registrylayout.MaxManifest+1)))}},
		{"a link from a sha512 to the blob's sha256, as a registry makes it", func(t *tree) {
			t.write(key(registrylayout.LayerLinkKey("a/b", digest.SHA512.FromString("layer"))), string(layer))
			t.manifest("a/b", encode(map[string]any{"layers": []map[string]any{{"digest": digest.SHA512.FromString("layer")}}}))
		}, nil},
		{"a signature of an old registry", func(t *tree) {
			s := digest.FromString("signature")
			t.write(blobOf(s), "signature")
			t.write(repository+"a/b/_manifests/revisions/sha256/"+img.Encoded()+"/signatures/sha256/"+s.Encoded()+"/link", string(s))
		}, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			tree := newTree(t)
			tree.image("a/b", "{}", []string{"layer"})
			tree.manifest("a/b", index, "v1")
			c.do(tree)
			findings, summary := tree.check(registrylayout.CheckOptions{})
			require.ElementsMatch(t, c.want, findings)
			unknown := summary.Unknown == len(findings)
			require.Equal(t, unknown, summary.Sound())
			require.Equal(t, len(findings), summary.Orphans+summary.Dangling+summary.BrokenLinks+summary.Mismatches+summary.Unreadable+summary.Unknown)
			again, _ := tree.check(registrylayout.CheckOptions{Verify: true})
			require.ElementsMatch(t, c.want, again, "nothing twice")
		})
	}
}

func TestCheckVerifies(t *testing.T) {
	tree := newTree(t)
	require.NoError(t, push(t.Context(), tree.Layout))
	blob := key(registrylayout.BlobKey(digest.FromString("base")))
	tree.write(blob, "bas3")
	findings, _ := tree.check(registrylayout.CheckOptions{})
	require.Empty(t, findings, "nobody has read it")
	var last registrylayout.Progress
	findings, summary := tree.check(registrylayout.CheckOptions{Verify: true, Progress: func(p registrylayout.Progress) {
		require.GreaterOrEqual(t, p.Verified, last.Verified)
		last = p
	}})
	require.Equal(t, []string{"mismatch " + of("base") + " " + blob}, findings)
	require.Equal(t, summary.Bytes, last.Verified)
	require.Equal(t, summary.Bytes, last.Bytes)
	require.Equal(t, registrylayout.Progress{Blobs: 8, Repositories: 1, Verified: last.Verified, Bytes: last.Bytes}, last)
}

// TestCheckFailsClosed: whatever call fails, it is an error, and never a finding
// that something is missing.
func TestCheckFailsClosed(t *testing.T) {
	d := &memory.Driver{}
	require.NoError(t, push(t.Context(), registrylayout.New(storage.New(d, storage.Options{}), registrylayout.Options{})))
	failed := 0
	for nth := 1; ; nth++ {
		faulty := middleware.Faults(d, middleware.Fault{Nth: nth, Times: 1})
		layout := registrylayout.New(storage.New(faulty, storage.Options{}), registrylayout.Options{})
		_, err := layout.Check(t.Context(), registrylayout.CheckOptions{Verify: true}, func(f registrylayout.Finding) {
			t.Errorf("call %d failed, and: %s", nth, short(f))
		})
		if faulty.Injected() == 0 {
			require.NoError(t, err)
			break
		}
		failed++
		require.ErrorIs(t, err, storage.ErrUnavailable, "call %d", nth)
	}
	require.Greater(t, failed, 30)
}

// TestCheckBesideAPush: what comes between its listings is not taken for missing.
func TestCheckBesideAPush(t *testing.T) {
	d := &memory.Driver{}
	tree := newTreeOn(t, d, storage.New(d, storage.Options{Trust: true}), registrylayout.Options{})
	tree.image("a", "{}", []string{"x"}, "v1")
	var once sync.Once
	driver := middleware.Observe(d, func(e middleware.Event) {
		if e.Op == "list" { // the blobs have been listed
			once.Do(func() { require.NoError(t, push(t.Context(), tree.Layout)) })
		}
	}, middleware.ObserveOptions{})
	layout := registrylayout.New(storage.New(driver, storage.Options{}), registrylayout.Options{})
	summary, err := layout.Check(t.Context(), registrylayout.CheckOptions{Verify: true}, func(f registrylayout.Finding) { t.Error(short(f)) })
	require.NoError(t, err)
	require.True(t, summary.Sound())
	require.Equal(t, 2, summary.Repositories)
}

// TestCheckReadsSeveralAtOnce: on a store that takes its time, the check takes that
// time once for so many objects; and what it finds is in the same order.
func TestCheckReadsSeveralAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &memory.Driver{}
		tree := newTreeOn(t, d, storage.New(d, storage.Options{Trust: true}), registrylayout.Options{})
		for _, c := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
			tree.blob("r", c)
			tree.blob("s/"+c, c)
		}
		slow := middleware.Faults(d, middleware.Fault{Ops: []string{"open"}, Wait: func(ctx context.Context, _, _ string) error {
			time.Sleep(time.Second)
			return nil
		}})
		layout := registrylayout.New(storage.New(slow, storage.Options{}), registrylayout.Options{})
		var first []string
		for _, atOnce := range []int{1, 13, 26} {
			start := time.Now()
			var all []string
			s, err := layout.Check(t.Context(), registrylayout.CheckOptions{AtOnce: atOnce, Verify: true}, func(f registrylayout.Finding) { all = append(all, short(f)) })
			require.NoError(t, err)
			require.Equal(t, 26+52, s.Orphans)
			require.Equal(t, time.Duration(78/atOnce)*time.Second, time.Since(start))
			if first == nil {
				first = all
			}
			require.Equal(t, first, all)
		}
	})
}

func FuzzLink(f *testing.F) {
	f.Add([]byte("sha256:" + hex256))
	f.Add([]byte("sha512:" + hex512))
	f.Add([]byte("sha256:../../../etc/passwd"))
	f.Add([]byte("sha384:" + hex256 + hex256[:32]))
	f.Add([]byte("sha256:" + strings.ToUpper(hex256)))
	f.Add([]byte("md5:d41d8cd98f00b204e9800998ecf8427e"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tree := newTree(t)
		tag := key(registrylayout.TagKey("a", "v1"))
		tree.write(tag, string(text))
		d, err := tree.ResolveTag(t.Context(), "a", "v1")
		require.Equal(t, digest.Digest(text).Validate() == nil, err == nil)
		if err != nil {
			require.ErrorIs(t, err, registrylayout.ErrBrokenLink)
			require.ErrorContains(t, err, tag)
			require.Less(t, len(err.Error()), 1000)
		} else {
			require.Equal(t, string(text), string(d))
			_, err := registrylayout.BlobKey(d)
			require.NoError(t, err)
		}
		tree.write(key(registrylayout.LayerLinkKey("a", digest.FromString("x"))), string(text))
		_, summary := tree.check(registrylayout.CheckOptions{})
		require.False(t, summary.Sound())
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(imageText("{}", "x"))
	f.Add(indexText(digest.FromString("x")))
	f.Add([]byte(`{"schemaVersion":1,"fsLayers":[{"blobSum":"sha256:` + hex256 + `"}]}`))
	f.Add([]byte(`{"config":null,"layers":[null]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tree := newTree(t)
		_, err := tree.PutManifest(t.Context(), "a", raw, registrylayout.PutManifestOptions{Tags: []string{"v1"}})
		_, summary := tree.check(registrylayout.CheckOptions{})
		if err == nil {
			require.True(t, summary.Sound())
			return
		}
		require.Empty(t, tree.keys())
		// What a registry took all the same is read without harm.
		d := digest.FromBytes(raw)
		tree.write(key(registrylayout.BlobKey(d)), string(raw))
		tree.write(key(registrylayout.ManifestLinkKey("a", d)), string(d))
		_, summary = tree.check(registrylayout.CheckOptions{})
		require.False(t, summary.Sound())
	})
}
