package prune_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

const (
	imageType = "application/vnd.oci.image.manifest.v1+json"
	indexType = "application/vnd.oci.image.index.v1+json"
)

var collectAt = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// A volume is a registry's storage. Digests are made of single words.
type volume struct {
	t    testing.TB
	b    inventory.Builder
	tags map[string]map[string]string
}

func newVolume(t testing.TB) *volume { return &volume{t: t, tags: map[string]map[string]string{}} }

func word(w string) string { return fmt.Sprintf("sha256:%064x", w) }

// store puts blobs there, each of a hundred bytes.
func (v *volume) store(words ...string) *volume {
	for _, w := range words {
		require.NoError(v.t, v.b.AddStoredBlob(inventory.Blob{Digest: word(w), Size: 100}))
	}
	return v
}

// image puts an image there, with its config and layers.
func (v *volume) image(name, config string, layers ...string) *volume {
	m := inventory.Manifest{Digest: word(name), MediaType: imageType, Config: word(config)}
	for _, l := range layers {
		m.Layers = append(m.Layers, inventory.Blob{Digest: word(l)})
	}
	require.NoError(v.t, v.b.AddManifest(m))
	return v.store(append(layers, name, config)...)
}

func (v *volume) index(name string, children ...string) *volume {
	m := inventory.Manifest{Digest: word(name), MediaType: indexType}
	for _, c := range children {
		m.Children = append(m.Children, inventory.Blob{Digest: word(c)})
	}
	require.NoError(v.t, v.b.AddManifest(m))
	return v.store(name)
}

func (v *volume) referrer(name, subject, layer string) *volume {
	require.NoError(v.t, v.b.AddManifest(inventory.Manifest{
		Digest: word(name), MediaType: imageType, Config: word("empty"), Subject: word(subject),
		Layers: []inventory.Blob{{Digest: word(layer)}},
	}))
	return v.store(name, "empty", layer)
}

// links gives a repository links, of layers and, with a star, of manifests.
func (v *volume) links(repository string, words ...string) *volume {
	if v.tags[repository] == nil {
		v.tags[repository] = map[string]string{}
	}
	namespace, name, _ := strings.Cut(repository, "/")
	for _, w := range words {
		w, manifest := strings.CutPrefix(w, "*")
		require.NoError(v.t, v.b.AddLink(inventory.Link{Namespace: namespace, Name: name, Digest: word(w), Manifest: manifest}))
	}
	v.b.LinksListed(namespace, name)
	return v
}

func (v *volume) tag(repository, tag, manifest string) *volume {
	v.links(repository)
	v.tags[repository][tag] = manifest
	return v
}

func (v *volume) build() *inventory.Inventory {
	for repository, tags := range v.tags {
		namespace, name, _ := strings.Cut(repository, "/")
		s := inventory.Stream{Namespace: namespace, Name: name}
		for tag, manifest := range tags {
			s.Tags = append(s.Tags, inventory.Tag{Name: tag, Items: []inventory.TagItem{{Image: word(manifest)}}})
		}
		require.NoError(v.t, v.b.AddStream(s))
	}
	v.b.Listed(inventory.KindImage, inventory.KindImageStream)
	v.b.ImagesAfterStreams(true)
	v.b.BlobsListed()
	return v.b.Build()
}

