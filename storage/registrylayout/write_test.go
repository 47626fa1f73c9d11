package registrylayout_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/lease"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/middleware"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// push writes an index of two images, with a tag, as a client does.
func push(ctx context.Context, l *registrylayout.Layout) error {
	var children []digest.Digest
	for _, arch := range []string{"amd64", "arm64"} {
		for _, content := range []string{"config of " + arch, "base", "layer of " + arch} {
			if _, err := l.PutBlob(ctx, "shop/web", digest.FromString(content), strings.NewReader(content)); err != nil {
				return err
			}
		}
		d, err := l.PutManifest(ctx, "shop/web", imageText("config of "+arch, "base", "layer of "+arch), registrylayout.PutManifestOptions{})
		if err != nil {
			return err
		}
		children = append(children, d)
	}
	_, err := l.PutManifest(ctx, "shop/web", indexText(children...), registrylayout.PutManifestOptions{Tags: []string{"v1", "latest"}})
	return err
}

func TestWhatIsWrittenIsReadAndSound(t *testing.T) {
	tree := newTree(t)
	require.NoError(t, push(t.Context(), tree.Layout))
	d, err := tree.ResolveTag(t.Context(), "shop/web", "latest")
	require.NoError(t, err)
	raw, err := tree.ReadManifest(t.Context(), "shop/web", d)
	require.NoError(t, err)
	require.Equal(t, d, digest.FromBytes(raw))
	require.Equal(t, []string{"latest", "v1"}, collect(t, tree.Tags(t.Context(), "shop/web")))
	require.Len(t, collect(t, tree.Manifests(t.Context(), "shop/web")), 3)
	require.Len(t, collect(t, tree.Layers(t.Context(), "shop/web")), 5)
	require.Len(t, collect(t, tree.Blobs(t.Context())), 8)
	require.Len(t, collect(t, tree.TagIndex(t.Context(), "shop/web", "v1")), 1)

	body, info, err := tree.OpenBlob(t.Context(), digest.FromString("base"))
	require.NoError(t, err)
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "base", string(text))
	require.Equal(t, int64(4), info.Size)
	require.NoError(t, body.Close())

	findings, summary := tree.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)
	require.True(t, summary.Sound())
	require.Equal(t, 1, summary.Repositories)
	require.Equal(t, 2, summary.Tags)
	require.Equal(t, 3, summary.ManifestLinks)
	require.Equal(t, 5, summary.LayerLinks)
	require.Equal(t, 8, summary.Blobs)
}

func collect[T any](t *testing.T, all func(func(T, error) bool)) []T {
	t.Helper()
	var list []T
	for v, err := range all {
		require.NoError(t, err)
		list = append(list, v)
	}
	return list
}

// TestAPushThatFailsAnywhere: whatever call of a push fails, or takes effect and
// fails, no reference points to nothing, and to push again makes the tree sound.
func TestAPushThatFailsAnywhere(t *testing.T) {
	for _, lost := range []bool{false, true} {
		failed := 0
		for nth := 1; ; nth++ {
			d := &memory.Driver{}
			faulty := middleware.Faults(d, middleware.Fault{Nth: nth, Times: 1, LoseAnswer: lost})
			store := storage.New(d, storage.Options{Trust: true})
			err := push(t.Context(), registrylayout.New(storage.New(faulty, storage.Options{Trust: true}), registrylayout.Options{}))
			if faulty.Injected() == 0 {
				require.NoError(t, err)
				break
			}
			failed++
			tree := newTreeOn(t, d, store, registrylayout.Options{})
			_, summary := tree.check(registrylayout.CheckOptions{Verify: true})
			require.Zero(t, summary.Dangling+summary.BrokenLinks+summary.Mismatches+summary.Unreadable, "call %d", nth)
			require.NoError(t, push(t.Context(), tree.Layout))
			findings, _ := tree.check(registrylayout.CheckOptions{Verify: true})
			require.Empty(t, findings, "call %d", nth)
		}
		require.Greater(t, failed, 50)
	}
}

