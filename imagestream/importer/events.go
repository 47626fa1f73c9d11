package importer

import (
	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/registryclient/notification"
)

// OperationsOf returns what an event of a registry does to the stream that stands for
// its repository, to be applied as of the event's time. host is the registry as in a
// pull spec; where it is empty, items are pulled from status.dockerImageRepository.
//
//   - A manifest that was pushed under a tag makes the tag point to it. The images of a
//     list are pushed before it, by digest alone, and do nothing.
//   - A tag that was deleted goes, with its history.
//   - Content that was deleted leaves every history that lists it as of that repository.
//   - A repository that was deleted is all of its tags.
//
// Tags of the spec that are imported or follow another are not touched by deletions:
// what they point to is not for the registry to say, and the next import finds out.
// Events come in any order, so one that is older than what the tag points to does
// nothing. Where there is nothing to do the list is empty. The stream is only read;
// nil is one that does not exist.
//
// Whether the repository is that of the stream is for the caller to know.
func OperationsOf(e notification.Event, host string, stream *imagestream.ImageStream) []imagestream.Operation {
	switch e.Kind {
	case notification.ManifestPushed:
		return pushed(e, host, stream)
	case notification.TagDeleted:
		if goes(e, stream, e.Tag) {
			return []imagestream.Operation{imagestream.DeleteTag{Tag: e.Tag}}
		}
	case notification.RepositoryDeleted:
		return repositoryDeleted(e, stream)
	case notification.ContentDeleted:
		return contentDeleted(e, host, stream)
	}
	return nil
}

// pushed makes a tag point to what was pushed.
func pushed(e notification.Event, host string, stream *imagestream.ImageStream) []imagestream.Operation {
	if !imagestream.ValidTag(e.Tag) || !imagestream.ValidDigest(e.Digest) || isOlder(e, stream, e.Tag) {
		return nil
	}
	push := imagestream.RecordPush{Tag: e.Tag, Image: e.Digest}
	if host != "" {
		push.DockerImageReference = host + "/" + e.Repository + "@" + e.Digest
	}
	return []imagestream.Operation{push}
}

// isOlder says whether something newer is known of a tag than an event. Streams keep
// whole seconds, so what is of the same second is not older. An event without a time is
// of now.
func isOlder(e notification.Event, stream *imagestream.ImageStream, tag string) bool {
	event := stream.LatestEvent(tag)
	return event != nil && !e.Time.IsZero() && e.Time.Unix() < event.Created.Unix()
}

// goes says whether a tag that was deleted in the registry goes from the stream.
func goes(e notification.Event, stream *imagestream.ImageStream, tag string) bool {
	if stream.StatusTag(tag) == nil || isOlder(e, stream, tag) {
		return false
	}
	return pushedTo(stream, tag)
}

// pushedTo says whether a tag is only pushed to: its spec says nothing of where it comes
// from.
func pushedTo(stream *imagestream.ImageStream, tag string) bool {
	spec := stream.SpecTag(tag)
	return spec == nil || spec.From == nil
}

func repositoryDeleted(e notification.Event, stream *imagestream.ImageStream) []imagestream.Operation {
	if stream == nil {
		return nil
	}
	var operations []imagestream.Operation
	for n := range stream.Status.Tags {
		if tag := stream.Status.Tags[n].Tag; goes(e, stream, tag) {
			operations = append(operations, imagestream.DeleteTag{Tag: tag})
		}
	}
	return operations
}

func contentDeleted(e notification.Event, host string, stream *imagestream.ImageStream) []imagestream.Operation {
	if stream == nil || !imagestream.ValidDigest(e.Digest) {
		return nil
	}
	var operations []imagestream.Operation
	for n := range stream.Status.Tags {
		list := &stream.Status.Tags[n]
		if !pushedTo(stream, list.Tag) {
			continue
		}
		var items []imagestream.TagEvent
		for _, item := range list.Items {
			newer := !e.Time.IsZero() && e.Time.Unix() < item.Created.Unix()
			if item.Image == e.Digest && !newer && isIn(item, e, host, stream) {
				items = append(items, item)
			}
		}
		if len(items) > 0 {
			operations = append(operations, imagestream.ForgetItems{Tag: list.Tag, Items: items})
		}
	}
	return operations
}

// isIn says whether an item is pulled from the repository of an event.
func isIn(item imagestream.TagEvent, e notification.Event, host string, stream *imagestream.ImageStream) bool {
	ref, err := imagestream.ParsePullSpec(item.DockerImageReference)
	if err != nil {
		return false
	}
	repository := stream.Status.DockerImageRepository
	if host != "" {
		repository = host + "/" + e.Repository
	}
	own, err := imagestream.ParsePullSpec(repository)
	return err == nil && ref.AsRepository().Equal(own.AsRepository())
}