// collected plans a collection, checks it, and returns what goes, in words.
func collected(t testing.TB, inv *inventory.Inventory, o prune.GarbageOptions) []string {
	policy := prune.Garbage(o)
	require.NoError(t, prunetest.Check(inv, policy, collectAt))
	plan, err := prune.New(inv, policy, collectAt)
	require.NoError(t, err)
	list := []string{}
	for a := range plan.Actions() {
		digest := a.Digest + a.Image
		name, err := decodeWord(digest)
		require.NoError(t, err)
		switch a.Kind {
		case prune.DeleteImage: // its blob says it
		case prune.DeleteManifestLink:
			list = append(list, a.Repository+" *"+name)
		case prune.DeleteLayerLink:
			list = append(list, a.Repository+" "+name)
		default:
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

func decodeWord(digest string) (string, error) {
	var text []byte
	_, err := fmt.Sscanf(strings.TrimLeft(strings.TrimPrefix(digest, "sha256:"), "0"), "%x", &text)
	return string(text), err
}

func TestGarbage(t *testing.T) {
	app := func() *volume {
		return newVolume(t).image("app", "conf", "base", "top").
			links("dev/app", "*app", "conf", "base", "top").tag("dev/app", "latest", "app")
	}
	for _, c := range []struct {
		name     string
		inv      *inventory.Inventory
		want     []string // goes
		untagged []string // and with Untagged
	}{
		{"nothing there", newVolume(t).build(), nil, nil},
		{"an empty repository", newVolume(t).links("dev/app").build(), nil, nil},
		{"a tagged image", app().build(), nil, nil},
		{"a blob of nobody", app().store("lost").build(), []string{"lost"}, nil},
		{"a link of nobody", app().store("lost").links("dev/app", "lost").build(), []string{"dev/app lost", "lost"}, nil},
		{"a link to nowhere", app().links("dev/app", "gone").build(), []string{"dev/app gone"}, nil},
		{"a layer linked where nobody needs it", app().links("dev/web", "base").build(), []string{"dev/web base"}, nil},
		{"a manifest without a tag", app().image("old", "oldconf", "base", "oldtop").links("dev/app", "*old", "oldconf", "oldtop").build(),
			nil, []string{"dev/app *old", "dev/app oldconf", "dev/app oldtop", "old", "oldconf", "oldtop"}},
		{"a manifest that is tagged elsewhere", app().links("dev/web", "*app", "conf", "base", "top").build(),
			nil, []string{"dev/web *app", "dev/web base", "dev/web conf", "dev/web top"}},
		{"a manifest that is in no repository", app().image("old", "oldconf", "base").build(), []string{"old", "oldconf"}, nil},
		{"children of a tagged index", newVolume(t).image("amd", "ac", "al").image("arm", "rc", "rl").index("all", "amd", "arm").
			links("dev/app", "*all", "*amd", "*arm", "ac", "al", "rc", "rl").tag("dev/app", "latest", "all").build(), nil, nil},
		{"an untagged referrer of a tagged image", app().referrer("sig", "app", "payload").links("dev/app", "*sig", "empty", "payload").build(), nil, nil},
		{"a referrer of an untagged image", app().image("old", "oc", "base").referrer("sig", "old", "payload").
			links("dev/app", "*old", "oc", "*sig", "empty", "payload").build(),
			nil, []string{"dev/app *old", "dev/app *sig", "dev/app empty", "dev/app oc", "dev/app payload", "empty", "oc", "old", "payload", "sig"}},
		{"a referrer of what is not there", app().referrer("sig", "gone", "payload").links("dev/app", "*sig", "empty", "payload").build(),
			nil, []string{"dev/app *sig", "dev/app empty", "dev/app payload", "empty", "payload", "sig"}},
		{"a manifest link to nowhere", app().links("dev/app", "*gone").build(), nil, []string{"dev/app *gone"}},
		{"a tag to nowhere", app().tag("dev/app", "broken", "gone").store("lost").build(), []string{"lost"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.ElementsMatch(t, c.want, collected(t, c.inv, prune.GarbageOptions{}))
			both := append(slices.Clone(c.want), c.untagged...)
			require.ElementsMatch(t, both, collected(t, c.inv, prune.GarbageOptions{Untagged: true}))
		})
	}
}

// What may be needed by something that nobody can read stays, whatever else.
func TestGarbageInDoubt(t *testing.T) {
	doubt := func(m inventory.Manifest) *volume {
		v := newVolume(t).image("app", "conf", "base").links("dev/app", "*app", "*odd", "conf", "base", "lost").
			tag("dev/app", "latest", "app").tag("dev/app", "odd", "odd").store("odd", "lost", "other")
		m.Digest = word("odd")
		require.NoError(t, v.b.AddManifest(m))
		return v
	}
	for name, m := range map[string]inventory.Manifest{
		"a manifest that was read in part": {MediaType: imageType, Partial: true},
		"a manifest without a config":      {MediaType: "application/vnd.unheard.of"},
	} {
		require.Empty(t, collected(t, doubt(m).build(), prune.GarbageOptions{Untagged: true}), name)
	}
	// Known to be all there is, it holds nothing back.
	whole := doubt(inventory.Manifest{MediaType: "application/vnd.unheard.of", Config: word("odd")}).build()
	require.Equal(t, []string{"dev/app lost", "lost", "other"}, collected(t, whole, prune.GarbageOptions{}))

	// Bytes that are there under the name of a manifest, which nobody read.
	unread := newVolume(t).links("dev/app", "*app").tag("dev/app", "latest", "app").store("app", "lost").build()
	require.Empty(t, collected(t, unread, prune.GarbageOptions{Untagged: true}))

	// A repository whose links nobody listed may hold what no tag needs, and may
	// link any blob.
	unlisted := func() *inventory.Inventory {
		v := newVolume(t).image("app", "conf", "base").store("lost").links("dev/app", "lost").image("old", "oldconf", "base")
		v.tags["dev/web"] = map[string]string{}
		return v.build()
	}
	require.Equal(t, []string{"dev/app lost"}, collected(t, unlisted(), prune.GarbageOptions{}))
	plan, err := prune.New(unlisted(), prune.Garbage(prune.GarbageOptions{}), collectAt)
	require.NoError(t, err)
	for _, what := range []string{"old", "lost"} {
		text := explained(t, plan, word(what))
		require.Contains(t, text, prune.RuleLinksNotListed)
		require.Contains(t, text, "what repository dev/web holds: its links were not listed completely")
	}
	untagged, err := prune.New(unlisted(), prune.Garbage(prune.GarbageOptions{Untagged: true}), collectAt)
	require.NoError(t, err)
	require.Zero(t, untagged.Summary.Images+untagged.Summary.Blobs)
	require.Contains(t, explained(t, untagged, word("old")), prune.RuleLinksNotListed)
	_, needed := untagged.Recheck(unlisted(), nil).NeedsBlob(word("condemned by another plan"))
	require.True(t, needed)

	for _, kind := range []inventory.Kind{inventory.KindImage, inventory.KindImageStream} {
		v := newVolume(t).image("app", "conf", "base").store("lost").links("dev/app", "lost")
		v.b.Incomplete(kind)
		require.Empty(t, collected(t, v.build(), prune.GarbageOptions{Untagged: true}), kind)
	}
}

// A repository that a volume has no more has lost its links: what they were to free
// may go. One whose stream is gone may have any.
func TestARepositoryThatIsGone(t *testing.T) {
	plan, err := prune.New(newVolume(t).store("lost").links("dev/app", "lost").build(), prune.Garbage(prune.GarbageOptions{}), collectAt)
	require.NoError(t, err)
	require.Equal(t, 1, plan.Summary.LayerLinks)
	walked := newVolume(t).store("lost")
	walked.b.RepositoriesListed(true)
	_, stale := plan.Recheck(walked.build(), nil).Stale(0)
	require.False(t, stale)
	notWalked := newVolume(t).store("lost").build()
	_, stale = plan.Recheck(notWalked, nil).Stale(0)
	require.True(t, stale, "the blobs alone were listed")

	var cluster inventory.Builder
	cluster.Listed(inventory.KindImage, inventory.KindImageStream)
	cluster.ImagesAfterStreams(true)
	why, stale := plan.Recheck(cluster.Build(), nil).Stale(0)
	require.True(t, stale)
	require.Equal(t, prune.RuleStreamGone, why.Rule)
}

// Streams of a cluster say nothing of a repository's files, also where a volume's blobs
// are listed beside them: the links of one whose stream is gone stay.
func TestAStreamThatIsGoneBesideListedBlobs(t *testing.T) {
	c := prunetest.NewCluster(prunetest.Options{})
	app := c.Stream("dev/app")
	for age := range 5 {
		app.Push("latest", c.Image(), time.Duration(50-age)*24*time.Hour)
	}
	policy, err := prune.OpenShift(prune.DefaultOpenShiftOptions())
	require.NoError(t, err)
	plan, err := prune.New(c.Inventory(), policy, c.Now())
	require.NoError(t, err)
	require.Positive(t, plan.Summary.ManifestLinks)
	var b inventory.Builder
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	b.BlobsListed()
	again := plan.Recheck(b.Build(), nil)
	for n := range plan.ActionsOf(prune.DeleteManifestLink) {
		why, stale := again.Stale(n)
		require.True(t, stale)
		require.Equal(t, prune.RuleStreamGone, why.Rule)
	}
}

// A volume that was walked, as by package fromlayout: a stream that has no repository
// there has no links, so that it holds nothing.
func TestAStreamWithoutARepository(t *testing.T) {
	stranger := func(walked bool) *inventory.Inventory {
		v := newVolume(t).image("app", "conf", "base").links("dev/app", "*app", "conf", "base").
			tag("dev/app", "latest", "app").store("lost")
		v.tags["dev/imported"] = map[string]string{}
		if walked {
			v.b.RepositoriesListed(true)
		}
		return v.build()
	}
	require.Empty(t, collected(t, stranger(false), prune.GarbageOptions{}))
	require.Equal(t, []string{"lost"}, collected(t, stranger(true), prune.GarbageOptions{}))
}

// Orphans ask for links. What knows of none, as a cluster alone, says nothing of what
// repositories hold: neither does a plan by it take anything nor does a plan that knew
// more hold, whether or not blobs were listed.
func TestOrphansOfUnlistedLinks(t *testing.T) {
	facts := func(with ...func(v *volume)) *inventory.Inventory {
		v := newVolume(t).image("app", "conf", "base", "top").image("old", "oldconf", "base").image("gone", "oldconf", "under")
		v.tags["dev/app"] = map[string]string{"latest": "app"}
		for _, f := range with {
			f(v)
		}
		return v.build()
	}
	linked := func(v *volume) { v.links("dev/app", "*app", "conf", "base", "top", "under") }
	for _, o := range []prune.GarbageOptions{{}, {Untagged: true}} {
		plan, err := prune.New(facts(linked), prune.Garbage(o), collectAt)
		require.NoError(t, err)
		require.NotZero(t, plan.Summary.LayerLinks)
		require.NotZero(t, plan.Summary.Images)
		require.NotZero(t, plan.Summary.Blobs)
		stale := func(inv *inventory.Inventory) (n int) {
			again := plan.Recheck(inv, nil)
			for i := range plan.Summary.Actions() {
				if why, is := again.Stale(i); is {
					require.Equal(t, prune.RuleLinksNotListed, why.Rule)
					n++
				}
			}
			return n
		}
		require.Zero(t, stale(facts(linked)))
		require.Equal(t, plan.Summary.Actions(), stale(facts()), "no links are listed")

		blind, err := prune.New(facts(), prune.Garbage(o), collectAt)
		require.NoError(t, err)
		require.Zero(t, blind.Summary.Actions())
		require.Contains(t, explained(t, blind, word("old")), prune.RuleLinksNotListed)
	}
}

// A layer that is linked beside an image which does not say what its config is may
// be that: neither its link goes nor its bytes, although the only image that is known
// to have it does.
func TestBlobsOfLinksThatStay(t *testing.T) {
	v := newVolume(t).image("old", "oldconf", "base", "shared").store("odd").
		links("dev/app", "*odd", "base", "shared").tag("dev/app", "latest", "odd")
	require.NoError(t, v.b.AddManifest(inventory.Manifest{
		Digest: word("odd"), MediaType: "application/vnd.unheard.of", Layers: []inventory.Blob{{Digest: word("base")}},
	}))
	inv := v.build()
	require.Equal(t, []string{"old"}, collected(t, inv, prune.GarbageOptions{Untagged: true}))

	plan, err := prune.New(inv, prune.Garbage(prune.GarbageOptions{Untagged: true}), collectAt)
	require.NoError(t, err)
	list, err := plan.Explain(word("shared"))
	require.NoError(t, err)
	require.Equal(t, prune.Reason{Rule: prune.RuleInUse, Path: []string{"repository dev/app", word("shared")}}, list[0].Reason)
	require.Equal(t, []string{"no link of it stayed in repository dev/app"}, list[0].Otherwise)
	again := plan.Recheck(inv, nil)
	for n := range plan.Summary.Actions() {
		why, stale := again.Stale(n)
		require.False(t, stale, why)
	}
}

func TestGarbagePolicy(t *testing.T) {
	for _, o := range []prune.GarbageOptions{{}, {Untagged: true}, {Lifetime: prune.Duration(time.Minute)}} {
		policy := prune.Garbage(o)
		require.NoError(t, policy.Validate())
		text, err := json.Marshal(policy)
		require.NoError(t, err)
		var again prune.Policy
		require.NoError(t, json.Unmarshal(text, &again))
		require.True(t, again.Equal(&policy))
		require.Equal(t, o.Untagged, bytes.Contains(text, []byte(`"untagged":true`)))
	}
	for _, bad := range []prune.Policy{{Orphans: true}, {PruneRegistry: true, Untagged: true}} {
		require.ErrorIs(t, bad.Validate(), prune.ErrPolicy)
	}
	// A cluster has no orphans.
	for seed := range uint64(20) {
		cluster := prunetest.Random(seed)
		policy := prune.Policy{PruneRegistry: true, Orphans: true, Untagged: true}
		plan, err := prune.New(cluster.Inventory(), policy, cluster.Now())
		require.NoError(t, err)
		require.Zero(t, plan.Summary.Actions())
	}
}

// randomVolume has a bit of everything, links missing and too many among it.
func randomVolume(t testing.TB, seed uint64) *inventory.Inventory {
	r := rand.New(rand.NewPCG(seed, 7))
	v := newVolume(t)
	some := func(prefix string, n int) []string {
		var list []string
		for range r.IntN(4) {
			list = append(list, fmt.Sprintf("%s%d", prefix, r.IntN(n)))
		}
		return list
	}
	repositories := []string{"dev/app", "dev/web", "ops/app"}
	var manifests []string
	for n := range r.IntN(8) {
		name := fmt.Sprintf("m%d", n)
		switch r.IntN(5) {
		case 0:
			v.index(name, some("m", 8)...)
		case 1:
			v.referrer(name, fmt.Sprintf("m%d", r.IntN(8)), fmt.Sprintf("l%d", r.IntN(6)))
		default:
			v.image(name, fmt.Sprintf("c%d", r.IntN(6)), some("l", 6)...)
		}
		manifests = append(manifests, name)
	}
	v.store(some("l", 9)...)
	for _, repository := range repositories[:r.IntN(4)] {
		v.links(repository, some("l", 6)...)
		v.links(repository, some("*m", 9)...)
		v.links(repository, some("c", 6)...)
		for _, m := range manifests {
			if r.IntN(4) == 0 {
				v.tag(repository, pickWord(r, "latest", "v1", "sha256-"+strings.TrimPrefix(word("m1"), "sha256:")), m)
			}
		}
	}
	return v.build()
}

func pickWord(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// TestGarbageOfRandomVolumes checks the invariants, that everything which a tag
// or, if it is to stay, a link needs is kept, and that nothing else is: plainly,
// as sets.
func TestGarbageOfRandomVolumes(t *testing.T) {
	for seed := range uint64(40) {
		inv := randomVolume(t, seed)
		for _, untagged := range []bool{false, true} {
			o := prune.GarbageOptions{Untagged: untagged}
			require.ElementsMatch(t, plainGarbage(inv, untagged), collected(t, inv, o), "seed %d, untagged %t", seed, untagged)
			plan, err := prune.New(inv, prune.Garbage(o), collectAt)
			require.NoError(t, err)
			again := plan.Recheck(inv, nil)
			for n := range plan.Summary.Actions() {
				why, stale := again.Stale(n)
				require.False(t, stale, "seed %d: %s", seed, why)
			}
		}
	}
}

// plainGarbage is the collection again, as sets and loops.
func plainGarbage(inv *inventory.Inventory, untagged bool) []string {
	name := func(d inventory.Digest) string { w, _ := decodeWord(inv.DigestText(d)); return w }
	closure := func(into map[inventory.Digest]bool, roots ...inventory.Digest) {
		for len(roots) > 0 {
			d := roots[0]
			roots = roots[1:]
			if d == inventory.NoDigest || into[d] {
				continue
			}
			into[d] = true
			if i := inv.ImageOf(d); i >= 0 {
				roots = append(roots, inv.Children(i)...)
			}
			for i := range inv.Images() {
				if inv.Image(i).Subject == d {
					roots = append(roots, inv.Image(i).Digest)
				}
			}
		}
	}
	blobsOf := func(manifests map[inventory.Digest]bool) map[inventory.Digest]bool {
		blobs := map[inventory.Digest]bool{}
		for d := range manifests {
			blobs[d] = true
			if i := inv.ImageOf(d); i >= 0 {
				for _, l := range append(slices.Clone(inv.Image(i).Layers), inv.Image(i).Config) {
					blobs[l] = true
				}
			}
		}
		return blobs
	}
	var goes []string
	everywhere := map[inventory.Digest]bool{}
	for s := range inv.Streams() {
		stream := inv.Stream(s)
		needed := map[inventory.Digest]bool{}
		for t := stream.FirstTag; t < stream.EndTag; t++ {
			closure(needed, inv.Item(inv.Tag(t).FirstItem).Image)
		}
		for l := range inv.ListedLinks() {
			if l.Stream == s && l.Manifest && !untagged {
				closure(needed, l.Digest)
			}
		}
		closure(everywhere, slices.Collect(func(yield func(inventory.Digest) bool) {
			for d := range needed {
				yield(d)
			}
		})...)
		blobs := blobsOf(needed)
		for l := range inv.ListedLinks() {
			switch {
			case l.Stream != s || blobs[l.Digest]:
			case l.Manifest:
				goes = append(goes, stream.Repository()+" *"+name(l.Digest))
			default:
				goes = append(goes, stream.Repository()+" "+name(l.Digest))
			}
		}
	}
	kept := blobsOf(everywhere)
	for d := range inv.Digests() {
		if d := inventory.Digest(d); inv.Stored(d) && !kept[d] {
			goes = append(goes, name(d))
		}
	}
	return goes
}

// A push that is on the way links a layer that the plan lets go, or that an earlier
// one condemned, before its manifest is there.
func TestRecheckOfLayerThatIsLinkedAnew(t *testing.T) {
	there := func() *volume {
		return newVolume(t).image("app", "conf", "base").links("dev/app", "*app", "conf", "base").tag("dev/app", "latest", "app").
			store("lost").links("dev/app", "lost")
	}
	plan, err := prune.New(there().build(), prune.Garbage(prune.GarbageOptions{Untagged: true}), collectAt)
	require.NoError(t, err)
	stale := func(r *prune.Recheck) (list []string) {
		n := -1
		for a := range plan.Actions() {
			n++
			if why, is := r.Stale(n); is {
				require.Equal(t, prune.RuleInUse, why.Rule)
				require.Contains(t, why.String(), "dev/web")
				list = append(list, string(a.Kind)+" "+a.Digest)
			}
		}
		return list
	}
	same := plan.Recheck(there().build(), nil)
	require.Empty(t, stale(same))
	_, needed := same.NeedsBlob(word("earlier"))
	require.False(t, needed)

	pushed := plan.Recheck(there().links("dev/web", "lost", "earlier").build(), nil)
	require.Equal(t, []string{"DeleteBlob " + word("lost")}, stale(pushed))
	why, needed := pushed.NeedsBlob(word("earlier"))
	require.True(t, needed)
	require.Contains(t, why.String(), "dev/web")
}
