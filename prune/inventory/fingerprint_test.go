package inventory_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

func TestOrderNeverMatters(t *testing.T) {
	want := build(t, smallCluster()...)
	for seed := range uint64(30) {
		facts := smallCluster()
		random := rand.New(rand.NewPCG(seed, 0))
		random.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		requireSame(t, want, build(t, facts...))
	}
}

// Facts that a Builder sorts itself may come in any order, too.
func TestTheOrderOfTagsAndReferencesDoesNotMatter(t *testing.T) {
	a, b := history("shop/web", "a", "1"), history("shop/web", "b", "2")
	one, two := inventory.Reference{Field: "1", Value: "x"}, inventory.Reference{Field: "2", Value: "y"}
	requireSame(t,
		build(t, imageStream(stream("shop", "web", a, b)), workload(pod("shop", "p", one, two))),
		build(t, imageStream(stream("shop", "web", b, a)), workload(pod("shop", "p", two, one))))
}

// requireSame compares all that two inventories show.
func requireSame(t *testing.T, want, got *inventory.Inventory) {
	t.Helper()
	a, b := shown(want), shown(got)
	for i := range min(len(a), len(b)) {
		require.Equal(t, a[i], b[i])
	}
	require.Equal(t, len(a), len(b))
	require.Equal(t, want.Fingerprint(), got.Fingerprint())
}

// shown writes all views, with digests as texts, since their numbers depend on
// the order in which they came.
func shown(v *inventory.Inventory) []string {
	var lines []string
	write := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	text := v.DigestText
	for i := range v.Images() {
		image := v.Image(i)
		uid, resourceVersion := v.ImageIdentity(i)
		write("image %s %s %s %q %q", text(image.Digest), text(image.Config), text(image.Subject), uid, resourceVersion)
		for _, d := range append(append([]inventory.Digest{image.Digest, image.Config}, image.Layers...), image.Children...) {
			write("  %s %d", text(d), v.Size(d))
		}
		write("  %d layers, %d children", len(image.Layers), len(image.Children))
		image.Digest, image.Config, image.Subject, image.Layers, image.Children = 0, 0, 0, nil, nil
		write("  %#v", image)
	}
	for s := range v.Streams() {
		write("%#v", v.Stream(s))
	}
	for n := range v.Tags() {
		write("%#v", v.Tag(n))
	}
	for i := range v.Items() {
		item := v.Item(i)
		write("item %s %s %s", v.ItemReference(i), text(item.Image), text(item.Named))
		item.Image, item.Named = 0, 0
		write("  %#v", item)
	}
	for w := range v.Workloads() {
		write("%#v", v.Workload(w))
	}
	for u := range v.Uses() {
		use := v.Use(u)
		write("use of %s", text(use.Digest))
		use.Digest = 0
		write("  %#v", use)
	}
	write("%#v %v %v", v.Evidence(), v.ImagesAfterStreams(), v.Newest())
	return lines
}

// A field has values that all make different inventories. Fields of the same
// name are told apart by the type that they are in.
type field struct {
	name   string
	values []any
}

var (
	someDigests = []any{"", digest("1"), digest("2"), "sha512:0", "tarsum:sha256:1", "x"}
	someTexts   = []any{"", "a", "b", "ab", "A"}
	someTimes   = []any{time.Time{}, day(1), day(2), time.Unix(0, 0), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}
	someBlobs   = []any{
		[]inventory.Blob(nil), []inventory.Blob{{Digest: "a"}}, []inventory.Blob{{Digest: "b"}}, []inventory.Blob{{Digest: "a"}, {Digest: "b"}},
		[]inventory.Blob{{Digest: "b"}, {Digest: "a"}}, []inventory.Blob{{Digest: "a"}, {Digest: "a"}}, []inventory.Blob{{Digest: "a", Size: 1}}, []inventory.Blob{{Digest: "a", Size: 256}},
	}
	someSizes = []any{int64(0), int64(1), int64(1 << 40)}
	flags     = []any{false, true}
)

