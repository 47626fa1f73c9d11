package apply_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/prune"
	"github.com/registrykit/registrykit/prune/apply"
	"github.com/registrykit/registrykit/prune/inventory"
	"github.com/registrykit/registrykit/prune/prunetest"
)

// A defect is one of research/prune.md, section 3.1, and what brings it about on the
// cluster of newFixture.
type defect struct {
	letter, name string
	// odd: there is an Image whose metadata is this.
	odd *string
	// before is called ahead of each call of an end, as prunetest.Live.Before is.
	before func(f *fixture, l *prunetest.Live) func(prunetest.Call) error
	// wrong is part of what must be found wrong behind the peer.
	wrong string
}

var defects = []defect{
	{letter: "A", name: "a status update is forbidden", before: updateFails(apply.ErrForbidden), wrong: ": Image "},
	{letter: "A", name: "a status update meets conflicts to the end", before: updateFails(apply.ErrConflict), wrong: ": blob "},
	{letter: "A", name: "a status update runs out of time", before: updateFails(context.DeadlineExceeded), wrong: ": Image "},
	{letter: "B", name: "a stream is deleted between its reading and its update", wrong: "nil pointer", before: func(_ *fixture, l *prunetest.Live) func(prunetest.Call) error {
		return once("UpdateStreamStatus", func() { l.DeleteStream("dev/app") })
	}},
	{letter: "J", name: "an image is tagged into a new stream", wrong: "late/new:latest ", before: func(f *fixture, l *prunetest.Live) func(prunetest.Call) error {
		return once("ReadStream", func() {
			l.Tag("late/new", "latest", host+"late/new@"+f.oldest.Digest(), f.oldest.Digest(), f.cluster.Now())
		})
	}},
	{letter: "L", name: "a new item uses a layer, and the update meets a conflict", wrong: ": link dev/app ", before: func(f *fixture, l *prunetest.Live) func(prunetest.Call) error {
		read := false
		return func(c prunetest.Call) error {
			if read { // the call that follows, whatever it is
				l.Before = nil
				l.Tag("dev/app", "again", f.app.Digest(f.oldest), f.oldest.Digest(), f.cluster.Now())
			}
			read = c == prunetest.Call{Verb: "ReadStream", Object: "dev/app"}
			return nil
		}
	}},
	{letter: "N", name: "an Image has no metadata", odd: new(string), wrong: "garbage: Image "},
	{letter: "N", name: "an Image's metadata cannot be read", odd: &undecodable, wrong: "garbage: Image "},
	{letter: "P", name: "an import has failed", wrong: "condition: dev/app:imported"},
}

var undecodable = `{"Id":5,"Size":"x"}`

// updateFails has every status update fail.
func updateFails(err error) func(*fixture, *prunetest.Live) func(prunetest.Call) error {
	return func(*fixture, *prunetest.Live) func(prunetest.Call) error { return on("UpdateStreamStatus", err) }
}

// once does something ahead of the first call of a verb.
func once(verb string, do func()) func(prunetest.Call) error {
	done := false
	return func(c prunetest.Call) error {
		if c.Verb == verb && !done {
			done = true
			do()
		}
		return nil
	}
}

// TestDefectsOfThePeer brings about each defect of the peer that is about carrying out,
// with a model of the peer and with Run: same cluster, same ends, same look at the end.
// What the model leaves wrong, Run does not.
func TestDefectsOfThePeer(t *testing.T) {
	for _, d := range defects {
		t.Run(d.letter+", "+d.name, func(t *testing.T) {
			s := newScene(t, d)
			require.Empty(t, s.wrong())
			var died any
			func() {
				defer func() { died = recover() }()
				_ = s.model(t).run(t.Context())
			}()
			s.live.Before = nil
			require.Contains(t, fmt.Sprint(died, s.wrong()), d.wrong)

			s = newScene(t, d)
			plan, err := prune.New(s.list(t), oneRevision(t), s.cluster.Now())
			require.NoError(t, err)
			ends := s.live.Ends()
			if d.odd != nil {
				ends.Inventory = lister(func(context.Context) (*inventory.Inventory, error) { return s.list(t), nil })
			}
			s.arm(d)
			_, _ = apply.Run(t.Context(), plan, ends, atOnce(s.cluster.Now()))
			s.live.Before = nil
			require.Empty(t, s.wrong())
		})
	}
}

