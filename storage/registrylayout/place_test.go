package registrylayout_test

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

const hex256 = "7173b809ca12ec5dee4506cd86be934c4596dd234ee82c0662eac04a8c2c71dc"

var hex512 = strings.Repeat("0f", 64)

func TestKeys(t *testing.T) {
	d := digest.Digest("sha256:" + hex256)
	long := digest.Digest("sha512:" + hex512)
	for _, k := range []struct {
		want string
		key  string
		is   registrylayout.Place
	}{
		{"blobs/sha256/71/" + hex256 + "/data", key(registrylayout.BlobKey(d)), registrylayout.Place{Kind: registrylayout.Blob, Digest: d}},
		{"blobs/sha512/0f/" + hex512 + "/data", key(registrylayout.BlobKey(long)), registrylayout.Place{Kind: registrylayout.Blob, Digest: long}},
		{"repositories/a/_layers/sha256/" + hex256 + "/link", key(registrylayout.LayerLinkKey("a", d)),
			registrylayout.Place{Kind: registrylayout.LayerLink, Repository: "a", Digest: d}},
		{"repositories/a/b/c/d/_manifests/revisions/sha256/" + hex256 + "/link", key(registrylayout.ManifestLinkKey("a/b/c/d", d)),
			registrylayout.Place{Kind: registrylayout.ManifestLink, Repository: "a/b/c/d", Digest: d}},
		{"repositories/a/b/_manifests/tags/v1.0_x/current/link", key(registrylayout.TagKey("a/b", "v1.0_x")),
			registrylayout.Place{Kind: registrylayout.Tag, Repository: "a/b", Tag: "v1.0_x"}},
		{"repositories/a/b/_manifests/tags/current/index/sha256/" + hex256 + "/link", key(registrylayout.TagIndexKey("a/b", "current", d)),
			registrylayout.Place{Kind: registrylayout.TagIndex, Repository: "a/b", Tag: "current", Digest: d}},
		{"repositories/a/_uploads/id/data", key(registrylayout.UploadDataKey("a", "id")),
			registrylayout.Place{Kind: registrylayout.Upload, Repository: "a", Upload: "id", File: "data"}},
		{"repositories/a/_uploads/id/startedat", key(registrylayout.UploadStartedKey("a", "id")),
			registrylayout.Place{Kind: registrylayout.Upload, Repository: "a", Upload: "id", File: "startedat"}},
	} {
		require.Equal(t, registrylayout.Root+"/"+k.want, k.key)
		place, ok := registrylayout.ParseKey(k.key)
		require.True(t, ok, k.key)
		require.Equal(t, k.is, place)
	}
}

func TestKeysThatNobodyMakes(t *testing.T) {
	for under, want := range map[string]registrylayout.Place{
		"repositories/a/_uploads/id/hashstates/sha256/1024": {Kind: registrylayout.Upload, Repository: "a", Upload: "id", File: "hashstates/sha256/1024"},
		"repositories/a/_manifests/revisions/sha256/" + hex256 + "/signatures/sha512/" + hex512 + "/link": {
			Kind: registrylayout.SignatureLink, Repository: "a", Digest: digest.Digest("sha512:" + hex512)},
		"repositories/UPPER:5000/x/_layers/sha256/" + hex256 + "/link": {
			Kind: registrylayout.LayerLink, Repository: "UPPER:5000/x", Digest: digest.Digest("sha256:" + hex256)},
	} {
		place, ok := registrylayout.ParseKey(registrylayout.Root + "/" + under)
		require.True(t, ok, under)
		require.Equal(t, want, place)
	}
}

func TestForeignKeys(t *testing.T) {
	for _, under := range []string{
		"", "blobs", "blobs/sha256/71/" + hex256, "blobs/sha256/72/" + hex256 + "/data", "blobs/sha256/71/" + hex256 + "/data/x",
		"blobs/sha256/71/" + hex256[:63] + "/data", "blobs/md5/d4/d41d8cd98f00b204e9800998ecf8427e/data", "blobs/sha256//" + hex256 + "/data",
		"repositories/a/link", "repositories/_layers/sha256/" + hex256 + "/link", "repositories/a/_catalog/x", "repositories/a/_manifests/x",
		"repositories/a/_layers/sha256/" + hex256, "repositories/a/_layers/sha256/" + strings.ToUpper(hex256) + "/link",
		"repositories/a/_manifests/tags/.hidden/current/link", "repositories/a/_manifests/tags/v1/current", "repositories/a/_manifests/tags/v1/x/link",
		"repositories/a/_manifests/tags/" + strings.Repeat("t", 129) + "/current/link", "repositories/a/_uploads/id", "repositories/a/_uploads//data",
		"repositories/../_layers/sha256/" + hex256 + "/link", "repositories/a//b/_layers/sha256/" + hex256 + "/link",
		"repositories/a/_manifests/revisions/sha256/" + hex256 + "/signatures/sha512/x/link",
	} {
		place, ok := registrylayout.ParseKey(registrylayout.Root + "/" + under)
		require.False(t, ok, "%s: %v", under, place)
		require.Empty(t, place.Kind)
	}
	_, ok := registrylayout.ParseKey("elsewhere/blobs/sha256/71/" + hex256 + "/data")
	require.False(t, ok)
}

