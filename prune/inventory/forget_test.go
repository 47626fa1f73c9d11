package inventory_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune/inventory"
)

func TestForgettingEveryKindOfFact(t *testing.T) {
	var b inventory.Builder
	add(t, &b, smallCluster()[:15]...) // what was listed cannot be taken back
	for _, name := range []string{"web1", "web2", "db", "index", "signature"} {
		b.ForgetManifest(digest(name))
	}
	for _, name := range [][2]string{{"shop", "web"}, {"shop", "db"}, {"base", "db"}} {
		b.ForgetStream(name[0], name[1])
	}
	b.ForgetWorkload("", inventory.KindPod, "shop", "web-1")
	b.ForgetWorkload("batch", inventory.KindJob, "shop", "import")
	for _, name := range []string{"sizes", "more-sizes", "none"} {
		b.ForgetLimit("shop", name)
	}
	b.ForgetLink(inventory.Link{Namespace: "shop", Name: "web", Digest: digest("web1"), Manifest: true})
	b.ForgetLink(inventory.Link{Namespace: "shop", Name: "web", Digest: digest("base")})
	requireSame(t, build(t), b.Build())
}

func TestForgettingWhatIsNotKnown(t *testing.T) {
	var b inventory.Builder
	forget := func() {
		b.ForgetManifest("")
		b.ForgetManifest(digest("unknown"))
		b.ForgetManifest(digest("base")) // a layer
		b.ForgetStream("", "")
		b.ForgetStream("shop", "unknown")
		b.ForgetWorkload("apps", inventory.KindPod, "shop", "web-1") // of another group
		b.ForgetLimit("shop", "unknown")
		b.ForgetLink(inventory.Link{Namespace: "shop", Name: "web", Digest: digest("web1")}) // a layer link
		b.ForgetLink(inventory.Link{})
		b.ForgetOther("unknown")
	}
	forget()
	requireSame(t, build(t), b.Build())
	add(t, &b, smallCluster()...)
	forget()
	requireSame(t, build(t, smallCluster()...), b.Build())
}

// A size is true of a digest, whoever told it.
func TestSizesAreNotForgotten(t *testing.T) {
	var b inventory.Builder
	sized, unsized := manifest("a", 1), inventory.Manifest{Digest: digest("b"), Layers: []inventory.Blob{{Digest: digest("base")}}}
	add(t, &b, image(sized), image(unsized))
	b.ForgetManifest(sized.Digest)
	v := b.Build()
	require.EqualValues(t, 30_000, v.Size(v.Digest(digest("base"))))
}

// A watched cluster: a model of what is known goes along with a Builder, and
// whenever it is built, a new Builder that has seen nothing else must say the
// same.
type watched struct {
	t       *testing.T
	random  *rand.Rand
	builder inventory.Builder
	known   map[string]fact
}

// name picks one of few, so that objects come back.
func (w *watched) name(prefix string, of int) string {
	return prefix + strconv.Itoa(w.random.IntN(of))
}

func (w *watched) manifest() {
	name := w.name("image ", 40)
	m := manifest(name, w.random.IntN(4))
	m.ImageSize = int64(w.random.IntN(3))
	m.Config = digest(w.name("config", 20))
	if w.random.IntN(5) == 0 {
		m.MediaType, m.Config, m.ConfigSize, m.Layers = mediaTypeIndex, "", 0, nil
		for range w.random.IntN(4) {
			m.Children = append(m.Children, inventory.Blob{Digest: digest(w.name("image ", 40)), Size: 700})
		}
	}
	if w.random.IntN(5) == 0 {
		m.Subject, m.Labels = "sha512:"+w.name("subject", 5), map[string]string{w.name("k", 3): w.name("v", 3)}
	}
	w.replace("manifest "+name, image(m), func() { w.builder.ForgetManifest(m.Digest) })
}

func (w *watched) stream() {
	name := w.name("stream", 10)
	var tags []inventory.Tag
	for i := range w.random.IntN(4) {
		var images []string
		for range w.random.IntN(5) {
			images = append(images, w.name("image ", 60))
		}
		tags = append(tags, history("shop/"+w.name("stream", 12), "tag"+strconv.Itoa(i), images...))
	}
	w.replace("stream "+name, imageStream(stream("shop", name, tags...)), func() { w.builder.ForgetStream("shop", name) })
}

