package registrylayout_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/registrykit/registrykit/storage"
	"github.com/registrykit/registrykit/storage/memory"
	"github.com/registrykit/registrykit/storage/registrylayout"
	"github.com/stretchr/testify/require"
)

// synthetic is a driver whose tree is computed and, but for the digests, not kept: images of a config
// and three layers, so five blobs, each image with a tag, unless untagged says that it
// has none, in repositories of a thousand images. What is deleted is listed all the
// same; what else is written is kept.
type synthetic struct {
	storage.Driver // what it lacks is not called
	images         int
	untagged       func(image int) bool // nil: none is
	beside         storage.Driver       // has what is no part of the tree
	manifests      []numberedSum        // sorted
	sums           [][sha256.Size]byte  // of all blobs, sorted
}

type numberedSum struct {
	sum   [sha256.Size]byte
	image int32
}

const (
	syntheticBlobs         = 5 // of an image
	syntheticPerRepository = 1000
)

func newSynthetic(images int) *synthetic {
	s := &synthetic{images: images, manifests: make([]numberedSum, images), beside: new(memory.Driver)}
	for i := range s.manifests {
		s.manifests[i] = numberedSum{sha256.Sum256(s.manifest(i)), int32(i)}
	}
	slices.SortFunc(s.manifests, func(a, b numberedSum) int { return bytes.Compare(a.sum[:], b.sum[:]) })
	s.sums = make([][sha256.Size]byte, 0, images*syntheticBlobs)
	for _, m := range s.manifests {
		s.sums = append(s.sums, m.sum)
		for n := range syntheticBlobs - 1 {
			s.sums = append(s.sums, s.part(int(m.image), n))
		}
	}
	slices.SortFunc(s.sums, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	return s
}

// part is the digest of the config (0) or a layer of an image.
func (s *synthetic) part(image, n int) [sha256.Size]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(image))
	b[8] = byte(n)
	return sha256.Sum256(b[:])
}

func (s *synthetic) manifest(image int) []byte {
	text := []byte(`{"schemaVersion":2,"mediaType":"` + imageType + `",`)
	for n, format := range []string{`"config":%s,`, `"layers":[%s,`, `%s,`, `%s]}`} {
		sum := s.part(image, n)
		text = fmt.Appendf(text, format, `{"mediaType":"`+layerType+`","size":1000,"digest":"sha256:`+hex.EncodeToString(sum[:])+`"}`)
	}
	return text
}

// inTree reports whether a key is one of the registry's own.
func inTree(key string) bool { return strings.HasPrefix(key, registrylayout.Root+"/") }

func (s *synthetic) Stat(ctx context.Context, key string) (storage.Info, error) {
	if !inTree(key) {
		return s.beside.Stat(ctx, key)
	}
	return storage.Info{Key: key, Size: 1000}, nil
}

func (s *synthetic) Delete(ctx context.Context, key string, o storage.DeleteOptions) error {
	if !inTree(key) {
		return s.beside.Delete(ctx, key, o)
	}
	return nil
}

func (s *synthetic) Create(ctx context.Context, key string, o storage.CreateOptions) (storage.Upload, error) {
	return s.beside.Create(ctx, key, o)
}

func (s *synthetic) List(_ context.Context, o storage.ListOptions) iter.Seq2[storage.Entry, error] {
	return func(yield func(storage.Entry, error) bool) {
		if strings.Contains(o.Prefix, "/_manifests/") {
			return // nothing is beside a link
		}
		give := func(key string) bool {
			return yield(storage.Entry{Info: storage.Info{Key: key, Size: 1000}}, nil)
		}
		if strings.HasSuffix(o.Prefix, "/blobs/") {
			s.listBlobs(give)
			return
		}
		for r := range s.images / syntheticPerRepository {
			if !s.listRepository(r, give) {
				return
			}
		}
	}
}

