package imagestream

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// script turns bytes into operations on few tags and images, so that they meet.
type script struct{ bytes []byte }

func (s *script) next(n int) int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := int(s.bytes[0])
	s.bytes = s.bytes[1:]
	return b % n
}

func (s *script) tag() string {
	return []string{"a", "b", "c", "d", "latest", "a:b", ""}[s.next(7)]
}

func (s *script) image() string {
	if i := s.next(9); i < 8 {
		return digest(i)
	}
	return "not a digest"
}

func (s *script) from() *ObjectReference {
	kind := []string{KindDockerImage, KindImageStreamTag, KindImageStreamImage, KindImageStreamTag, ""}[s.next(5)]
	name := []string{"a", "web:b", "c", "other:x", digest(1), "web@" + digest(2), "quay.io/shop/web:1", "quay.io", "web@sha256:0", "x:y:z"}[s.next(10)]
	return &ObjectReference{Kind: kind, Name: name, Namespace: []string{"", "shop", "far"}[s.next(3)]}
}

func (s *script) spec() TagReference {
	t := TagReference{Name: s.tag(), From: s.from()}
	flags := s.next(64)
	t.Reference, t.ImportPolicy.Scheduled, t.ImportPolicy.Insecure = flags&1 > 0, flags&2 > 0, flags&4 > 0
	if flags&8 > 0 {
		t.ReferencePolicy.Type = LocalTagReferencePolicy
	}
	if flags&16 > 0 {
		t.Generation = pointerTo(int64(flags >> 5))
	}
	return t
}

func (s *script) operation(depth int) Operation {
	switch s.next(14) {
	case 0, 1:
		return RecordPush{Tag: s.tag(), Image: s.image()}
	case 2, 3:
		return SetTag{s.spec()}
	case 4:
		return CopyTag{Source: *s.from(), To: s.tag(), Alias: s.next(2) == 0}
	case 5:
		return DeleteTag{Tag: s.tag(), KeepHistory: s.next(2) == 0}
	case 6:
		return RecordImport{Tag: s.tag(), Image: s.image(), DockerImageReference: "quay.io/shop/web:1", Generation: int64(s.next(4))}
	case 7:
		return RecordImportFailure{Tag: s.tag(), Reason: "NotFound", Generation: int64(s.next(4))}
	case 8:
		return RollBack{Tag: s.tag(), Revision: s.next(4), Pin: s.next(4) == 0}
	case 9:
		return RollForward{s.tag()}
	case 10:
		return ForgetHistory{Tag: s.tag(), Keep: HistoryPolicy{MaxItems: s.next(4)}}
	case 11:
		return FollowAliases{}
	case 12:
		image := s.image()
		return ForgetItems{Tag: s.tag(), Items: []TagEvent{{Image: image, DockerImageReference: home + "@" + image, Created: NewTime(at(s.next(60)))}}}
	}
	if depth > 2 {
		return SetSpec{ImageStreamSpec{Tags: []TagReference{s.spec(), s.spec()}}}
	}
	return Batch{s.operation(depth + 1), s.operation(depth + 1)}
}

func FuzzApply(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 1, 1, 0, 0, 8, 0, 1, 9, 0})
	f.Add([]byte("operations on streams, in any order at all"))
	f.Add([]byte{12, 12, 12, 2, 0, 0, 6, 0, 0, 6, 0, 1, 2, 7, 0, 0, 11, 10, 0, 2})
	f.Add([]byte{2, 0, 1, 1, 0, 2, 1, 1, 0, 0, 2, 2, 1, 1, 0, 0, 0, 2, 3, 8, 0, 1, 9, 0})
	f.Fuzz(func(t *testing.T, data []byte) { runScript(t, data[:min(len(data), 200)]) })
}

func TestRandomOperations(t *testing.T) {
	n := uint64(2000)
	if testing.Short() {
		n = 400
	}
	for seed := range n {
		rng := rand.New(rand.NewPCG(seed, 3))
		data := make([]byte, 100)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		runScript(t, data)
	}
}

