package upstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	imagev1 "github.com/openshift/api/image/v1"
	"github.com/openshift/library-go/pkg/image/imageutil"
	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/trigger"
)

// pick returns one of several, at random.
func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

var tagNames = []string{"latest", "a", "b", "1.0"}

func digestOf(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// randomStream makes up a stream of everything that decides about a pull spec,
// without two tags of one name.
func randomStream(rng *rand.Rand) *imagestream.ImageStream {
	s := imagestream.New("shop", "web")
	s.Generation, s.UID, s.ResourceVersion = 9, "u", "1"
	s.Status.DockerImageRepository = pick(rng, "", "registry.example.com:5000/shop/web", "registry.example.com/shop/web", "Not/A Repository")
	s.Status.PublicDockerImageRepository = pick(rng, "", "public.example.com/shop/web")
	for _, name := range tagNames {
		if rng.IntN(3) > 0 {
			s.Spec.Tags = append(s.Spec.Tags, randomSpec(rng, name))
		}
		if rng.IntN(3) > 0 {
			s.Status.Tags = append(s.Status.Tags, randomHistory(rng, name))
		}
	}
	return s
}

func randomSpec(rng *rand.Rand, name string) imagestream.TagReference {
	t := imagestream.TagReference{
		Name: name, Reference: rng.IntN(4) == 0,
		ReferencePolicy: imagestream.TagReferencePolicy{Type: pick(rng, "", imagestream.SourceTagReferencePolicy, imagestream.LocalTagReferencePolicy)},
	}
	if n := rng.Int64N(6); n < 5 {
		t.Generation = &n
	}
	switch rng.IntN(5) {
	case 0:
	case 1:
		t.From = &imagestream.ObjectReference{Kind: "ImageStreamTag", Namespace: pick(rng, "", "shop", "other"), Name: pick(rng, "a", "web:b", "base:1", "web:x:y")}
	case 2:
		t.From = &imagestream.ObjectReference{Kind: "ImageStreamImage", Name: "web@" + digestOf(1)}
	default:
		t.From = &imagestream.ObjectReference{Kind: "DockerImage", Name: pick(rng, "quay.io/acme/web:1", "web", "quay.io/acme/web@"+digestOf(2))}
	}
	return t
}

func randomHistory(rng *rand.Rand, name string) imagestream.NamedTagEventList {
	list := imagestream.NamedTagEventList{Tag: name}
	for range rng.IntN(3) {
		image := rng.IntN(5)
		item := imagestream.TagEvent{
			Created:              imagestream.NewTime(time.Unix(1_700_000_000+rng.Int64N(1000), 0)),
			DockerImageReference: fmt.Sprintf("quay.io/acme/web@%s", digestOf(image)), Image: digestOf(image), Generation: rng.Int64N(5),
		}
		if rng.IntN(5) == 0 {
			item.Image, item.DockerImageReference = "", "quay.io/acme/web:1"
		}
		list.Items = append(list.Items, item)
	}
	if rng.IntN(4) == 0 {
		list.Conditions = []imagestream.TagEventCondition{{
			Type: imagestream.ImportSuccess, Status: pick(rng, imagestream.ConditionFalse, imagestream.ConditionTrue),
			Reason: pick(rng, "NotFound", imagestream.ReasonDanglingAlias), Generation: rng.Int64N(5),
		}}
	}
	return list
}

// theirs is the same stream in upstream's types.
func theirs(t *testing.T, s *imagestream.ImageStream) *imagev1.ImageStream {
	t.Helper()
	data, err := json.Marshal(s)
	require.NoError(t, err)
	other := new(imagev1.ImageStream)
	require.NoError(t, json.Unmarshal(data, other))
	return other
}

// onRandomStreams runs a check on every tag of many streams, also on one that no
// stream has.
func onRandomStreams(t *testing.T, check func(ours *imagestream.ImageStream, theirs *imagev1.ImageStream, tag string)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		ours := randomStream(rng)
		other := theirs(t, ours)
		for _, tag := range append([]string{"none"}, tagNames...) {
			check(ours, other, tag)
		}
	}
}

