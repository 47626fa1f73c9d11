package importer

import (
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/registryclient/notification"
)

// OperationsOf returns what an event of a registry does to the stream that stands for
// its repository, to be applied as of the event's time. host is the registry as in a
// pull spec; where it is empty, items are pulled from status.dockerImageRepository.
//
//   - A manifest that was pushed under a tag makes the tag point to it. The images of a
//     list are pushed before it, by digest alone, and do nothing.
//   - A tag that was deleted goes, with its history, unless the event names another
//     digest than the one that the tag points to.
//   - Content that was deleted leaves every history that lists it as of that repository.
//   - A repository that was deleted is all of its tags.
//
// Tags of the spec that are imported or follow another are not touched by deletions:
// what they point to is not for the registry to say, and the next import finds out.
// Where there is nothing to do the list is empty. The stream is only read; nil is one
// that does not exist. Whether the repository is that of the stream is for the caller to
// know.
//
// Events come in any order. A push that is older than what the tag points to does
// nothing. A deletion does nothing unless it is certainly later than what the stream
// lists of what it would delete: streams keep whole seconds, so one of the same second is
// in doubt, and stays without effect, as is one without a time and one of an item
// without. Of a later push of the image that a tag points to already, streams say
// nothing. A registry does not tell again of what it no longer has: what a deletion in
// doubt leaves, only a look at the registry takes away. [PushTimes] knows better, for as
// long as it lives.
func OperationsOf(e notification.Event, host string, stream *imagestream.ImageStream) []imagestream.Operation {
	return (*PushTimes)(nil).OperationsOf(e, host, stream)
}

// An event is one of a registry, with what is known of others.
type event struct {
	notification.Event
	host   string
	stream *imagestream.ImageStream
	times  *PushTimes
}

// operations says what an event does.
func (e event) operations() []imagestream.Operation {
	switch e.Kind {
	case notification.ManifestPushed:
		return e.pushed()
	case notification.TagDeleted:
		if e.takes(e.Tag) && e.isOf(e.Tag) {
			return []imagestream.Operation{imagestream.DeleteTag{Tag: e.Tag}}
		}
	case notification.RepositoryDeleted:
		return e.repositoryDeleted()
	case notification.ContentDeleted:
		return e.contentDeleted()
	}
	return nil
}

// pushed makes a tag point to what was pushed.
func (e event) pushed() []imagestream.Operation {
	if !imagestream.ValidTag(e.Tag) || !imagestream.ValidDigest(e.Digest) || e.isOlder() {
		return nil
	}
	push := imagestream.RecordPush{Tag: e.Tag, Image: e.Digest}
	if e.host != "" {
		push.DockerImageReference = e.host + "/" + e.Repository + "@" + e.Digest
	}
	return []imagestream.Operation{push}
}

// isOlder says whether a push is certainly older than what its tag points to. One without
// a time is of now.
func (e event) isOlder() bool {
	item := e.stream.LatestEvent(e.Tag)
	if item == nil || e.Time.IsZero() {
		return false
	}
	if known, ok := e.times.of(e.host, e.Repository, e.Tag); ok && known.at.Unix() >= item.Created.Unix() {
		return isLater(known.at, e.Time)
	}
	return e.Time.Unix() < item.Created.Unix()
}

// isLater says whether something is certainly later than something else. What has no part
// of a second may have lost it, and have happened up to a second after.
func isLater(t, than time.Time) bool {
	if than.Nanosecond() == 0 {
		return t.Unix() > than.Unix()
	}
	return t.After(than)
}

// deletes says whether a deletion is certainly later than an item, and than the last push
// under that name, a tag or a digest, that is known of.
func (e event) deletes(item imagestream.TagEvent, name string) bool {
	if e.Time.IsZero() || item.Created.IsZero() {
		return false
	}
	known, ok := e.times.of(e.host, e.Repository, name)
	switch {
	case !ok && !e.times.remembers(e.Time), ok && !isLater(e.Time, known.at):
		return false
	case ok && known.digest == item.Image && known.at.Unix() >= item.Created.Unix():
		// The item is of that push, or of an earlier one of the same image.
		return true
	}
	return isLater(e.Time, item.Created.Time)
}

// takes says whether a tag that was deleted in the registry goes from the stream.
func (e event) takes(tag string) bool {
	latest := e.stream.LatestEvent(tag)
	if latest == nil {
		// There are conditions at most, which nobody pulls.
		return e.stream.StatusTag(tag) != nil && pushedTo(e.stream, tag)
	}
	return e.deletes(*latest, tag) && pushedTo(e.stream, tag)
}

// isOf says whether the digest that a deletion names, if it does, is what a tag points to.
func (e event) isOf(tag string) bool {
	latest := e.stream.LatestEvent(tag)
	return e.Digest == "" || latest != nil && latest.Image == e.Digest
}

// pushedTo says whether a tag is only pushed to: its spec says nothing of where it comes
// from.
func pushedTo(stream *imagestream.ImageStream, tag string) bool {
	spec := stream.SpecTag(tag)
	return spec == nil || spec.From == nil
}

func (e event) repositoryDeleted() []imagestream.Operation {
	if e.stream == nil {
		return nil
	}
	var operations []imagestream.Operation
	for n := range e.stream.Status.Tags {
		if tag := e.stream.Status.Tags[n].Tag; e.takes(tag) {
			operations = append(operations, imagestream.DeleteTag{Tag: tag})
		}
	}
	return operations
}

func (e event) contentDeleted() []imagestream.Operation {
	if e.stream == nil || !imagestream.ValidDigest(e.Digest) {
		return nil
	}
	var operations []imagestream.Operation
	for n := range e.stream.Status.Tags {
		list := &e.stream.Status.Tags[n]
		if !pushedTo(e.stream, list.Tag) {
			continue
		}
		var items []imagestream.TagEvent
		for _, item := range list.Items {
			if item.Image == e.Digest && e.has(item) && e.deletes(item, e.Digest) {
				items = append(items, item)
			}
		}
		if len(items) > 0 {
			operations = append(operations, imagestream.ForgetItems{Tag: list.Tag, Items: items})
		}
	}
	return operations
}

// has says whether an item is pulled from the repository of an event.
func (e event) has(item imagestream.TagEvent) bool {
	ref, err := imagestream.ParsePullSpec(item.DockerImageReference)
	if err != nil {
		return false
	}
	repository := e.stream.Status.DockerImageRepository
	if e.host != "" {
		repository = e.host + "/" + e.Repository
	}
	own, err := imagestream.ParsePullSpec(repository)
	return err == nil && ref.AsRepository().Equal(own.AsRepository())
}