var manifestFields = []field{
	{"Digest", someDigests[1:]},
	{"MediaType", []any{"", mediaTypeImage, mediaTypeIndex}},
	{"Config", someDigests},
	{"Layers", someBlobs},
	{"Children", someBlobs},
	{"Subject", someDigests},
	{"Size", someSizes},
	{"ConfigSize", someSizes},
	{"ImageSize", someSizes},
	{"Partial", flags},
	{"Created", someTimes},
	{"LastPulled", someTimes},
	{"Managed", flags},
	{"Labels", []any{
		map[string]string(nil), map[string]string{}, map[string]string{"a": ""}, map[string]string{"a": "b"},
		map[string]string{"ab": ""}, map[string]string{"a": "", "b": ""},
	}},
	{"UID", someTexts},
	{"ResourceVersion", someTexts},
}

var streamFields = []field{
	{"Namespace", someTexts},
	{"Name", someTexts[1:]},
	{"UID", someTexts},
	{"ResourceVersion", someTexts},
	{"Created", someTimes},
	{"Tags", []any{
		[]inventory.Tag(nil), []inventory.Tag{{Name: "a"}}, []inventory.Tag{{Name: "b"}}, []inventory.Tag{{Name: "a"}, {Name: "b"}},
		[]inventory.Tag{{Name: "a", Items: make([]inventory.TagItem, 1)}}, []inventory.Tag{{Name: "a", Items: make([]inventory.TagItem, 2)}},
	}},
}

var itemFields = []field{
	{"Image", someDigests},
	{"Created", someTimes},
	{"DockerImageReference", []any{"", "r/a/b@" + digest("1"), "r/a/b@" + digest("2"), "r/a/b", "r/a/b@", "@" + digest("1"), "r/a/c@" + digest("1")}},
}

var workloadFields = []field{
	{"Group", someTexts},
	{"Kind", []any{inventory.Kind("Pod"), inventory.Kind("Pod.a"), inventory.Kind("Job"), inventory.Kind("ImageStream")}},
	{"Namespace", someTexts},
	{"Name", someTexts[1:]},
	{"Created", someTimes},
	{"Finished", flags},
	{"References", []any{[]inventory.Reference(nil), make([]inventory.Reference, 1), make([]inventory.Reference, 2)}},
}

var referenceFields = []field{
	{"Field", someTexts},
	{"Source", someTexts},
	{"Value", someTexts},
	{"Namespace", someTexts},
	{"Stream", someTexts[1:]}, // without one, there is no namespace either
	{"Tag", someTexts},
	{"Digest", someDigests},
	{"Err", someTexts},
}

var limitFields = []field{
	{"Namespace", someTexts},
	{"Name", someTexts[1:]},
	{"MaxImageSize", []any{int64(-1), int64(0), int64(1), int64(1<<63 - 1)}},
}

var linkFields = []field{
	{"Namespace", someTexts},
	{"Name", someTexts[1:]},
	{"Digest", someDigests[1:]},
	{"Manifest", flags},
}

// Every field that a fact has makes another inventory, and says something that
// no other field says.
func TestEveryFieldChangesTheFingerprint(t *testing.T) {
	everyField(t, manifestFields, inventory.Manifest{Digest: digest("m"), MediaType: mediaTypeImage, Config: digest("c")},
		func(m inventory.Manifest) fact { return image(m) })
	everyField(t, streamFields, inventory.Stream{Name: "a"},
		func(s inventory.Stream) fact { return imageStream(s) })
	everyField(t, itemFields, inventory.TagItem{Image: digest("1"), DockerImageReference: "r/a/b@" + digest("1")},
		func(i inventory.TagItem) fact {
			return imageStream(stream("a", "b", inventory.Tag{Name: "t", Items: []inventory.TagItem{i}}))
		})
	everyField(t, workloadFields, inventory.Workload{Kind: "Pod", Name: "a"},
		func(w inventory.Workload) fact { return workload(w) })
	everyField(t, referenceFields, inventory.Reference{Stream: "a"},
		func(r inventory.Reference) fact { return workload(pod("a", "b", r)) })
	everyField(t, limitFields, inventory.Limit{Name: "a"},
		func(l inventory.Limit) fact { return limit(l.Namespace, l.Name, l.MaxImageSize) })
	everyField(t, linkFields, inventory.Link{Name: "a", Digest: digest("d")},
		func(l inventory.Link) fact { return link(l.Namespace, l.Name, l.Digest, l.Manifest) })
}