// counter counts cases, so that a test shows that it met each kind of them.
type counter map[string]int

func (c counter) requireAll(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		require.Greater(t, c[name], 50, "cases of %q: %v", name, c)
	}
}

func TestLatestEventAsUpstream(t *testing.T) {
	onRandomStreams(t, func(ours *imagestream.ImageStream, other *imagev1.ImageStream, tag string) {
		want, got := imageutil.LatestTaggedImage(other, tag), ours.LatestEvent(tag)
		require.Equal(t, want == nil, got == nil, tag)
		if want != nil {
			require.Equal(t, [3]any{want.Image, want.DockerImageReference, want.Generation}, [3]any{got.Image, got.DockerImageReference, got.Generation})
		}
	})
}

// An empty tag is latest upstream, and no tag here. Of two tags with one name
// upstream's helpers take the first, and its server, which this package follows,
// the last.
func TestTagsThatAreMeantToDiffer(t *testing.T) {
	s := imagestream.New("shop", "web")
	s.Status.Tags = []imagestream.NamedTagEventList{
		{Tag: "latest", Items: []imagestream.TagEvent{{Image: "first"}}}, {Tag: "latest", Items: []imagestream.TagEvent{{Image: "last"}}},
	}
	require.Equal(t, "first", imageutil.LatestTaggedImage(theirs(t, s), "").Image)
	require.Equal(t, "last", s.LatestEvent("latest").Image)
	require.Nil(t, s.LatestEvent(""))
}

// What triggers put into containers.
func TestTriggersResolveAsUpstream(t *testing.T) {
	cases := counter{}
	onRandomStreams(t, func(ours *imagestream.ImageStream, other *imagev1.ImageStream, tag string) {
		want, ok := imageutil.ResolveLatestTaggedImage(other, tag)
		got, err := trigger.Streams(imagestream.LookupIn(ours)).ResolveTag("shop", "web", tag)
		require.Equal(t, ok, err == nil, "%s: %v", tag, err)
		require.Equal(t, want, got.Image)
		cases[fmt.Sprint(ok, strings.Contains(want, "/shop/web@"))]++
	})
	cases.requireAll(t, "false false", "true false", "true true")
}

// The most recent pull spec that works: wherever a tag has an item, it is
// upstream's. Named differences, all of them without an item:
//
//   - where nothing was imported or pushed, upstream makes up a pull spec, of the
//     source or of the tag in the stream's repository, that nobody may be able to
//     pull; here it is an error;
//   - but a reference is what it says, whatever its reference policy, which
//     upstream takes for a reason to make up the tag in the repository.
//
// And of whether something newer is asked for: TestNewerAsUpstream.
func TestRecentPullSpecAsUpstream(t *testing.T) {
	cases := counter{}
	onRandomStreams(t, func(ours *imagestream.ImageStream, other *imagev1.ImageStream, tag string) {
		want, _, hasStatus, empty, err := imageutil.ResolveRecentPullSpecForTag(other, tag, false)
		got, _, gotErr := ours.RecentPullSpec(tag, imagestream.ResolveOptions{})
		spec := ours.SpecTag(tag)
		switch {
		case hasStatus:
			require.NoError(t, gotErr)
			require.Equal(t, want, got)
			cases["item"]++
		case spec != nil && spec.Reference && spec.From != nil && spec.From.Kind == "DockerImage":
			require.NoError(t, gotErr)
			require.Equal(t, spec.From.Name, got)
			if !empty && err == nil {
				require.Equal(t, want, got)
				cases["reference by source"]++
			} else {
				cases["reference by another policy"]++
			}
		default:
			require.Error(t, gotErr)
			require.True(t, errors.Is(gotErr, imagestream.ErrNoImage) || errors.Is(gotErr, imagestream.ErrTagNotFound), "%v", gotErr)
			cases[fmt.Sprint("made up ", err == nil)]++
		}
	})
	cases.requireAll(t, "item", "reference by source", "reference by another policy", "made up true", "made up false")
}