func (w *watched) workload() {
	name := w.name("pod", 30)
	p := pod("shop", name)
	p.Finished = w.random.IntN(2) == 0
	for i := range w.random.IntN(3) {
		p.References = append(p.References, inventory.Reference{
			Field: "f" + strconv.Itoa(i), Value: w.name("value", 100), Namespace: "shop", Stream: w.name("stream", 12), Tag: "tag1",
		}, inventory.Reference{Field: "g" + strconv.Itoa(i), Digest: digest(w.name("image ", 60))})
	}
	w.replace("pod "+name, workload(p), func() { w.builder.ForgetWorkload("", inventory.KindPod, "shop", name) })
}

func (w *watched) limit() {
	name := w.name("limit", 5)
	w.replace("limit "+name, limit("shop", name, int64(w.random.IntN(4)-1)), func() { w.builder.ForgetLimit("shop", name) })
}

func (w *watched) link() {
	l := inventory.Link{Namespace: "shop", Name: w.name("stream", 3), Digest: digest(w.name("image ", 40)), Manifest: w.random.IntN(2) == 0}
	w.replace(fmt.Sprint("link ", l), func(b *inventory.Builder) error { return b.AddLink(l) }, func() { w.builder.ForgetLink(l) })
}

// replace is an event of a watch: an object is new, has changed, or is gone.
func (w *watched) replace(key string, f fact, forget func()) {
	if w.known[key] != nil {
		forget()
		delete(w.known, key)
		if w.random.IntN(2) == 0 {
			return
		}
	}
	w.known[key] = f
	require.NoError(w.t, f(&w.builder))
	require.NoError(w.t, f(&w.builder), "a watch may tell it twice")
}

func (w *watched) check() {
	var fresh inventory.Builder
	keys := slices.Sorted(maps.Keys(w.known))
	w.random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, k := range keys {
		require.NoError(w.t, w.known[k](&fresh))
	}
	requireSame(w.t, fresh.Build(), w.builder.Build())
}

func (w *watched) run(events, builds int) {
	for i := range events {
		switch w.random.IntN(8) {
		case 0, 1, 2:
			w.manifest()
		case 3, 4:
			w.stream()
		case 5:
			w.workload()
		case 6:
			w.limit()
		case 7:
			w.link()
		}
		if (i+1)%(events/builds) == 0 {
			w.check()
		}
	}
}

func TestWhatWasForgottenWasNeverSeen(t *testing.T) {
	for seed := range uint64(12) {
		w := &watched{t: t, random: rand.New(rand.NewPCG(seed, 1)), known: map[string]fact{}}
		w.run(300, 15)
	}
	// So many are forgotten between two builds that the Builder starts anew.
	w := &watched{t: t, random: rand.New(rand.NewPCG(99, 1)), known: map[string]fact{}}
	w.run(8000, 2)
}

// The memory of what was forgotten is given back.
func TestMemoryOfForgottenFactsIsGivenBack(t *testing.T) {
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var b inventory.Builder
	add(t, &b, smallCluster()...)
	before := used()
	for round := range 8 {
		for i := range 2000 {
			name := fmt.Sprint("round ", round, " image ", i)
			require.NoError(t, b.AddManifest(manifest(name, 5)))
			b.ForgetManifest(digest(name))
			require.NoError(t, b.AddWorkload(pod("shop", name)))
			b.ForgetWorkload("", inventory.KindPod, "shop", name)
			l := inventory.Link{Namespace: "shop", Name: name, Digest: digest(name + " linked")}
			require.NoError(t, b.AddLink(l))
			b.ForgetLink(l)
			require.NoError(t, b.AddLimit(inventory.Limit{Namespace: name, Name: name}))
			b.ForgetLimit(name, name)
			b.ForgetStream(name, "never known")
			b.ForgetManifest(digest(name + " never known"))
		}
		require.NotNil(t, b.Build())
	}
	requireSame(t, build(t, smallCluster()...), b.Build())
	require.Less(t, used(), before+4<<20)
	runtime.KeepAlive(&b)
}

// A controller that lists everything again adds the same again and again.
func TestAddingTheSameAgainTakesNoMemory(t *testing.T) {
	var b inventory.Builder
	round := func() {
		for i := range 200 {
			require.NoError(t, b.AddManifest(manifest(strconv.Itoa(i), 5)))
		}
		b.Build()
	}
	round()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for range 200 {
		round()
	}
	require.Less(t, heap(), before+1<<19)
	runtime.KeepAlive(&b)
}