func everyField[T any](t *testing.T, fields []field, base T, toFact func(T) fact) {
	t.Helper()
	covered := map[string]bool{"Origin": true} // says nothing of the object
	seen := map[string]string{}
	for _, f := range fields {
		covered[f.name] = true
		values := map[string]bool{}
		for i, value := range f.values {
			changed := base
			reflect.ValueOf(&changed).Elem().FieldByName(f.name).Set(reflect.ValueOf(value))
			fingerprint := build(t, toFact(changed)).Fingerprint()
			require.False(t, values[fingerprint], "%T.%s: value %d makes no difference", base, f.name, i)
			values[fingerprint] = true
			what := reflect.TypeOf(base).String() + "." + f.name
			if reflect.DeepEqual(changed, base) {
				what = "nothing changed"
			}
			if other, ok := seen[fingerprint]; ok {
				require.Equal(t, other, what)
			}
			seen[fingerprint] = what
		}
	}
	for i := range reflect.TypeOf(base).NumField() {
		require.True(t, covered[reflect.TypeOf(base).Field(i).Name], "%T.%s is in no table", base, reflect.TypeOf(base).Field(i).Name)
	}
}

func TestEvidenceChangesTheFingerprint(t *testing.T) {
	seen := map[string]string{}
	for name, say := range map[string]func(*inventory.Builder){
		"nothing":            func(*inventory.Builder) {},
		"listed":             func(b *inventory.Builder) { b.Listed("Pod") },
		"another listed":     func(b *inventory.Builder) { b.Listed("Job") },
		"an unknown listed":  func(b *inventory.Builder) { b.Listed("X") },
		"known to be absent": func(b *inventory.Builder) { b.Incomplete("X") },
		"incomplete": func(b *inventory.Builder) {
			b.Listed("Pod")
			b.Incomplete("Pod")
		},
		"ordered":    func(b *inventory.Builder) { b.ImagesAfterStreams(true) },
		"other":      func(b *inventory.Builder) { b.AddOther("X") },
		"two":        func(b *inventory.Builder) { b.AddOther("X"); b.AddOther("X") },
		"links":      func(b *inventory.Builder) { b.LinksListed("a", "b") },
		"links of c": func(b *inventory.Builder) { b.LinksListed("a", "c") },
		"all links":  func(b *inventory.Builder) { b.RepositoriesListed(true) },
	} {
		fingerprint := build(t, said(say)).Fingerprint()
		require.Empty(t, seen[fingerprint], name)
		seen[fingerprint] = name
	}
}

// What is not part of any fact is not part of the fingerprint.
func TestOriginsAndUnusedDigestsDoNotChangeTheFingerprint(t *testing.T) {
	m, s := manifest("web", 1), stream("shop", "web", history("shop/web", "a", "web"))
	want := build(t, image(m), imageStream(s)).Fingerprint()
	m.Origin, s.Origin = 77, 78
	m.MediaType = "application/vnd.docker.distribution.manifest.v2+json" // of the same class
	var b inventory.Builder
	b.ForgetManifest(digest("never seen"))
	add(t, &b, image(manifest("gone", 3)), image(m), imageStream(s))
	b.ForgetManifest(digest("gone"))
	require.Equal(t, want, b.Build().Fingerprint())
}