func runScript(t *testing.T, data []byte) {
	other := New("shop", "other")
	other.Status.DockerImageRepository = "registry.example.com:5000/shop/other"
	other, _, err := Apply(other, RecordPush{Tag: "x", Image: digest(5)}, at(0))
	require.NoError(t, err)
	a := Applier{Lookup: LookupIn(other)}
	in := &script{data}
	if in.next(2) == 0 {
		a.History = HistoryPolicy{MaxItems: 3}
	}
	s := New("shop", "web")
	s.Status.DockerImageRepository = home
	var streams []*ImageStream
	var written []string
	for step := 1; len(in.bytes) > 0; step++ {
		s = requireSound(t, a, s, in.operation(0), at(step))
		streams, written = append(streams, s), append(written, textOf(t, s))
	}
	for i, s := range streams { // they share what is equal, and nobody else's changes
		require.Equal(t, written[i], textOf(t, s), "the stream after step %d was modified later", i+1)
	}
}

func textOf(t *testing.T, s *ImageStream) string {
	data, err := json.Marshal(s)
	require.NoError(t, err)
	return string(data)
}

// requireSound applies an operation and checks what holds for every one.
func requireSound(t *testing.T, a Applier, s *ImageStream, o Operation, now time.Time) *ImageStream {
	before, err := json.Marshal(s)
	require.NoError(t, err)
	next, changes, err := a.Apply(s, o, now)
	after, marshalErr := json.Marshal(s)
	require.NoError(t, marshalErr)
	require.Equal(t, string(before), string(after), "%#v modified its argument", o)
	if err != nil {
		var e *Error
		require.True(t, errors.As(err, &e))
		require.NotEmpty(t, e.Reason+e.Err.Error())
		require.Nil(t, next)
		require.Nil(t, changes)
		return s
	}
	if len(changes) == 0 {
		require.Same(t, s, next)
		return s
	}
	require.LessOrEqual(t, next.Generation, s.Generation+1)
	require.GreaterOrEqual(t, next.Generation, s.Generation)
	require.True(t, slices.IsSortedFunc(next.Spec.Tags, func(a, b TagReference) int { return strings.Compare(a.Name, b.Name) }))
	require.True(t, slices.IsSortedFunc(next.Status.Tags, func(a, b NamedTagEventList) int { return strings.Compare(a.Tag, b.Tag) }))
	for i := range next.Spec.Tags {
		require.NotNil(t, next.Spec.Tags[i].Generation)
		require.LessOrEqual(t, *next.Spec.Tags[i].Generation, next.Generation)
	}
	requireNothingLost(t, s, next, changes)
	written, err := json.Marshal(next)
	require.NoError(t, err)
	var read ImageStream
	require.NoError(t, json.Unmarshal(written, &read))
	again, err := json.Marshal(&read)
	require.NoError(t, err)
	require.Equal(t, string(written), string(again))
	if _, ok := o.(FollowAliases); ok {
		_, changes, err := a.Apply(next, o, now.Add(time.Minute))
		require.NoError(t, err)
		require.Empty(t, changes)
	}
	return next
}

// requireNothingLost: what a history had it still has, or the changes say so;
// and an import that was pending is answered by nothing but its result.
func requireNothingLost(t *testing.T, s, next *ImageStream, changes []Change) {
	removed := map[string]int{}
	answered := map[string]bool{}
	for _, c := range changes {
		switch {
		case c.Kind == EventRemoved:
			removed[c.Tag+" "+c.Event.Image]++
		case c.Kind == EventChanged && c.Field == "image":
			removed[c.Tag+" "+c.Old]++
		}
		if strings.HasPrefix(string(c.Kind), "SpecTag") || c.Kind == ConditionSet || c.Field == "generation" ||
			strings.HasPrefix(c.Event.DockerImageReference, "quay.io") {
			answered[c.Tag] = true
		}
	}
	for _, list := range s.Status.Tags {
		have := map[string]int{}
		if now := next.StatusTag(list.Tag); now != nil {
			for _, item := range now.Items {
				have[item.Image]++
			}
		}
		for _, item := range list.Items {
			if have[item.Image]--; have[item.Image] < 0 {
				key := list.Tag + " " + item.Image
				require.Positive(t, removed[key], "%s is lost and no change says so: %v", key, texts(changes))
				removed[key]--
			}
		}
	}
	stillPending := map[string]bool{}
	for p := range next.PendingImports() {
		stillPending[p.Tag] = true
	}
	for p := range s.PendingImports() {
		if p.Requested > 1 && !answered[p.Tag] {
			require.True(t, stillPending[p.Tag], fmt.Sprintf("the import of %s is masked: %v", p.Tag, texts(changes)))
		}
	}
}
