package registryoracle

import (
	"net/http"
	"testing"

	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// Untagged children of a tagged index, at every depth, and of an index of another
// repository: distribution 3 keeps them, which 2.8 does not (TestEndToEndCollects of
// storage/registrylayout).
func TestCollectUntaggedChildren(t *testing.T) {
	theirs := newVolume(t)
	a, b, alone := imageOf("a"), imageOf("b"), imageOf("alone")
	inner := indexOf(a, b)
	outer := indexOf(inner, imageOf("c"))
	for _, i := range []image{a, b, imageOf("c"), inner, alone} {
		theirs.put(t, "shop/web", i)
	}
	theirs.put(t, "shop/web", outer, "all")
	ours := theirs.copy(t)
	require.NoError(t, peer{untagged: true}.collect(t, theirs))
	_, err := collection{untagged: true}.collect(t, ours)
	require.NoError(t, err)
	for _, v := range []*volume{theirs, ours} {
		v.requireServed(t, []string{"shop/web:all"})
		require.True(t, v.read(t, "shop/web").missing(true, alone.digest()))
	}
	require.Equal(t, theirs.texts(t), ours.texts(t))
}

// An index of which not all children are there, as a mirror has that copied one
// platform: neither takes what is there.
func TestCollectPartOfAnIndex(t *testing.T) {
	theirs := newVolume(t)
	a, absent := imageOf("a"), imageOf("b")
	index := indexOf(a, absent)
	theirs.put(t, "shop/web", a)
	theirs.put(t, "shop/web", absent)
	theirs.put(t, "shop/web", index, "all")
	theirs.put(t, "shop/web", imageOf("c"))
	sweep, err := theirs.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.NoError(t, sweep.DeleteManifestLink(t.Context(), "shop/web", string(absent.digest())))
	require.NoError(t, sweep.DeleteBlob(t.Context(), string(absent.digest())))
	ours := theirs.copy(t)
	require.NoError(t, peer{untagged: true}.collect(t, theirs))
	_, err = collection{untagged: true}.collect(t, ours)
	require.NoError(t, err)
	for _, v := range []*volume{theirs, ours} {
		got := v.read(t, "shop/web")
		require.NoError(t, got.pull(string(a.digest())))
		require.False(t, got.missing(true, index.digest()))
	}
	require.Equal(t, theirs.texts(t), ours.texts(t))
}

// A repository that has manifests and never had a tag. The peer deletes their blobs and
// leaves their links, with no collection to come that takes those; ours takes both.
func TestCollectUntaggedWithoutTags(t *testing.T) {
	theirs := newVolume(t)
	i := imageOf("by digest")
	theirs.put(t, "shop/cache", i)
	theirs.push(t, "shop/web", "kept", "v1")
	ours := theirs.copy(t)

	require.NoError(t, peer{untagged: true}.collect(t, theirs))
	require.NoError(t, theirs.HasManifest(t.Context(), "shop/cache", i.digest()), "the link")
	server := theirs.serve(t)
	got, text := send(t, http.MethodGet, server.URL+"/v2/shop/cache/manifests/"+string(i.digest()), nil, "Accept", manifestType)
	require.Equal(t, http.StatusNotFound, got.StatusCode)
	require.Contains(t, string(text), "MANIFEST_UNKNOWN")
	require.Len(t, theirs.dangling(t), 1)
	for _, untagged := range []bool{true, false} {
		require.NoError(t, peer{untagged: untagged}.collect(t, theirs))
		require.Len(t, theirs.dangling(t), 1, "for good")
	}

	_, err := collection{untagged: true}.collect(t, ours)
	require.NoError(t, err)
	require.Error(t, ours.HasManifest(t.Context(), "shop/cache", i.digest()))
	require.Len(t, ours.texts(t), 3)
	ours.requireServed(t, []string{"shop/web:v1"})
}

// A signature of a tagged image that has no tag itself, as registries with an API of
// referrers hold it: the peer takes it, and ours keeps it, and a signature of that.
func TestCollectUntaggedReferrers(t *testing.T) {
	theirs := newVolume(t)
	app, old := imageOf("app"), imageOf("old")
	signature := referrerOf(app, "signature")
	countersigned := referrerOf(signature, "of the signature")
	theirs.put(t, "shop/web", app, "v1")
	for _, i := range []image{signature, countersigned, old, referrerOf(old, "of the old one")} {
		theirs.put(t, "shop/web", i)
	}
	ours := theirs.copy(t)

	require.NoError(t, peer{untagged: true}.collect(t, theirs))
	got := from(t, theirs.serve(t).URL, "shop/web")
	require.NoError(t, got.pull("v1"))
	require.True(t, got.missing(true, signature.digest()))

	_, err := collection{untagged: true}.collect(t, ours)
	require.NoError(t, err)
	ours.requireServed(t, []string{"shop/web:v1"}, "shop/web@"+string(signature.digest()), "shop/web@"+string(countersigned.digest()))
	require.True(t, ours.read(t, "shop/web").missing(true, old.digest()))
	require.Len(t, ours.texts(t), 9, "what nobody needs has gone")
}

// Distribution 3.1 has no API of referrers and tells a client that pushes one nothing of
// its subject. A client then writes a tag, which protects what is listed there.
func TestNoReferrers(t *testing.T) {
	v := newVolume(t)
	server := v.serve(t)
	app := imageOf("app")
	app.push(t, server.URL, "shop/web", "v1")
	signature := referrerOf(app, "signature")
	signature.pushBlobs(t, server.URL, "shop/web")
	put, _ := send(t, http.MethodPut, server.URL+"/v2/shop/web/manifests/"+string(signature.digest()), signature.raw, "Content-Type", manifestType)
	require.Equal(t, http.StatusCreated, put.StatusCode)
	require.Empty(t, put.Header.Get("OCI-Subject"))
	listed, _ := send(t, http.MethodGet, server.URL+"/v2/shop/web/referrers/"+string(app.digest()), nil)
	require.Equal(t, http.StatusNotFound, listed.StatusCode)
}