// TestPeerModelUndisturbed: where nothing comes in between, the model and Run do the
// same, so that what differs above is of the defects.
func TestPeerModelUndisturbed(t *testing.T) {
	peer, ours := newScene(t, defect{}), newScene(t, defect{})
	before := stateOf(ours.live)
	require.NoError(t, peer.model(t).run(t.Context()))
	plan, err := prune.New(ours.list(t), oneRevision(t), ours.cluster.Now())
	require.NoError(t, err)
	_, err = apply.Run(t.Context(), plan, ours.live.Ends(), atOnce(ours.cluster.Now()))
	require.NoError(t, err)
	require.Equal(t, stateOf(ours.live), stateOf(peer.live))
	require.NotEqual(t, before, stateOf(ours.live))
	require.Empty(t, peer.live.Missing())
}

// A scene is a cluster with an import that has failed, alive.
type scene struct {
	*fixture
	defect
	live   *prunetest.Live
	images []imagestream.Image
	// ended is set once something has been carried out.
	ended bool
}

const imported = "imported"

func newScene(t *testing.T, d defect) *scene {
	s := &scene{fixture: newFixture(t), defect: d}
	s.images = s.cluster.Images()
	if d.odd != nil {
		odd := s.cluster.Stream("dev/odd").Push("latest", s.cluster.Image(), 30*24*time.Hour)
		s.images = s.cluster.Images()
		i := slices.IndexFunc(s.images, func(i imagestream.Image) bool { return i.Name == odd.Digest() })
		s.images[i].DockerImageMetadata.Raw = []byte(*d.odd)
	}
	s.live = s.cluster.Live()
	stream, err := s.live.ReadStream(t.Context(), "dev", "app")
	require.NoError(t, err)
	stream.Status.Tags = append(stream.Status.Tags, imagestream.NamedTagEventList{Tag: imported, Conditions: []imagestream.TagEventCondition{
		{Type: imagestream.ImportSuccess, Status: "False", Reason: "NotFound"},
	}})
	require.NoError(t, s.live.UpdateStreamStatus(t.Context(), stream))
	return s
}

// arm lets the defect's circumstances come about from now on.
func (s *scene) arm(d defect) {
	s.ended = true
	if d.before != nil {
		s.live.Before = d.before(s.fixture, s.live)
	}
}

// model is the model of the peer on the scene, which has listed it.
func (s *scene) model(t *testing.T) *peerModel {
	m := &peerModel{
		ends: s.live.Ends(), revisions: 1, threshold: s.cluster.Now().Add(-time.Hour),
		streams: map[string]*imagestream.ImageStream{}, images: map[string]imagestream.Image{},
	}
	for _, stream := range s.typed(t) {
		m.streams[inventory.RepositoryName(stream.Namespace, stream.Name)] = stream
	}
	for _, i := range s.images {
		m.images[i.Name] = i
	}
	s.arm(s.defect)
	return m
}

// typed are the streams that are there.
func (s *scene) typed(t *testing.T) (list []*imagestream.ImageStream) {
	for _, o := range s.cluster.ImageStreams() {
		stream, err := s.live.ReadStream(t.Context(), o.Namespace, o.Name)
		require.NoError(t, err)
		list = append(list, stream)
	}
	return list
}

// list is what Run knows: the same objects, less the Images that have gone.
func (s *scene) list(t *testing.T) *inventory.Inventory {
	var b inventory.Builder
	for _, stream := range s.typed(t) {
		require.NoError(t, b.AddImageStream(stream))
	}
	there := s.live.Images()
	for _, i := range s.images {
		if slices.Contains(there, i.Name) {
			require.NoError(t, b.AddImage(&i))
		}
	}
	b.Listed(inventory.Kinds()...)
	b.ImagesAfterStreams(true)
	return b.Build()
}

// wrong says what is not there that tag items need, which conditions were lost, and,
// behind a run that nothing kept from it, what garbage is left.
func (s *scene) wrong() []string {
	list := s.live.Missing()
	stream, err := s.live.ReadStream(context.Background(), "dev", "app")
	if err == nil && stream.StatusTag(imported) == nil {
		list = append(list, "condition: dev/app:"+imported)
	}
	if s.ended && s.before == nil {
		for _, i := range []*prunetest.Image{s.middle, s.oldest} {
			if slices.Contains(s.live.Images(), i.Digest()) {
				list = append(list, "garbage: Image "+i.Digest())
			}
		}
	}
	return list
}
