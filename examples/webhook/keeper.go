package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/registrykit/registrykit/imagestream"
	"github.com/registrykit/registrykit/imagestream/importer"
	"github.com/registrykit/registrykit/registryclient/notification"
)

// A keeper keeps the streams of a registry's repositories.
type keeper struct {
	registry string
	text     bool

	mu      sync.Mutex
	out     io.Writer
	streams map[string]*imagestream.ImageStream
	// times tells deletions of the second of a push apart.
	times importer.PushTimes
}

// receive applies an event to the stream of its repository, and prints that. Where it
// fails in a way that may pass, the registry sends the event again; one that can never be
// applied is an error of notification.Permanent.
func (k *keeper) receive(_ context.Context, e notification.Event) error {
	if err := k.check(e); err != nil {
		return notification.Permanent(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	before := k.streams[e.Repository]
	operations := k.times.OperationsOf(e, k.registry, before)
	if len(operations) == 0 {
		return nil
	}
	if before == nil {
		before = k.newStream(e.Repository)
	}
	at := e.Time
	if at.IsZero() {
		at = time.Now()
	}
	stream, changes, err := imagestream.Apply(before, imagestream.Batch(operations), at)
	if errors.Is(err, imagestream.ErrInvalidOperation) || errors.Is(err, imagestream.ErrInvalidPullSpec) || errors.Is(err, imagestream.ErrInvalidName) {
		return notification.Permanent(err)
	}
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	if err := k.print(e.Repository, stream, changes); err != nil {
		return err
	}
	if k.streams == nil {
		k.streams = map[string]*imagestream.ImageStream{}
	}
	k.streams[e.Repository] = stream
	return nil
}

// check says what is wrong with the names of an event of manifests and tags.
func (k *keeper) check(e notification.Event) error {
	switch e.Kind {
	case notification.ManifestPushed, notification.TagDeleted, notification.ContentDeleted, notification.RepositoryDeleted:
	default:
		return nil
	}
	ref, err := imagestream.ParsePullSpec(k.registry + "/" + e.Repository)
	switch {
	case err != nil:
		return fmt.Errorf("target.repository: %w", err)
	case ref.Tag != "" || ref.ID != "":
		return fmt.Errorf("target.repository: %.200q is no repository", e.Repository)
	case e.Tag != "" && !imagestream.ValidTag(e.Tag):
		return fmt.Errorf("target.tag: %.200q is no tag", e.Tag)
	case (e.Digest != "" || e.Kind == notification.ManifestPushed) && !imagestream.ValidDigest(e.Digest):
		return fmt.Errorf("target.digest: %.200q is no digest", e.Digest)
	}
	return nil
}

// newStream makes the stream of a repository.
func (k *keeper) newStream(repository string) *imagestream.ImageStream {
	namespace, name, ok := strings.Cut(repository, "/")
	if !ok {
		namespace, name = "", repository
	}
	stream := imagestream.New(namespace, strings.ReplaceAll(name, "/", "."))
	stream.TypeMeta = imagestream.TypeMeta{Kind: "ImageStream", APIVersion: imagestream.APIVersion}
	stream.Status.DockerImageRepository = k.registry + "/" + repository
	return stream
}

// print writes the stream in one line, or a line for each change with the
// names in it escaped.
func (k *keeper) print(repository string, stream *imagestream.ImageStream, changes []imagestream.Change) error {
	if !k.text {
		return json.NewEncoder(k.out).Encode(stream)
	}
	for _, c := range changes {
		if _, err := fmt.Fprintln(k.out, escape(fmt.Sprintf("%s: %s", repository, c))); err != nil {
			return err
		}
	}
	return nil
}