// What was asked for and is not there yet. Upstream compares the generation of
// the spec tag with that of the newest item alone. Named differences:
//
//   - an import that failed answered, well or badly, what was asked for: here it
//     is failed, upstream pending for ever;
//   - a tag that nobody imports (an alias, an image, a reference, one without a
//     source) does not wait, upstream it does;
//   - generation 0 asks for an import, upstream that is nothing new;
//   - conditions of an import that failed, or of an alias that dangles, count;
//     upstream does not look at them.
func TestNewerAsUpstream(t *testing.T) {
	cases := counter{}
	onRandomStreams(t, func(ours *imagestream.ImageStream, other *imagev1.ImageStream, tag string) {
		_, want, hasStatus, _, _ := imageutil.ResolveRecentPullSpecForTag(other, tag, false)
		if !hasStatus {
			return
		}
		_, newer, err := ours.RecentPullSpec(tag, imagestream.ResolveOptions{})
		require.NoError(t, err)
		spec, list := ours.SpecTag(tag), ours.StatusTag(tag)
		imported := spec != nil && spec.From != nil && spec.From.Kind == "DockerImage" && !spec.Reference
		zero := spec != nil && spec.Generation != nil && *spec.Generation == 0
		failed := len(list.Conditions) > 0
		switch {
		case want == errors.Is(newer, imagestream.ErrImportPending) && (want || newer == nil):
			cases["the same"]++
		case want && !imported:
			require.False(t, errors.Is(newer, imagestream.ErrImportPending))
			cases["nobody imports it"]++
		case !want && errors.Is(newer, imagestream.ErrImportPending):
			require.True(t, zero && imported, "pending here alone")
			cases["generation 0"]++
		case want:
			require.True(t, failed, "pending upstream alone: answered without an item")
			cases["answered"]++
		default:
			require.ErrorIs(t, newer, imagestream.ErrImportFailed)
			require.True(t, failed, "failed without a condition")
			cases["a condition"]++
		}
	})
	cases.requireAll(t, "the same", "nobody imports it", "generation 0", "answered", "a condition")
}

// The pull spec of what was asked for last: upstream's, where a tag has an item
// and nothing newer is asked for on either side. Where something is, it is an
// error here; upstream gives out the source, imported or not, under the policy
// Source, and an error (ErrWaitForPullSpec) under Local.
func TestNewestPullSpecAsUpstream(t *testing.T) {
	cases := counter{}
	onRandomStreams(t, func(ours *imagestream.ImageStream, other *imagev1.ImageStream, tag string) {
		want, hasStatus, _, err := imageutil.ResolveNewestPullSpecForTag(other, tag, false)
		got, gotErr := ours.NewestPullSpec(tag, imagestream.ResolveOptions{})
		_, newer, recentErr := ours.RecentPullSpec(tag, imagestream.ResolveOptions{})
		switch {
		case recentErr != nil || newer != nil:
			require.Error(t, gotErr)
			cases["nothing, or newer, here"]++
		case hasStatus:
			require.NoError(t, gotErr)
			require.Equal(t, want, got)
			cases["item"]++
		case errors.Is(err, imageutil.ErrWaitForPullSpec):
			require.NoError(t, gotErr) // nobody imports it, so there is nothing to wait for
			cases["upstream waits"]++
		default:
			require.NoError(t, gotErr)
			cases["source"]++
		}
	})
	cases.requireAll(t, "nothing, or newer, here", "item", "upstream waits", "source")
}