func (s *synthetic) listBlobs(give func(string) bool) {
	for _, sum := range s.sums {
		h := hex.EncodeToString(sum[:])
		if !give(registrylayout.Root + "/blobs/sha256/" + h[:2] + "/" + h + "/data") {
			return
		}
	}
}

func (s *synthetic) listRepository(r int, give func(string) bool) bool {
	dir := fmt.Sprintf("%s/repositories/team/app-%06d/", registrylayout.Root, r)
	first := r * syntheticPerRepository
	var keys []string
	for i := first; i < first+syntheticPerRepository; i++ {
		for n := range syntheticBlobs - 1 {
			sum := s.part(i, n)
			keys = append(keys, dir+"_layers/sha256/"+hex.EncodeToString(sum[:])+"/link")
		}
		sum := sha256.Sum256(s.manifest(i))
		h := hex.EncodeToString(sum[:])
		keys = append(keys, dir+"_manifests/revisions/sha256/"+h+"/link")
		if s.untagged != nil && s.untagged(i) {
			continue
		}
		keys = append(keys, dir+"_manifests/tags/v"+strconv.Itoa(i)+"/current/link", dir+"_manifests/tags/v"+strconv.Itoa(i)+"/index/sha256/"+h+"/link")
	}
	slices.Sort(keys)
	for _, k := range keys {
		if !give(k) {
			return false
		}
	}
	return true
}

func (s *synthetic) Open(ctx context.Context, key string, r storage.Range) (*storage.Object, error) {
	if !inTree(key) {
		return s.beside.Open(ctx, key, r)
	}
	place, _ := registrylayout.ParseKey(key)
	var text []byte
	switch place.Kind {
	case registrylayout.Blob:
		sum, err := hex.DecodeString(place.Digest.Encoded())
		if err != nil {
			return nil, err
		}
		i, ok := slices.BinarySearchFunc(s.manifests, sum, func(m numberedSum, sum []byte) int { return bytes.Compare(m.sum[:], sum) })
		if !ok {
			return nil, storage.ErrNotExist
		}
		text = s.manifest(int(s.manifests[i].image))
	case registrylayout.Tag:
		i, err := strconv.Atoi(strings.TrimPrefix(path.Base(place.Tag), "v"))
		if err != nil {
			return nil, err
		}
		text = []byte(digest.FromBytes(s.manifest(i)))
	default:
		text = []byte(place.Digest)
	}
	return &storage.Object{Info: storage.Info{Key: key, Size: int64(len(text))}, Body: io.NopCloser(bytes.NewReader(text))}, nil
}

// TestCheckMemory checks a hundred thousand blobs, with their 80,000 layer links,
// 20,000 manifests and as many tags. The benchmark has ten times as many.
func TestCheckMemory(t *testing.T) { checkMemory(t, 20_000, 100<<20) }

func BenchmarkCheckMemory(b *testing.B) {
	b.Run("1_000_000", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(float64(checkMemory(b, 200_000, 300<<20)>>20), "MiB")
		}
	})
}

// checkMemory checks a tree of so many images, and returns the most memory that the
// process had from the system, which must be less than most.
func checkMemory(t testing.TB, images int, most uint64) (peak uint64) {
	layout := registrylayout.New(storage.New(newSynthetic(images), storage.Options{}), registrylayout.Options{})
	seen := 0
	summary, err := layout.Check(t.Context(), registrylayout.CheckOptions{Progress: func(p registrylayout.Progress) {
		if seen++; seen%20 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.Sys-m.HeapReleased)
		}
	}}, func(f registrylayout.Finding) { t.Error(short(f)) })
	require.NoError(t, err)
	require.Equal(t, 5*images, summary.Blobs)
	require.Equal(t, images, summary.Tags)
	require.Equal(t, 4*images, summary.LayerLinks)
	t.Logf("%d blobs, %d links: %d MiB from the system at the peak", summary.Blobs,
		summary.LayerLinks+summary.ManifestLinks+2*summary.Tags, peak>>20)
	require.NotZero(t, peak)
	require.Less(t, peak, most)
	return peak
}