// hostile are names that must not become part of a path.
var hostile = []string{"", ".", "..", "../x", "a/../b", "/a", "a/", "a//b", "a\x00b", "a\nb", `a\b`, "_layers", "a/_uploads", strings.Repeat("n", 4096)}

func TestHostileNames(t *testing.T) {
	d := digest.FromString("x")
	tree := newTree(t)
	for _, bad := range hostile {
		for what, err := range map[string]error{
			"layer link":    second(registrylayout.LayerLinkKey(bad, d)),
			"manifest link": second(registrylayout.ManifestLinkKey(bad, d)),
			"tag of it":     second(registrylayout.TagKey(bad, "v1")),
			"index of it":   second(registrylayout.TagIndexKey(bad, "v1", d)),
			"upload of it":  second(registrylayout.UploadDataKey(bad, "id")),
			"blob":          second(registrylayout.BlobKey(digest.Digest("sha256:" + bad))),
			"digest":        second(registrylayout.BlobKey(digest.Digest(bad))),
			"write":         second(tree.PutManifest(t.Context(), bad, imageText("{}"), registrylayout.PutManifestOptions{})),
			"write blob":    second(tree.PutBlob(t.Context(), bad, d, strings.NewReader("x"))),
			"mount":         second(tree.MountBlob(t.Context(), bad, "a", d)),
			"mount from":    second(tree.MountBlob(t.Context(), "a", bad, d)),
			"start":         second(tree.StartUpload(t.Context(), bad)),
			"resume":        second(tree.ResumeUpload(t.Context(), bad, "id", "x")),
			"read":          second(tree.ReadManifest(t.Context(), bad, d)),
			"resolve":       second(tree.ResolveTag(t.Context(), bad, "v1")),
			"upload":        tree.DeleteUpload(t.Context(), bad, "id"),
			"has layer":     tree.HasLayer(t.Context(), bad, d),
			"has manifest":  tree.HasManifest(t.Context(), bad, d),
			"set tag":       tree.SetTag(t.Context(), bad, "v1", d),
		} {
			require.ErrorIs(t, err, registrylayout.ErrName, "%s of %.40q", what, bad)
		}
		for _, err := range tree.Tags(t.Context(), bad) {
			require.ErrorIs(t, err, registrylayout.ErrName)
		}
		for _, err := range tree.Uploads(t.Context(), bad) {
			require.ErrorIs(t, err, registrylayout.ErrName)
		}
		for _, err := range tree.Manifests(t.Context(), bad) {
			require.ErrorIs(t, err, registrylayout.ErrName)
		}
		if bad != "_layers" { // which is a tag
			require.ErrorIs(t, second(registrylayout.TagKey("a", bad)), registrylayout.ErrName)
			require.ErrorIs(t, tree.SetTag(t.Context(), "a", bad, d), registrylayout.ErrName)
			for _, err := range tree.TagIndex(t.Context(), "a", bad) {
				require.ErrorIs(t, err, registrylayout.ErrName)
			}
			if bad != "a\nb" && !strings.HasPrefix(bad, "n") {
				require.ErrorIs(t, second(registrylayout.UploadDataKey("a", bad)), registrylayout.ErrName)
			}
		}
	}
	require.Empty(t, tree.keys(), "nothing was written")
}

func second[T any](_ T, err error) error { return err }

// What is written must be served: the names of a registry are stricter than those
// of directories.
func TestNamesThatNoRegistryServes(t *testing.T) {
	for _, bad := range []string{"Upper", "a_", "-a", "a..b", "a/B", "a:5000/b", strings.Repeat("n", 256)} {
		require.ErrorIs(t, registrylayout.CheckRepository(bad), registrylayout.ErrName, bad)
	}
	for _, good := range []string{"a", "a/b/c/d/e", "a.b", "a__b", "a---b", "0", strings.Repeat("n", 255)} {
		require.NoError(t, registrylayout.CheckRepository(good))
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(registrylayout.Root + "/blobs/sha256/71/" + hex256 + "/data")
	f.Add(registrylayout.Root + "/repositories/a/b/_manifests/tags/v1/index/sha256/" + hex256 + "/link")
	f.Add(registrylayout.Root + "/repositories/a/_uploads/id/hashstates/sha256/10")
	f.Fuzz(func(t *testing.T, key string) {
		p, ok := registrylayout.ParseKey(key)
		require.Equal(t, ok, p.Kind != "")
		var again string
		var err error
		switch p.Kind {
		case registrylayout.Blob:
			again, err = registrylayout.BlobKey(p.Digest)
		case registrylayout.LayerLink:
			again, err = registrylayout.LayerLinkKey(p.Repository, p.Digest)
		case registrylayout.ManifestLink:
			again, err = registrylayout.ManifestLinkKey(p.Repository, p.Digest)
		case registrylayout.Tag:
			again, err = registrylayout.TagKey(p.Repository, p.Tag)
		case registrylayout.TagIndex:
			again, err = registrylayout.TagIndexKey(p.Repository, p.Tag, p.Digest)
		default:
			return
		}
		require.NoError(t, err)
		require.Equal(t, key, again)
		if len(key) <= storage.MaxKey {
			require.NoError(t, storage.CheckKey(key))
		}
	})
}