// An empty name, and one that ends in a colon, follow a tag without a name
// upstream, and nothing here; so do names with a colon more than they should.
func TestTargetsAsUpstream(t *testing.T) {
	s := &imagev1.ImageStream{}
	s.Namespace, s.Name = "shop", "web"
	ours := imagestream.New("shop", "web")
	for _, namespace := range []string{"", "shop", "other"} {
		for _, name := range []string{"a", "web:a", "base:a", "web:a:b", "a:b:c", "web:web:a", "", "web:", ":a"} {
			for _, kind := range []string{"ImageStreamTag", "ImageStreamImage", "DockerImage"} {
				var theirs imagev1.TagReference
				data := fmt.Sprintf(`{"name":"x","from":{"kind":%q,"namespace":%q,"name":%q}}`, kind, namespace, name)
				require.NoError(t, json.Unmarshal([]byte(data), &theirs))
				var t2 imagestream.TagReference
				require.NoError(t, json.Unmarshal([]byte(data), &t2))
				want, local := imageutil.TagReferencesLocalTag(s, theirs)
				target, ok := ours.Target(&t2)
				if local && want != "" {
					require.True(t, ok, data)
					require.Equal(t, imagestream.TagName{Namespace: "shop", Stream: "web", Tag: want}, target, data)
				} else {
					require.False(t, ok && target.Namespace == "shop" && target.Stream == "web", "%s: %v", data, target)
				}
			}
		}
	}
}

func TestNamesSplitAsUpstream(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	parts := []string{"web", ":", "@", "1", "sha256:01", " ", "é", "/", ""}
	valid := counter{}
	for range 20_000 {
		var name string
		for range rng.IntN(5) {
			name += pick(rng, parts...)
		}
		stream, tag, err := imageutil.ParseImageStreamTagName(name)
		gotStream, gotTag, gotErr := imagestream.ParseImageStreamTagName(name)
		require.Equal(t, err == nil, gotErr == nil, "%q", name)
		if err == nil {
			require.Equal(t, [2]string{stream, tag}, [2]string{gotStream, gotTag})
			valid["tags"]++
		}
		stream, id, err := imageutil.ParseImageStreamImageName(name)
		gotStream, gotID, gotErr := imagestream.ParseImageStreamImageName(name)
		require.Equal(t, err == nil, gotErr == nil, "%q", name)
		if err == nil {
			require.Equal(t, [2]string{stream, id}, [2]string{gotStream, gotID})
			valid["images"]++
		}
	}
	valid.requireAll(t, "tags", "images")
}

// An empty prefix fits every image upstream, and none here. A name in full fits
// one image here, also where it is the start of another.
func TestImagePrefixesFitAsUpstream(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	cases := counter{}
	for range 5000 {
		s := imagestream.New("shop", "web")
		list := imagestream.NamedTagEventList{Tag: "a"}
		var names []string
		for range 1 + rng.IntN(4) {
			name := "sha256:" + strings.Repeat(pick(rng, "0", "1", "01", "10"), 2) + fmt.Sprintf("%060x", rng.IntN(3))
			name = name[:min(len(name), 71)] + strings.Repeat("0", max(0, 71-len(name)))
			names = append(names, name)
			list.Items = append(list.Items, imagestream.TagEvent{Image: name})
		}
		s.Status.Tags = []imagestream.NamedTagEventList{list}
		prefix := names[rng.IntN(len(names))]
		prefix = strings.TrimPrefix(prefix, pick(rng, "", "sha256:"))
		prefix = prefix[:1+rng.IntN(len(prefix))]
		slices.Sort(names)
		var want []string
		for _, name := range slices.Compact(names) {
			if imageutil.DigestOrImageMatch(name, prefix) {
				want = append(want, name)
			}
		}
		found, err := s.FindImage(prefix)
		var ambiguous *imagestream.AmbiguousImageError
		switch len(want) {
		case 0:
			require.ErrorIs(t, err, imagestream.ErrImageNotFound, prefix)
		case 1:
			require.NoError(t, err)
			require.Equal(t, want[0], found.Image)
			cases["one"]++
		default:
			require.ErrorAs(t, err, &ambiguous)
			require.Equal(t, want, ambiguous.Images)
			cases["several"]++
		}
	}
	cases.requireAll(t, "one", "several")
}
