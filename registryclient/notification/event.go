package notification

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MediaType is what distribution sends envelopes as. Earlier versions say v1.
const MediaType = "application/vnd.docker.distribution.events.v2+json"

// A Kind says what happened.
type Kind string

// The kinds.
const (
	// ManifestPushed: a manifest was stored, under Tag if that is set.
	ManifestPushed Kind = "manifest pushed"
	// ManifestPulled: a manifest was read, by Tag if that is set.
	ManifestPulled Kind = "manifest pulled"
	BlobPushed     Kind = "blob pushed"
	BlobPulled     Kind = "blob pulled"
	// BlobMounted: a blob was taken over from FromRepository.
	BlobMounted Kind = "blob mounted"
	// TagDeleted: Tag was deleted, and its manifest was not.
	TagDeleted Kind = "tag deleted"
	// ContentDeleted: the manifest or blob with Digest was deleted from the
	// repository; which of the two is not told.
	ContentDeleted Kind = "content deleted"
	// RepositoryDeleted: all of it.
	RepositoryDeleted Kind = "repository deleted"
	// Other is what this package does not know; see Action.
	Other Kind = "other"
)

// An Event is one thing that happened in a registry. What the registry did not say is
// zero.
type Event struct {
	// ID is different for each event; empty where there is none.
	ID string
	// Time when it happened, by the registry's clock.
	Time time.Time
	Kind Kind
	// Action is the registry's word: push, pull, mount, delete.
	Action string
	// Repository without the host, as in org/app.
	Repository string
	// FromRepository is where a blob was mounted from.
	FromRepository string
	Tag            string
	Digest         string
	MediaType      string
	// Size in bytes, 0 where it is not known.
	Size int64
	// URL of the content, as the registry sees itself.
	URL string
	// References are what a manifest refers to, where the registry is configured to
	// say so.
	References []Descriptor
	// Actor is the name of the user.
	Actor   string
	Request Request
	Source  Source
}

// A Descriptor is content that a manifest refers to.
type Descriptor struct {
	MediaType string
	Digest    string
	Size      int64
}

// A Request is the one that made an event.
type Request struct {
	ID, Addr, Host, Method, UserAgent string
}

// A Source is the process of the registry.
type Source struct {
	Addr, InstanceID string
}

// ErrInvalid is in the chain of the error for what is no envelope or no event.
var ErrInvalid = errors.New("invalid notification")

// Decode reads an envelope. Events that cannot be read are left out, and told by the
// error, which wraps ErrInvalid; where it is no envelope at all, there are no events.
func Decode(data []byte) ([]Event, error) {
	raw, err := split(data)
	if err != nil {
		return nil, err
	}
	var events []Event
	var failures []error
	for n, r := range raw {
		event, err := decodeEvent(r)
		if err != nil {
			failures = append(failures, fmt.Errorf("events[%d]: %w", n, err))
			continue
		}
		events = append(events, event)
	}
	return events, errors.Join(failures...)
}

// split takes an envelope apart.
func split(data []byte) ([]json.RawMessage, error) {
	var envelope struct {
		Events []json.RawMessage `json:"events"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return nil, fmt.Errorf("%w: the envelope is no JSON object", ErrInvalid)
	}
	if err := json.Unmarshal(data, &envelope); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if envelope.Events == nil {
		return nil, fmt.Errorf("%w: the envelope has no events", ErrInvalid)
	}
	return envelope.Events, nil
}

// descriptor is as in the JSON. Until distribution 2.x the size was called length alone.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
	Length    int64  `json:"length"`
}

func (d descriptor) size() int64 {
	if d.Size != 0 {
		return d.Size
	}
	return d.Length
}

func decodeEvent(data []byte) (Event, error) {
	var e struct {
		ID        string    `json:"id"`
		Timestamp time.Time `json:"timestamp"`
		Action    string    `json:"action"`
		Target    struct {
			descriptor
			Repository     string       `json:"repository"`
			FromRepository string       `json:"fromRepository"`
			URL            string       `json:"url"`
			Tag            string       `json:"tag"`
			References     []descriptor `json:"references"`
		} `json:"target"`
		Request struct {
			ID        string `json:"id"`
			Addr      string `json:"addr"`
			Host      string `json:"host"`
			Method    string `json:"method"`
			UserAgent string `json:"useragent"`
		} `json:"request"`
		Actor struct {
			Name string `json:"name"`
		} `json:"actor"`
		Source struct {
			Addr       string `json:"addr"`
			InstanceID string `json:"instanceID"`
		} `json:"source"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return Event{}, fmt.Errorf("%w: it is no JSON object", ErrInvalid)
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	event := Event{
		ID: e.ID, Time: e.Timestamp, Action: e.Action,
		Repository: e.Target.Repository, FromRepository: e.Target.FromRepository,
		Tag: e.Target.Tag, Digest: e.Target.Digest, MediaType: e.Target.MediaType,
		Size: e.Target.size(), URL: e.Target.URL, Actor: e.Actor.Name,
		Request: Request{e.Request.ID, e.Request.Addr, e.Request.Host, e.Request.Method, e.Request.UserAgent},
		Source:  Source{e.Source.Addr, e.Source.InstanceID},
	}
	for _, r := range e.Target.References {
		event.References = append(event.References, Descriptor{r.MediaType, r.Digest, r.size()})
	}
	event.Kind = event.kind()
	if event.Kind != Other && event.Repository == "" {
		return Event{}, fmt.Errorf("%w: target.repository is empty", ErrInvalid)
	}
	return event, nil
}

// kind says what happened, by the action and by which fields are there: of a deletion
// that is the only way to tell.
func (e Event) kind() Kind {
	manifest := e.Tag != "" || strings.Contains(e.URL, "/manifests/") || isManifest(e.MediaType)
	switch e.Action {
	case "push":
		if manifest {
			return ManifestPushed
		}
		return BlobPushed
	case "pull":
		if manifest {
			return ManifestPulled
		}
		return BlobPulled
	case "mount":
		return BlobMounted
	case "delete":
		switch {
		case e.Tag != "": // with a digest beside it too: other tags may point there
			return TagDeleted
		case e.Digest != "":
			return ContentDeleted
		}
		return RepositoryDeleted
	}
	return Other
}

// isManifest says whether a media type is one of manifests.
func isManifest(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.docker.distribution.manifest.") ||
		strings.HasPrefix(mediaType, "application/vnd.oci.image.manifest.") ||
		strings.HasPrefix(mediaType, "application/vnd.oci.image.index.") ||
		strings.HasPrefix(mediaType, "application/vnd.oci.artifact.manifest.")
}