func TestPutBlobReadsAllAndComparesIt(t *testing.T) {
	tree := newTree(t)
	d := digest.FromString("content")
	for what, r := range map[string]io.Reader{
		"other": strings.NewReader("c0ntent"), "short": strings.NewReader("conten"), "long": strings.NewReader("content!"), "none": strings.NewReader(""),
	} {
		_, err := tree.PutBlob(t.Context(), "a", d, r)
		require.ErrorIs(t, err, registrylayout.ErrDigest, what)
		require.ErrorContains(t, err, key(registrylayout.BlobKey(d)))
	}
	broken := errors.New("broken off")
	_, err := tree.PutBlob(t.Context(), "a", d, io.MultiReader(strings.NewReader("con"), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
	require.Empty(t, tree.keys())

	tree.blob("a", "content")
	// To know the digest is not to have the blob.
	_, err = tree.PutBlob(t.Context(), "b", d, strings.NewReader("I know the digest"))
	require.ErrorIs(t, err, registrylayout.ErrDigest)
	require.ErrorIs(t, tree.HasLayer(t.Context(), "b", d), storage.ErrNotExist)
}

// TestPutBlobMendsWhatIsCutOff: a stale cache makes a registry take a blob for
// whole that a collector has deleted; what was cut off must not stay so.
func TestPutBlobMendsWhatIsCutOff(t *testing.T) {
	tree := newTree(t)
	d := tree.blob("a", "content")
	blob := key(registrylayout.BlobKey(d))
	before, err := tree.store.Stat(t.Context(), blob)
	require.NoError(t, err)
	tree.blob("a", "content")
	after, err := tree.store.Stat(t.Context(), blob)
	require.NoError(t, err)
	require.Equal(t, before, after, "the same bytes stay as they are")

	tree.write(blob, "cont")
	require.ErrorIs(t, tree.VerifyBlob(t.Context(), d), registrylayout.ErrDigest)
	tree.blob("a", "content")
	require.NoError(t, tree.VerifyBlob(t.Context(), d))
}

func TestPutManifestLooksForWhatItNames(t *testing.T) {
	tree := newTree(t)
	raw := imageText("{}", "one", "two")
	put := func(repository string, raw []byte) error {
		return second(tree.PutManifest(t.Context(), repository, raw, registrylayout.PutManifestOptions{Tags: []string{"v1"}}))
	}
	missing := func(err error) (all []registrylayout.MissingError) {
		require.ErrorIs(t, err, registrylayout.ErrDangling)
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			one := new(registrylayout.MissingError)
			require.ErrorAs(t, e, &one)
			all = append(all, *one)
		}
		return all
	}
	d := digest.FromBytes(raw)
	tree.blob("a", "{}")
	tree.blob("b", "one")
	require.Equal(t, []registrylayout.MissingError{
		{Repository: "a", Kind: registrylayout.LayerReference, Digest: d, Missing: digest.FromString("one"), Unlinked: true},
		{Repository: "a", Kind: registrylayout.LayerReference, Digest: d, Missing: digest.FromString("two")},
	}, missing(put("a", raw)))
	require.Empty(t, collect(t, tree.Manifests(t.Context(), "a")))

	// Another's blob is mounted, not guessed.
	_, err := tree.MountBlob(t.Context(), "a", "c", digest.FromString("one"))
	require.ErrorIs(t, err, storage.ErrNotExist)
	_, err = tree.MountBlob(t.Context(), "a", "b", digest.FromString("one"))
	require.NoError(t, err)
	tree.blob("a", "two")
	require.NoError(t, put("a", raw))

	index := indexText(d, digest.FromString("not here"))
	require.Equal(t, []registrylayout.MissingError{
		{Repository: "a", Kind: registrylayout.ChildReference, Digest: digest.FromBytes(index), Missing: digest.FromString("not here")},
	}, missing(put("a", index)))
	_, err = tree.PutManifest(t.Context(), "a", index, registrylayout.PutManifestOptions{Sparse: true})
	require.NoError(t, err)

	require.ErrorIs(t, tree.SetTag(t.Context(), "b", "v1", d), registrylayout.ErrDangling)
}

func TestPutManifestOfOtherSorts(t *testing.T) {
	tree := newTree(t)
	tree.blob("a", "{}")
	foreign := encode(map[string]any{"schemaVersion": 2, "config": describe("x", "{}"), "layers": []descriptor{
		describe("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "windows"),
		describe("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "windows"),
	}})
	tree.manifest("a", foreign, "foreign")

	// A subject need not be there, and a signature may come before it.
	signature := encode(map[string]any{"schemaVersion": 2, "config": describe("x", "{}"), "layers": []descriptor{},
		"subject": descriptor{imageType, digest.FromString("later"), 5}})
	tree.manifest("a", signature)

	// A build's cache is an index whose children are layers.
	cached := tree.blob("a", "cached layer")
	tree.manifest("a", encode(map[string]any{"schemaVersion": 2, "mediaType": indexType, "manifests": []descriptor{{layerType, cached, 12}}}), "cache")

	// Schema 1.
	tree.manifest("a", encode(map[string]any{"schemaVersion": 1, "fsLayers": []map[string]any{{"blobSum": cached}}}), "old")

	d, err := tree.PutManifest(t.Context(), "a", imageText("{}"), registrylayout.PutManifestOptions{Algorithm: digest.SHA512, Tags: []string{"long"}})
	require.NoError(t, err)
	require.Equal(t, digest.SHA512, d.Algorithm())
	_, err = tree.ReadManifest(t.Context(), "a", d)
	require.NoError(t, err)
	_, err = tree.PutManifest(t.Context(), "a", imageText("{}"), registrylayout.PutManifestOptions{Algorithm: "md5"})
	require.ErrorIs(t, err, registrylayout.ErrName)

	findings, _ := tree.check(registrylayout.CheckOptions{Verify: true})
	require.Empty(t, findings)
}

func TestPutManifestRefuses(t *testing.T) {
	tree := newTree(t)
	for what, raw := range map[string]string{
		"nothing":       "",
		"no JSON":       "{",
		"a bad digest":  `{"layers":[{"digest":"sha256:x"}]}`,
		"no digest":     `{"config":{"mediaType":"x"}}`,
		"a path":        `{"manifests":[{"digest":"../../../etc/passwd"}]}`,
		"an md5":        `{"fsLayers":[{"blobSum":"md5:d41d8cd98f00b204e9800998ecf8427e"}]}`,
		"another shape": `{"layers":{"digest":1}}`,
	} {
		_, err := tree.PutManifest(t.Context(), "a", []byte(raw), registrylayout.PutManifestOptions{})
		require.ErrorIs(t, err, registrylayout.ErrManifest, what)
	}
	_, err := tree.PutManifest(t.Context(), "a", []byte(`{"layers":[{},{"digest":"sha256:x"}]}`), registrylayout.PutManifestOptions{})
	require.ErrorContains(t, err, `layers[1] has the digest "sha256:x"`)
	_, err = tree.PutManifest(t.Context(), "a", make([]byte, registrylayout.MaxManifest+1), registrylayout.PutManifestOptions{})
	require.ErrorIs(t, err, storage.ErrTooLarge)
	require.Empty(t, tree.keys())
}

func TestUploadInParts(t *testing.T) {
	d := &memory.Driver{}
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	tree := newTreeOn(t, d, storage.New(d, storage.Options{Trust: true}), registrylayout.Options{Now: func() time.Time { return now }})
	u, err := tree.StartUpload(t.Context(), "shop/web")
	require.NoError(t, err)
	_, err = u.Write([]byte("first, "))
	require.NoError(t, err)
	id, token := u.ID(), u.Token()
	require.NoError(t, u.Suspend(t.Context()))
	require.NoError(t, u.Abort(t.Context()), "after Suspend it does nothing")

	abandoned := collect(t, tree.Uploads(t.Context(), "shop/web"))
	require.Len(t, abandoned, 1)
	require.Equal(t, id, abandoned[0].ID)
	require.Equal(t, now, abandoned[0].Started)
	require.Equal(t, time.Hour, abandoned[0].Age(now.Add(time.Hour)))

	u, err = tree.ResumeUpload(t.Context(), "shop/web", id, token)
	require.NoError(t, err)
	require.Equal(t, int64(7), u.Size())
	_, err = u.Write([]byte("second"))
	require.NoError(t, err)
	content := digest.FromString("first, second")
	_, err = u.Commit(t.Context(), "sha256:x")
	require.ErrorIs(t, err, registrylayout.ErrName)
	info, err := u.Commit(t.Context(), content)
	require.NoError(t, err)
	require.Equal(t, int64(13), info.Size)
	require.NoError(t, tree.VerifyBlob(t.Context(), content))
	require.NoError(t, tree.HasLayer(t.Context(), "shop/web", content))
	require.Empty(t, collect(t, tree.Uploads(t.Context(), "shop/web")))

	u, err = tree.StartUpload(t.Context(), "shop/web")
	require.NoError(t, err)
	_, err = u.Write([]byte("first, 2econd"))
	require.NoError(t, err)
	_, err = u.Commit(t.Context(), content)
	require.ErrorIs(t, err, registrylayout.ErrDigest)
	require.Empty(t, collect(t, tree.Uploads(t.Context(), "shop/web")), "it was thrown away")
	require.NoError(t, tree.VerifyBlob(t.Context(), content), "and what was there is whole")
}

// TestUploadsOfARegistry reads what a registry leaves there.
func TestUploadsOfARegistry(t *testing.T) {
	d := &memory.Driver{}
	written := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	d.Now = func() time.Time { return written }
	tree := newTreeOn(t, d, storage.New(d, storage.Options{Trust: true}), registrylayout.Options{})
	dir := registrylayout.Root + "/repositories/a/_uploads/"
	tree.write(dir+"1/data", "12345")
	tree.write(dir+"1/startedat", "2026-10-01T00:00:00Z")
	tree.write(dir+"1/hashstates/sha256/5", "state")
	tree.write(dir+"2/data", "")
	tree.write(dir+"3/startedat", "yesterday")
	tree.write(dir+"4/startedat", strings.Repeat("2026", 1000))
	all := collect(t, tree.Uploads(t.Context(), "a"))
	require.Equal(t, registrylayout.UploadInfo{Repository: "a", ID: "1", Started: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Written: written, Size: 30, Files: 3}, all[0])
	require.Len(t, all, 4)
	for _, u := range all[1:] {
		require.Zero(t, u.Started)
		require.Equal(t, time.Minute, u.Age(written.Add(time.Minute)))
	}
	_, summary := tree.check(registrylayout.CheckOptions{})
	require.Equal(t, 4, summary.Uploads)
	require.True(t, summary.Sound())

	require.NoError(t, tree.DeleteUpload(t.Context(), "a", "1"))
	require.ErrorIs(t, tree.DeleteUpload(t.Context(), "a", "1"), storage.ErrNotExist)
	require.ErrorIs(t, tree.DeleteUpload(t.Context(), "a", "../../b"), registrylayout.ErrName)
	require.Len(t, collect(t, tree.Uploads(t.Context(), "a")), 3)
}

func TestRepositories(t *testing.T) {
	tree := newTree(t)
	require.Empty(t, collect(t, tree.Repositories(t.Context())), "an empty registry is no error")
	for _, name := range []string{"a/b/c/d/e", "a/b", "a", "a-b", "a/0", "z"} {
		tree.image(name, "{}", nil, "v1")
	}
	tree.blob("only/layers", "x")
	tree.write(registrylayout.Root+"/repositories/only/uploads/_uploads/1/data", "")
	got := collect(t, tree.Repositories(t.Context()))
	require.Equal(t, []string{"a-b", "a", "a/0", "a/b", "a/b/c/d/e", "only/layers", "only/uploads", "z"}, got)
	for n := range got {
		var some []string
		for name, err := range tree.Repositories(t.Context()) {
			require.NoError(t, err)
			if some = append(some, name); len(some) == n+1 {
				break
			}
		}
		require.Equal(t, got[:n+1], some)
	}
}

func TestAContextThatIsDone(t *testing.T) {
	tree := newTree(t)
	require.NoError(t, push(t.Context(), tree.Layout))
	before := tree.keys()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, push(ctx, tree.Layout), context.Canceled)
	_, err := tree.Check(ctx, registrylayout.CheckOptions{}, nil)
	require.ErrorIs(t, err, context.Canceled)
	sweep, err := tree.Sweep(registrylayout.SweepOptions{Alone: true})
	require.NoError(t, err)
	require.ErrorIs(t, sweep.DeleteBlob(ctx, string(digest.FromString("base"))), context.Canceled)
	for _, err := range tree.Repositories(ctx) {
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, before, tree.keys())
}

// TestALeaseThatEndsDuringAnUpload: what was written may be gone by then, so it is
// looked for once more before the link is written.
func TestALeaseThatEndsDuringAnUpload(t *testing.T) {
	for _, swept := range []bool{false, true} {
		d := &memory.Driver{}
		x := digest.FromString("x")
		blob := key(registrylayout.BlobKey(x))
		driver := middleware.Observe(d, func(e middleware.Event) {
			if swept && e.Op == "commit" && e.Key == blob {
				require.NoError(t, d.Delete(t.Context(), blob, storage.DeleteOptions{}))
			}
		}, middleware.ObserveOptions{})
		now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		store := storage.New(driver, storage.Options{})
		book := lease.New(store, lease.Options{TTL: time.Hour, Now: func() time.Time { return now }})
		tree := newTreeOn(t, d, store, registrylayout.Options{Leases: book})
		slow := readFunc(func(p []byte) (int, error) {
			now = now.Add(3 * time.Hour)
			return copy(p, "x"), io.EOF
		})
		_, err := tree.PutBlob(t.Context(), "a", x, slow)
		if !swept {
			require.NoError(t, err)
			_, held, err := book.Held(t.Context(), x)
			require.NoError(t, err)
			require.True(t, held)
			continue
		}
		require.ErrorIs(t, err, registrylayout.ErrLapsed)
		require.ErrorIs(t, tree.HasLayer(t.Context(), "a", x), storage.ErrNotExist)
	}
}

// slowTree is a tree with leases of an hour, where a call of that kind takes three, if it
// is about a key that has that in it.
func slowTree(t *testing.T, op, about string) *tree {
	d := &memory.Driver{}
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	store := storage.New(middleware.Observe(d, func(e middleware.Event) {
		if e.Op == op && strings.Contains(e.Key, about) {
			now = now.Add(3 * time.Hour)
		}
	}, middleware.ObserveOptions{}), storage.Options{})
	book := lease.New(store, lease.Options{TTL: time.Hour, Now: func() time.Time { return now }})
	return newTreeOn(t, d, store, registrylayout.Options{Leases: book})
}

// TestALeaseThatEndsDuringAMove: the bytes are in their place, and can be sent again by
// nobody.
func TestALeaseThatEndsDuringAMove(t *testing.T) {
	tree := slowTree(t, "move", "")
	u, err := tree.StartUpload(t.Context(), "a")
	require.NoError(t, err)
	_, err = u.Write([]byte("x"))
	require.NoError(t, err)
	info, err := u.Commit(t.Context(), digest.FromString("x"))
	require.NoError(t, err)
	require.EqualValues(t, 1, info.Size)
	require.NoError(t, tree.HasLayer(t.Context(), "a", info.Digest))
}

// TestALeaseThatEndsBeforeATag: its index is harmless, the tag would be of what may be
// gone.
func TestALeaseThatEndsBeforeATag(t *testing.T) {
	tree := slowTree(t, "commit", "/tags/v1/index/")
	image := tree.image("a", "{}", nil)
	require.ErrorIs(t, tree.SetTag(t.Context(), "a", "v1", image), registrylayout.ErrLapsed)
	_, err := tree.ResolveTag(t.Context(), "a", "v1")
	require.ErrorIs(t, err, storage.ErrNotExist)
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// TestWritersLeaseWhatTheyUse: also what is there already.
func TestWritersLeaseWhatTheyUse(t *testing.T) {
	d := &memory.Driver{}
	store := storage.New(d, storage.Options{})
	book := lease.New(store, lease.Options{})
	leased := func(do func(*tree)) []string {
		for e, err := range store.List(t.Context(), storage.ListOptions{Prefix: lease.DefaultPrefix + "/"}) {
			require.NoError(t, err)
			require.NoError(t, store.Delete(t.Context(), e.Key, storage.DeleteOptions{}))
		}
		do(newTreeOn(t, d, store, registrylayout.Options{Leases: book}))
		var names []string
		for e, err := range book.All(t.Context()) {
			require.NoError(t, err)
			names = append(names, hex8(e.Digest))
		}
		return names
	}
	sorted := func(contents ...string) []string {
		var names []string
		for _, c := range contents {
			names = append(names, hex8(digest.FromString(c)))
		}
		slices.Sort(names)
		return names
	}
	require.NoError(t, push(t.Context(), registrylayout.New(store, registrylayout.Options{})))
	image := imageText("config of amd64", "base", "layer of amd64")
	require.Equal(t, sorted("base"), leased(func(t *tree) { t.blob("shop/web", "base") }))
	require.Equal(t, sorted("base"), leased(func(t *tree) {
		_, err := t.MountBlob(t.t.Context(), "other", "shop/web", digest.FromString("base"))
		require.NoError(t.t, err)
	}))
	require.Equal(t, sorted("config of amd64", "base", "layer of amd64", string(image)), leased(func(t *tree) { t.manifest("shop/web", image) }))
	require.Equal(t, sorted(string(image)), leased(func(t *tree) {
		require.NoError(t.t, t.SetTag(t.t.Context(), "shop/web", "again", digest.FromBytes(image)))
	}))

	// A blob that is being deleted is as good as not there.
	condemned, err := book.Condemn(t.Context(), digest.FromString("other layer"), time.Time{})
	require.NoError(t, err)
	tree := newTreeOn(t, d, store, registrylayout.Options{Leases: book})
	_, err = tree.PutBlob(t.Context(), "shop/web", digest.FromString("other layer"), strings.NewReader("other layer"))
	require.ErrorIs(t, err, lease.ErrCondemned)
	require.NoError(t, condemned.Done(t.Context()))
	tree.blob("shop/web", "other layer")
}
